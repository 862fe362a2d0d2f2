"""What a command prints, and how it ends after an error."""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING

from ..error_log import unexpected
from ..errors import COVIDDetectError, DeviceError, DiskError, InstallationError, NetworkError
from ..text import printable

if TYPE_CHECKING:
    from typer import Typer

UNKNOWN, BAD_INPUT, BAD_MACHINE, INTERRUPTED = 1, 2, 3, 130
"""Exit codes: a fault of the program; of what it was given; of the disk, memory, GPU or network; Ctrl-C or SIGTERM."""

_OF_THE_MACHINE = (DeviceError, InstallationError, DiskError, NetworkError)


def run(app: Typer) -> None:
    """Run the command line as a program of its own: nothing that happens in it prints a traceback."""
    import SimpleITK as sitk
    import typer

    sys.excepthook = _last_resort
    threading.excepthook = lambda given: _last_resort(given.exc_type, given.exc_value, given.exc_traceback)
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a name that the terminal's code page lacks is printed with ?
            stream.reconfigure(errors="replace")
    # What libraries have to say of odd files and old drivers is not for the user.
    warnings.simplefilter("ignore")
    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    typer.main.get_command(app)()


@contextmanager
def sentences_instead_of_tracebacks() -> Iterator[None]:
    """One sentence for what the user can mend, with the exit code of its kind; 130 and nothing after Ctrl-C."""
    import typer

    try:
        yield
    except COVIDDetectError as error:
        say(f"coviddetect: {error}", to_stderr=True)
        raise typer.Exit(BAD_MACHINE if isinstance(error, _OF_THE_MACHINE) else BAD_INPUT) from error
    except MemoryError as error:
        say("coviddetect: The memory does not suffice; close other programs, or take a smaller CT.", to_stderr=True)
        raise typer.Exit(BAD_MACHINE) from error
    except KeyboardInterrupt as error:
        raise typer.Exit(INTERRUPTED) from error


def say(*lines: str, to_stderr: bool = False) -> None:
    """Print lines; what stands in them comes from files in part, and cannot move the cursor or forge another line."""
    import typer

    for line in lines:
        typer.echo(printable(line), err=to_stderr)


def _last_resort(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    """What nobody expected goes into a file, and the user reads where it is."""
    print(printable(f"coviddetect: {unexpected(error or kind())}"), file=sys.stderr)
