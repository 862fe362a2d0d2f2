"""Draws the thumbnails of the sample data, 260×208: a slice of each phantom at lung window.

.venv/bin/python tools/draw_samples.py
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
ICONS = ROOT / "COVIDDetect" / "Resources" / "Icons"
sys.path.insert(0, str(ROOT / "COVIDDetect"))

_SIZE = (260, 208)
_WINDOW_HU = (-1350, 150)
_SLICE = 0.42
"""Part of the way from the lungs' lowest slice to their highest."""


def draw(name: str) -> Image.Image:
    """One thumbnail, of a sample by its name."""
    from COVIDDetectLib.mrml.sample import make_phantom

    phantom = make_phantom(name)
    lungs = np.flatnonzero(phantom.lung_mask.any(axis=(1, 2)))
    hu = phantom.ct.hu[lungs[round(_SLICE * (len(lungs) - 1))]].astype(float)
    rows = round(hu.shape[1] * _SIZE[1] / _SIZE[0])
    top = (hu.shape[0] - rows) // 2
    low, high = _WINDOW_HU
    gray = np.clip((hu[top : top + rows] - low) / (high - low), 0, 1) * 255
    return Image.fromarray(gray.astype(np.uint8)).resize(_SIZE, Image.Resampling.BICUBIC)


def main() -> None:
    """Write the thumbnails."""
    from COVIDDetectLib.mrml.sample import SAMPLES, thumbnail

    for name in SAMPLES:
        draw(name).save(ICONS / thumbnail(name), optimize=True)


if __name__ == "__main__":
    main()
