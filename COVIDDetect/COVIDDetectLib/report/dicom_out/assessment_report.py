"""A reader's verdict on a result as a structured report of its own, which points to that of the result.

It says what the profile AI Result Assessment (AIRA) of the IHE is about: which result, whose verdict, which verdict.
The templates and codes of that profile could not be checked, so codes of the private scheme stand in their place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..assessment import Assessment
from ..words import WORDS
from .identity import equipment, private, standard

if TYPE_CHECKING:
    from highdicom.sr import Comprehensive3DSR, ContainerContentItem, ContentItem

_UNICODE = "ISO_IR 192"


def assessment_report(
    report: Comprehensive3DSR,
    record: Mapping[str, Any],
    assessment: Assessment,
    uids: Mapping[str, str],
    series: Mapping[str, Any],
) -> Comprehensive3DSR:
    """Write a verdict, those on single regions, and what was read before and after the result was opened.

    Parameters
    ----------
    report
        The structured report of the result.
    uids
        Tracking UIDs of the regions.
    series
        UIDs, number and description of series and instance.
    """
    from highdicom import sr

    content = _container("assessment")
    content.ContentSequence = [
        *sr.LanguageOfContentItemAndDescendants(standard("en-US", "RFC5646", "English (United States)")),
        *sr.ObserverContext(
            observer_type=standard("121006", "DCM", "Person"),
            observer_identifying_attributes=sr.PersonObserverIdentifyingAttributes(name=assessment.reader),
        ),
        sr.CompositeContentItem(
            private("assessed-result"), str(report.SOPClassUID), str(report.SOPInstanceUID), "CONTAINS"
        ),
        sr.CodeContentItem(private("verdict"), private(assessment.verdict), "CONTAINS"),
        *_reading(assessment),
        *(
            _region(rank, mark, uids[f"region {rank}"])
            for rank, mark in assessment.marks.items()
            if f"region {rank}" in uids
        ),
        sr.TextContentItem(standard("121106", "DCM", "Comment"), WORDS["en"].research, "CONTAINS"),
    ]
    made = sr.Comprehensive3DSR(
        evidence=[report],
        content=content,
        is_complete=True,
        is_final=False,
        is_verified=False,
        **series,
        **equipment(record),
    )
    made.SpecificCharacterSet = _UNICODE  # the reader's name need not be written in the letters of the patient's
    return made


def _region(rank: int, mark: str, uid: str) -> ContainerContentItem:
    """What was said of one region, known by the same UID as in the report and the segmentation."""
    from highdicom import sr

    item = _container("region", "CONTAINS")
    item.ContentSequence = [
        sr.TextContentItem(standard("112039", "DCM", "Tracking Identifier"), f"Region {rank}", "HAS OBS CONTEXT"),
        sr.UIDRefContentItem(standard("112040", "DCM", "Tracking Unique Identifier"), uid, "HAS OBS CONTEXT"),
        sr.CodeContentItem(private("region-verdict"), private(f"region-{mark}"), "CONTAINS"),
    ]
    return item


def _reading(assessment: Assessment) -> list[ContentItem]:
    from highdicom import sr

    reading = assessment.reading
    if reading is None:
        return []
    said = {
        "reading-before": (reading.before, reading.sure_before),
        "reading-after": (reading.after, reading.sure_after),
    }
    return [
        sr.TextContentItem(private(name), f"{category}, sure: {sure}", "CONTAINS")
        for name, (category, sure) in said.items()
        if category
    ]


def _container(name: str, relationship: str | None = None) -> ContainerContentItem:
    from highdicom import sr

    return sr.ContainerContentItem(private(name), relationship_type=relationship)
