"""Makes the bundled demonstration weights by one command; see Docs/use/demonstration-weights.md."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy import ndimage

from ...allocator import keep_large_blocks
from ...ct.ct_mask import HU_WINDOW, CTMask, make_ct_mask
from ...phantom import add_disease
from ...weights.cards import ModelCard, bundled_folder, load_network, read_card, save_weights
from ...weights.domain import fit_domain
from .acceptance import print_acceptance
from .backgrounds import CITATIONS, Background, as_ct, load_backgrounds, phantom_background, store_backgrounds
from .calibration import coarser, fit_calibration, fold, held_back_margins
from .classifier import FORM, train_demonstration_classifier
from .lungs import FURTHER_PHASES, LUNGS_PHASES, train_unet

LUNGS_SIZE = (368, 368)
_VERSION, _CLASSIFIER_VERSION = "2", "3"
_SEED, _FURTHER_SEED = 1, 2
_FIRST_PHANTOM, _FIRST_HELD_BACK, _HELD_BACK_PHANTOMS = 1000, 3000, 8
_FULL_HEAT = 0.05
"""More than the hottest cell of the public CTs with clear lungs has, less than those with COVID-19 (at most 0.03, and
0.14 to 0.58): a CT for which nothing speaks stays dark."""
_SMOOTH_MM = (0.5, 1.0, 1.5)
"""Blur of what is still the kind of CT that the weights know."""
_INTENDED_USE = (
    "To demonstrate and test the program. Not a medical device, not for diagnosis: trained on synthetic disease, tried "
    "on six public patients with COVID-19, not validated."
)
_SOURCE = "coviddetect.training.demonstration; Docs/use/demonstration-weights.md tells how; NOTICE.txt names the CTs"


def lungs_card(folder: Path, backgrounds: list[Background], begun_from: ModelCard | None = None) -> ModelCard:
    """What a UNet that was trained on these is; ``begun_from`` is what it was before, if it was not nothing."""
    before = f". Begun from {begun_from.title}: {begun_from.training_data}" if begun_from else ""
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
        training_data=f"Slices of {_in_words(backgrounds)}, moved, re-scanned and painted anew at every step "
        "with synthetic disease and with findings that resemble it; the truth is the phantoms' own masks and "
        f"unsupervised masks of the CTs, looked through by eye, made before the disease was painted{before}",
        intended_use=_INTENDED_USE,
        licence="Apache-2.0",
        source=_SOURCE,
        path=folder / "unet-demonstration.json",
    )


def classifier_card(folder: Path, backgrounds: list[Background]) -> ModelCard:
    """What a DeCoVNet that was trained on these is."""
    return ModelCard(
        id="decovnet-demonstration",
        version=_CLASSIFIER_VERSION,
        title=f"Demonstration weights v{_CLASSIFIER_VERSION}",
        network="decovnet",
        variant="paper",
        weights_file="decovnet-demonstration.safetensors",
        sha256="",
        input_size=FORM.size,
        hu_window=FORM.hu_window,
        slice_mm=FORM.slice_mm,
        surroundings_mm=FORM.surroundings_mm,
        full_heat=_FULL_HEAT,
        training_data=f"Synthetic COVID-like disease painted into {_in_words(backgrounds)}, "
        "against the same healthy and with nodules, masses, collapse, effusion, atelectasis, dependent density, "
        "expiration, motion, emphysema, scars, oedema and fibrosis, sharp and blurred, in slabs of about 5 mm. Lesion "
        "masks guided it, and evidence outside the lungs was punished. "
        "Temperature and shift were fitted on synthetic cases that were held back, and are part of the last layer",
        intended_use=_INTENDED_USE,
        licence="Apache-2.0",
        source=_SOURCE,
        decision_threshold=0.5,
        operating_characteristics=None,
        path=folder / "decovnet-demonstration.json",
    )


def _in_words(backgrounds: list[Background]) -> str:
    real = [CITATIONS.get(one.name, one.name) for one in backgrounds if one.is_real]
    parts = [f"CTs without COVID-19 ({'; '.join(real)})"] if real else []
    if len(real) < len(backgrounds):
        parts.append(f"{len(backgrounds) - len(real)} phantoms")
    return " and ".join(parts)


def make_lungs(folder: Path, output: Path, begin_from: ModelCard | None = None) -> None:
    """Train the UNet, from nothing or further, or go on where that was interrupted, and write it with its card."""
    backgrounds = load_backgrounds(folder)
    weights = train_unet(
        backgrounds,
        FURTHER_PHASES if begin_from else LUNGS_PHASES,
        seed=_FURTHER_SEED if begin_from else _SEED,
        report=_Printer("UNet"),
        folder=folder.parent,
        begin_from=load_network(begin_from).state_dict() if begin_from else None,
    )
    save_weights(weights, lungs_card(output, backgrounds, begin_from))


def make_scores(folder: Path, output: Path) -> None:
    """Train DeCoVNet, calibrate it, write it with its card, and say what volumes it knows."""
    backgrounds = load_backgrounds(folder)
    weights = train_demonstration_classifier(backgrounds, seed=_SEED, report=_Printer("DeCoVNet"), folder=folder.parent)
    held_back = [one for one in backgrounds if one.is_real]
    held_back += [phantom_background(_FIRST_HELD_BACK + number) for number in range(_HELD_BACK_PHANTOMS)]
    calibration = fit_calibration(*held_back_margins(weights, held_back, FORM))
    print(f"temperature {calibration.temperature:.2f}, shift {calibration.shift:.2f}")
    card = save_weights(fold(weights, calibration), classifier_card(output, backgrounds))
    fit_domain(card, _domain_cases(backgrounds))


def _domain_cases(backgrounds: list[Background]) -> Iterator[tuple[str, bool, CTMask]]:
    """Whole volumes, healthy and diseased, sharp and smooth: what the weights know."""
    for number, background in enumerate(map(coarser, backgrounds)):
        ct = as_ct(background)
        yield background.name, True, make_ct_mask(ct, background.labels, FORM)
        extent = ("mild", "moderate", "severe")[number % 3]
        diseased, _ = add_disease(ct, background.labels, number, extent=extent)
        yield background.name, False, make_ct_mask(diseased, background.labels, FORM)
        sigma = [_SMOOTH_MM[number % len(_SMOOTH_MM)] / mm for mm in background.spacing]
        smooth = np.rint(ndimage.gaussian_filter(ct.hu.astype(np.float32), sigma)).astype(np.int16)
        yield background.name, True, make_ct_mask(replace(ct, hu=smooth), background.labels, FORM)


def check(backgrounds: Path) -> None:
    """Print what the bundled weights make of cases that were not trained on."""
    print_acceptance([one for one in load_backgrounds(backgrounds) if one.is_real], phantoms=6, seeds=3)


class _Printer:
    """One line every 25 steps, with the means since the last."""

    def __init__(self, title: str) -> None:
        self._title, self._losses, self._start = title, list[tuple[float, ...]](), time.monotonic()

    def __call__(self, phase: int, step: int, *losses: float) -> None:
        self._losses.append(losses)
        if (step + 1) % 25 == 0:
            means = " ".join(f"{sum(one) / len(one):.3f}" for one in zip(*self._losses, strict=True))
            minutes = (time.monotonic() - self._start) / 60
            print(f"{self._title} phase {phase} step {step + 1} loss {means} after {minutes:.1f} min", flush=True)
            self._losses.clear()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stage", choices=["backgrounds", "lungs", "scores", "all", "check"], help="what to do")
    parser.add_argument("--real", type=Path, nargs="*", default=[], help="DICOM folders of CTs without COVID-19")
    parser.add_argument("--phantoms", type=int, default=24, help="number of synthetic thoraxes")
    parser.add_argument(
        "--backgrounds", type=Path, default=Path("build/backgrounds"), help="folder for what is painted into"
    )
    parser.add_argument(
        "--begin-from", type=read_card, metavar="CARD", help="model card of a UNet that is trained further"
    )
    parser.add_argument("--output", type=Path, default=bundled_folder(), help="folder for the weights")
    arguments = parser.parse_args()
    keep_large_blocks()
    if arguments.stage in ("backgrounds", "all"):
        store_backgrounds(arguments.backgrounds, arguments.real, arguments.phantoms, _FIRST_PHANTOM)
    if arguments.stage in ("lungs", "all"):
        make_lungs(arguments.backgrounds, arguments.output, arguments.begin_from)
    if arguments.stage in ("scores", "all"):
        make_scores(arguments.backgrounds, arguments.output)
    if arguments.stage == "check":
        check(arguments.backgrounds)


if __name__ == "__main__":
    main()
