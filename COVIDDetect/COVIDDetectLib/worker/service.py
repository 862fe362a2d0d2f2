"""The worker: reads requests from standard input, computes, and answers on standard output."""

from __future__ import annotations

import os
import queue
import shutil
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from ..allocator import give_back_memory, keep_large_blocks
from ..analysis.analyze import Analysis, Progress, analyze
from ..analysis.attribution import explain
from ..analysis.correction import explain_correction
from ..analysis.experiments import run_experiments
from ..analysis.features import LastFeatures
from ..analysis.map_checks import check_map
from ..analysis.opacity import OpacityBounds
from ..analysis.preview import preview
from ..analysis.regions import Region
from ..analysis.registration import align
from ..analysis.width import read_again
from ..ct.volume import CTVolume
from ..device import choose_device, release_memory
from ..error_log import unexpected
from ..errors import Cancelled, COVIDDetectError, DeviceError
from ..installation import load_torch
from ..lungs import LungMask
from ..weights.cards import ModelCard, default_card, read_card
from ..weights.loaded import loaded_network
from .entries import value_of
from .exchange import (
    Entry,
    at_once,
    load_ct,
    load_lung_mask,
    store_alignment,
    store_analysis,
    store_heat_map,
    store_lung_mask,
    unusable_folder,
)
from .interface import IN_BACKGROUND
from .protocol import PROTOCOL, Message, ProtocolError, decode, encode, take_standard_streams

_NICER_BY = 5


