"""The command line ``coviddetect``: a thin shell on the functions that the panel uses too."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import TaskID

from .. import __version__
from ..analysis.analyze import Analysis, analyze
from ..analysis.analyze import Progress as Stage
from ..analysis.map_checks import MapChecks, check_map
from ..analysis.width import Width, read_again
from ..ct.reading import read_ct
from ..ct.volume import CTVolume
from ..device import DeviceChoice
from ..errors import InputError
from ..lungs import METHODS, LungMask, segment_lungs
from ..lungs.anatomy_checks import accepted_findings
from ..probability import rounded
from ..report.files import (
    analysis_files,
    check_folder,
    check_mask_file,
    read_lung_mask,
    refuse_inputs,
    write_analysis_files,
    write_lung_mask_file,
)
from ..report.lungs_by_command import command_of, lungs_by_command
from ..weights.cards import ModelCard, read_card
from . import audit as audit_commands
from . import batch as batch_commands
from . import calibration as calibration_commands
from . import cohort as cohort_commands
from . import compare as compare_command_line
from . import evaluation as evaluation_commands
from . import reports as report_commands
from . import training as training_commands
from . import weights as weights_commands
from .options import COMMAND_HELP, Quiet
from .sentences import be_quiet, progress_bars, say, sentences_instead_of_tracebacks

_STAGES = {"lungs": "Lungs", "score": "Score", "attention": "Heat map", "width": "Again", "checks": "Checks"}

app = typer.Typer(
    name="coviddetect",
    help="COVID-19 detection on chest CT. Research use only, not a medical device. Nothing leaves this computer.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,
)
app.add_typer(weights_commands.app, name="weights")
app.add_typer(cohort_commands.app, name="cohort")
audit_commands.register(app)
batch_commands.register(app)
report_commands.register(app)
compare_command_line.register(app)
evaluation_commands.register(app)
calibration_commands.register(app)
training_commands.register(app)

InputPath = Annotated[
    Path, typer.Argument(metavar="INPUT", help="DICOM folder or file, or a NIfTI, NRRD or MetaImage file.")
]
SeriesUID = Annotated[
    str | None,
    typer.Option(
        metavar="UID", help="SeriesInstanceUID to use; by default the series that looks most like a chest CT."
    ),
]
Device = Annotated[DeviceChoice, typer.Option(help="What computes.")]


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"coviddetect {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and end.", is_eager=True, callback=_show_version)
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print errors only.")] = False,
) -> None:
    be_quiet(quiet)


@app.command("analyze")
def analyze_command(
    ct_path: InputPath,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Folder for the results.")],
    device: Device = "auto",
    lungs: Annotated[
        str,
        typer.Option(
            metavar="unet|threshold|lungmask|totalsegmentator|CARD|MASKFILE|COMMAND",
            help="How to segment the lungs: by a method, by another program that is installed, by another UNet (its "
            "model card, .json), or a mask file: 1 right, 2 left, or the lobes as lungmask or TotalSegmentator numbers "
            f"them. {COMMAND_HELP}",
        ),
    ] = "unet",
    weights: Annotated[
        Path | None,
        typer.Option(metavar="CARD", help="Model card (.json) of the DeCoVNet to use; by default the bundled one."),
    ] = None,
    series: SeriesUID = None,
    repeat: Annotated[
        bool,
        typer.Option(
            "--repeat", help="Also score the CT nudged, as another scanner might have given it, and check the heat map."
        ),
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Find the lungs, score the CT for COVID-19, and show where the network looked.

    Writes analysis.json, lungs.nrrd (1 right, 2 left), attention.nrrd and overview.png into DIR.
    """
    with sentences_instead_of_tracebacks():
        check_folder(output)
        command = command_of(lungs)
        mask_file = () if command else (Path(lungs),)
        refuse_inputs(analysis_files(output), (ct_path, *mask_file, *((weights,) if weights else ())))
        card = read_card(weights) if weights else None
        chosen_lungs = None if command else _method_or_card(lungs) or read_lung_mask(Path(lungs))
        start = time.perf_counter()
        with _ProgressBars() as bars:
            with bars.step("Reading"):
                ct = read_ct(ct_path, series)
            if command:
                with bars.step(_STAGES["lungs"]):
                    chosen_lungs = lungs_by_command(ct, command)
            analysis = analyze(
                ct,
                lungs=chosen_lungs or "unet",
                device=device,
                weights=card,
                findings=(*ct.notes, *accepted_findings(ct)),
                progress=bars.on_stage,
            )
            if repeat:
                width = read_again(ct, analysis.lung_mask, device=device, weights=card, progress=bars.on_stage)
                checks = check_map(ct, analysis.lung_mask, device=device, weights=card, progress=bars.on_stage)
                analysis = replace(analysis, width=width, map_checks=checks.with_readings(width))
            with bars.step("Writing"):
                write_analysis_files(ct, analysis, output)
        _print_result(ct, analysis, output, time.perf_counter() - start)


