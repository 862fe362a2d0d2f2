"""What a command prints, and how it ends after an error."""

from __future__ import annotations

import errno
import io
import logging
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import TYPE_CHECKING

from ..error_log import unexpected
from ..errors import COVIDDetectError, DeviceError, DiskError, InstallationError, NetworkError
from ..installation import not_loaded
from ..text import printable

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn
    from typer import Typer

UNKNOWN, BAD_INPUT, BAD_MACHINE, INTERRUPTED = 1, 2, 3, 130
"""Exit codes: a fault of the program; of what it was given; of the disk, memory, GPU or network; Ctrl-C or SIGTERM."""

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""Ctrl-C, an end that was asked for, and a terminal that was closed; Windows lacks the last."""

_is_quiet = False

_OF_A_PATH = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP, errno.EACCES, errno.EINVAL)
_OF_THE_MACHINE = (DeviceError, InstallationError, DiskError, NetworkError)


def run(app: Typer) -> None:
    """Run the command line as a program of its own: nothing that happens in it prints a traceback."""
    import SimpleITK as sitk
    import typer

    sys.excepthook = _last_resort
    threading.excepthook = lambda given: _last_resort(given.exc_type, given.exc_value, given.exc_traceback)
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a name that the terminal's code page lacks is printed with ?
            stream.reconfigure(errors="replace")
    # What libraries have to say of odd files and old drivers is not for the user.
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    if "" in sys.argv[1:]:  # as of a variable that is not set; as a path it would be the folder in which one is
        say("coviddetect: An argument is empty; give a file or a folder.", to_stderr=True)
        sys.exit(BAD_INPUT)
    # Under one name, however it was started: the shell completes the words after this one.
    typer.main.get_command(app)(prog_name="coviddetect")


@contextmanager
def sentences_instead_of_tracebacks() -> Iterator[None]:
    """One sentence for what the user can mend, with the exit code of its kind; 130 and nothing after Ctrl-C."""
    import typer

    try:
        yield
    except COVIDDetectError as error:
        say(f"coviddetect: {error}", to_stderr=True)
        raise typer.Exit(BAD_MACHINE if isinstance(error, _OF_THE_MACHINE) else BAD_INPUT) from error
    except (ImportError, OSError) as error:
        if known := not_loaded(error):
            say(f"coviddetect: {known}", to_stderr=True)
            raise typer.Exit(BAD_MACHINE) from error
        assert isinstance(error, OSError)
        # Of paths that nobody foresaw, and of what is printed into a full disk.
        what = f"{error.filename} cannot be used" if error.filename else "What is printed cannot be written"
        with suppress(OSError):
            say(f"coviddetect: {what} ({error.strerror or type(error).__name__}).", to_stderr=True)
        raise typer.Exit(BAD_INPUT if error.errno in _OF_A_PATH else BAD_MACHINE) from error
    except MemoryError as error:
        say("coviddetect: The memory does not suffice; close other programs, or take a smaller CT.", to_stderr=True)
        raise typer.Exit(BAD_MACHINE) from error
    except KeyboardInterrupt as error:
        raise typer.Exit(INTERRUPTED) from error


def be_quiet(wanted: bool) -> None:
    """Whether only errors are told from now on, and no bars are shown."""
    global _is_quiet
    _is_quiet = wanted


def say(*lines: str, to_stderr: bool = False) -> None:
    """Print lines; what stands in them comes from files in part, and cannot move the cursor or forge another line."""
    import typer

    if _is_quiet and not to_stderr:
        return
    for line in lines:
        typer.echo(printable(line), err=to_stderr)


def progress_bars(*columns: ProgressColumn | str, hidden: bool = False) -> Progress:
    """Bars on standard error with the time that is left; in a log there are none.

    Parameters
    ----------
    columns
        What stands between a bar and its times.
    hidden
        Whether to show none here either.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description:<9}"),
        BarColumn(),
        *columns,
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=hidden or _is_quiet or not console.is_terminal,
        speed_estimate_period=3600.0,  # the next cases take as long as all before, not as the last one
    )


def _last_resort(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    """What nobody expected goes into a file, and the user reads where it is."""
    print(printable(f"coviddetect: {unexpected(error or kind())}"), file=sys.stderr)
