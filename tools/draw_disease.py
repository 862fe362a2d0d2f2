"""Draws Docs/use/synthetic-disease.png: synthetic disease and what resembles it, in a phantom, at lung window."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "COVIDDetect"))

from COVIDDetectLib.phantom import add_disease, add_mimic, thorax  # noqa: E402

_SPACING = (0.8, 0.8, 5.0)
_DISEASES = (
    ("ground-glass", "mild", 2),
    ("covid", "moderate", 5),
    ("covid", "moderate", 8),
    ("consolidation", "severe", 3),
)
_MIMICS = ("mass with collapse", "effusion", "dependent", "emphysema")


def main() -> None:
    """Write the picture."""
    from matplotlib.figure import Figure

    phantom = thorax(seed=4, shape=(56, 400, 400), spacing=_SPACING)
    panels = []
    for kind, extent, seed in _DISEASES:
        ct, lesions = add_disease(phantom.ct, phantom.lung_mask, seed, kind, extent)
        panels.append((f"{extent} {kind}", ct.hu, int(np.argmax(lesions.sum(axis=(1, 2))))))
    for kind in _MIMICS:
        ct = add_mimic(phantom.ct, phantom.lung_mask, 3, kind)
        change = np.abs(ct.hu.astype(int) - phantom.ct.hu).sum(axis=(1, 2))
        panels.append((f"not COVID-19: {kind}", ct.hu, int(np.argmax(change))))
    figure = Figure(figsize=(14, 6.2), layout="constrained")
    for axes, (title, hu, number) in zip(figure.subplots(2, 4).flat, panels, strict=True):
        axes.imshow(hu[number, 55:345, 20:380], cmap="gray", vmin=-1350, vmax=150)
        axes.set_title(title, fontsize=10)
        axes.set_axis_off()
    figure.savefig(ROOT / "Docs" / "use" / "synthetic-disease.png", dpi=90)


if __name__ == "__main__":
    main()
