"""Public cohorts with a label for all of their patients, and which series of a patient is the chest CT."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..ct.choice import AT_ONE_PLACE, told_by

_REFORMATTED = re.compile(
    r"\b(cor(on[a-z]*)?|sag(g?it[a-z]*)?|mpr|ref|rfmt|reform[a-z]*|obl[a-z]*|processed)s?\b|\b(1[1-9]|[2-9]\d)\.0+\b"
)
"""Another direction than axial, or slabs of more than 10 mm (Siemens writes 15.000)."""
_NUCLEAR = re.compile(r"\bpet\b|\bspect\b|perfu")
_LEAST_SLICES = 20
"""A chest of 200 mm in slices of 10 mm; fewer are localizers and bolus tracking."""
_MOST_AT_ONE_PLACE = 60
"""Bolus tracking takes fewer; a scanner may name the CT that follows after it."""
_MOST_SLICES = 1000
"""More are several phases, or a moving chest, in one series."""
_TYPICAL_SLICES = 120
"""A chest of 30 cm in slices of 2.5 mm. Series near that are alike from cohort to cohort, and small to download."""


@dataclass(frozen=True)
class PublicCohort:
    """A collection of the Imaging Data Commons.

    Parameters
    ----------
    name
        As it is called in a command.
    label
        Of every patient: 1 with COVID-19, 0 without.
    reason
        Why, as the user reads it.
    """

    name: str
    label: int
    reason: str

    @property
    def collection(self) -> str:
        """Its name in the archive's index."""
        return self.name.replace("-", "_")


PUBLIC = (
    PublicCohort("midrc-ricord-1a", 1, "tested positive"),
    PublicCohort("midrc-ricord-1b", 0, "tested negative"),
    PublicCohort("covid-19-ar", 1, "tested positive"),
    PublicCohort("covid-19-ny-sbu", 1, "tested positive"),
    PublicCohort("lidc-idri", 0, "lung nodules, from years before COVID-19"),
)


@dataclass(frozen=True)
class Series:
    """A CT series as an archive's index describes it.

    Parameters
    ----------
    patient, uid
        Patient ID and Series Instance UID.
    date
        Of the study, YYYY-MM-DD, shifted by those who removed the patient's identity; empty where there is none.
    study, body_part, description
        Words of the header: Study Description, Body Part Examined, Series Description.
    slices, size_bytes
        How many files, and what they hold together.
    url
        Of the files: ``s3://bucket/folder/*``.
    """

    patient: str
    uid: str
    date: str
    study: str
    body_part: str
    description: str
    slices: int
    size_bytes: int
    url: str


def choose_series(series: Iterable[Series]) -> list[Series]:
    """One chest CT of each patient who has one, in the order of the patients.

    Left out are series of fewer than 20 or more than 1,000 slices; what calls itself a localizer, a projection, a
    computed map or bolus tracking; what was reformatted (coronal, sagittal, slabs above 10 mm); CTs of a PET or a
    scintigraphy; and what names another part of the body, by itself or, where it says nothing of the chest, by its
    study.

    Of the others one is taken that is neither in expiration nor for bone, of a study that names the chest, or no other
    part of the body; then of the earliest such study, as the disease was first seen; then with the number of slices
    nearest to 120, as a ratio.
    """
    of_patient: dict[str, list[Series]] = defaultdict(list)
    for one in series:
        if _is_candidate(one):
            of_patient[one.patient].append(one)
    return [min(of_patient[patient], key=_rank) for patient in sorted(of_patient)]


def same_label_from_one_source(cohorts: Sequence[PublicCohort]) -> str:
    """A warning where the source of a CT tells its label; or empty."""
    positive, negative = ([one.name for one in cohorts if one.label == label] for label in (1, 0))
    if not positive or not negative:
        return f"All of these CTs have the label {cohorts[0].label}: a training needs cases of both."
    return (
        f"All CTs with COVID-19 are from {', '.join(positive)} and all without from {', '.join(negative)}: a network "
        "can learn the hospital instead of the disease. See with coviddetect audit what tells them apart."
    )


def _is_candidate(one: Series) -> bool:
    own = told_by(f"{one.description} {one.body_part}")
    study = told_by(one.study)
    is_other = own.is_other_body or (study.is_other_body and not own.is_chest)
    is_reformatted = _REFORMATTED.search(one.description.casefold().replace("_", " "))
    is_nuclear = _NUCLEAR.search(one.study.casefold())
    is_odd = own.kind and not (own.kind == AT_ONE_PLACE and one.slices > _MOST_AT_ONE_PLACE)
    return _LEAST_SLICES <= one.slices <= _MOST_SLICES and not (is_odd or is_other or is_reformatted or is_nuclear)


def _rank(one: Series) -> tuple[bool, bool, bool, str, float, str]:
    told = told_by(f"{one.study} {one.body_part} {one.description}")
    return (
        bool(told.less_good),
        told_by(one.study).is_other_body,
        not told.is_chest,
        one.date or "9999",
        abs(math.log(one.slices / _TYPICAL_SLICES)),
        one.uid,
    )
