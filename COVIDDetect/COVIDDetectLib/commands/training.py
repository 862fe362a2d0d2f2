"""The commands ``coviddetect train lungs`` and ``coviddetect train classifier``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ..device import DeviceChoice
from ..errors import InputError
from ..lungs import METHODS
from ..report.files import check_folder
from ..training import paper
from ..weights.cards import INPUT_EDGES, read_card
from .options import Quiet, finite
from .sentences import progress_bars, say, sentences_instead_of_tracebacks

if TYPE_CHECKING:
    from ..training.courses import Course
    from ..training.loop import TrainingProgress
    from ..weights.cards import ModelCard

train_app = typer.Typer(
    help="Train the networks on your own CTs and labels. May be started by torchrun on several GPUs or machines.",
    no_args_is_help=True,
)


Table = Annotated[
    Path,
    typer.Argument(metavar="CSV", help="Table with the columns case,path,label and, optionally, date,mask,patient."),
]
Output = Annotated[
    Path,
    typer.Option(
        "--output",
        "-o",
        metavar="DIR",
        help="Folder for weights, checkpoints and logs. Run the same command again to resume.",
    ),
]
Seed = Annotated[int, typer.Option(min=0, help="Seed of all random numbers.")]
Patience = Annotated[int | None, typer.Option(min=1, help="Stop after this many epochs without improvement.")]
SaveEvery = Annotated[
    float,
    typer.Option(metavar="SECONDS", min=0.0, callback=finite, help="Time between checkpoints within an epoch."),
]
TestAfter = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="CTs taken after this day are the test set, as in the paper."
    ),
]
TestShare = Annotated[
    float | None,
    typer.Option(metavar="SHARE", callback=finite, help="Alternatively, the share of the patients in the test set."),
]
Cache = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Folder for prepared CTs; by default in the output folder.")
]
Start = Annotated[Path | None, typer.Option(metavar="CARD", help="Model card (.json) of weights to start from.")]
SkipUnusable = Annotated[
    bool, typer.Option("--skip-unusable", help="Leave out CTs that cannot be used instead of ending; they are listed.")
]
Device = Annotated[DeviceChoice, typer.Option(help="What computes.")]
_SIZES = " or ".join(f"{rows} {columns} ({name})" for name, (rows, columns) in paper.CLASSIFIER_INPUT_SIZES.items())


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.add_typer(train_app, name="train")


@train_app.command("lungs")
def lungs_command(
    table: Table,
    output: Output,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the training slices.")] = paper.LUNGS_EPOCHS,
    rate: Annotated[float, typer.Option(callback=finite, help="Learning rate of Adam.")] = paper.LUNGS_RATE,
    batch: Annotated[int, typer.Option(min=1, help="Slices a step.")] = paper.LUNGS_BATCH,
    size: Annotated[tuple[int, int], typer.Option(metavar="ROWS COLUMNS", help="Input size.")] = paper.LUNGS_INPUT_SIZE,
    seed: Seed = 0,
    patience: Patience = None,
    save_every: SaveEvery = 300.0,
    test_after: TestAfter = None,
    test_share: TestShare = None,
    cache: Cache = None,
    start: Start = None,
    skip_unusable: SkipUnusable = False,
    device: Device = "auto",
    quiet: Quiet = False,
) -> None:
    """Train the UNet that finds the lungs: on unsupervised masks, or on those of the table's column mask."""
    with sentences_instead_of_tracebacks():
        if size[0] % 16 or size[1] % 16:
            raise InputError(f"The UNet halves its input four times; {size[0]} × {size[1]} must be multiples of 16.")
        from ..training.courses import train_lungs

        with _Terminal() as terminal:
            course = _course(
                terminal, table, output, epochs, rate, batch, size, seed, patience, save_every, device, cache,
                test_after=test_after.date() if test_after else None, test_share=test_share, start=start,
                skip_unusable=skip_unusable,
            )  # fmt: skip
            terminal.conclude(train_lungs(course))


