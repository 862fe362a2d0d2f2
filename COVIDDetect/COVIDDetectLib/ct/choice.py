"""Which series of a study is the chest CT: what was acquired, axial, of the chest, for reading lung or soft tissue."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Set
from dataclasses import dataclass

import numpy as np

from .dicom_image import DicomImage

_CHEST = re.compile(r"chest|thora|torax|lung|lunge|pulm|poumon|polmon|brust\b")
_OTHER_BODY = re.compile(
    r"head|brain|skull|kopf|schadel|crane|cerebr|neuro|orbit|sinus|dental|neck|hals\b|\bcou\b|carotid|larynx|"
    r"abd|pelv|becken|bassin|liver|leber|foie|higado|fegato|pancrea|kidney|niere|renal|uro|colon|spine|wirbel|"
    r"rachis|columna|\b[bhl]ws\b|cardiac|heart|herz|coeur|corazon|coronar|calcium|extremit|knee|knie|genou|hip\b|"
    r"hufte|shoulder|schulter|foot|fuss|hand\b|wrist|elbow|femur|thigh|leg\b"
)
_SPINE = re.compile(r"spine|wirbel|rachis|columna|\b[bhl]ws\b")
AT_ONE_PLACE = "a series at one place"
_KINDS = (
    (re.compile(r"scout|topogra|localiz|surview|scanogram|pilot"), "a localizer"),
    (
        re.compile(
            r"(dose|dosis|dosimet)[ _-]*(report|record|info|summary|page|sheet|bericht|protokoll)|^dose$|patient "
            r"protocol|screen ?(save|shot|cap)"
        ),
        "a report",
    ),  # fmt: skip
    (re.compile(r"(^|[^a-z]|lung)(m|max|min|a)ip([^a-z]|$)|average|slab"), "a projection"),
    (re.compile(r"\b(vrt|ssd|3d|volume render)"), "a rendering"),
    (
        re.compile(r"iod|jod|perfusion|pbv|z[ _-]?eff|\brho\b|vnc|virtual non|monoen|\bkev\b|subtract|colou?r"),
        "a computed map",
    ),
    (re.compile(r"monitor|bolus|smart ?prep|tracker|biops|interven|fluoro"), AT_ONE_PLACE),
)
_LESS_GOOD = (
    (re.compile(r"\b(in )?(exp|exsp|expir|exspir|exhal)|ausat|(^|[^r])espir"), "in expiration"),
    (re.compile(r"bone|knochen|\bos\b|osseu|\bossea|hueso|skelet"), "for bone"),
)
_DERIVED_TYPES = {
    "LOCALIZER": "a localizer",
    "MIP": "a projection", "MINIP": "a projection", "MAX_IP": "a projection", "MIN_IP": "a projection",
    "MAX IP": "a projection", "MIN IP": "a projection", "VMI": "a computed map",
    "MAXIMUM": "a projection", "MINIMUM": "a projection", "MAXIP": "a projection", "AVERAGE": "a projection",
    "PROJECTION IMAGE": "a projection", "VOLUME RENDER": "a rendering", "VRT": "a rendering",
    "SUBTRACTION": "a computed map", "IODINE": "a computed map", "QUANTITY": "a computed map",
    "ENERGY_PROP_WT": "a computed map", "MATERIAL": "a computed map", "SCREEN SAVE": "a report",
}  # fmt: skip
_AXIAL_COSINE = 0.9
_SLAB_RATIO = 2.2
"""Thickness over distance: overlapping slices have up to 2, slabs made by projection more."""
_ENOUGH_SLICES = 16


@dataclass(frozen=True)
class Suitability:
    """How well a series serves as a chest CT; the larger, the better.

    Parameters
    ----------
    key
        Compared from the first to the last number.
    odd
        What it is instead of an acquired axial stack, as the user reads it; or empty.
    """

    key: tuple[float, ...]
    odd: str


@dataclass(frozen=True)
class Told:
    """What the words of a header tell of a series.

    Parameters
    ----------
    is_chest, is_other_body
        Whether they name the chest, or only another part of the body.
    kind
        What it is instead of an acquired stack (a localizer, a projection …), as the user reads it; or empty.
    less_good
        Why another series of the chest serves better; or empty.
    """

    is_chest: bool
    is_other_body: bool
    kind: str
    less_good: str


def suitability(images: list[DicomImage]) -> Suitability | None:
    """How well the images of one series serve; None if they cannot be a stack of CT slices."""
    usable = [image for image in images if image.frames and image.modality == "CT"]
    frames = [frame for image in usable for frame in image.frames]
    if not frames:
        return None
    first = usable[len(usable) // 2]
    told = told_by(f"{first.description} {first.body_part}", {*first.image_type, *frames[len(frames) // 2].image_type})
    kind = told.kind
    normal = np.cross(*np.reshape(frames[0].orientation, (2, 3)))
    is_axial = abs(normal[2]) > _AXIAL_COSINE
    if not kind and _is_slabs(frames[0].thickness_mm, np.array([frame.position for frame in frames]) @ normal):
        kind = "thick slabs"
    odd = kind or told.less_good or ("" if is_axial else "in another direction than axial")
    key = (
        not told.is_other_body, not kind, len(frames) >= _ENOUGH_SLICES, is_axial, not told.less_good, told.is_chest,
        "ORIGINAL" in first.image_type, len(frames),
    )  # fmt: skip
    return Suitability(tuple(float(value) for value in key), odd)


def told_by(description: str, image_type: Set[str] = frozenset()) -> Told:
    """What the words of a header tell of a series.

    Parameters
    ----------
    description
        Of the series, with the body part; in any of the languages that scanners are set to.
    image_type
        Values of DICOM's Image Type.
    """
    words = _folded(description)
    is_chest = bool(_CHEST.search(words))
    of_type = next((_DERIVED_TYPES[word] for word in sorted(image_type & _DERIVED_TYPES.keys())), "")
    return Told(
        is_chest,
        bool(_OTHER_BODY.search(words) and not is_chest) or bool(_SPINE.search(words)),
        of_type or next((said for pattern, said in _KINDS if pattern.search(words)), ""),
        next((said for pattern, said in _LESS_GOOD if pattern.search(words)), ""),
    )


def _is_slabs(thickness_mm: float | None, along_mm: np.ndarray) -> bool:
    distances = np.diff(np.sort(along_mm))
    return bool(thickness_mm and len(distances) and 0 < np.median(distances) < thickness_mm / _SLAB_RATIO)


def _folded(text: str) -> str:
    """Small letters without accents; underscores are spaces."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("_", " "))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))
