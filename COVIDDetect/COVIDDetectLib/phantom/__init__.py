"""Synthetic thoraxes in HU with their ground truth, and synthetic disease for them and for real CTs."""

from .disease import EXTENTS, add_disease, paint_disease
from .mimics import MIMICS, add_mimic, paint_mimic
from .thorax import Phantom, thorax

__all__ = ["EXTENTS", "MIMICS", "Phantom", "add_disease", "add_mimic", "paint_disease", "paint_mimic", "thorax"]
