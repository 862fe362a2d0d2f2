"""The commands ``report`` and ``export``: what ``coviddetect analyze`` wrote, to be pasted, filed or archived."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ..analysis.follow_up import Dated, follow_up
from ..atomic import whole_file
from ..cohort.worklist import reader_name
from ..ct.reading import read_ct
from ..errors import InputError
from ..report.acquisition import grid_row, scan_settings
from ..report.assessment import Assessment, Verdict
from ..report.dicom_out.export import FILES, Additions, check_highdicom, write_dicom
from ..report.dicom_out.send import check_archive, send
from ..report.dicom_out.source import read_source
from ..report.files import OVERVIEW, check_folder, refuse_inputs
from ..report.key_pictures import KeyPicture, key_pictures
from ..report.page import page_of
from ..report.page_html import page_html
from ..report.page_pdf import page_pdf
from ..report.planes import Scene
from ..report.reported import Reported
from ..report.results import check_case, read_record, read_results
from ..report.table import csv_table
from ..report.text import report_text
from ..report.words import Language
from ..weights.store import installed_cards
from .options import Quiet
from .sentences import say, sentences_instead_of_tracebacks

if TYPE_CHECKING:
    from PIL.Image import Image

Format = Literal["text", "html", "pdf", "csv"]

ResultsFolder = Annotated[
    Path, typer.Argument(metavar="RESULTS", help="Folder that coviddetect analyze wrote its results into.")
]
Source = Annotated[
    Path | None, typer.Option(metavar="CT", help="The CT that was analyzed; the key pictures are drawn from it.")
]
SourceSeries = Annotated[
    str | None, typer.Option(metavar="UID", help="SeriesInstanceUID of the CT, if it was given to analyze.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("report")(report_command)
    app.command("export")(export_command)


def report_command(
    results: ResultsFolder,
    report_format: Annotated[Format, typer.Option("--format", help="What is written.")] = "text",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="File to write; by default text is printed, and a page lies with the results.",
        ),
    ] = None,
    source: Source = None,
    series: SourceSeries = None,
    language: Annotated[Language, typer.Option(help="English or German.")] = "en",
    identity: Annotated[
        str,
        typer.Option("--id", metavar="TEXT", help="What to call the study; by default a pseudonym of the CT's voxels."),
    ] = "",
    earlier: Annotated[
        Path | None,
        typer.Option(metavar="RESULTS", help="Results of an earlier CT of the same patient, to compare with."),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Write a result as a report: text to paste, a page to file (HTML or PDF), or a row of a table (CSV)."""
    with sentences_instead_of_tracebacks():
        record = read_record(results)
        reported = Reported(
            record,
            language,
            card=next((card for card in installed_cards() if card.sha256 == record["weights"]["sha256"]), None),
            follow_up=follow_up(Dated(read_record(earlier)), Dated(record)) if earlier else None,
            identity=identity,
        )
        if report_format == "text" and output is None:
            say(*report_text(reported).splitlines())
            return
        target = (output or results / f"report.{report_format}").absolute()
        check_folder(target.parent)
        refuse_inputs((target,), (results, *([source] if source else [])))
        content = _content(reported, report_format, results, source, series)
        with whole_file(target) as file:
            file.write(content)
        say(f"Written: {output or target}")


def export_command(
    results: ResultsFolder,
    source: Annotated[Path, typer.Option(metavar="CT", help="DICOM folder or file of the CT that was analyzed.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="DIR", help="Folder for the DICOM files.")
    ] = None,
    archive: Annotated[
        str | None,
        typer.Option(
            "--send",
            metavar="ARCHIVE",
            help="Send them to a PACS (AETITLE@host:port) or a DICOMweb service (https://…).",
        ),
    ] = None,
    series: SourceSeries = None,
    verdict: Annotated[
        Verdict | None,
        typer.Option(help="What you say of the result: written as an assessment that points to its report."),
    ] = None,
    reader: Annotated[
        str, typer.Option(metavar="NAME", help="Whose verdict it is; by default your name on this computer.")
    ] = "",
    quiet: Quiet = False,
) -> None:
    """Write a result as DICOM objects that belong to the CT's study, with the patient's name as it stands there.

    Segmentations of lungs, densities and regions, a structured report, the heat map as a parametric map, the overview,
    and your verdict.
    """
    with sentences_instead_of_tracebacks(), ExitStack() as stack:
        if output is None and archive is None:
            raise InputError("Say where the objects go: --output names a folder, --send an archive.")
        check_highdicom()
        if archive is not None:
            check_archive(archive)
        folder = output or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="coviddetect-")))
        check_folder(folder)
        refuse_inputs((folder / name for name in FILES), (results, source))
        known, overview = read_results(results), results / OVERVIEW
        additions = Additions(
            _picture(overview), Assessment(verdict, reader_name(reader)) if verdict is not None else None
        )
        written = write_dicom(known, read_source(source, series), folder, additions)
        if output is not None:
            say(f"Written: {', '.join(str(file) for file in written)}")
        if archive is not None:
            send(written, archive)
            say(f"Sent to {archive}: {', '.join(file.name for file in written)}")


def _picture(file: Path) -> Image | None:
    from PIL import Image

    if not file.is_file():
        return None
    with Image.open(file) as image:
        return image.convert("RGB")


def _content(reported: Reported, kind: Format, results: Path, source: Path | None, series: str | None) -> bytes:
    if kind == "text":
        return report_text(reported).encode("utf-8")
    if kind == "csv":
        return csv_table(reported).encode("utf-8")
    reported, pictures = _with_ct(reported, results, source, series)
    page = page_of(reported, pictures)
    return page_pdf(page) if kind == "pdf" else page_html(page, reported.language).encode("utf-8")


def _with_ct(
    reported: Reported, results: Path, source: Path | None, series: str | None
) -> tuple[Reported, list[KeyPicture]]:
    """How the CT was scanned, and its pictures where it is given."""
    known = read_results(results)
    name, grid = grid_row(reported.words, known.lung_mask.labels.shape, known.lung_mask.geometry)
    if source is None:
        return replace(reported, acquisition=((name, grid),)), []
    ct = read_ct(source, series)
    check_case(known, ct)
    settings = scan_settings(source, series)
    row = (name, f"{grid}; {settings}" if settings else grid)
    pictures = key_pictures(Scene.of(ct, known.lung_mask, known.attention), reported.record["regions"])
    return replace(reported, acquisition=(row,)), pictures
