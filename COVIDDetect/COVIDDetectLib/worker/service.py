"""The worker: reads requests from standard input, computes, and answers on standard output."""

from __future__ import annotations

import json
import os
import queue
import shutil
import sys
import threading
from pathlib import Path
from typing import BinaryIO

from ..analysis import Progress, analyze
from ..errors import Cancelled, COVIDDetectError
from ..weights import read_card
from .exchange import load_ct, load_lung_mask, store_analysis
from .protocol import PROTOCOL, Message, encode


class Service:
    """Answers one request after the other, while a second thread listens for a cancel."""

    def __init__(self, requests: BinaryIO, answers: BinaryIO) -> None:
        self._requests = requests
        self._answers = answers
        self._waiting: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._cancelled: set[int] = set()
        self._folders: set[Path] = set()

    def run(self) -> None:
        """Serve until the panel closes our standard input."""
        threading.Thread(target=self._listen, daemon=True).start()
        self._say({"type": "ready", "protocol": PROTOCOL})
        while (request := self._waiting.get()) is not None:
            self._answer(request)

    def _listen(self) -> None:
        for line in self._requests:
            message = json.loads(line)
            if message["type"] == "cancel":
                self._cancelled.add(message["id"])
            else:
                self._folders.add(Path(message["folder"]))
                self._waiting.put(message)
        self._panel_is_gone()

    def _panel_is_gone(self) -> None:
        """Even in the middle of a computation: nobody waits for it, and the files in the folder are a patient's."""
        for folder in self._folders:
            shutil.rmtree(folder, ignore_errors=True)
        os._exit(0)

    def _answer(self, request: Message) -> None:
        number = request["id"]

        def report(progress: Progress) -> None:
            if number in self._cancelled:
                raise Cancelled("The analysis was cancelled.")
            self._say(
                {
                    "type": "progress",
                    "id": number,
                    "stage": progress.stage,
                    "done": progress.done,
                    "total": progress.total,
                }
            )

        try:
            lungs = request["lungs"]
            analysis = analyze(
                load_ct(request["ct"]),
                lungs=lungs if isinstance(lungs, str) else load_lung_mask(lungs),
                device=request["device"],
                weights=read_card(request["weights"]) if request["weights"] else None,
                progress=report,
            )
            answer = {"type": "done", "id": number, "analysis": store_analysis(analysis, Path(request["folder"]))}
        except Cancelled:
            answer = {"type": "cancelled", "id": number}
        except COVIDDetectError as error:
            answer = {"type": "failed", "id": number, "kind": type(error).__name__, "sentence": str(error)}
        self._say(answer)

    def _say(self, message: Message) -> None:
        self._answers.write(encode(message))
        self._answers.flush()


def main() -> None:
    """Serve on standard input and output; what libraries print goes to standard error instead."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    Service(sys.stdin.buffer, answers).run()


if __name__ == "__main__":
    main()
