"""Which lung a segment of any module is: by its terminology codes first, then by its name."""

from __future__ import annotations

import pytest
from COVIDDetectLib.lungs import LEFT, RIGHT
from COVIDDetectLib.lungs.lobes import LOBES
from COVIDDetectLib.lungs.segment_names import BOTH, lobe_named, side_named

from Testing.lungs.segments_of_others import ALTERED, LUNG, NONE, OTHERS, STRUCTURE, Segments, entry
from Testing.lungs.segments_of_others import RIGHT as RIGHT_CODE


@pytest.mark.parametrize("segments", OTHERS.values(), ids=OTHERS.keys())
def test_lungs_and_lobes_of_others_are_told_from_all_else(segments: Segments) -> None:
    sides = {"right": RIGHT, "left": LEFT, "both": BOTH, "elsewhere": 0, "within": 0}
    for name, code, part in segments:
        assert side_named(name, code) == sides[part.split()[0]], name


@pytest.mark.parametrize(
    "which", [name for name, segments in OTHERS.items() if sum(" " in part for *_, part in segments) == 5]
)
def test_each_lobe_is_known_by_its_code_or_its_name(which: str) -> None:
    for name, code, part in OTHERS[which]:
        side, _, place = part.partition(" ")
        lobe = lobe_named(name, code)
        assert (LOBES[lobe] if lobe else "none") == ((RIGHT if side == "right" else LEFT, place) if place else "none")


def test_a_whole_lung_is_no_lobe() -> None:
    assert lobe_named("Right lung", entry(STRUCTURE, LUNG, RIGHT_CODE)) == 0 == lobe_named("Left lung")
    assert lobe_named("Lung lobe left") == 0, "nobody knows which"


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
