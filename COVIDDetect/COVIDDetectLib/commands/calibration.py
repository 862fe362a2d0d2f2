"""The command ``coviddetect calibrate``: which probabilities may be called likely or unlikely in one hospital."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..evaluation.predictions import read_predictions
from ..evaluation.site import calibrate
from ..report.files import check_folder, refuse_inputs
from ..weights.cards import default_card, read_card
from ..weights.site import SITE, write_site
from .options import Quiet, finite
from .sentences import say, sentences_instead_of_tracebacks

if TYPE_CHECKING:
    from ..weights.site import Promise, Site


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("calibrate")(calibrate_command)


def calibrate_command(
    predictions: Annotated[
        Path,
        typer.Argument(
            metavar="PREDICTIONS.csv",
            help="Table with the columns case,probability,label (1 or 0), of cases that no training has seen.",
        ),
    ],
    npv: Annotated[
        float, typer.Option(callback=finite, help="Least share without COVID-19 of those that are called unlikely.")
    ] = 0.97,
    ppv: Annotated[
        float, typer.Option(callback=finite, help="Least share with COVID-19 of those that are called likely.")
    ] = 0.9,
    confidence: Annotated[float, typer.Option(callback=finite, help="With which both hold together.")] = 0.9,
    weights: Annotated[
        Path | None,
        typer.Option(
            metavar="CARD", help="Model card (.json) that gave the probabilities; by default the bundled one."
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help=f"File to write; by default {SITE} next to the table."),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Find two probabilities between which a case is open, below which it is unlikely and above which likely.

    What is promised of unlikely and likely holds for this hospital's cases, scanners and prevalence only.
    """
    with sentences_instead_of_tracebacks():
        target = output or predictions.parent / SITE
        check_folder(target.absolute().parent)
        refuse_inputs((target,), (predictions, *((weights,) if weights else ())))
        card = read_card(weights) if weights else default_card("decovnet")
        site, shortfalls = calibrate(read_predictions(predictions), card, npv=npv, ppv=ppv, confidence=confidence)
        write_site(site, target)
        say(*_told(site), *shortfalls, f"Written: {target}")


def _told(site: Site) -> list[str]:
    cases = site.positives + site.negatives
    lines = [
        f"With confidence {site.confidence:g}, at a prevalence of {site.prevalence:.2f} as in these {cases} cases:"
    ]
    if site.unlikely:
        lines.append(f"Unlikely below {site.unlikely.cut:g}: {_shown(site.unlikely, 'with', 'NPV')}")
    if site.likely:
        lines.append(f"Likely from {site.likely.cut:g}: {_shown(site.likely, 'without', 'PPV')}")
    return lines


def _shown(promise: Promise, wrong: str, name: str) -> str:
    share = 1 - promise.wrong / promise.cases
    counts = f"{promise.cases} cases, {promise.wrong} of them {wrong} COVID-19"
    return f"{counts}; {name} {share:.3f} here, at least {promise.target:g}."
