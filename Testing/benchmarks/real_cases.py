"""What the weights make of real CTs: ``python Testing/benchmarks/real_cases.py CASES.csv [--variants] [--output DIR]``.

CASES.csv has the columns ``case`` and ``path``, and if you like ``label`` (0 or 1) and ``mask``. For each case a line
says the probability, the volumes of the lungs, the shares of heat and of evidence in the lungs, the notes and the time;
``--output`` keeps a picture of each. ``--variants`` scores every case again as another scanner or another hand might
have given it. The last lines say how well labels and probabilities go together; a list of cases is no cohort.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

sys.path.insert(0, str(Path(__file__).parents[2] / "COVIDDetect"))

import numpy as np
import torch
from COVIDDetectLib.analysis.analyze import Analysis, analyze
from COVIDDetectLib.analysis.features import features_of
from COVIDDetectLib.ct.ct_mask import averaged_slabs, make_ct_mask
from COVIDDetectLib.ct.geometry import Geometry
from COVIDDetectLib.ct.reading import read_ct
from COVIDDetectLib.ct.volume import CTVolume
from COVIDDetectLib.networks.decovnet import DeCoVNet
from COVIDDetectLib.report.files import read_lung_mask
from COVIDDetectLib.report.overview import overview
from COVIDDetectLib.training.demonstration.classifier import evidence_outside
from COVIDDetectLib.weights.cards import ModelCard, default_card, load_network, read_card
from scipy import ndimage

SLICES_MM = (1.0, 2.0, 3.0, 5.0, 7.0, 10.0)


def score(network: DeCoVNet, card: ModelCard, ct: CTVolume, lungs: np.ndarray) -> tuple[float, float]:
    """Probability, and the share of |gradient × feature| in the lungs, of a CT in axial order."""
    ct_mask = make_ct_mask(ct, lungs, card.input_form)
    features = features_of(network, ct_mask).detach().requires_grad_(True)
    logits = network.classifier(features)
    outside = evidence_outside(logits, features, torch.from_numpy(ct_mask.mask)[None, None].float())
    return float(torch.softmax(logits.detach().double(), 1)[0, 1]), 1 - float(outside.detach())


def nudged(ct: CTVolume, lungs: np.ndarray) -> Iterator[tuple[str, CTVolume, np.ndarray]]:
    """The same scan and mask, moved by as much as nobody could object to."""
    cross = ndimage.generate_binary_structure(2, 1)[None]
    yield "mask 1 pixel larger", ct, ndimage.binary_dilation(lungs, cross)
    yield "mask 1 pixel smaller", ct, ndimage.binary_erosion(lungs, cross)
    first, last = np.flatnonzero(lungs.any(axis=(1, 2)))[[0, -1]]
    for name, end in (("lowest slice left out", first), ("highest slice left out", last)):
        cut = lungs.copy()
        cut[end] = False
        yield name, ct, cut
    yield "mirrored", CTVolume(ct.hu[:, :, ::-1], ct.geometry), lungs[:, :, ::-1]
    half = max(1, round(2.5 / ct.geometry.spacing[2])) if ct.geometry.spacing[2] <= 2.5 else 0
    if half:
        cut = lungs.copy()
        cut[first : first + half] = False
        yield "half a slab left out", ct, cut


def blurred(ct: CTVolume) -> Iterator[tuple[str, CTVolume]]:
    """The same scan in other kernels."""
    hu = ct.hu.astype(np.float32)
    i_mm, j_mm, _ = ct.geometry.spacing
    for name, sigma in (
        ("smoothed along the slices (1 slice)", (1, 0, 0)),
        ("smoothed in plane (2.5 mm)", (0, 2.5 / j_mm, 2.5 / i_mm)),
    ):
        yield name, replace(ct, hu=np.rint(ndimage.gaussian_filter(hu, sigma)).astype(np.int16))


def resliced(ct: CTVolume, lungs: np.ndarray, slice_mm: float) -> tuple[CTVolume, np.ndarray]:
    """The same scan in slices of another thickness."""
    i_mm, j_mm, k_mm = ct.geometry.spacing
    slices = max(2, round(len(ct.hu) * k_mm / slice_mm))
    geometry = Geometry.axial((i_mm, j_mm, len(ct.hu) * k_mm / slices))
    hu = np.rint(averaged_slabs(ct.hu, slices)).astype(np.int16)
    return CTVolume(hu, geometry), averaged_slabs(lungs, slices) >= 0.5


def logit(probability: float) -> float:
    """Log-odds."""
    return float(np.log(probability / (1 - probability)))


def print_variants(network: DeCoVNet, card: ModelCard, ct: CTVolume, lungs: np.ndarray, probability: float) -> None:
    """One line for each way in which the scan might have come."""
    odds = [logit(probability)]
    for name, changed, mask in nudged(ct, lungs):
        odds.append(logit(score(network, card, changed, mask)[0]))
        print(f"    {name:40s} {1 / (1 + np.exp(-odds[-1])):.2f}")
    print(f"    standard deviation of the log-odds so far {np.std(odds):.2f}")
    for name, changed in blurred(ct):
        print(f"    {name:40s} {score(network, card, changed, lungs)[0]:.2f}")
    for slice_mm in SLICES_MM:
        made = score(network, card, *resliced(ct, lungs, slice_mm))[0]
        print(f"    {f'in slices of {slice_mm:g} mm':40s} {made:.2f}", flush=True)


def area_under_curve(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Of positives against negatives, ties half."""
    wins = probabilities[labels == 1][:, None] - probabilities[labels == 0][None]
    return float(np.mean(wins > 0) + 0.5 * np.mean(wins == 0))


