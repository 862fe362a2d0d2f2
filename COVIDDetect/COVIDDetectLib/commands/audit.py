"""The command ``coviddetect audit``: whether a table of cases has shortcuts for a training."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import MofNCompleteColumn

from ..report.files import check_folder, refuse_inputs
from .options import Quiet
from .sentences import progress_bars, say, sentences_instead_of_tracebacks


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("audit")(audit_command)


def audit_command(
    table: Annotated[Path, typer.Argument(metavar="CSV", help="Table that a training is to start from.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Folder for the results.")],
    quiet: Quiet = False,
) -> None:
    """See whether spacing, noise, scanner or date tell the labels, before a network learns them instead of disease.

    Writes audit.html, audit.json, audit.csv with every property of every CT and, where something is found, matched.csv:
    a smaller table in which both labels have it equally often.
    """
    with sentences_instead_of_tracebacks():
        from ..cohort.audit import MATCHED, PAGE, PROPERTIES, RECORD, audit_cases, sentences, write_audit
        from ..cohort.cases import read_cases

        check_folder(output)
        refuse_inputs((output / name for name in (RECORD, PAGE, PROPERTIES, MATCHED)), (table,))
        cases = read_cases(table)
        with progress_bars(MofNCompleteColumn()) as bars:
            row = bars.add_task("CTs", total=len(cases))
            audit = audit_cases(cases, lambda: bars.advance(row))
        written = write_audit(audit, output, table)
        say(*sentences(audit), f"Written: {', '.join(map(str, written))}")
