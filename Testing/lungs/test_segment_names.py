"""Which lung a segment of any module is: by its terminology codes first, then by its name."""

from __future__ import annotations

import pytest
from COVIDDetectLib.lungs import LEFT, RIGHT
from COVIDDetectLib.lungs.segment_names import BOTH, side_named

from Testing.lungs.segments_of_others import ALTERED, LUNG, NONE, OTHERS, Segments, entry


@pytest.mark.parametrize("segments", OTHERS.values(), ids=OTHERS.keys())
def test_lungs_and_lobes_of_others_are_told_from_all_else(segments: Segments) -> None:
    sides = {"right": RIGHT, "left": LEFT, "both": BOTH, "elsewhere": 0, "within": 0}
    for name, code, part in segments:
        assert side_named(name, code) == sides[part.split()[0]], name


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Lung", entry(ALTERED, "SCT^47351003^Infiltrate", NONE, LUNG)),
        ("Left lung lesion", ""),
        ("lung_covid_infiltrate", ""),
        ("Lobe of liver", ""),
        ("Pulmonary valve", ""),
        ("Thyroid, lower lobe", ""),
        ("ball", ""),
        ("", ""),
        ("", "~~~"),
    ],
)
def test_what_lies_in_a_lung_or_sounds_like_one_is_none(name: str, code: str) -> None:
    assert side_named(name, code) == 0