def print_case(name: str, analysis: Analysis, evidence: float, seconds: float) -> None:
    """One line and the notes."""
    right_ml, left_ml = analysis.lung_mask.volumes_ml
    hottest = analysis.regions[0] if analysis.regions else None
    where = f"{hottest.side} {hottest.third} ({hottest.mean_hu:.0f} HU)" if hottest else "nowhere"
    print(
        f"{name:36s} {analysis.probability:.2f}  right {right_ml:5.0f} mL left {left_ml:5.0f} mL  "
        f"heat in lungs {analysis.heat_map.share_in_lungs:.2f}  evidence {evidence:.2f}  "
        f"hottest {where}  {seconds:.0f} s"
    )
    for note in analysis.notes:
        print(f"    {note}", flush=True)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", type=Path, help="table of cases")
    parser.add_argument("--variants", action="store_true", help="score every case in other forms too")
    parser.add_argument("--weights", type=Path, help="model card of a DeCoVNet; the bundled one without it")
    parser.add_argument("--lungs", type=Path, help="model card of a UNet; the bundled one without it")
    parser.add_argument("--output", type=Path, help="folder for the pictures")
    arguments = parser.parse_args()
    card = read_card(arguments.weights) if arguments.weights else default_card("decovnet")
    unet = read_card(arguments.lungs) if arguments.lungs else "unet"
    network = cast(DeCoVNet, load_network(card))
    labels, probabilities = [], []
    for row in csv.DictReader(arguments.cases.open(encoding="utf-8")):
        ct = read_ct(row["path"])
        start = time.perf_counter()
        analysis = analyze(ct, lungs=read_lung_mask(row["mask"]) if row.get("mask") else unet, weights=card)
        seconds = time.perf_counter() - start
        axial, order = ct.axial()
        lungs = np.ascontiguousarray(order.apply(analysis.lung_mask.labels)) > 0
        print_case(row["case"], analysis, score(network, card, axial, lungs)[1], seconds)
        if arguments.variants:
            print_variants(network, card, axial, lungs, analysis.probability)
        if arguments.output:
            arguments.output.mkdir(parents=True, exist_ok=True)
            overview(ct, analysis, arguments.output / f"{row['case']}.png")
        if row.get("label"):
            labels.append(int(row["label"]))
            probabilities.append(analysis.probability)
    if len(set(labels)) == 2:
        area = area_under_curve(np.array(labels), np.array(probabilities))
        print(f"AUC {area:.3f} of {sum(labels)} positive and {len(labels) - sum(labels)} negative cases")


if __name__ == "__main__":
    main()
