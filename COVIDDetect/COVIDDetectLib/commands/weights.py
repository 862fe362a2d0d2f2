"""``coviddetect weights``: the user's own weights and those that come with the program."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from ..errors import WeightsError
from ..report.files import check_folder
from ..weights import store
from ..weights.cards import ModelCard, read_card
from ..weights.download import add_from_url, check_address, is_checkpoint
from ..weights.monai_bundle import export_monai
from ..weights.released import LICENCE, import_checkpoint
from .options import Quiet
from .sentences import say, sentences_instead_of_tracebacks

app = typer.Typer(help="Weights of the networks and their model cards.", no_args_is_help=True)

AcceptLicence = Annotated[
    bool, typer.Option("--accept-licence", help="You agree to the licence of the authors' checkpoints.")
]
Name = Annotated[str, typer.Argument(metavar="ID", help="ID of the weights, as `weights list` shows it.")]


@app.command("list")
def list_command() -> None:
    """Show all weights that are installed, and which of them are damaged."""
    with sentences_instead_of_tracebacks():
        for card in store.installed_cards():
            origin = "comes with the program" if store.is_bundled(card) else "yours"
            say(f"{card.id} {card.version}: {card.title} ({origin}). {card.intended_use}", f"  {card.path}")
        for name, sentence in store.damaged_weights().items():
            say(f"{name} cannot be used: {sentence}", to_stderr=True)


@app.command("show")
def show_command(name: Name) -> None:
    """Show a model card: what the weights are, and for whom."""
    with sentences_instead_of_tracebacks():
        card = store.find_card(name)
        typer.echo(card.path.read_text(encoding="utf-8"), nl=False)


@app.command("verify")
def verify_command(
    name: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="Only these; by default all installed weights.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Check that the files are those that their cards describe, and load them into the network."""
    with sentences_instead_of_tracebacks():
        for card in [store.find_card(name)] if name else store.installed_cards():
            store.verify(card)
            say(f"{card.id}: matches its card, SHA-256 {card.sha256}")
        damaged = {} if name else store.damaged_weights()
        if damaged:
            raise WeightsError(next(iter(damaged.values())))


@app.command("add")
def add_command(
    source: Annotated[
        str,
        typer.Argument(
            metavar="FILE|DIR|URL",
            help="Model card (.json), its .safetensors file, a folder with both, or an https URL.",
        ),
    ],
    sha256: Annotated[str | None, typer.Option(metavar="HEX", help="SHA-256 of the file; required for a URL.")] = None,
    accept_licence: AcceptLicence = False,
    quiet: Quiet = False,
) -> None:
    """Add weights to those that the program and 3D Slicer offer, after they were verified completely."""
    with sentences_instead_of_tracebacks():
        if "://" not in source:
            _say_added(store.add(source))
        elif sha256 is None:
            raise WeightsError("A URL needs the SHA-256 of its file (--sha256), so that the right file is installed.")
        else:
            check_address(source, sha256)
            if is_checkpoint(source):
                _require_consent(accept_licence)
            _say_added(add_from_url(source, sha256))


@app.command("import")
def import_command(
    checkpoint: Annotated[Path, typer.Argument(metavar="FILE.pth", help="Checkpoint released by the authors.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="DIR", help="Folder to write to, instead of adding to the installed weights."
        ),
    ] = None,
    accept_licence: AcceptLicence = False,
    quiet: Quiet = False,
) -> None:
    """Convert a released checkpoint to safetensors and a model card; nothing in the file is executed."""
    with sentences_instead_of_tracebacks():
        _require_consent(accept_licence)
        if output is None:
            _say_added(store.add_released(checkpoint))
            return
        check_folder(output)
        card = import_checkpoint(checkpoint, output)
        say(f"{card.title} ({card.licence}).", f"Use it with: --weights {card.path}")


@app.command("export")
def export_command(
    card: Annotated[
        str, typer.Argument(metavar="ID|CARD", help="ID of the weights, as `weights list` shows it, or a model card.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="New folder for the bundle.")],
    _format: Annotated[Literal["monai"], typer.Option("--format", help="What is written: a MONAI bundle.")] = "monai",
    quiet: Quiet = False,
) -> None:
    """Write weights as a MONAI bundle, whose network runs without this program; its input is made by it."""
    with sentences_instead_of_tracebacks():
        check_folder(output)
        chosen = read_card(card) if card.lower().endswith(".json") else store.find_card(card)
        export_monai(chosen, output)
        say(f"{chosen.title} ({chosen.licence}).", f"Written: {output}")


@app.command("remove")
def remove_command(name: Name, quiet: Quiet = False) -> None:
    """Remove weights that you added; those that come with the program stay."""
    with sentences_instead_of_tracebacks():
        store.remove(name)
        say(f"Removed: {name}")


def _require_consent(accept_licence: bool) -> None:
    if not accept_licence:
        raise WeightsError(
            f"The authors' checkpoints are under {LICENCE}: with credit, for purposes that are not commercial, and "
            "what is made of them under the same licence. If you agree to that, add --accept-licence."
        )


def _say_added(card: ModelCard) -> None:
    option = "--weights" if card.network == "decovnet" else "--lungs"
    say(f"Added: {card.title} ({card.licence}).", f"Use it with: {option} {card.path}")
