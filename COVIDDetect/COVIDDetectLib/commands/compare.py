"""The command ``compare``: what has changed between two results of one patient."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import SimpleITK as sitk
import typer

from ..analysis.follow_up import TWO_PATIENTS, Dated, follow_up
from ..analysis.registration import Alignment, Scan, align
from ..atomic import unfinished, written_or_said
from ..ct.reading import read_ct
from ..errors import InputError
from ..report.acquisition import are_of_two_patients, day_taken
from ..report.files import check_folder
from ..report.reported import Reported
from ..report.results import check_case, read_record, read_results
from ..report.text import comparison
from ..report.words import Language
from .options import Quiet
from .sentences import say, sentences_instead_of_tracebacks

CHANGE, TRANSFORM, NUMBERS = "change.nrrd", "earlier-to-later.tfm", "follow-up.json"


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("compare")(compare_command)


def compare_command(
    earlier: Annotated[
        Path, typer.Argument(metavar="EARLIER", help="Folder that coviddetect analyze wrote for the earlier CT.")
    ],
    later: Annotated[
        Path, typer.Argument(metavar="LATER", help="Folder that coviddetect analyze wrote for the later CT.")
    ],
    sources: Annotated[
        tuple[Path, Path] | None,
        typer.Option(
            "--sources",
            metavar="EARLIER_CT LATER_CT",
            help="Both CTs that were analyzed: they are laid over each other by the lungs.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            help=f"Folder for {NUMBERS}, {TRANSFORM} (ITK) and {CHANGE} (1 grown, 2 resolved opacity); with --sources.",
        ),
    ] = None,
    language: Annotated[Language, typer.Option(help="English or German.")] = "en",
    quiet: Quiet = False,
) -> None:
    """Say what has changed of lungs, opacity and evidence between the results of two CTs of one patient.

    With both CTs it also says whether they look like one chest, and how many days lie between them.
    """
    with sentences_instead_of_tracebacks():
        if output is not None:
            if sources is None:
                raise InputError("Without both CTs there is nothing to write; give them with --sources.")
            check_folder(output)
        results = [Dated(read_record(folder)) for folder in (earlier, later)]
        follow_up(results[0], results[1])  # what cannot be compared is said before anything is computed
        alignment = None
        if sources is not None:
            results = [Dated(one.record, day=day_taken(ct)) for one, ct in zip(results, sources, strict=True)]
            follow_up(results[0], results[1])
            scans = [_scan(folder, ct) for folder, ct in zip((earlier, later), sources, strict=True)]
            alignment = align(scans[1], scans[0])
        found = follow_up(results[0], results[1], alignment.registration if alignment else None)
        if sources is not None and are_of_two_patients(*sources):
            found = replace(found, doubts=(TWO_PATIENTS, *found.doubts))
        say(*comparison(Reported(results[1].record, language, follow_up=found)))
        if alignment is not None:
            say(f"Dice of the lungs laid over each other: {alignment.registration.overlap:.2f}")
        if alignment is not None and output is not None:
            numbers = {**asdict(found), "registration": asdict(alignment.registration)}
            _write(numbers, alignment, output)
            say(f"Written: {', '.join(str(output / name) for name in (NUMBERS, TRANSFORM, CHANGE))}")


def _scan(folder: Path, source: Path) -> Scan:
    known, ct = read_results(folder), read_ct(source)
    check_case(known, ct)
    return ct, known.lung_mask


def _write(numbers: dict[str, object], alignment: Alignment, folder: Path) -> None:
    """All three appear, or none that is half."""
    folder.mkdir(parents=True, exist_ok=True)
    labels = sitk.GetImageFromArray(alignment.change.labels)
    alignment.change.geometry.apply_to(labels)
    # ITK's transform leads from the fixed, the later CT to the moving one.
    matrix = alignment.registration.later_to_earlier
    with unfinished(folder / "files") as there, written_or_said(folder):
        there.mkdir(parents=True)
        (there / NUMBERS).write_text(json.dumps(numbers, indent=2) + "\n", encoding="utf-8")
        sitk.WriteTransform(matrix, str(there / TRANSFORM))
        sitk.WriteImage(labels, str(there / CHANGE), useCompression=True)
        for name in (NUMBERS, TRANSFORM, CHANGE):
            (there / name).replace(folder / name)
