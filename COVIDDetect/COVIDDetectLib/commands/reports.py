"""The command ``coviddetect report``: what ``coviddetect analyze`` wrote, to be pasted or filed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from ..atomic import whole_file
from ..report.files import check_folder, refuse_inputs
from ..report.reported import Reported
from ..report.results import read_record
from ..report.text import report_text
from ..report.words import Language
from ..weights.store import installed_cards
from .sentences import say, sentences_instead_of_tracebacks

ResultsFolder = Annotated[
    Path, typer.Argument(metavar="RESULTS", help="Folder that coviddetect analyze wrote its results into.")
]


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("report")(report_command)


def report_command(
    results: ResultsFolder,
    report_format: Annotated[Literal["text"], typer.Option("--format", help="What is written.")] = "text",
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="File to write; by default text is printed.")
    ] = None,
    language: Annotated[Language, typer.Option(help="English or German.")] = "en",
    identity: Annotated[
        str,
        typer.Option("--id", metavar="TEXT", help="What to call the study; by default a pseudonym of the CT's voxels."),
    ] = "",
    earlier: Annotated[
        Path | None,
        typer.Option(metavar="RESULTS", help="Results of an earlier CT of the same patient, to compare with."),
    ] = None,
) -> None:
    """Write a result as a report: text to paste, in the order of a radiology report."""
    with sentences_instead_of_tracebacks():
        record = read_record(results)
        reported = Reported(
            record,
            language,
            card=next((card for card in installed_cards() if card.sha256 == record["weights"]["sha256"]), None),
            earlier=read_record(earlier) if earlier else None,
            identity=identity,
        )
        content = report_text(reported)
        if output is None:
            say(*content.splitlines())
            return
        check_folder(output.absolute().parent)
        refuse_inputs((output,), (results,))
        with whole_file(output.absolute()) as file:
            file.write(content.encode("utf-8"))
        say(f"Written: {output}")
