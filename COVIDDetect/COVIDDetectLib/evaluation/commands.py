"""The commands of this room: ``coviddetect evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..report.files import check_folder
from ..sentences import sentences_instead_of_tracebacks
from .figures import PREVALENCES
from .page import METRICS, PAGE, write_evaluation
from .predictions import read_predictions

OutputFolder = Annotated[Path, typer.Option(metavar="DIR", help="Folder for the results.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("evaluate")(evaluate_command)


def evaluate_command(
    predictions: Annotated[
        Path, typer.Argument(metavar="PREDICTIONS.csv", help="Table with the columns case,probability,label (1 or 0).")
    ],
    output: OutputFolder,
    prevalence: Annotated[
        list[float] | None,
        typer.Option(metavar="SHARE", help="Share of patients with COVID-19 to tell PPV and NPV for; may be repeated."),
    ] = None,
) -> None:
    """Say how well probabilities tell COVID-19 from its absence: figures with intervals, curves, calibration.

    Writes metrics.json and evaluation.html into DIR.
    """
    with sentences_instead_of_tracebacks():
        check_folder(output)
        cohort = read_predictions(predictions)
        metrics = write_evaluation(cohort, output, tuple(prevalence or PREVALENCES), predictions.name)
        typer.echo(f"{cohort.positives} cases with COVID-19, {cohort.negatives} without")
        for title, name in (("ROC AUC", "roc_auc"), ("PR AUC", "pr_auc"), ("Brier score", "brier_score")):
            figure = metrics[name]
            typer.echo(f"{title} {figure['value']:.3f} (95 % interval {figure['low']:.3f} to {figure['high']:.3f})")
        typer.echo(f"Written: {output / PAGE}, {output / METRICS}")
