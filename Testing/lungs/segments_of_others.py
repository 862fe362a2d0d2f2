"""Segments as other modules and programs leave them: names, codes, and which part of the lungs they mark."""

from __future__ import annotations

STRUCTURE, ALTERED, TISSUE = "SCT^123037004^Anatomical Structure", "SCT^49755003^Altered", "SCT^85756007^Tissue"
LEFT, RIGHT = "SCT^7771000^Left", "SCT^24028007^Right"
LUNG, UPPER, LOWER = "SCT^39607008^Lung", "SCT^45653009^Upper lobe of lung", "SCT^90572001^Lower lobe of lung"
MIDDLE, NONE = "SCT^72481006^Middle lobe of right lung", "^^"


def entry(category: str, kind: str, laterality: str = NONE, region: str = NONE, region_side: str = NONE) -> str:
    """A serialized terminology entry, in the form that Slicer documents for the segment's tag."""
    context, regions = "Segmentation category and type - Total Segmentator", "Anatomic codes - DICOM master list"
    return "~".join([context, category, kind, laterality, regions, region, region_side]) + "|"


Segments = list[tuple[str, str, str]]
"""Name, terminology entry or nothing, and the part that the segment marks."""

TOTAL_SEGMENTATOR: Segments = [
    ("Spleen", entry(STRUCTURE, "SCT^78961009^Spleen"), "elsewhere"),
    ("Upper lobe of lung Left", entry(STRUCTURE, UPPER, LEFT), "left upper"),
    ("Lower lobe of lung Left", entry(STRUCTURE, LOWER, LEFT), "left lower"),
    ("Upper lobe of lung Right", entry(STRUCTURE, UPPER, RIGHT), "right upper"),
    ("Middle lobe of right lung", entry(STRUCTURE, MIDDLE), "right middle"),
    ("Lower lobe of lung Right", entry(STRUCTURE, LOWER, RIGHT), "right lower"),
    ("Trachea and bronchus", entry(STRUCTURE, "SCT^110726009^Trachea and bronchus"), "elsewhere"),
    ("pulmonary vein", entry(STRUCTURE, "SCT^122972007^Pulmonary vein"), "elsewhere"),
]
LOBES_BY_NAME: Segments = [
    ("lung_upper_lobe_left", "", "left upper"),
    ("lung_lower_lobe_left", "", "left lower"),
    ("lung_upper_lobe_right", "", "right upper"),
    ("lung_middle_lobe_right", "", "right middle"),
    ("lung_lower_lobe_right", "", "right lower"),
    ("heart", "", "elsewhere"),
    ("lung_trachea_bronchia", "", "elsewhere"),
    ("lung_airways_wall", "", "elsewhere"),
    ("lung_arteries", "", "elsewhere"),
    ("pulmonary_artery", "", "elsewhere"),
]
OTHERS: dict[str, Segments] = {
    "lobes with codes among other organs, as of TotalSegmentator": TOTAL_SEGMENTATOR,
    "the same, renamed": [(f"Segment_{n}", code, part) for n, (_, code, part) in enumerate(TOTAL_SEGMENTATOR)],
    "lobes as MONAI Auto3DSeg calls them": [
        ("Left Lower lobe of lung", "", "left lower"),
        ("Right Lower lobe of lung", "", "right lower"),
        ("Middle lobe of right lung", "", "right middle"),
        ("Left Upper lobe of lung", "", "left upper"),
        ("Right Upper lobe of lung", "", "right upper"),
        ("Blood vessel in Lung", entry(STRUCTURE, "SCT^59820001^Vessel", NONE, LUNG), "elsewhere"),
        ("Pulmonary vein", "", "elsewhere"),
    ],
    "lobes by name among other structures": LOBES_BY_NAME,
    "lobes abbreviated": [
        (name, "", part)
        for name, part in [
            ("RUL", "right upper"), ("RML", "right middle"), ("RLL", "right lower"),
            ("LUL", "left upper"), ("LLL", "left lower"), ("Aorta", "elsewhere"),
        ]
    ],
    "one segment with the code of both lungs": [
        ("1", entry(STRUCTURE, LUNG), "both"),
        ("2", entry(STRUCTURE, "SCT^786838002^Lung nodule"), "within"),
    ],
    "one segment named lung": [("lung", "", "both"), ("background", "", "elsewhere")],
    "names beside a code that says nothing": [
        ("RightLung", entry(TISSUE, TISSUE), "right"),
        ("lung_l", entry(TISSUE, TISSUE), "left"),
    ],
    "tissue in the region of a lung": [
        ("1", entry(TISSUE, TISSUE, NONE, LUNG, RIGHT), "right"),
        ("2", entry(TISSUE, TISSUE, NONE, LUNG, LEFT), "left"),
    ],
    "one code for lung and side": [
        ("1", entry(STRUCTURE, "SCT^3341006^Right lung"), "right"),
        ("2", entry(STRUCTURE, "SCT^44714003^Upper lobe of left lung"), "left upper"),
        ("3", entry(STRUCTURE, "SCT^41224006^Lower lobe of left lung"), "left lower"),
    ],
    "codes against names": [
        ("Left lung", entry(STRUCTURE, LUNG, RIGHT), "right"),
        ("Right lung", entry(STRUCTURE, LUNG, LEFT), "left"),
    ],
    "older codes": [
        ("1", entry("SRT^T-D000A^Anatomical Structure", "SRT^T-28820^Upper lobe of lung", "SRT^G-A100^Right"), "right"),
        ("2", entry("SRT^T-D000A^Anatomical Structure", "SRT^T-28000^Lung", "SRT^G-A101^Left"), "left"),
    ],
}  # fmt: skip
