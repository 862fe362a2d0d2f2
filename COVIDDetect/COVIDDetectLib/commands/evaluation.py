"""The commands ``coviddetect evaluate``, ``evaluate-readings`` and ``evaluate-attention``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer
from rich.progress import MofNCompleteColumn

from ..device import DeviceChoice, choose_device
from ..errors import InputError
from ..evaluation.attention_figures import WANTED
from ..evaluation.attention_page import FIGURES, write_attention_page
from ..evaluation.attention_page import PAGE as ATTENTION_PAGE
from ..evaluation.faithfulness import measure
from ..evaluation.figures import PREVALENCES
from ..evaluation.held_back import held_back_cases
from ..evaluation.metrics import Estimate
from ..evaluation.page import METRICS, PAGE, write_evaluation
from ..evaluation.predictions import read_predictions
from ..evaluation.reader import measure_reader
from ..evaluation.readings import read_labels, read_readings
from ..report.files import check_folder, refuse_inputs
from ..weights.cards import load_network, read_card, scoring_card
from .options import Quiet, finite
from .sentences import progress_bars, say, sentences_instead_of_tracebacks

if TYPE_CHECKING:
    from ..networks.decovnet import DeCoVNet

OutputFolder = Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Folder for the results.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("evaluate")(evaluate_command)
    app.command("evaluate-readings")(evaluate_readings_command)
    app.command("evaluate-attention")(evaluate_attention_command)


def evaluate_command(
    predictions: Annotated[
        Path, typer.Argument(metavar="PREDICTIONS.csv", help="Table with the columns case,probability,label (1 or 0).")
    ],
    output: OutputFolder,
    prevalence: Annotated[
        list[float] | None,
        typer.Option(
            metavar="SHARE",
            callback=finite,
            help="Share of patients with COVID-19 for which PPV and NPV are given; may be repeated.",
        ),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Say how well probabilities tell COVID-19 from its absence: figures with intervals, curves, calibration.

    Writes metrics.json and evaluation.html into DIR.
    """
    with sentences_instead_of_tracebacks():
        check_folder(output)
        refuse_inputs((output / PAGE, output / METRICS), (predictions,))
        cohort = read_predictions(predictions)
        metrics = write_evaluation(cohort, output, tuple(prevalence or PREVALENCES), predictions.name)
        say(f"{cohort.positives} cases with COVID-19, {cohort.negatives} without")
        for title, name in (("ROC AUC", "roc_auc"), ("PR AUC", "pr_auc"), ("Brier score", "brier_score")):
            say(f"{title} {_figure(metrics[name])}")
        say(f"Written: {output / PAGE}, {output / METRICS}")


def evaluate_readings_command(
    readings: Annotated[
        Path, typer.Argument(metavar="READINGS.csv", help="What My reading first has written, of one reader.")
    ],
    labels: Annotated[
        Path,
        typer.Argument(
            metavar="LABELS.csv", help="Table with the columns case (or id, or ct_sha256) and label (1 or 0)."
        ),
    ],
) -> None:
    """Say how well a reader tells COVID-19 from its absence before and after seeing the result."""
    with sentences_instead_of_tracebacks():
        reader = measure_reader(read_readings(readings), read_labels(labels))
        say(f"{reader.positives} cases with COVID-19, {reader.negatives} without")
        left_out = {
            "without a second reading": reader.incomplete,
            "without a label": reader.unlabelled,
            "of a CT that was read before": reader.repeated,
        }
        if any(left_out.values()):
            say("Left out: " + ", ".join(f"{count} {why}" for why, count in left_out.items() if count))
        for title, estimate in (
            ("ROC AUC before", reader.before),
            ("ROC AUC after", reader.after),
            ("Difference", reader.difference),
        ):
            say(f"{title} {_estimate(estimate)}")
        say(f"Positive from {'CO-RADS 4' if reader.scale == 'CO-RADS' else 'RSNA typical'} on:")
        for title, (count, of, share) in (
            ("Right to wrong", reader.right_to_wrong),
            ("Wrong to right", reader.wrong_to_right),
        ):
            say(f"{title} {count} of {of}: {_estimate(share)}" if of else f"{title} 0 of 0")


def evaluate_attention_command(
    output: OutputFolder,
    cases: Annotated[
        int, typer.Option(metavar="N", min=2, help="Number of synthetic cases with disease, and of cases without.")
    ] = 40,
    seed: Annotated[int, typer.Option(metavar="S", min=0, help="Seed of the random cases.")] = 0,
    weights: Annotated[
        Path | None,
        typer.Option(metavar="CARD", help="Model card (.json) of the DeCoVNet to measure; by default the bundled one."),
    ] = None,
    background: Annotated[
        list[Path] | None,
        typer.Option(metavar="CT", help="Real CT without COVID-19 to paint disease into; may be repeated."),
    ] = None,
    perturbed: Annotated[
        int, typer.Option(metavar="N", min=1, help="Number of cases for deletion, insertion and randomization.")
    ] = 8,
    device: Annotated[DeviceChoice, typer.Option(help="What computes.")] = "auto",
    quiet: Quiet = False,
) -> None:
    """Say whether score and heat map meet synthetic lesions whose masks are known, and which no training has seen.

    Writes attention.json and attention.html into DIR.
    """
    with sentences_instead_of_tracebacks():
        check_folder(output)
        card = scoring_card(read_card(weights) if weights else None)
        if missing := next((path for path in background or () if not path.exists()), None):
            raise InputError(f"{missing} does not exist; give a DICOM folder or a file with a chest CT.")
        chosen_device = choose_device(device)
        network = cast("DeCoVNet", load_network(card, chosen_device))
        with progress_bars(MofNCompleteColumn()) as bars:
            row = bars.add_task("Cases", total=2 * cases)
            examples = measure(
                network,
                card,
                held_back_cases(cases, seed, tuple(background or ())),
                perturbed,
                chosen_device,
                seed,
                progress=lambda _: bars.advance(row),
            )
        figures = write_attention_page(examples, card, seed, output)
        for title, name in (
            ("ROC AUC", "roc_auc"),
            ("Peak in a lesion", "pointing"),
            ("Energy ratio", "energy_ratio"),
            ("Similarity after randomization", "randomized_absolute_correlation"),
        ):
            side, limit = WANTED[name]
            reached = "reached" if figures["reached"][name] else "not reached"
            say(f"{title} {_figure(figures[name])}; asked for: {side} {limit}, {reached}")
        say(f"Written: {output / ATTENTION_PAGE}, {output / FIGURES}")


def _estimate(estimate: Estimate) -> str:
    """As ``_figure``, which reads JSON."""
    return _figure({name: None if math.isnan(number) else number for name, number in vars(estimate).items()})


def _figure(entry: Mapping[str, float | None]) -> str:
    if entry["value"] is None:
        return "none"
    if entry["low"] is None:
        return f"{entry['value']:.3f} (95 % interval –)"
    return f"{entry['value']:.3f} (95 % interval {entry['low']:.3f} to {entry['high']:.3f})"