class Service:
    """Answers one request after the other, while a second thread listens for a cancel.

    Networks and the last CT stay in memory, so that a correction of the mask is scored at once.

    Parameters
    ----------
    requests, answers
        Lines come in and go out here.
    folder
        Of the files that are shared; removed when the panel is gone.
    """

    def __init__(self, requests: BinaryIO, answers: BinaryIO, folder: Path) -> None:
        self._requests = requests
        self._answers = answers
        self._waiting: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._cancelled: set[int] = set()
        self._folder = folder
        self._panel_is_gone = threading.Event()
        self._ct: tuple[Entry, CTVolume] | None = None
        self._last_features = LastFeatures()

    def run(self) -> None:
        """Serve until the panel closes our standard input."""
        listener = threading.Thread(target=self._listen, daemon=True)
        listener.start()
        self._say({"type": "ready", "protocol": PROTOCOL})
        try:
            while True:
                self._answer(self._waiting.get())
        finally:
            # Whatever fails now may fail because the files are gone; the listener ends the process when all are.
            if self._panel_is_gone.is_set():
                listener.join()

    def _listen(self) -> None:
        try:
            for line in self._requests:
                if line.strip():
                    self._hear(line)
        finally:
            # Even in the middle of a computation: nobody waits for it, and the files in the folder are a patient's.
            self._panel_is_gone.set()
            shutil.rmtree(self._folder, ignore_errors=True)
            os._exit(0)

    def _hear(self, line: bytes) -> None:
        try:
            message = decode(line)
        except ProtocolError as error:  # of whatever request it was: only one is under way
            self._say_failed(None, error)
            return
        if message["type"] == "cancel":
            self._cancelled.add(message["id"])
        else:
            self._waiting.put(message)

    def _answer(self, request: Message) -> None:
        number = request.get("id")
        try:
            self._say(self._compute(request))
        except Cancelled:
            self._say({"type": "cancelled", "id": number})
        except Exception as error:
            if self._panel_is_gone.is_set():  # and its files with it
                raise
            if request["type"] != "warm":  # the first request fails likewise, and is waited for
                self._say_failed(number, _as_the_user_reads_it(error))
        # Here, not above: while an error is handled, its traceback holds what was in memory.
        release_memory()
        if self._waiting.empty():
            give_back_memory()

    def _compute(self, request: Message) -> Message | None:
        """Do what a request asks for; the answer to it."""
        if request["type"] == "forget":
            self._ct = None
            self._last_features.forget()
            return None
        number = request.get("id")
        load_torch()
        from ..networks.interruption import before_each_layer

        def go_on() -> None:
            if number in self._cancelled:
                raise Cancelled("The analysis was cancelled.")

        def report(progress: Progress) -> None:
            go_on()
            if request["type"] not in IN_BACKGROUND:
                step = {"stage": progress.stage, "done": progress.done, "total": progress.total}
                self._say({"type": "progress", "id": number, **step})

        if request["type"] == "warm":
            device = choose_device(request["device"])
            for card in (default_card("unet"), default_card("decovnet")):
                loaded_network(card, device)
            return None
        go_on()
        with before_each_layer(go_on):
            return {"type": "done", "id": number, "value": self._value_of(request, report)}

    def _value_of(self, request: Message, report: Callable[[Progress], None]) -> Any:
        """What is answered to a request that is waited for."""
        ct = self._load_ct(request["ct"])
        more: dict[str, Any] = {
            "device": request["device"],
            "weights": read_card(request["weights"]) if request["weights"] else None,
            "progress": report,
        }
        folder = Path(request["folder"])
        if isinstance(request["lungs"], str):
            lungs = read_card(request["lungs"]) if request["lungs"].endswith(".json") else request["lungs"]
            found: list[Entry] = []

            def show(lung_mask: LungMask) -> None:
                found.append(at_once(store_lung_mask(lung_mask, folder / "lungs.npy")))
                self._say({"type": "lungs", "id": request["id"], "value": found[0]})

            return store_analysis(self._analyze(request, ct, lungs, {**more, "on_lungs": show}), folder, *found)
        lung_mask = at_once(load_lung_mask(request["lungs"]))
        if request["type"] == "analyze":
            return store_analysis(self._analyze(request, ct, lung_mask, more), folder)
        if request["type"] == "explain":
            return store_heat_map(explain(ct, lung_mask, request["method"], **more), folder)
        if request["type"] == "width":
            return asdict(read_again(ct, lung_mask, **more))
        if request["type"] == "checks":
            return asdict(check_map(ct, lung_mask, **more))
        if request["type"] == "preview":
            return {"probability": preview(ct, lung_mask, last_features=self._last_features, **more)}
        if request["type"] == "correction":
            return asdict(explain_correction(ct, at_once(load_lung_mask(request["before"])), lung_mask, **more))
        if request["type"] == "compare":
            earlier = load_ct(request["earlier"]["ct"]), at_once(load_lung_mask(request["earlier"]["lungs"]))
            return store_alignment(
                align((ct, lung_mask), earlier, value_of(OpacityBounds, request["bounds"]), report), folder
            )
        region = value_of(Region, request["region"]) if request["region"] else None
        return [asdict(one) for one in run_experiments(ct, lung_mask, region, **more)]

    def _analyze(
        self, request: Message, ct: CTVolume, lungs: str | LungMask | ModelCard, more: dict[str, Any]
    ) -> Analysis:
        return analyze(ct, lungs=lungs, findings=request["findings"], last_features=self._last_features, **more)

    def _load_ct(self, entry: Entry) -> CTVolume:
        """The CT that a request speaks of; the last one is kept, with its hash. A file is never written twice."""
        if self._ct is None or self._ct[0] != entry:
            self._ct = None
            self._ct = (entry, load_ct(entry))
        return self._ct[1]

    def _say_failed(self, number: int | None, error: COVIDDetectError) -> None:
        self._say({"type": "failed", "id": number, "kind": type(error).__name__, "sentence": str(error)})

    def _say(self, message: Message | None) -> None:
        if message is not None:
            self._answers.write(encode(message))
            self._answers.flush()


def _as_the_user_reads_it(error: Exception) -> COVIDDetectError:
    if isinstance(error, COVIDDetectError):
        return error
    if isinstance(error, OSError):
        return unusable_folder(error)
    # What torch raises where the system has no memory left for it.
    if isinstance(error, MemoryError) or "you tried to allocate" in str(error):
        return DeviceError("There is not enough memory for this CT; close other programs, and try again.")
    return unexpected(error)


def main(folder: str) -> None:
    """Serve on standard input and output; what libraries print goes to standard error instead."""
    # A terminal or a session that ends says so to all its processes: we end when the panel has, and then tidy up.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    requests, answers = take_standard_streams()
    if hasattr(os, "nice"):
        os.nice(_NICER_BY)  # the window comes first
    keep_large_blocks()
    Service(requests, answers, Path(folder)).run()


if __name__ == "__main__":
    main(sys.argv[1])
