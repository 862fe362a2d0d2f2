"""Whether the reasons under the number hold: ``python Testing/benchmarks/reasons.py [CASES.csv] [--phantoms 200]``.

Of each scan the sum of the receipt is held against the margin of the network, for the weights as they are and in the
form of the authors' checkpoint (two linear layers, one more pooling). Half of the phantoms have disease: there the
place that weighs most for COVID-19 should lie in a lesion; in the healthy half hardly anything should speak for it.
CASES.csv has the columns ``case`` and ``path``, as for ``real_cases.py``; of these only the sum counts, and a threshold
finds the lungs. ``--rows 128`` scores inputs of 128×192, which the weights have seen too, in half the time.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

sys.path.insert(0, str(Path(__file__).parents[2] / "COVIDDetect"))

import numpy as np
import torch
from COVIDDetectLib.analysis.attention import place_attention
from COVIDDetectLib.analysis.evidence import Evidence
from COVIDDetectLib.analysis.features import features_of
from COVIDDetectLib.ct.ct_mask import make_ct_mask
from COVIDDetectLib.ct.reading import read_ct
from COVIDDetectLib.ct.volume import CTVolume
from COVIDDetectLib.evaluation.held_back import FIRST_SEED
from COVIDDetectLib.evaluation.metrics import wilson
from COVIDDetectLib.lungs import LungMask, segment_lungs
from COVIDDetectLib.networks.decovnet import DeCoVNet
from COVIDDetectLib.networks.receipt import take_apart
from COVIDDetectLib.phantom import EXTENTS, add_disease, thorax
from COVIDDetectLib.weights.cards import ModelCard, default_card, load_network
from COVIDDetectLib.weights.domain import healthy_activations

SHAPE, SPACING = (60, 160, 160), (2.2, 2.2, 5.0)
MOST_FOR_IN_HEALTHY = 0.5
"""Log-odds."""

Scan = tuple[str, CTVolume, LungMask, np.ndarray]
"""Name, CT in axial order, lungs and lesions."""


def phantoms(numbers: range) -> Iterator[Scan]:
    """Diseased and healthy ones in turn, each another patient."""
    for number in numbers:
        seed = FIRST_SEED + 8_000_000 + number
        phantom = thorax(seed, SHAPE, SPACING)
        ct, lesions = phantom.ct, phantom.lesions
        extent = "healthy"
        if number % 2 == 0:
            extent = list(EXTENTS)[number // 2 % len(EXTENTS)]
            ct, lesions = add_disease(ct, phantom.lung_mask, seed, extent=extent)
        yield f"phantom {number}, {extent}", ct, LungMask.from_labels(phantom.lung_mask, ct.geometry), lesions


def real_cts(table: Path) -> Iterator[Scan]:
    """Those of a table; where their lesions are is not known."""
    for row in csv.DictReader(table.open(encoding="utf-8")):
        ct = read_ct(row["path"]).axial()[0]
        yield row["case"], ct, segment_lungs(ct, "threshold"), np.zeros(ct.shape, dtype=bool)


def in_released_form(network: DeCoVNet) -> DeCoVNet:
    """The same weights in the form of the authors' checkpoint: its two linear layers multiply to the one."""
    released = DeCoVNet("released").eval()
    released.load_state_dict(network.state_dict(), strict=False)  # all but the last layer, whose name differs
    first, last = cast(torch.nn.Sequential, released.classifier.output)
    with torch.no_grad():
        own = cast(torch.nn.Linear, network.classifier.output)
        last.weight.copy_(own.weight @ torch.linalg.inv(first.weight))
        last.bias.copy_(own.bias - last.weight @ first.bias)
    return released


def difference(network: DeCoVNet, features: torch.Tensor) -> float:
    """Log-odds between the bias with all terms and the margin of the network."""
    receipt = take_apart(network, features)
    with torch.inference_mode():
        negative, positive = network.classifier(features)[0].double().tolist()
    return abs(receipt.bias + float(receipt.activations @ receipt.weights) - (positive - negative))


