"""What panel and worker say to each other: one JSON object a line, UTF-8. ``Docs/worker-protocol.md`` describes it."""

from __future__ import annotations

import json
from typing import Any

from .. import errors

PROTOCOL = 2
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


def failure(message: Message) -> errors.COVIDDetectError:
    """The error that a ``failed`` message tells of, of its own class."""
    kinds = {kind.__name__: kind for kind in errors.COVIDDetectError.__subclasses__()}
    return kinds.get(message["kind"], errors.COVIDDetectError)(message["sentence"])
