"""Adds weights in a process of its own: that needs torch, which Slicer's own process never loads."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable

from .. import weights_store as store
from ..errors import COVIDDetectError
from ..weights import ModelCard
from ..weights_download import add_from_url
from .protocol import encode

_ACTIONS: dict[str, Callable[..., ModelCard]] = {
    "add": store.add,
    "import": store.add_released,
    "download": add_from_url,
}


def main(request: str) -> None:
    """Do what a request says, ``{"type": "add", "values": [...]}``, and answer in one line.

    The answer is ``{"type": "done", "value": id}``, the id of the card that is installed now, or that of
    ``protocol.failure``. What libraries print goes to standard error.
    """
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    asked = json.loads(request)
    try:
        answer = {"type": "done", "value": _ACTIONS[asked["type"]](*asked["values"]).id}
    except COVIDDetectError as error:
        answer = {"type": "failed", "kind": type(error).__name__, "sentence": str(error)}
    with answers:
        answers.write(encode(answer))
