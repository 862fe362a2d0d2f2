"""How often the band round the number holds that of a second scan: ``python Testing/benchmarks/second_scan.py``.

A synthetic patient is scanned twice at the same dose: new noise, and another of three kernels. The first scan is read
as the panel reads it (``width.read_again``); of the second only the number counts. Every second patient has disease.
``--first`` chooses other patients; figures of patients that a rule was made with say little of the rule. ``--rows 128``
scores inputs of 128×192, which the weights have seen too, in half the time.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "COVIDDetect"))

import numpy as np
from COVIDDetectLib.analysis.width import Width, read_again
from COVIDDetectLib.ct.volume import CTVolume
from COVIDDetectLib.evaluation.held_back import FIRST_SEED
from COVIDDetectLib.evaluation.metrics import wilson
from COVIDDetectLib.lungs import LungMask
from COVIDDetectLib.phantom.disease import paint_disease
from COVIDDetectLib.phantom.thorax import unscanned
from COVIDDetectLib.weights.cards import ModelCard, default_card, load_network, read_card
from scipy import ndimage

SHAPE, SPACING = (60, 160, 160), (2.2, 2.2, 5.0)
EXTENTS = ("mild", "moderate", "severe")
KERNELS = {"smooth": (0.8, 0.0), "standard": (0.5, 0.0), "sharp": (0.5, 0.6)}
"""Blur in pixels, and how much of what a blur of one pixel takes away is added."""
NOISE_HU = (10.0, 40.0)
"""Of the standard kernel, from and to; at the same dose a sharper kernel has more, a smoother one less."""


@dataclass(frozen=True)
class Pair:
    """The numbers of two scans of one patient, and the band round the first."""

    patient: int
    extent: str
    kernels: tuple[str, str]
    first: float
    second: float
    width: Width

    @property
    def is_held(self) -> bool:
        """Whether the second number lies in the band of the first."""
        return self.width.low <= self.second <= self.width.high


def developed(raw: np.ndarray, kernel: str) -> np.ndarray:
    """What a kernel makes of raw slices."""
    blur, sharpen_by = KERNELS[kernel]
    smooth = ndimage.gaussian_filter(raw, (0, blur, blur))
    if sharpen_by:
        smooth += sharpen_by * (smooth - ndimage.gaussian_filter(smooth, (0, 1, 1)))
    return smooth


def scan_twice(patient: int) -> tuple[tuple[CTVolume, CTVolume], LungMask, str, tuple[str, str]]:
    """Two scans of a synthetic patient, his lungs, the extent of his disease and the two kernels."""
    seed = FIRST_SEED + 9_000_000 + patient
    hu, labels, geometry = unscanned(np.random.default_rng([seed, 0]), SHAPE, SPACING)
    random = np.random.default_rng([seed, 5])
    extent = "none" if patient % 2 else EXTENTS[patient // 2 % len(EXTENTS)]
    if patient % 2 == 0:
        hu = paint_disease(random, hu, labels, SPACING[::-1], "covid", extent)[0]
    one, other = (str(kernel) for kernel in random.choice(list(KERNELS), 2, replace=False))
    # White noise that is so strong after the standard kernel.
    white = random.standard_normal(SHAPE, dtype=np.float32)
    dose = random.uniform(*NOISE_HU) / float(developed(white, "standard").std())
    scans = []
    for kernel in (one, other):
        noise = dose * random.standard_normal(SHAPE, dtype=np.float32)
        scans.append(CTVolume.from_array(np.clip(developed(hu + noise, kernel), -1024, 3000), geometry))
    return (scans[0], scans[1]), LungMask.from_labels(labels, geometry), extent, (one, other)


def read_pair(patient: int, card: ModelCard) -> Pair:
    """Scan a patient twice, read the first scan again and again, and score the second."""
    from real_cases import score

    (first, second), lungs, extent, kernels = scan_twice(patient)
    width = read_again(first, lungs, weights=card)
    probability = score(load_network(card), card, second, lungs.labels > 0)[0]
    return Pair(patient, extent, kernels, width.readings[0].probability, probability, width)


def print_summary(pairs: list[Pair]) -> None:
    """How many bands hold the second number, in all, and of patients without and with disease."""
    for title, chosen in (
        ("all", pairs),
        ("without disease", [pair for pair in pairs if pair.extent == "none"]),
        ("with disease", [pair for pair in pairs if pair.extent != "none"]),
    ):
        if chosen:
            held = sum(pair.is_held for pair in chosen)
            share = wilson(held, len(chosen))
            wide = np.mean([pair.width.high - pair.width.low for pair in chosen])
            print(
                f"{title}: the band holds the second number in {held} of {len(chosen)}, "
                f"{share.value:.2f} ({share.low:.2f}–{share.high:.2f}); mean width {wide:.3f}"
            )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=60, help="how many patients are scanned twice")
    parser.add_argument("--first", type=int, default=0, help="number of the first patient")
    parser.add_argument("--weights", type=Path, help="model card of a DeCoVNet; the bundled one without it")
    parser.add_argument("--output", type=Path, help="file to which each pair is added, a line of JSON")
    parser.add_argument("--rows", type=int, default=192, help="of the input; columns are half as many again")
    arguments = parser.parse_args()
    card = read_card(arguments.weights) if arguments.weights else default_card("decovnet")
    card = replace(card, input_size=(arguments.rows, arguments.rows * 3 // 2))
    pairs = []
    for patient in range(arguments.first, arguments.first + arguments.pairs):
        pair = read_pair(patient, card)
        pairs.append(pair)
        print(
            f"{patient:4d} {pair.extent:9s}{' to '.join(pair.kernels):22s}{pair.first:.3f} to {pair.second:.3f}, "
            f"band {pair.width.low:.3f} to {pair.width.high:.3f}{'' if pair.is_held else '  outside'}",
            flush=True,
        )
        if arguments.output:
            with arguments.output.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(pair)) + "\n")
    print_summary(pairs)


if __name__ == "__main__":
    main()
