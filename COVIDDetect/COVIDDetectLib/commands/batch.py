"""The command ``coviddetect batch``: many CTs, one after the other or several at a time."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import MofNCompleteColumn

from ..device import DeviceChoice
from ..errors import InputError
from ..lungs import METHODS
from ..report.files import ATTENTION, OVERVIEW
from ..report.lungs_by_command import PROGRAMS, command_of
from ..weights.cards import ModelCard, read_card
from .options import COMMAND_HELP, Quiet
from .sentences import progress_bars, say, sentences_instead_of_tracebacks

if TYPE_CHECKING:
    from ..cohort.batch import Summary
    from ..cohort.score import Outcome
    from ..weights.site import Site

SOME_FAILED = 3
_SKIPPED = {"overview": OVERVIEW, "attention": ATTENTION}
_MOST_TOLD = 10
_OTHER_MIX = (
    "These CTs fall into the zones in other shares than those of the calibration: prevalence or scanners differ, and "
    "what was promised may not hold; calibrate again."
)


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("batch")(batch_command)


def batch_command(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="TABLE|FOLDER|GLOB",
            help="Table with the columns case,path and, optionally, label and mask; or a folder in which each folder "
            "and volume file is a CT; or a pattern in quotes; or several CTs.",
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Folder for the results. Run again to resume.")
    ],
    weights: Annotated[
        Path | None,
        typer.Option(metavar="CARD", help="Model card (.json) of the DeCoVNet to use; by default the bundled one."),
    ] = None,
    lungs: Annotated[
        str,
        typer.Option(
            metavar="unet|threshold|lungmask|totalsegmentator|CARD|COMMAND",
            help=f"How to segment the lungs of cases without a mask. {COMMAND_HELP}",
        ),
    ] = "unet",
    device: Annotated[DeviceChoice, typer.Option(help="What computes.")] = "auto",
    jobs: Annotated[int, typer.Option(min=1, help="Processes; each needs the memory of an analysis.")] = 1,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Threads of each process; by default the processors are shared equally.")
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Score on the workers of a Dask cluster, which see the same files."),
    ] = None,
    part: Annotated[
        str, typer.Option(metavar="K/N", help="Only every Nth case from the Kth on, as for one of N computers.")
    ] = "1/1",
    skip: Annotated[
        str, typer.Option(metavar="overview,attention", help="Files that are not written for each case.")
    ] = "",
    site: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="What coviddetect calibrate wrote: results.csv gets a column with the zone. By default the site.json "
            "beside the model card, if there is one.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a case, and one at the end.")] = False,
    quiet: Quiet = False,
) -> None:
    """Score many CTs. Bad ones never stop the rest, and a run that was ended goes on where it was.

    Writes into DIR a folder for each case as coviddetect analyze does, results.csv, failed.csv and, where the table has
    labels, predictions.csv for coviddetect evaluate. Ends with 0 if all cases have a result, with 3 if some failed.
    """
    with sentences_instead_of_tracebacks():
        from ..cohort.batch import score_cohort
        from ..cohort.found import find_cases
        from ..cohort.score import Scoring
        from ..weights.site import read_site, site_beside

        scoring = Scoring(
            read_card(weights) if weights else None,
            _lungs(lungs),
            device,
            tuple(_skipped(name.strip()) for name in skip.split(",") if name.strip()),
        )
        chosen = _part(part)
        if scheduler and jobs > 1:
            raise InputError("--jobs is for processes of this computer; a Dask cluster has its own workers.")
        known = read_site(site, scoring.card) if site else site_beside(scoring.card)
        cases = find_cases(inputs, output)
        bar = progress_bars(MofNCompleteColumn())
        with bar:
            row = bar.add_task("CTs", total=len(cases))

            def ended(outcome: Outcome) -> None:
                bar.advance(row)
                if as_json:
                    typer.echo(json.dumps({"type": "case", **asdict(outcome)}))

            summary = score_cohort(
                cases,
                output,
                scoring,
                jobs=jobs,
                threads=threads,
                scheduler=scheduler,
                part=chosen,
                site=known,
                on_start=lambda done, total: bar.update(row, total=total - done),
                on_outcome=ended,
            )
        _tell(summary, output, as_json, known)
        if summary.failed:
            raise typer.Exit(SOME_FAILED)


def _tell(summary: Summary, output: Path, as_json: bool, site: Site | None) -> None:
    from ..cohort.records import FAILED, PREDICTIONS, RESULTS

    scored = len(summary.outcomes) - summary.failed
    written = [output / RESULTS, output / FAILED, *([output / PREDICTIONS] if summary.tables.labeled else [])]
    is_of_another_mix = site is not None and site.is_of_another_mix(summary.tables.zones)
    if as_json:
        counts = {"scored": scored, "failed": summary.failed, "done_before": summary.done_before}
        mix = {"is_of_another_mix": is_of_another_mix} if site else {}
        typer.echo(json.dumps({"type": "end", **counts, **mix, "written": [str(file) for file in written]}))
        return
    failed = [outcome for outcome in summary.outcomes if outcome.failed]
    say(*(f"{outcome.case}: {outcome.sentence}" for outcome in failed[:_MOST_TOLD]))
    if len(failed) > _MOST_TOLD:
        say(f"and {len(failed) - _MOST_TOLD} more in {output / FAILED}")
    if is_of_another_mix:
        say(_OTHER_MIX)
    say(
        f"{scored} scored, {summary.failed} failed, {summary.done_before} done before.",
        f"Written: {', '.join(map(str, written))}",
        "Research use only, not a medical device.",
    )


def _lungs(lungs: str) -> str | ModelCard:
    if lungs in METHODS:
        return lungs
    if command := command_of(lungs):
        return command
    if not lungs.lower().endswith(".json"):
        raise InputError(
            f"'{lungs}' is not a way to find lungs; give {', '.join((*METHODS, *PROGRAMS))}, the model card of a UNet, "
            "or a command with {ct} and {mask}."
        )
    return read_card(lungs)


def _skipped(name: str) -> str:
    if name not in _SKIPPED:
        raise InputError(f"'{name}' cannot be skipped; give overview, attention or both with a comma between.")
    return _SKIPPED[name]


def _part(part: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{1,6})/(\d{1,6})", part)
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise InputError(f"'{part}' is not a part of a cohort; give two numbers such as 2/8 for the second of eight.")
    return int(found[1]), int(found[2])
