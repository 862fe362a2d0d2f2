"""Which lung a segment of a segmentation is, told by its terminology codes, or by its name."""

from __future__ import annotations

import re

from . import LEFT, RIGHT
from .lobes import LOBES, Lobe

BOTH = RIGHT | LEFT

_RIGHT_CODES, _LEFT_CODES = {"24028007", "G-A100"}, {"7771000", "G-A101"}
_LUNG_CODES = {
    "39607008", "T-28000", "45653009", "T-28820", "90572001", "T-28830", "31094006", "72674008",
}  # fmt: skip
"""Lung, its upper and lower lobe, lobe, segment; in SNOMED CT and in the SRT codes of older segmentations."""
_RIGHT_LUNG_CODES = {"3341006", "42400003", "72481006", "T-28300", "40020002", "266005"}
_LEFT_LUNG_CODES = {"44029006", "44714003", "T-28600", "41224006"}
"""One lung, or one lobe of it, in a single code without laterality."""
_LOBE_CODES: dict[str, Lobe] = {
    "45653009": "upper", "T-28820": "upper", "42400003": "upper", "44714003": "upper", "T-28600": "upper",
    "72481006": "middle", "T-28300": "middle",
    "90572001": "lower", "T-28830": "lower", "266005": "lower", "41224006": "lower",
}  # fmt: skip
_LOBE_NAMES: dict[Lobe, re.Pattern[str]] = {
    "upper": re.compile(r"(upper|superior)[\W_]*lobe|(?<![a-z])[RL]UL(?![a-z])", re.IGNORECASE),
    "middle": re.compile(r"middle[\W_]*lobe|(?<![a-z])RML(?![a-z])", re.IGNORECASE),
    "lower": re.compile(r"(lower|inferior)[\W_]*lobe|(?<![a-z])[RL]LL(?![a-z])", re.IGNORECASE),
}
_ALTERED_CODES = {"49755003", "M-01000"}
"""The category *Morphologically altered structure*: disease that lies in a lung is none, whatever its name."""
_TISSUE_CODES = {"", "85756007", "T-D0050"}
"""What Slicer gives a segment for which nobody chose a type; then the anatomic region or the name tells."""
_LUNG_NAME = re.compile(
    r"lung|pulmo(?!nar)|(upper|middle|lower|superior|inferior)[\W_]*lobe|(?<![a-z])([RL][UL]|RM)L(?![a-z])",
    re.IGNORECASE,
)
_RIGHT_NAME = re.compile(r"right|middle[\W_]*lobe|(?<![a-z])(r|R[UML]L)(?![a-z])", re.IGNORECASE)
_LEFT_NAME = re.compile(r"left|(?<![a-z])(l|L[UL]L)(?![a-z])", re.IGNORECASE)
_NOT_LUNG_NAME = re.compile(
    r"nodul|lymph|lesion|tumou?r|cancer|carcinom|metasta|mass|vessel|vascul|arter|vein|embol|airway|bronch|trache|"
    r"opaci|infiltrat|consolid|glass|emphysem|fibros|effusion|pleura|fissure|hil(um|ar)|wall|thyroid",
    re.IGNORECASE,
)


def side_named(name: str, terminology: str = "") -> int:
    """``RIGHT``, ``LEFT``, ``BOTH``, or 0 if the segment is not a lung, nor a part of one.

    Terminology codes come first; where they do not say that it is a lung, the name may.

    Parameters
    ----------
    terminology
        The terminology entry as Slicer writes it into a tag of the segment; empty if there is none.

    Examples
    --------
    >>> side_named("lung_upper_lobe_left") == LEFT, side_named("Lung nodule right")
    (True, 0)
    """
    category, kind, laterality = _codes(terminology)
    if category in _ALTERED_CODES:
        return 0
    if kind in _RIGHT_LUNG_CODES:
        return RIGHT
    if kind in _LEFT_LUNG_CODES:
        return LEFT
    if kind not in _LUNG_CODES and (not _LUNG_NAME.search(name) or _NOT_LUNG_NAME.search(name)):
        return 0
    if laterality in _RIGHT_CODES:
        return RIGHT
    if laterality in _LEFT_CODES:
        return LEFT
    is_right, is_left = bool(_RIGHT_NAME.search(name)), bool(_LEFT_NAME.search(name))
    return BOTH if is_right == is_left else RIGHT if is_right else LEFT


def lobe_named(name: str, terminology: str = "") -> int:
    """Which of ``lobes.LOBES`` a segment is, 0 if it is none; what is no lung by ``side_named`` is no lobe either.

    Examples
    --------
    >>> LOBES[lobe_named("lung_middle_lobe_right")], lobe_named("Right lung")
    ((1, 'middle'), 0)
    """
    side, (_category, kind, _laterality) = side_named(name, terminology), _codes(terminology)
    places = {_LOBE_CODES[kind]} if kind in _LOBE_CODES else set()
    if not places and kind in _TISSUE_CODES:
        places = {place for place, pattern in _LOBE_NAMES.items() if pattern.search(name)}
    found = [label for label, (lung, place) in LOBES.items() if lung == side and {place} == places]
    return found[0] if found else 0


def _codes(terminology: str) -> tuple[str, str, str]:
    """Category, type and laterality; where nobody chose a type, the anatomic region and its laterality."""
    # context~category~type~modifier~region context~region~modifier, each of the codes as scheme^value^meaning
    codes = [[*part.split("^"), ""][1] for part in terminology.split("~")] + [""] * 7
    category, kind, laterality = codes[1:4]
    if kind in _TISSUE_CODES:
        kind, laterality = codes[5:7]
    return category, kind, laterality
