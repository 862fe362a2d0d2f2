"""Scores a cohort in a separate process, as ``coviddetect batch`` does, while the user reads."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from ..cohort.batch import score_cohort
from ..cohort.found import find_cases
from ..cohort.score import Outcome, Scoring
from ..error_log import unexpected
from ..errors import COVIDDetectError
from ..report.files import OVERVIEW
from ..weights.cards import read_card
from ..weights.site import site_beside
from .protocol import Message, encode, take_standard_streams

_NICER_BY = 19
"""The least that a process can ask for: window and worker come first."""


def main(request: str) -> None:
    """Score what is named, and tell how far it is in one line after each CT.

    The request has ``cts`` (a table or folder), ``output``, ``weights``, ``lungs`` (a method or a card) and ``device``;
    what is told is a message ``scored``, and in the end ``done`` or ``failed``. One thread computes, so that half of a
    small computer is left to the user. Ends at once when standard input does, and with it the process that scores: who
    asked has had enough, or is gone. What is on disk by then is found by the next run.
    """
    asking, answers = take_standard_streams()
    threading.Thread(target=_end_with, args=(asking,), daemon=True).start()
    if hasattr(os, "nice"):
        os.nice(_NICER_BY)

    def say(message: Message) -> None:
        answers.write(encode(message))
        answers.flush()

    try:
        _score(json.loads(request), _Progress(say))
        say({"type": "done", "id": 0, "value": {}})
    except Exception as raised:  # noqa: BLE001 - whatever it is, the panel waits for an answer
        error = raised if isinstance(raised, COVIDDetectError) else unexpected(raised)
        say({"type": "failed", "id": 0, "kind": type(error).__name__, "sentence": str(error)})


def _score(asked: Message, progress: _Progress) -> None:
    lungs, output = asked["lungs"], Path(asked["output"])
    scoring = Scoring(
        read_card(asked["weights"]),
        read_card(lungs) if lungs.endswith(".json") else lungs,
        asked["device"],
        (OVERVIEW,),  # a picture for those who have no panel; needs matplotlib, which Slicer lacks
    )
    score_cohort(
        find_cases([asked["cts"]], output),
        output,
        scoring,
        threads=1,
        site=site_beside(scoring.card),
        on_start=progress.start,
        on_outcome=progress.add,
    )


class _Progress:
    """Counts, and estimates the rest from the speed so far."""

    def __init__(self, say: Callable[[Message], None]) -> None:
        self._say = say
        self._total = self._scored_before = self._scored = self._failed = 0
        self._start_s = 0.0

    def start(self, done: int, total: int) -> None:
        self._scored_before, self._total, self._start_s = done, total, time.monotonic()
        self._tell(None)

    def add(self, outcome: Outcome) -> None:
        self._failed += outcome.failed
        self._scored += not outcome.failed
        ended = self._scored + self._failed
        left = self._total - self._scored_before - ended
        self._tell((time.monotonic() - self._start_s) / ended * left)

    def _tell(self, seconds_left: float | None) -> None:
        self._say(
            {
                "type": "scored",
                "done": self._scored_before + self._scored,
                "failed": self._failed,
                "total": self._total,
                "seconds_left": None if seconds_left is None else round(seconds_left),
            }
        )


def _end_with(asking: BinaryIO) -> None:
    while os.read(asking.fileno(), 1024):
        pass
    os._exit(0)
