"""The worker as a process of its own: it computes, reports, stops when told, and leaves nothing behind."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from COVIDDetectLib.analysis.analyze import Analysis, analyze
from COVIDDetectLib.ct.volume import CTVolume
from COVIDDetectLib.errors import InputError, MaskError
from COVIDDetectLib.lungs import LungMask
from COVIDDetectLib.worker.exchange import at_once, load_answer, load_lung_mask, store_ct, store_lung_mask
from COVIDDetectLib.worker.protocol import PROTOCOL, LineReader, encode, failure

from Testing.lungs.drawn_lobes import lobes_in

LIBRARY = Path(__file__).parents[2] / "COVIDDetect"


class Worker:
    """Speaks the protocol with a real worker process."""

    def __init__(self, folder: Path, *python: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *(python or ("-m", "COVIDDetectLib.worker.service")), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(LIBRARY)},
        )
        self.messages = LineReader()

    def say(self, message: dict) -> None:
        assert self.process.stdin
        self.process.stdin.write(encode(message))
        self.process.stdin.flush()

    def hear(self) -> dict:
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line, f"the worker ended with {self.process.wait()}"
        return json.loads(line)

    def hear_last(self) -> dict:
        """The answer after all progress, and after the lungs."""
        while (message := self.hear())["type"] in ("progress", "lungs"):
            pass
        return message


@pytest.fixture
def private_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "private"
    folder.mkdir()
    return folder


@pytest.fixture
def worker(private_folder: Path) -> Iterator[Worker]:
    worker = Worker(private_folder)
    assert worker.hear() == {"type": "ready", "protocol": PROTOCOL}
    yield worker
    worker.process.kill()
    worker.process.wait()


def request(ct: CTVolume, folder: Path, **changes: object) -> dict:
    return {
        "type": "analyze",
        "id": 1,
        "folder": str(folder),
        "ct": at_once(store_ct(ct, folder / "ct.npy")),
        "lungs": "threshold",
        "device": "cpu",
        "weights": None,
        "findings": ["It is cut off."],
        **changes,
    }


def test_it_computes_what_a_direct_call_computes(worker: Worker, phantom_ct: CTVolume, tmp_path: Path) -> None:
    expected = analyze(phantom_ct, lungs="threshold", device="cpu", findings=["It is cut off."])

    worker.say(request(phantom_ct, tmp_path))
    answer = worker.hear_last()

    assert answer["type"] == "done"
    analysis: Analysis = at_once(load_answer("analyze", answer["value"], None))
    assert analysis.probability == pytest.approx(expected.probability, abs=1e-6)
    np.testing.assert_array_equal(analysis.lung_mask.labels, expected.lung_mask.labels)
    assert analysis.opacity == expected.opacity
    assert len(analysis.regions) == len(expected.regions)
    for one, other in (
        (analysis.heat_map.whole, expected.heat_map.whole),
        (analysis.heat_map.in_lungs, expected.heat_map.in_lungs),
    ):
        np.testing.assert_allclose(one.values, other.values, atol=1e-5)
        assert one.geometry == other.geometry
    assert analysis.notes == expected.notes
    record, expected_record = analysis.to_record(), expected.to_record()
    for varying in ("seconds", "time", "probability", "logits", "attention"):
        del record[varying], expected_record[varying]
    assert record == expected_record


def test_a_given_mask_is_scored_as_it_is(worker: Worker, phantom_ct: CTVolume, tmp_path: Path) -> None:
    lung_mask = analyze(phantom_ct, lungs="threshold", device="cpu").lung_mask
    lobes = np.where(lung_mask.labels == 1, lobes_in(lung_mask.labels), 0).astype(np.uint8)
    right = LungMask((lobes > 0).astype(np.uint8), lung_mask.geometry, lobes)
    worker.say(request(phantom_ct, tmp_path, lungs=at_once(store_lung_mask(right, tmp_path / "given.npy"))))
    analysis: Analysis = at_once(load_answer("analyze", worker.hear_last()["value"], right))
    assert analysis.lungs_method == "given"
    assert analysis.lung_mask.volumes_ml == pytest.approx((right.volumes_ml[0], 0.0))
    assert [lobe.lobe for lobe in analysis.lobes] == ["upper", "middle", "lower"]
    assert sum(lobe.volume_ml for lobe in analysis.lobes) == pytest.approx(right.volumes_ml[0])


def test_an_error_comes_back_as_its_sentence_and_the_worker_goes_on(
    worker: Worker, phantom_ct: CTVolume, tmp_path: Path
) -> None:
    not_hu = CTVolume.from_array(phantom_ct.hu.astype(np.int32) + 2000, phantom_ct.geometry)
    worker.say(request(not_hu, tmp_path))
    error = failure(worker.hear_last())
    assert isinstance(error, InputError)
    assert "not Hounsfield units" in str(error)
    worker.say(request(phantom_ct, tmp_path, id=2))
    assert worker.hear_last()["type"] == "done"


def test_a_cancel_ends_the_analysis_and_the_next_one_runs(worker: Worker, phantom_ct: CTVolume, tmp_path: Path) -> None:
    worker.say(request(phantom_ct, tmp_path, lungs="unet"))
    assert worker.hear()["type"] == "progress"
    worker.say({"type": "cancel", "id": 1})
    assert worker.hear_last() == {"type": "cancelled", "id": 1}
    worker.say(request(phantom_ct, tmp_path, id=2))
    assert worker.hear_last()["type"] == "done"


def test_progress_counts_the_slices_and_the_lungs_come_before_the_score(
    worker: Worker, phantom_ct: CTVolume, tmp_path: Path
) -> None:
    worker.say(request(phantom_ct, tmp_path, lungs="unet"))
    seen: list[tuple] = []
    while (message := worker.hear())["type"] != "done":
        seen.append((message["stage"], message["done"], message["total"]) if "stage" in message else ("found", message))
    slices = len(phantom_ct.hu)
    (at,) = [number for number, step in enumerate(seen) if step[0] == "found"]
    assert {step[0] for step in seen[:at]} == {"lungs"} and seen[at - 1] == ("lungs", slices, slices)
    assert {step[0] for step in seen[at + 1 :]} == {"score", "attention"} and seen[-1] == ("attention", 1, 1)
    found = at_once(load_lung_mask(seen[at][1]["value"]))
    analysis: Analysis = at_once(load_answer("analyze", message["value"], None))
    np.testing.assert_array_equal(found.labels, analysis.lung_mask.labels)


@pytest.mark.parametrize("busy", [False, True])
@pytest.mark.parametrize("signals", [(), (signal.SIGINT, signal.SIGTERM)], ids=["alone", "with its session"])
def test_it_ends_and_removes_the_folder_when_the_panel_is_gone(
    worker: Worker, phantom_ct: CTVolume, private_folder: Path, busy: bool, signals: tuple[int, ...]
) -> None:
    worker.say(request(phantom_ct, private_folder))
    if not busy:
        worker.hear_last()
    for number in signals:
        worker.process.send_signal(number)
    assert worker.process.stdin
    worker.process.stdin.close()
    assert worker.process.wait(timeout=10) == 0
    assert not private_folder.exists()


def test_what_libraries_print_does_not_disturb_the_protocol(phantom_ct: CTVolume, tmp_path: Path) -> None:
    noisy = Worker(
        tmp_path / "private",
        "-c",
        "import os, sys, COVIDDetectLib.worker.service as service\n"
        "quiet = service.analyze\n"
        "service.analyze = lambda *a, **k: (print('noise', flush=True), os.write(1, b'more'), quiet(*a, **k))[-1]\n"
        "service.main(sys.argv[1])",
    )
    assert noisy.hear()["type"] == "ready"
    noisy.say(request(phantom_ct, tmp_path))
    assert noisy.hear_last()["type"] == "done"
    noisy.process.kill()
    noisy.process.wait()


def test_a_torch_that_cannot_be_loaded_is_said(phantom_ct: CTVolume, tmp_path: Path, private_folder: Path) -> None:
    torch = tmp_path / "torch.py"
    torch.write_text("raise OSError('[WinError 126] Error loading c10.dll or one of its dependencies.')")
    start = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from COVIDDetectLib.worker.service import main; "
    worker = Worker(private_folder, "-c", start + "main(sys.argv[1])")
    assert worker.hear()["type"] == "ready"
    worker.say({"type": "warm", "device": "cpu"})
    worker.say(request(phantom_ct, tmp_path))
    answer = worker.hear_last()
    assert answer["id"] == 1 and answer["kind"] == "InstallationError"
    assert "Visual C++" in answer["sentence"]
    worker.process.kill()
    worker.process.wait()


def test_messages_may_arrive_in_any_pieces() -> None:
    first, second = (
        {"type": "ready", "protocol": PROTOCOL},
        {"type": "failed", "id": 1, "kind": "MaskError", "sentence": "Lüngs."},
    )
    content = encode(first) + encode(second)
    for size in (1, 2, 7, len(content)):
        reader = LineReader()
        messages = [m for start in range(0, len(content), size) for m in reader.feed(content[start : start + size])]
        assert messages == [first, second]


def test_an_unknown_kind_of_failure_is_still_a_sentence() -> None:
    assert str(failure({"type": "failed", "kind": "Other", "sentence": "Something."})) == "Something."
    assert isinstance(failure({"type": "failed", "kind": "MaskError", "sentence": ""}), MaskError)