@train_app.command("classifier")
def classifier_command(
    table: Table,
    output: Output,
    variant: Annotated[
        Literal["paper", "released"], typer.Option(help="Table 1 of the paper, or the authors' released network.")
    ] = "paper",
    lungs: Annotated[
        str,
        typer.Option(
            metavar="unet|threshold|CARD",
            help="How to segment lungs if the table gives no mask, or the model card (.json) of another UNet.",
        ),
    ] = "unet",
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the training CTs.")] = paper.CLASSIFIER_EPOCHS,
    rate: Annotated[
        float, typer.Option(callback=finite, help="Constant learning rate of Adam.")
    ] = paper.CLASSIFIER_RATE,
    size: Annotated[
        tuple[int, int] | None,
        typer.Option(metavar="ROWS COLUMNS", help=f"Input size; by default {_SIZES}."),
    ] = None,
    seed: Seed = 0,
    patience: Patience = None,
    save_every: SaveEvery = 300.0,
    test_after: TestAfter = None,
    test_share: TestShare = None,
    cache: Cache = None,
    start: Start = None,
    skip_unusable: SkipUnusable = False,
    device: Device = "auto",
    quiet: Quiet = False,
) -> None:
    """Train DeCoVNet on one label a CT, as the paper does."""
    with sentences_instead_of_tracebacks():
        from ..training.courses import train_classifier

        if lungs not in METHODS and not lungs.lower().endswith(".json"):
            raise InputError(f"'{lungs}' is not a way to find lungs; give unet, threshold or the model card of a UNet.")
        with _Terminal() as terminal:
            course = _course(
                terminal, table, output, epochs, rate, paper.CLASSIFIER_BATCH,
                size or paper.CLASSIFIER_INPUT_SIZES[variant], seed, patience, save_every, device, cache,
                test_after=test_after.date() if test_after else None, test_share=test_share, start=start,
                skip_unusable=skip_unusable,
            )  # fmt: skip
            terminal.conclude(train_classifier(course, variant, lungs if lungs in METHODS else read_card(lungs)))


def _course(
    terminal: _Terminal,
    table: Path,
    output: Path,
    epochs: int,
    rate: float,
    batch: int,
    size: tuple[int, int],
    seed: int,
    patience: int | None,
    save_every: float,
    device: str,
    cache: Path | None,
    **more: Any,
) -> Course:
    from ..device import choose_device
    from ..training.courses import Course
    from ..training.logs import tensorboard_is_installed
    from ..training.loop import Settings

    check_folder(output)
    if cache:
        check_folder(cache)
    if rate <= 0:
        raise InputError(f"{rate} is not a valid learning rate; give a number above 0.")
    if not all(edge in INPUT_EDGES for edge in size):
        raise InputError(
            f"{size[0]} × {size[1]} is not a valid input size; give rows and columns from {INPUT_EDGES[0]} to "
            f"{INPUT_EDGES[-1]}."
        )
    if not tensorboard_is_installed():
        terminal.say("No logs for TensorBoard: it is not installed (pip install 'coviddetect[train]').")
    settings = Settings(epochs, rate, batch, seed, patience, save_every, choose_device(device) == "cuda")
    return Course(
        table, output, settings, size, device=device, cache=cache,
        say=terminal.say, on_case=terminal.on_case, on_progress=terminal.on_step, **more,
    )  # fmt: skip


class _Terminal:
    """Bars on standard error, sentences on standard output; silent in all processes but the first."""

    def __init__(self) -> None:
        import os

        self._leads = os.environ.get("RANK", "0") == "0"
        self._bars = progress_bars("{task.completed:.0f}/{task.total:.0f}", hidden=not self._leads)
        self._cases = self._bars.add_task("Preparing", total=1, visible=False)
        self._steps = self._bars.add_task("Epoch", total=1, visible=False)
        self._epoch = 0

    def __enter__(self) -> _Terminal:
        self._bars.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._bars.stop()

    def say(self, sentence: str) -> None:
        """One line that stays."""
        if self._leads:
            say(sentence)

    def on_case(self, done: int, total: int) -> None:
        """Of the preparation."""
        self._bars.update(self._cases, completed=done, total=total, visible=done < total)

    def on_step(self, step: TrainingProgress) -> None:
        """Of the training."""
        if step.epoch != self._epoch:
            self._epoch = step.epoch
            self._bars.reset(self._steps)
        title = f"Epoch {step.epoch}/{step.epochs}, loss {step.loss:.4f}"
        self._bars.update(self._steps, description=title, completed=step.step, total=step.steps, visible=True)
        if step.figures:
            told = ", ".join(f"{name.replace('_', ' ')} {value:.4f}" for name, value in step.figures.items())
            self.say(f"Epoch {step.epoch}: training loss {step.loss:.4f}, {told}")

    def conclude(self, card: ModelCard) -> None:
        """Where the weights are."""
        self.say(f"{card.title}. Its model card: {card.path}")
        if card.network == "decovnet":
            self.say(f"Use it with: coviddetect analyze INPUT --output RESULTS --weights {card.path}")
