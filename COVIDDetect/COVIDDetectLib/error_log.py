"""The last resort: an error that the program does not know is written down, and the user reads where."""

from __future__ import annotations

import tempfile
import traceback
from contextlib import suppress

from .errors import UnexpectedError


def unexpected(error: BaseException) -> UnexpectedError:
    """Write the traceback of an error into a file of its own; what the user reads names that file.

    The values of variables are not written: they may be a patient's.

    Examples
    --------
    >>> try:
    ...     compute()
    ... except Exception as error:
    ...     raise unexpected(error) from error
    """
    where = "it could not be written down"
    with suppress(OSError):
        with tempfile.NamedTemporaryFile(
            "w", prefix="coviddetect-", suffix=".log", delete=False, encoding="utf-8"
        ) as log:
            traceback.print_exception(error, file=log)
        where = f"it is described in {log.name}"
    kind = type(error).__name__
    return UnexpectedError(f"An error that the program does not know ({kind}); {where}. Try again, and report it.")
