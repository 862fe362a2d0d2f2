"""What a training writes: tables, pictures, and the model card."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import cast

from ..analysis.analyze import score_features
from ..analysis.features import features_of
from ..cohort.cases import Case
from ..ct.ct_mask import HU_WINDOW
from ..device import Device, within_memory
from ..evaluation.files import write_together
from ..evaluation.predictions import COLUMNS as PREDICTION_COLUMNS
from ..networks.decovnet import SLICES_PER_CHUNK, DeCoVNet
from ..weights.cards import ModelCard, NetworkName
from ..weights.loaded import loaded_network
from .checkpoints import State
from .failed_masks import Review, contact_sheet
from .loop import Settings
from .preparation import Prepared
from .splits import TUNING_SHARE, Split

SPLIT, UNUSABLE = "split.csv", "unusable.csv"
MASKS, KEPT, DROPPED = "masks.csv", "masks-kept.png", "masks-dropped.png"

_TITLES = {"decovnet": ("DeCoVNet", "classifier"), "unet": ("UNet", "lungs")}
_INTENDED_USE = (
    "Research only. Not a medical device; not for diagnosis. Measure it on your own cases before you trust it."
)
_LICENCE = "Not stated; to be filled in by whoever trained these weights"


def write_split(folder: Path, split: Split) -> str:
    """Write ``split.csv``: which case is in which part. Returns the sentence that says so."""
    rows = [(case.name, part, case.patient, case.label, case.date) for part, case in split.parts()]
    _write_table(folder / SPLIT, ("case", "part", "patient", "label", "date"), rows)
    sizes = f"{len(split.training)} cases for training, {len(split.tuning)} for tuning, {len(split.test)} for the test"
    return f"{sizes}, {len(split.left_out)} left out (earlier CTs of test patients)" if split.left_out else sizes


def write_unusable(folder: Path, unusable: Mapping[str, str]) -> str:
    """Write ``unusable.csv``: which CTs cannot be used, and why; none if all can. Returns where that stands."""
    (folder / UNUSABLE).unlink(missing_ok=True)
    if unusable:
        _write_table(folder / UNUSABLE, ("case", "sentence"), unusable.items())
    return f"see {folder / UNUSABLE}"


def write_review(folder: Path, review: Review) -> str:
    """Write ``masks.csv`` and the pictures of kept and dropped masks. Returns the sentence that says so."""
    rows = [
        (one.case.name, round(one.lungs_ml), int(kept))
        for kept, members in ((True, review.kept), (False, review.dropped))
        for one in members
    ]
    _write_table(folder / MASKS, ("case", "lungs_ml", "kept"), rows)
    for name, members in ((KEPT, review.kept), (DROPPED, review.dropped)):
        (folder / name).unlink(missing_ok=True)
        if members:
            contact_sheet(members, folder / name)
    counts = f"{len(review.kept)} masks kept, {len(review.dropped)} dropped as failed"
    return f"{counts} (median {review.median_ml / 1000:.2f} L); look at the pictures masks-*.png in {folder}"


def write_predictions(folder: Path, part: str, card: ModelCard, cases: Sequence[Prepared], device: str) -> Path:
    """Score cases as an analysis does and write the table that ``coviddetect evaluate`` reads. Returns its path.

    As there, what a GPU has too little memory for is computed on the CPU.
    """

    def score(one: Prepared, device: str, slices: int) -> float:
        network = cast("DeCoVNet", loaded_network(card, device))
        ct_mask = one.ct_mask()
        return score_features(network, features_of(network, ct_mask, device, slices), ct_mask)[0].probability

    rows = [
        (one.case.name, within_memory(partial(score, one), Device(device), SLICES_PER_CHUNK)[0], one.case.label)
        for one in cases
    ]
    path = folder / f"predictions-{part}.csv"
    _write_table(path, PREDICTION_COLUMNS, rows)
    return path


def new_card(
    folder: Path,
    table: Path,
    network: NetworkName,
    variant: str,
    input_size: tuple[int, int],
    settings: Settings,
    best: State,
    training_data: str,
    start: ModelCard | None,
) -> ModelCard:
    """The card of freshly trained weights; its checksum comes when they are written.

    Parameters
    ----------
    best
        State of the best epoch.
    training_data
        In words; the table's name is put in front.
    start
        Weights that it started from, whose data and licence are told too; None for fresh ones.
    """
    title, command = _TITLES[network]
    figures = [f"{name.replace('_', ' ')} {value:.4f}" for name, value in best.history[best.best_epoch].items()]
    how = f"Adam {settings.rate:g}, seed {settings.seed}, epoch {best.best_epoch + 1} of {settings.epochs}"
    source = f"coviddetect train {command}: {how} ({', '.join(figures)})"
    training_data = f"{table.name}: {training_data}; {TUNING_SHARE:.0%} of the patients chose the epoch"
    licence = _LICENCE
    if start:
        begun = f"started from {start.title} (SHA-256 {start.sha256[:12]})"
        source = f"{source}; {begun}"
        training_data = f"{training_data}; {begun}, whose training data were: {start.training_data}"
        licence = f"{licence}; {begun}, whose licence is: {start.licence}"
    return ModelCard(
        id=f"{network}-{folder.resolve().name}",
        version="1",
        title=f"{title} trained on {table.name}",
        network=network,
        variant=variant,
        weights_file=f"{network}.safetensors",
        sha256="",
        input_size=input_size,
        hu_window=HU_WINDOW,
        training_data=training_data,
        intended_use=_INTENDED_USE,
        licence=licence,
        source=source,
        decision_threshold=0.5 if network == "decovnet" else None,
        path=folder / f"{network}.json",
    )


def count_cases(cases: Sequence[Case]) -> str:
    """Labels and dates in words."""
    positive = sum(case.label == 1 for case in cases)
    dates = sorted(case.date for case in cases if case.date)
    span = f", {dates[0]} to {dates[-1]}" if dates else ""
    return f"{positive} CTs with COVID-19 and {len(cases) - positive} without{span}"


def _write_table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    write_together(path.parent, {path.name: text.getvalue()})
