"""Sends DICOM objects in a separate process: an archive may take minutes to answer, or never do."""

from __future__ import annotations

import json
import os
import shutil
import threading
from pathlib import Path
from typing import BinaryIO

from ..error_log import unexpected
from ..errors import COVIDDetectError
from ..report.dicom_out.send import send
from .protocol import encode, take_standard_streams


def main(request: str) -> None:
    """Send the files of a folder, ``{"folder": path, "archive": address}``, remove it, and answer in one line.

    The answer is ``{"type": "done", "id": 0, "value": address}``, or that of ``protocol.failure``. Ends at once when
    standard input does: who asked has cancelled, or is gone. What the archive has stored by then stays there.
    """
    asking, answers = take_standard_streams()
    asked = json.loads(request)
    folder = Path(asked["folder"])
    threading.Thread(target=_end_with, args=(asking, folder), daemon=True).start()
    try:
        send(sorted(folder.iterdir()), asked["archive"])
        answer = {"type": "done", "id": 0, "value": asked["archive"]}
    except Exception as raised:  # noqa: BLE001 - whatever it is, the panel waits for an answer
        error = raised if isinstance(raised, COVIDDetectError) else unexpected(raised)
        answer = {"type": "failed", "id": 0, "kind": type(error).__name__, "sentence": str(error)}
    shutil.rmtree(folder, ignore_errors=True)
    with answers:
        answers.write(encode(answer))


def _end_with(asking: BinaryIO, folder: Path) -> None:
    while os.read(asking.fileno(), 1024):
        pass
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)
