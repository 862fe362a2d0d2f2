"""The pictures of a report: the hottest regions with and without overlay, and the lungs from the front.

Made with Pillow alone, so that they look alike on the command line and in Slicer, which has no matplotlib.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy

from ..lungs import LEFT, RIGHT
from .overview import (
    HEAT_MAP_FULL_FROM,
    HEAT_MAP_OPACITY,
    HEAT_MAP_SHOWN_FROM,
    LEFT_COLOR,
    LUNG_WINDOW_HU,
    RIGHT_COLOR,
)
from .planes import Axis, Plane, Scene

if TYPE_CHECKING:
    from PIL.Image import Image

_HEAT_COLORS = ("#000004", "#420a68", "#932667", "#dd513a", "#fca50a", "#fcffa4")
"""From 0 to 1 in even steps, as those of the overview."""
_MOST_REGIONS = 3
_APART_MM = 8.0
"""Regions whose peaks lie closer together along the body share a picture."""
_WIDTH = 420
_LETTERS = 20


@dataclass(frozen=True)
class Mark:
    """The number of a region, and where its peak lies in an axial plane: mm from voxel 0 along rows and columns."""

    rank: int
    x_mm: float
    y_mm: float


@dataclass(frozen=True, eq=False)
class KeyPicture:
    """One picture.

    Parameters
    ----------
    axis, position
        Which plane it is, and where, as slice viewers count: ``S −120.5 mm``.
    ranks
        Regions whose peaks it shows; empty for the overview.
    has_overlay
        Whether lungs and heat map are drawn.
    image
        RGB; voxels are square.
    added
        The number of the key image that it belongs to; 0 if it was drawn for the report.
    """

    axis: Axis
    position: str
    ranks: tuple[int, ...]
    has_overlay: bool
    image: Image
    added: int = 0

    def encoded(self, kind: str) -> bytes:
        """As a ``PNG`` or ``JPEG`` file."""
        stream = io.BytesIO()
        self.image.save(stream, kind, quality=92)
        return stream.getvalue()


def key_pictures(scene: Scene, regions: Sequence[Mapping[str, Any]]) -> list[KeyPicture]:
    """Axial slices through the peaks of the hottest regions, each without and with overlay, then a coronal one.

    Parameters
    ----------
    scene
        CT, lungs and heat map.
    regions
        Those of ``analysis.json``, hottest first; without any, the slice in the middle of the lungs is taken.
    """
    to_ijk = np.linalg.inv(scene.ct.geometry.ijk_to_lps)
    apart = _APART_MM / scene.ct.geometry.spacing[2]
    mm = np.array(scene.ct.geometry.spacing)
    slices: dict[int, list[Mark]] = {}
    for region in regions:
        ijk = (to_ijk @ [*region["peak_lps"], 1.0])[:3]
        at = int(np.clip(np.rint(ijk[2]), 0, len(scene.labels) - 1))
        near = next((one for one in slices if abs(one - at) <= apart), at)
        slices.setdefault(near, []).append(Mark(region["rank"], *(ijk * mm)[:2]))
    shown = list(slices.items())[:_MOST_REGIONS] or [(scene.hottest_index("axial"), [])]
    pictures = []
    for index, marks in shown:
        plane = scene.cut("axial", index)
        pictures += [_picture(plane, marks, has_overlay) for has_overlay in (False, True)]
    return [*pictures, _picture(scene.cut("coronal", scene.hottest_index("coronal")), [], True)]


def _picture(plane: Plane, marks: Sequence[Mark], has_overlay: bool) -> KeyPicture:
    position = " ".join(plane.title.split()[1:])
    ranks = tuple(mark.rank for mark in marks)
    return KeyPicture(plane.axis, position, ranks, has_overlay, draw(plane, has_overlay, marks))


def draw(plane: Plane, has_overlay: bool, marks: Sequence[Mark] = ()) -> Image:
    """A plane in the lung window, with letters for the patient's sides; the overlay has the numbers of the regions."""
    from PIL import Image, ImageColor, ImageDraw, ImageFont

    left, right, bottom, top = plane.extent_mm
    size = (_WIDTH, max(1, round(_WIDTH * abs(top - bottom) / abs(right - left))))

    def enlarged(values: np.ndarray, smooth: bool) -> np.ndarray:
        way = Image.Resampling.BILINEAR if smooth else Image.Resampling.NEAREST
        return np.asarray(Image.fromarray(values.astype(np.float32)).resize(size, way))

    low, high = LUNG_WINDOW_HU
    gray = 255.0 * np.clip((enlarged(plane.hu, smooth=True) - low) / (high - low), 0, 1)
    rgb = np.repeat(gray[..., None], 3, axis=2)
    if has_overlay:
        labels = np.rint(enlarged(plane.labels, smooth=False)).astype(np.uint8)
        heat = np.where(labels > 0, enlarged(plane.attention, smooth=True), 0.0)
        shares = HEAT_MAP_OPACITY * np.interp(heat, (HEAT_MAP_SHOWN_FROM, HEAT_MAP_FULL_FROM), (0, 1))[..., None]
        rgb = (1 - shares) * rgb + shares * _heat_colors(heat)
        for label, color in ((RIGHT, RIGHT_COLOR), (LEFT, LEFT_COLOR)):
            # The steps of the voxels are rounded off, as a contour would.
            inside = scipy.ndimage.gaussian_filter((labels == label).astype(np.float32), 2.0) > 0.5
            edge = inside & ~scipy.ndimage.binary_erosion(inside, iterations=2)
            rgb[edge] = ImageColor.getrgb(color)
    image = Image.fromarray(np.rint(rgb).astype(np.uint8))
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(_LETTERS)
    width, height = size
    places = ((4, height / 2, "lm"), (width - 4, height / 2, "rm"), (width / 2, 4, "mt"), (width / 2, height - 4, "mb"))
    for letter, (x, y, anchor) in zip(plane.edges, places, strict=True):
        pen.text((x, y), letter, "white", font, anchor, stroke_width=2, stroke_fill="black")
    for mark in marks if has_overlay else ():
        x, y = (mark.x_mm - left) / (right - left) * width, (mark.y_mm - top) / (bottom - top) * height
        pen.text((x, y), str(mark.rank), "yellow", font, "mm", stroke_width=2, stroke_fill="black")
    return image


def _heat_colors(values: np.ndarray) -> np.ndarray:
    from PIL import ImageColor

    colors = np.array([ImageColor.getrgb(color) for color in _HEAT_COLORS], dtype=float)
    at = np.linspace(0, 1, len(colors))
    return np.stack([np.interp(values, at, colors[:, channel]) for channel in range(3)], axis=-1)