@app.command("segment")
def segment_command(
    ct_path: InputPath,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="Lung mask to write: .nrrd, .nii.gz, .nii or .mha.")
    ],
    method: Annotated[
        str,
        typer.Option(
            metavar="unet|threshold|lungmask|totalsegmentator|CARD|COMMAND",
            help="How to segment the lungs, or the model card of another UNet.",
        ),
    ] = "unet",
    device: Device = "auto",
    series: SeriesUID = None,
    quiet: Quiet = False,
) -> None:
    """Write a mask of the right lung (1) and the left lung (2) on the CT's own grid."""
    with sentences_instead_of_tracebacks():
        check_mask_file(output)
        command = command_of(method)
        refuse_inputs((output,), (ct_path,) if command else (ct_path, Path(method)))
        with _ProgressBars() as bars:
            with bars.step("Reading"):
                ct = read_ct(ct_path, series)
                findings = accepted_findings(ct)
            if command:
                with bars.step(_STAGES["lungs"]):
                    lung_mask = lungs_by_command(ct, command)
            else:
                lung_mask = segment_lungs(
                    ct,
                    _method_or_card(method) or method,
                    device=device,
                    progress=lambda done, total: bars.on_stage(Stage("lungs", done, total)),
                )
            with bars.step("Writing"):
                write_lung_mask_file(lung_mask, output)
        say(*_about_reading(ct), *findings, _volumes(lung_mask), f"Written: {output}")


@app.command("viewer")
def viewer_command(
    ct_path: Annotated[Path | None, typer.Argument(metavar="[INPUT]", help="CT to open.")] = None,
) -> None:
    """Open the viewer that comes with the source code."""
    with sentences_instead_of_tracebacks():
        checkout = Path(__file__).resolve().parents[3]
        if not (checkout / "Viewer" / "__main__.py").is_file():
            raise InputError(
                "The viewer comes with the source code, not with the installed package; start it from there (make run)."
            )
        arguments = [str(ct_path.absolute())] if ct_path else []
        raise typer.Exit(subprocess.run([sys.executable, "-m", "Viewer", *arguments], cwd=checkout).returncode)


class _ProgressBars:
    """One bar a stage on standard error."""

    def __init__(self) -> None:
        self._bars = progress_bars("{task.percentage:>3.0f} %")
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> _ProgressBars:
        self._bars.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._bars.stop()

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """A step of which only beginning and end are known."""
        task = self._bars.add_task(title, total=None)
        yield
        self._bars.update(task, total=1, completed=1)

    def on_stage(self, stage: Stage) -> None:
        """Progress callback of ``analyze``."""
        if stage.stage not in self._tasks:
            self._tasks[stage.stage] = self._bars.add_task(_STAGES[stage.stage], total=stage.total)
        self._bars.update(self._tasks[stage.stage], completed=stage.done, total=stage.total)


def _method_or_card(lungs: str) -> str | ModelCard | None:
    """A method by its name, or the model card of a UNet; None for anything else."""
    if lungs in METHODS:
        return lungs
    return read_card(lungs) if lungs.lower().endswith(".json") else None


def _about_reading(ct: CTVolume) -> list[str]:
    return [*([ct.also_there] if ct.also_there else []), *ct.notes]


def _print_result(ct: CTVolume, analysis: Analysis, output: Path, seconds: float) -> None:
    stages = ", ".join(f"{stage} {duration:.1f} s" for stage, duration in analysis.seconds.items())
    width = analysis.width
    probability = rounded(analysis.probability, analysis.decision_threshold, width.decimals if width else 3)
    lines = [
        ct.name,
        *([ct.also_there] if ct.also_there else []),
        f"Probability of COVID-19: {probability} (decision threshold {analysis.decision_threshold:.2f}; "
        f"{analysis.card.title})",
        *([_range(width, analysis.decision_threshold)] if width else []),
        *analysis.notes,
        f"What decided: {analysis.evidence.in_words()}",
        *(_about_map(analysis.map_checks) if analysis.map_checks else []),
        _volumes(analysis.lung_mask),
        f"{seconds:.1f} s on {analysis.device} ({stages}){_peak_memory()}",
        f"Written: {output}",
        "Research use only, not a medical device.",
    ]
    say(*lines)


def _range(width: Width, threshold: float) -> str:
    low, high = (rounded(probability, threshold, width.decimals) for probability in (width.low, width.high))
    undecided = "; undecided, because the decision threshold lies between" if width.spans(threshold) else ""
    return f"{low} to {high} when scan and mask are nudged{undecided}"


def _about_map(checks: MapChecks) -> list[str]:
    if not checks.has_heat:
        return ["Heat map: no heat to check"]
    known = [(name.replace("_", " "), check) for name, check in checks.each.items() if check]
    told = ", ".join(f"{name} {check.value:.2f} ({'passes' if check.passes else 'FAILS'})" for name, check in known)
    return [f"Heat map: {told}", *([checks.meaning] if checks.meaning else [])]


def _volumes(lung_mask: LungMask) -> str:
    right_ml, left_ml = lung_mask.volumes_ml
    return f"Right lung {right_ml:.0f} mL, left lung {left_ml:.0f} mL"


def _peak_memory() -> str:
    if sys.platform == "win32":
        return ""
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    unit_bytes = 1 if sys.platform == "darwin" else 1024
    return f", peak memory {peak * unit_bytes / 1e9:.2f} GB"
