"""Damaged lines, other versions, errors that nobody expects: each costs one sentence, and then work goes on."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from COVIDDetectLib.analysis.analyze import Analysis
from COVIDDetectLib.ct.volume import CTVolume
from COVIDDetectLib.errors import COVIDDetectError, UnexpectedError
from COVIDDetectLib.lungs import LungMask
from COVIDDetectLib.phantom import Phantom
from COVIDDetectLib.worker.protocol import LineReader, ProtocolError, decode, encode, failure

from Testing.worker.conftest import Recorder, is_running
from Testing.worker.test_service import Worker, private_folder, request, worker

__all__ = ["private_folder", "worker"]

NO_MESSAGES = {
    "words": b"Segmentation fault",
    "half a message": b'{"type":"cancel",',
    "no text": b"\xff\xfe\x00",
    "no object": b"[1, 2]",
    "of no type": b"{}",
    "of an unknown type": b'{"type":"dance"}',
    "without its entries": b'{"type":"analyze","id":1}',
    "with another kind of entry": b'{"type":"cancel","id":"1"}',
    "with a list for a word": b'{"type":"progress","id":1,"stage":[],"done":1,"total":2}',
    "nested without end": b"[" * 100_000,
}


@pytest.mark.parametrize("line", NO_MESSAGES.values(), ids=NO_MESSAGES.keys())
def test_a_line_that_is_no_message_is_told_from_one(line: bytes) -> None:
    with pytest.raises(ProtocolError, match="was damaged; try again"):
        decode(line)
    reader = LineReader()
    with pytest.raises(ProtocolError):
        list(reader.feed(line + b"\n"))
    assert list(reader.feed(encode({"type": "forget"}))) == [{"type": "forget"}]


def test_a_message_with_any_byte_changed_is_a_message_or_an_error_of_its_own_kind() -> None:
    message = encode({"type": "progress", "id": 7, "stage": "lungs", "done": 3, "total": 28})
    chance = random.Random(1)
    damaged = 0
    for _ in range(2000):
        line = bytearray(message)
        line[chance.randrange(len(line) - 1)] = chance.randrange(256)
        try:
            heard = list(LineReader().feed(bytes(line)))
        except ProtocolError:
            damaged += 1
        else:
            assert all(isinstance(one["type"], str) for one in heard)
    assert damaged > 500


def test_a_worker_that_hears_damaged_lines_says_so_and_goes_on(
    worker: Worker, phantom_ct: CTVolume, tmp_path: Path, private_folder: Path
) -> None:
    assert worker.process.stdin is not None
    worker.process.stdin.write(b"\n")
    for line in NO_MESSAGES.values():
        worker.process.stdin.write(line + b"\n")
        worker.process.stdin.flush()
        answer = worker.hear()
        assert (answer["type"], answer["id"]) == ("failed", None)
        assert isinstance(failure(answer), COVIDDetectError)
    worker.say(request(phantom_ct, tmp_path))
    assert worker.hear_last()["type"] == "done"
    worker.process.stdin.close()
    assert worker.process.wait(timeout=10) == 0
    assert not private_folder.exists()


def test_an_error_that_nobody_expects_is_written_down_and_the_worker_answers(
    phantom_ct: CTVolume, tmp_path: Path, private_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    worker = Worker(private_folder)
    worker.hear()
    asked = request(phantom_ct, tmp_path)
    worker.say({**asked, "ct": {**asked["ct"], "array": "/dev/null"}})
    error = failure(worker.hear_last())
    (log,) = tmp_path.glob("*.log")
    assert isinstance(error, UnexpectedError)
    assert f"(EOFError); it is described in {log}." in str(error)
    assert "EOFError: No data left in file" in log.read_text()
    worker.say(request(phantom_ct, tmp_path))
    assert worker.hear_last()["type"] == "done"
    worker.process.kill()
    worker.process.wait()


@pytest.mark.parametrize(
    "error", ["MemoryError()", "RuntimeError('DefaultCPUAllocator: you tried to allocate 9 bytes')"]
)
def test_a_lack_of_memory_is_called_so_and_nothing_else_is(
    phantom_ct: CTVolume, tmp_path: Path, private_folder: Path, error: str
) -> None:
    fails = f"def fails(*_, **__): raise {error}\nimport sys, COVIDDetectLib.worker.service as service\n"
    worker = Worker(private_folder, "-c", f"{fails}service.analyze = fails; service.main(sys.argv[1])")
    worker.hear()
    worker.say(request(phantom_ct, tmp_path))
    assert "There is not enough memory for this CT" in worker.hear_last()["sentence"]
    worker.process.kill()
    worker.process.wait()


@pytest.fixture
def damaged_once(tmp_path: Path, temporary_folder: Path, recorder: Recorder) -> Iterator[Callable[..., Recorder]]:
    """A client whose first worker says or hears something else than was said: a filter of ``sed`` lies between."""
    from COVIDDetectLib.worker.client import WorkerClient

    made = []

    def start(says: str = "", hears: str = "", always: bool = False) -> Recorder:
        program, marker = tmp_path / "python", tmp_path / "was-started"
        filtered = f"sed -u '{hears}' | {sys.executable} \"$@\" | sed -u '{says}'"
        once = "" if always else f'[ -e {marker} ] && exec {sys.executable} "$@"\ntouch {marker}\n'
        program.write_text(f"#!/bin/sh\n{once}{filtered}\n")
        program.chmod(0o755)
        made.append(Recorder(WorkerClient(str(program))))
        return made[-1]

    yield start
    for one in made:
        one.client.stop()
        one._timer.stop()


@pytest.mark.parametrize(
    "filters",
    [
        {"says": 's/"type":"done"/"type":"dxne"/'},
        {"says": "s/^.*done.*$/Illegal instruction/"},
        {"says": 's/"type":"done","id":1/"type":"done","id":100/'},
        {"hears": 's/"type":"analyze"/"type":"analyzx"/'},
    ],
    ids=["an unknown type", "no message", "another request", "damaged on the way there"],
)
def test_a_damaged_line_costs_the_panel_one_sentence(
    damaged_once: Callable[..., Recorder], phantom_ct: CTVolume, small_phantom: Phantom, filters: dict[str, str]
) -> None:
    recorder = damaged_once(**filters)
    lung_mask = LungMask.from_labels(small_phantom.lung_mask, small_phantom.ct.geometry)
    recorder.client.analyze(phantom_ct, lung_mask, "cpu")
    error = recorder.end()
    assert isinstance(error, ProtocolError) or "was damaged" in str(error), error
    assert not recorder.client.busy
    recorder.begin()
    recorder.client.analyze(phantom_ct, lung_mask, "cpu")
    assert isinstance(recorder.end(), Analysis), "by a process that was started anew"


def test_after_an_error_that_nobody_expects_the_process_is_replaced(
    damaged_once: Callable[..., Recorder], phantom_ct: CTVolume, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    recorder = damaged_once(hears='s#"array":"[^"]*"#"array":"/dev/null"#')
    recorder.client.analyze(phantom_ct, "threshold", "cpu")
    first = recorder.client.process_id
    error = recorder.end()
    assert isinstance(error, UnexpectedError) and ".log" in str(error)
    recorder.wait(lambda: not is_running(first), 10)
    recorder.begin()
    recorder.client.analyze(phantom_ct, "threshold", "cpu")
    assert isinstance(recorder.end(), Analysis)


@pytest.mark.parametrize("warm", [False, True])
def test_another_version_is_noticed_whenever_it_says_so(
    damaged_once: Callable[..., Recorder], phantom_ct: CTVolume, warm: bool
) -> None:
    recorder = damaged_once(says='s/"protocol":[0-9]*/"protocol":0/', always=True)
    if warm:
        recorder.client.warm_up("cpu")
        recorder.wait(lambda: not recorder.client.process_id, 30)
    for _ in range(2):
        recorder.begin()
        recorder.client.analyze(phantom_ct, "threshold", "cpu")
        assert "different versions" in str(recorder.end())
        assert not recorder.client.busy
