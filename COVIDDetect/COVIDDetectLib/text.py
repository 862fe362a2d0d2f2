"""Text that comes from files, made fit for a terminal, a window and a table."""

from __future__ import annotations

LONGEST_NAME = 100


def printable(text: str) -> str:
    """One line without control characters, escape sequences or marks that turn the direction of writing.

    A header or a file name can hold any bytes; printed as they are they could forge a line of the program's output.
    """
    return text if text.isprintable() else "".join(letter if letter.isprintable() else " " for letter in text)


def short_name(text: str) -> str:
    """A name as ``printable``, without double spaces, and cut where it would fill a window."""
    line = " ".join(printable(text).split())
    return line if len(line) <= LONGEST_NAME else f"{line[: LONGEST_NAME - 1]}…"
