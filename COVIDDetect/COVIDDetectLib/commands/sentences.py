"""How a command ends when something went wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import COVIDDetectError

BAD_INPUT, INTERRUPTED = 2, 130


@contextmanager
def sentences_instead_of_tracebacks() -> Iterator[None]:
    """Exit 2 and one sentence for what the user can mend; exit 130 and nothing after Ctrl-C."""
    import typer

    try:
        yield
    except COVIDDetectError as error:
        typer.echo(f"coviddetect: {error}", err=True)
        raise typer.Exit(BAD_INPUT) from error
    except KeyboardInterrupt as error:
        raise typer.Exit(INTERRUPTED) from error
