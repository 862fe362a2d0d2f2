"""Makes the bundled demonstration weights: ``python -m coviddetect.training.demonstration --help``."""

from __future__ import annotations

import argparse
import random
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from ..ct_mask import HU_WINDOW
from ..weights import ModelCard, bundled_folder, save_weights
from .classifier import PHASES, train_classifier
from .lungs import train_unet
from .pool import CLASSIFIER_SIZE, LUNGS_SIZE, make_pool

_VERSION = "1"
_INTENDED_USE = (
    "To demonstrate and test the program. Not a medical device, not for diagnosis: trained on synthetic disease, "
    "never measured on patients with known disease."
)
_LUNG_STEPS = ((700, 256, 1e-3), (250, 368, 3e-4))  # steps, slice size, rate


def lungs_card(folder: Path) -> ModelCard:
    """What the bundled UNet is."""
    return ModelCard(
        id="unet-demonstration",
        version=_VERSION,
        title=f"Demonstration UNet v{_VERSION}",
        network="unet",
        variant="released",
        weights_file="unet-demonstration.safetensors",
        sha256="",
        input_size=LUNGS_SIZE,
        hu_window=HU_WINDOW,
        training_data="Synthetic thoraxes with their true masks, and two public CTs (LIDC-IDRI-0001, Lung-PET-CT-Dx "
        "A0001) with unsupervised masks; all with and without synthetic disease",
        intended_use=_INTENDED_USE,
        licence="Apache-2.0",
        source="coviddetect.training.demonstration",
        path=folder / "unet-demonstration.json",
    )


def classifier_card(folder: Path) -> ModelCard:
    """What the bundled DeCoVNet is."""
    return ModelCard(
        id="decovnet-demonstration",
        version=_VERSION,
        title=f"Demonstration weights v{_VERSION}",
        network="decovnet",
        variant="paper",
        weights_file="decovnet-demonstration.safetensors",
        sha256="",
        input_size=CLASSIFIER_SIZE,
        hu_window=HU_WINDOW,
        training_data="Synthetic COVID-like disease painted into synthetic thoraxes and into two public CTs without "
        "pneumonia (LIDC-IDRI-0001, Lung-PET-CT-Dx A0001), against the same CTs healthy and with nodules, masses, "
        "dependent atelectasis and emphysema",
        intended_use=_INTENDED_USE,
        licence="Apache-2.0",
        source="coviddetect.training.demonstration",
        decision_threshold=0.5,
        operating_characteristics=None,
        path=folder / "decovnet-demonstration.json",
    )


def train_lungs(files: list[Path], output: Path) -> None:
    """Train the UNet in two sizes and write it with its card."""
    weights: Mapping[str, Tensor] | None = None
    for number, (steps, size, rate) in enumerate(_LUNG_STEPS):
        weights = train_unet(
            files, steps, size=size, rate=rate, start=weights, seed=number, report=_Printer(f"UNet {size}", every=25)
        )
    assert weights is not None
    save_weights(weights, lungs_card(output))


def train_scores(files: list[Path], output: Path) -> None:
    """Train DeCoVNet phase by phase; after each phase the weights so far are written."""
    printer = _Printer("DeCoVNet", every=25)

    def report(phase: int, step: int, cross_entropy: float, lesion_loss: float) -> None:
        printer(step, cross_entropy, f"phase {phase}", f"lesions {lesion_loss:.3f}")

    train_classifier(
        files, PHASES, report=report, checkpoint=lambda _, weights: save_weights(weights, classifier_card(output)) and None
    )


class _Printer:
    """One line every so many steps, with the mean since the last."""

    def __init__(self, title: str, every: int) -> None:
        self._title, self._every, self._losses = title, every, list[float]()

    def __call__(self, step: int, loss: float, *more: str) -> None:
        self._losses.append(loss)
        if (step + 1) % self._every == 0:
            print(self._title, f"step {step + 1}", f"loss {sum(self._losses) / len(self._losses):.3f}", *more, flush=True)
            self._losses.clear()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stage", choices=["cases", "lungs", "scores", "all"], help="what to make")
    parser.add_argument("--real", type=Path, nargs="*", default=[], help="DICOM folders of CTs without COVID-19")
    parser.add_argument("--phantoms", type=int, default=40, help="number of synthetic thoraxes")
    parser.add_argument("--first-seed", type=int, default=1000, help="seed of the first of them")
    parser.add_argument("--cases", type=Path, default=Path("build/training"), help="folder for the cases")
    parser.add_argument("--output", type=Path, default=bundled_folder(), help="folder for the weights")
    arguments = parser.parse_args()
    if arguments.stage in ("cases", "all"):
        make_pool(arguments.cases, arguments.real, arguments.phantoms, arguments.first_seed)
    files = sorted(arguments.cases.glob("*.npz"))
    random.Random(0).shuffle(files)
    if arguments.stage in ("lungs", "all"):
        train_lungs(files, arguments.output)
    if arguments.stage in ("scores", "all"):
        train_scores(files, arguments.output)


if __name__ == "__main__":
    main()
