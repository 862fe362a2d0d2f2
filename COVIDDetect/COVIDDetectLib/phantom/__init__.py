"""Synthetic thoraxes in HU with their ground truth, and synthetic disease for them and for real CTs."""

from .disease import EXTENTS, add_disease, paint_disease
from .head import head_slice
from .lobar import paint_lobar
from .mimics import MIMICS, add_mimic, paint_mimic
from .surroundings import body_outline, paint_bowel_gas, paint_surroundings
from .thorax import Phantom, thorax

__all__ = [
    "EXTENTS",
    "MIMICS",
    "Phantom",
    "add_disease",
    "add_mimic",
    "body_outline",
    "head_slice",
    "paint_bowel_gas",
    "paint_disease",
    "paint_lobar",
    "paint_mimic",
    "paint_surroundings",
    "thorax",
]
