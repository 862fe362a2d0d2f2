"""What panel and worker say to each other: one JSON object per line, UTF-8; see ``Docs/develop/worker-protocol.md``."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from types import NoneType
from typing import Any, BinaryIO

from .. import errors

PROTOCOL = 10
"""Raised whenever a message changes; both sides are of one release, so a difference means a broken installation."""

Message = dict[str, Any]

_LONGEST_LINE = 16_000_000
"""Bytes; the longest messages, with the regions of an analysis, have some thousand."""

_REQUEST = {"id": int, "folder": str, "ct": dict, "lungs": (str, dict), "device": str, "weights": (str, NoneType)}
_STAGES = frozenset({"lungs", "score", "attention", "align", "correction"})
_ENTRIES: dict[str, dict[str, Any]] = {
    "warm": {"device": str},
    "analyze": {**_REQUEST, "findings": list},
    "explain": {**_REQUEST, "method": str},
    "experiment": {**_REQUEST, "region": (dict, NoneType)},
    "correction": {**_REQUEST, "before": dict},
    "width": _REQUEST,
    "checks": _REQUEST,
    "preview": _REQUEST,
    "compare": {**_REQUEST, "earlier": dict, "bounds": dict},
    "cancel": {"id": int},
    "forget": {},
    "ready": {"protocol": int},
    "progress": {"id": int, "stage": _STAGES, "done": int, "total": int},
    "lungs": {"id": int, "value": dict},
    "scored": {"done": int, "failed": int, "total": int, "seconds_left": (int, NoneType)},
    "done": {"id": int, "value": (dict, list, str)},
    "failed": {"id": (int, NoneType), "kind": str, "sentence": str},
    "cancelled": {"id": int},
}
"""What each type of message must have, and of which kind; or one of which values."""


def encode(message: Message) -> bytes:
    """One line."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


class ProtocolError(errors.COVIDDetectError):
    """A line that is no message, or not one of ours."""

    def __init__(self) -> None:
        super().__init__("A message between the panel and the computing process was damaged; try again.")


def decode(line: bytes) -> Message:
    """The message of a line.

    Raises
    ------
    ProtocolError
        If it is no JSON, is of no known type, or lacks an entry of its type.
    """
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        message = None
    entries = _ENTRIES.get(str(message.get("type"))) if isinstance(message, dict) else None
    if entries is None or not all(_fits(message.get(name), kind) for name, kind in entries.items()):
        raise ProtocolError
    return dict(message)


def _fits(value: Any, kind: Any) -> bool:
    if isinstance(kind, frozenset):
        return isinstance(value, str) and value in kind  # a list could not even be looked for
    return isinstance(value, kind)


class LineReader:
    """Puts bytes as they arrive together to messages."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, content: bytes) -> Iterator[Message]:
        """The messages that are complete now; what follows the last line break waits.

        Raises
        ------
        ProtocolError
            At a line that is no message, or is longer than any.
        """
        *lines, self._rest = (self._rest + content).split(b"\n")
        for line in lines:
            if line.strip():
                yield decode(line)
        if len(self._rest) > _LONGEST_LINE:
            raise ProtocolError


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
    """The error that a message of the type ``failed`` tells of, of its own class.

    After a cancel nobody asked for, as after any other message that is no answer, it is a ``ProtocolError``.
    """
    if message["type"] != "failed":
        return ProtocolError()
    kinds = {kind.__name__: kind for kind in errors.COVIDDetectError.__subclasses__() if kind is not ProtocolError}
    return kinds.get(message["kind"], errors.COVIDDetectError)(message["sentence"])
