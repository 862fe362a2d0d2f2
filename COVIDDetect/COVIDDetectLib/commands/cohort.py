"""``coviddetect cohort``: public cohorts, and what other programs need to learn from one's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import MofNCompleteColumn

from ..errors import InputError
from ..report.files import check_folder, refuse_inputs
from .options import Quiet
from .sentences import progress_bars, say, sentences_instead_of_tracebacks

if TYPE_CHECKING:
    from ..cohort.fetch import Plan
    from ..cohort.public import PublicCohort

app = typer.Typer(
    help="Public cohorts with their labels, and datasets for other programs. Only fetch uses the internet.",
    no_args_is_help=True,
)

TableFile = Annotated[Path, typer.Option("--output", "-o", metavar="FILE.csv", help="Table to write.")]


@app.command("list")
def list_command() -> None:
    """Show the public cohorts that fetch knows, with size, label, licence and citation."""
    with sentences_instead_of_tracebacks():
        from ..cohort.fetch import plan
        from ..cohort.public import PUBLIC

        for cohort in PUBLIC:
            say(*_described(plan(cohort)), "")


@app.command("fetch")
def fetch_command(
    names: Annotated[list[str], typer.Argument(metavar="NAME…", help="Cohorts, as `cohort list` shows them.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Folder for the CTs. Run again to resume.")
    ],
    patients: Annotated[
        int | None, typer.Option(min=1, help="Only the first so many patients of each cohort, by their IDs.")
    ] = None,
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="You agree to the licences of the cohorts.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Download one chest CT of each patient from the Imaging Data Commons, and write the table for train and batch.

    Writes DIR/cohort.csv (case, path, label, date and others) of the cohorts that are named, and DIR/sources.md with
    what must be cited.
    """
    with sentences_instead_of_tracebacks():
        from ..cohort.fetch import SOURCES, fetch, plan
        from ..cohort.public import same_label_from_one_source

        check_folder(output)
        plans = [plan(_known(name), patients) for name in dict.fromkeys(names)]
        for one in plans:
            say(*_described(one), to_stderr=not accept_licence)
        if not accept_licence:
            raise InputError("Nothing was downloaded. If you agree to the licences above, add --accept-licence.")
        with progress_bars(MofNCompleteColumn()) as bars:
            row = bars.add_task("Files", total=sum(series.slices for one in plans for series in one.series))
            table = fetch(plans, output, lambda: bars.advance(row))
        say(same_label_from_one_source([one.cohort for one in plans]), f"Written: {table}, {output / SOURCES}")


@app.command("table")
def table_command(
    layout: Annotated[str, typer.Argument(metavar="mosmed|stoic|covid-ct-md", help="Whose arrangement it is.")],
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the cohort was unpacked.")],
    output: TableFile,
    quiet: Quiet = False,
) -> None:
    """Write the table for train and batch of a public cohort that you have: MosMedData, STOIC2021 or COVID-CT-MD."""
    with sentences_instead_of_tracebacks():
        from ..cohort.layouts import LAYOUTS, REFERENCE, write_table

        if layout not in LAYOUTS:
            raise InputError(f"'{layout}' is no known arrangement; give {', '.join(LAYOUTS)}.")
        if not folder.is_dir():
            raise InputError(f"{folder} is no folder; give the one where the cohort was unpacked.")
        refuse_inputs((output,), (folder / REFERENCE, folder / Path(REFERENCE).name))
        cts = LAYOUTS[layout].read(folder)
        write_table(cts, output)
        positive = sum(one.label for one in cts)
        say(
            f"{positive} CTs with COVID-19 and {len(cts) - positive} without; {LAYOUTS[layout].meaning}.",
            f"Written: {output}",
        )


@app.command("nnunet")
def nnunet_command(
    table: Annotated[Path, typer.Argument(metavar="CSV", help="Table with the columns case,path,mask.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Dataset to make, such as Dataset501_Lungs.")
    ],
    quiet: Quiet = False,
) -> None:
    """Export CTs and reviewed lung masks as a dataset for nnU-Net (version 2)."""
    with sentences_instead_of_tracebacks():
        from ..cohort.cases import read_cases
        from ..cohort.nnunet import check_dataset, export_nnunet

        check_dataset(output)
        cases = read_cases(table, labels="ignored")
        with progress_bars(MofNCompleteColumn()) as bars:
            row = bars.add_task("CTs", total=sum(case.mask is not None for case in cases))
            count = export_nnunet(cases, output, lambda: bars.advance(row))
        left_out = len(cases) - count
        say(f"{count} cases; {left_out} without a mask were left out.", f"Written: {output}")


def _known(name: str) -> PublicCohort:
    from ..cohort.public import PUBLIC

    for cohort in PUBLIC:
        if cohort.name == name.lower():
            return cohort
    raise InputError(f"'{name}' is no known cohort; there are {', '.join(one.name for one in PUBLIC)}.")


def _described(plan: Plan) -> list[str]:
    cohort, source = plan.cohort, plan.source
    return [
        f"{cohort.name}: {len(plan.series)} chest CTs, {plan.size_bytes / 1e9:.1f} GB, label {cohort.label} "
        f"({cohort.reason})",
        f"  {source.title}",
        f"  Licence: {source.licence}, {source.licence_url}",
        f"  Cite: {source.citation}",
    ]