def top_lies_in_lesion(evidence: Evidence, ct: CTVolume, lesions: np.ndarray, cell_mm: np.ndarray) -> bool:
    """Whether there is lesion in the cell round the place that weighs most for COVID-19."""
    top = max(evidence.terms, key=lambda term: term.logit)
    if top.position_lps_mm is None or top.logit <= 0:
        return False
    at = (np.linalg.inv(ct.geometry.ijk_to_lps) @ [*top.position_lps_mm, 1.0])[2::-1]
    reach = cell_mm / 2 / np.array(ct.geometry.spacing[::-1])
    low, high = np.maximum(0, np.ceil(at - reach)).astype(int), np.floor(at + reach).astype(int) + 1
    return bool(lesions[tuple(slice(a, max(a + 1, b)) for a, b in zip(low, high, strict=True))].any())


def evidence_of(card: ModelCard, network: DeCoVNet, features: torch.Tensor, scan: Scan) -> tuple[Evidence, np.ndarray]:
    """The sum under the number, and the size of a cell of the network in mm along slice, row and column."""
    _, ct, lungs, _ = scan
    ct_mask = make_ct_mask(ct, lungs.labels > 0, card.input_form)
    cells = place_attention(np.zeros(features.shape[2:], np.float32), ct_mask.geometry).geometry
    evidence = Evidence.of(take_apart(network, features), healthy_activations(card), cells, lungs)
    return evidence, np.array(cells.spacing[::-1])


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", type=Path, nargs="?", help="table of real CTs")
    parser.add_argument("--phantoms", type=int, default=200, help="how many, half of them with disease")
    parser.add_argument("--first", type=int, default=0, help="number of the first phantom")
    parser.add_argument("--rows", type=int, default=192, help="of the input; columns are half as many again")
    arguments = parser.parse_args()
    card = replace(default_card("decovnet"), input_size=(arguments.rows, arguments.rows * 3 // 2))
    network = cast(DeCoVNet, load_network(card))
    networks = {"as they are": network, "in the released form": in_released_form(network)}
    differences: dict[str, list[float]] = {name: [] for name in networks}
    in_lesion: list[bool] = []
    speaks_for: list[float] = []
    scans = [phantoms(range(arguments.first, arguments.first + arguments.phantoms))] + (
        [real_cts(arguments.cases)] if arguments.cases else []
    )
    for scan in (one for source in scans for one in source):
        name, ct, lungs, lesions = scan
        features = features_of(network, make_ct_mask(ct, lungs.labels > 0, card.input_form))
        for form, one in networks.items():
            differences[form].append(difference(one, features))
        evidence, cell_mm = evidence_of(card, network, features, scan)
        line = f"{name:40s} margin {evidence.margin:+.2f}  for {evidence.speaks_for:.2f}"
        if lesions.any():
            in_lesion.append(top_lies_in_lesion(evidence, ct, lesions, cell_mm))
            line += "" if in_lesion[-1] else "  top place in no lesion"
        elif name.startswith("phantom"):
            speaks_for.append(evidence.speaks_for)
        print(line, flush=True)
    for form, found in differences.items():
        print(f"weights {form}: |bias + terms − margin| at most {max(found):.1e} of {len(found)} scans")
    for title, hits, of in (
        ("top place for COVID-19 in a lesion", sum(in_lesion), len(in_lesion)),
        (
            f"healthy with at most {MOST_FOR_IN_HEALTHY} log-odds for COVID-19",
            sum(value <= MOST_FOR_IN_HEALTHY for value in speaks_for),
            len(speaks_for),
        ),
    ):
        share = wilson(hits, of)
        print(f"{title}: {hits} of {of} ({share.low:.2f}–{share.high:.2f})")


if __name__ == "__main__":
    main()
