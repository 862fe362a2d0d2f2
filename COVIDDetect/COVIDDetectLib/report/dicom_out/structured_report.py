"""A result as a DICOM structured report after template TID 1500 (PS3.16): numbers with the segments they belong to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..text import OPACITIES
from ..words import WORDS
from .identity import MANUFACTURER, MODEL, equipment, lobe_code, lung_code, private, reported_algorithm, standard
from .source import Source

if TYPE_CHECKING:
    from highdicom.seg import Segmentation
    from highdicom.sr import Comprehensive3DSR, Measurement, MeasurementsAndQualitativeEvaluations
    from highdicom.sr import VolumetricROIMeasurementsAndQualitativeEvaluations as VolumeGroup


def structured_report(
    source: Source,
    record: Mapping[str, Any],
    segmentations: Mapping[str, Segmentation],
    uids: Mapping[str, str],
    series: Mapping[str, Any],
) -> Comprehensive3DSR:
    """Write probability and threshold, lungs and lobes with their densities, and the regions of the heat map.

    Parameters
    ----------
    segmentations
        ``"lungs"`` and, where there are regions, ``"regions"``.
    uids
        Tracking UIDs of the segments, and ``"device"``: of the program that observed.
    series
        UIDs, number and description of series and instance.
    """
    from highdicom import sr

    observer = sr.ObserverContext(
        observer_type=standard("121007", "DCM", "Device"),
        observer_identifying_attributes=sr.DeviceObserverIdentifyingAttributes(
            uid=uids["device"], name=MODEL, manufacturer_name=MANUFACTURER, model_name=MODEL
        ),
    )
    report = sr.MeasurementReport(
        observation_context=sr.ObservationContext(observer_device_context=observer),
        procedure_reported=standard("24627-2", "LN", "CT Chest Report"),
        imaging_measurements=[
            _score(record, uids["score"]),
            *_lungs(record, segmentations["lungs"], uids),
            *_lobes(record, uids),
            *(_regions(record, segmentations["regions"], uids) if "regions" in segmentations else []),
        ],
        title=standard("126000", "DCM", "Imaging Measurement Report"),
    )
    return sr.Comprehensive3DSR(
        evidence=[*source.images, *segmentations.values()],
        content=report,
        is_complete=True,
        is_final=False,
        is_verified=False,
        **series,
        **equipment(record),
    )


def _score(record: Mapping[str, Any], uid: str) -> MeasurementsAndQualitativeEvaluations:
    """The probability of the whole CT; threshold and doubts stand with it."""
    from highdicom import sr

    group = sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(uid, "Score"),
        # COVID-19 as a finding would be read as found, whatever the number says.
        finding_type=private("score"),
        algorithm_id=reported_algorithm(record, "regions"),
        measurements=[
            _number(private("probability"), record["probability"]),
            _number(private("decision-threshold"), record["decision_threshold"]),
        ],
    )
    # The template may be extended; without what must be read with it, the number would travel alone.
    for sentence in (*record["notes"], WORDS["en"].research):
        comment = sr.TextContentItem(standard("121106", "DCM", "Comment"), sentence, "CONTAINS")
        group[0].ContentSequence.append(comment)
    return group


def _lungs(record: Mapping[str, Any], segmentation: Segmentation, uids: Mapping[str, str]) -> list[VolumeGroup]:
    return [
        _group(
            record,
            segmentation,
            f"{lung['side'].capitalize()} lung",
            uids[lung["side"]],
            finding=lung_code(lung["side"]),
            what="lungs",
            measurements=_densities(lung),
        )
        for lung in record["opacity"]
    ]


def _lobes(record: Mapping[str, Any], uids: Mapping[str, str]) -> list[MeasurementsAndQualitativeEvaluations]:
    """Without a segment: the files of a result hold the lungs, not their lobes."""
    from highdicom import sr

    return [
        sr.MeasurementsAndQualitativeEvaluations(
            tracking_identifier=sr.TrackingIdentifier(
                uids[f"{lobe['side']} {lobe['lobe']}"], f"{lobe['side'].capitalize()} {lobe['lobe']} lobe"
            ),
            finding_type=lobe_code(lobe["lobe"]),
            finding_sites=[sr.FindingSite(lung_code(lobe["side"]))],
            algorithm_id=reported_algorithm(record, "lungs"),
            measurements=_densities(lobe),
        )
        for lobe in record.get("lobes", ())
    ]


def _regions(record: Mapping[str, Any], segmentation: Segmentation, uids: Mapping[str, str]) -> list[VolumeGroup]:
    return [
        _group(
            record,
            segmentation,
            f"Region {region['rank']}",
            uids[f"region {region['rank']}"],
            finding=private("region"),
            what="regions",
            site=region["side"],
            measurements=[
                *_volume_and_density(region),
                _number(private("peak"), region["peak"]),
                _number(private("distance_to_pleura"), region["distance_to_pleura_mm"], "mm", "millimeter"),
            ],
        )
        for region in record["regions"]
    ]


def _group(
    record: Mapping[str, Any],
    segmentation: Segmentation,
    label: str,
    uid: str,
    *,
    finding: Any,
    what: str,
    measurements: Sequence[Measurement],
    site: str = "",
) -> VolumeGroup:
    """Measurements of one segment."""
    from highdicom import sr

    number = next(one.SegmentNumber for one in segmentation.SegmentSequence if one.TrackingUID == uid)
    return sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(uid, label),
        referenced_segment=sr.ReferencedSegment(
            sop_class_uid=str(segmentation.SOPClassUID),
            sop_instance_uid=str(segmentation.SOPInstanceUID),
            segment_number=number,
            source_series=sr.SourceSeriesForSegmentation(
                str(segmentation.ReferencedSeriesSequence[0].SeriesInstanceUID)
            ),
        ),
        finding_type=finding,
        finding_sites=[sr.FindingSite(lung_code(site))] if site else None,
        algorithm_id=reported_algorithm(record, what),
        measurements=measurements,
    )


def _densities(part: Mapping[str, Any]) -> list[Measurement]:
    """Of a lung or a lobe."""
    shares = [_number(private(f"{kind}_percent"), part[f"{kind}_percent"], "%", "Percent") for kind in OPACITIES]
    return [*_volume_and_density(part), *shares]


def _volume_and_density(measured: Mapping[str, Any]) -> list[Measurement]:
    from highdicom.sr import Measurement

    return [
        _number(standard("118565006", "SCT", "Volume"), measured["volume_ml"], "mL", "milliliter"),
        Measurement(
            name=standard("112031", "DCM", "Attenuation Coefficient"),
            value=measured["mean_hu"],
            unit=standard("[hnsf'U]", "UCUM", "Hounsfield unit"),
            derivation=standard("373098007", "SCT", "Mean"),
        ),
    ]


def _number(name: Any, value: float, unit: str = "1", meaning: str = "no units") -> Measurement:
    from highdicom.sr import Measurement

    return Measurement(name=name, value=value, unit=standard(unit, "UCUM", meaning))
