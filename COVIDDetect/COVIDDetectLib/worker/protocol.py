"""What panel and worker say to each other: one JSON object per line, UTF-8; see ``Docs/develop/worker-protocol.md``."""

from __future__ import annotations

import json
import os
import sys
from typing import Any, BinaryIO

from .. import errors

PROTOCOL = 4
"""Raised whenever a message changes; both sides are of one release, so a difference means a broken installation."""

Message = dict[str, Any]


def encode(message: Message) -> bytes:
    """One line."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


class LineReader:
    """Puts bytes as they arrive together to messages."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, content: bytes) -> list[Message]:
        """The messages that are complete now; what follows the last line break waits."""
        *lines, self._rest = (self._rest + content).split(b"\n")
        return [json.loads(line) for line in lines if line.strip()]


def take_standard_streams() -> tuple[BinaryIO, BinaryIO]:
    """Standard input and output, for the protocol alone: libraries read nothing, and print to standard error.

    A library that looks at standard input while it is loaded would wait, in Windows, until the thread that reads there
    has read something (numpy/numpy#24290).
    """
    requests = os.fdopen(os.dup(sys.stdin.fileno()), "rb")
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, sys.stdin.fileno())
    os.close(nothing)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return requests, answers


def failure(message: Message) -> errors.COVIDDetectError:
    """The error that a ``failed`` message tells of, of its own class."""
    kinds = {kind.__name__: kind for kind in errors.COVIDDetectError.__subclasses__()}
    return kinds.get(message["kind"], errors.COVIDDetectError)(message["sentence"])
