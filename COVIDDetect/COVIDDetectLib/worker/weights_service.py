"""Adds weights in a separate process, because that needs torch, which Slicer's process never loads."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from typing import BinaryIO

from ..error_log import unexpected
from ..errors import COVIDDetectError
from ..installation import load_torch
from ..weights import store
from ..weights.cards import ModelCard
from ..weights.download import add_from_url
from .protocol import encode, take_standard_streams

_ACTIONS: dict[str, Callable[..., ModelCard]] = {
    "add": store.add,
    "import": store.add_released,
    "download": add_from_url,
}


def main(request: str) -> None:
    """Do what a request says, ``{"type": "add", "values": [...]}``, and answer in one line.

    The answer is ``{"type": "done", "id": 0, "value": id}``, the id of the card that is installed now, or that of
    ``protocol.failure``. What libraries print goes to standard error. Ends at once when standard input does: who asked
    has cancelled, or is gone.
    """
    asking, answers = take_standard_streams()
    threading.Thread(target=_end_with, args=(asking,), daemon=True).start()
    asked = json.loads(request)
    try:
        load_torch()
        answer = {"type": "done", "id": 0, "value": _ACTIONS[asked["type"]](*asked["values"]).id}
    except Exception as raised:  # noqa: BLE001 - whatever it is, the panel waits for an answer
        error = raised if isinstance(raised, COVIDDetectError) else unexpected(raised)
        answer = {"type": "failed", "id": 0, "kind": type(error).__name__, "sentence": str(error)}
    with answers:
        answers.write(encode(answer))


def _end_with(asking: BinaryIO) -> None:
    while os.read(asking.fileno(), 1024):
        pass
    os._exit(0)
