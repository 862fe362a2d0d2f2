"""The panel's side: answers come, the window lives, nothing is left behind, whatever happens to the worker."""

from __future__ import annotations

import errno
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from COVIDDetectLib import installation
from COVIDDetectLib.analysis.analyze import Analysis, analyze
from COVIDDetectLib.analysis.correction import Correction, explain_correction
from COVIDDetectLib.analysis.heat_map import HeatMap
from COVIDDetectLib.ct.geometry import Geometry
from COVIDDetectLib.ct.volume import CTVolume
from COVIDDetectLib.errors import Cancelled, COVIDDetectError, DeviceError, InputError, InstallationError
from COVIDDetectLib.lungs import LungMask

from Testing.worker.conftest import contents, is_running

if TYPE_CHECKING:
    from Testing.worker.conftest import Recorder


pytestmark = pytest.mark.usefixtures("temporary_folder")


def test_answers_are_those_of_a_direct_call_and_the_worker_stays_warm(
    recorder: Recorder, phantom_ct: CTVolume, lung_mask: LungMask
) -> None:
    expected = analyze(phantom_ct, lungs=lung_mask, device="cpu")
    client, found = recorder.client, []
    client.segmented.connect(found.append)
    client.analyze(phantom_ct, lung_mask, "cpu")
    assert client.busy
    first = recorder.end()
    assert isinstance(first, Analysis)
    assert not client.busy
    assert first.probability == pytest.approx(expected.probability, abs=1e-6)
    assert first.lung_mask is lung_mask
    process = client.process_id

    recorder.begin()
    start = time.perf_counter()
    client.analyze(phantom_ct, lung_mask, "cpu")
    recorder.wait(lambda: recorder.progress)
    assert time.perf_counter() - start < 1.0  # 0.3 s on a quiet machine, which this need not be
    assert recorder.end().ct_sha256 == expected.ct_sha256
    assert client.process_id == process

    recorder.begin()
    assert not found  # the mask was given
    client.analyze(phantom_ct, "threshold", "cpu")
    recorder.wait(lambda: found)
    assert not recorder.ends, "the lungs are there before the score"
    assert np.array_equal(recorder.end().lung_mask.labels, found[0].labels) and len(found) == 1
    assert [step.stage for step in recorder.progress][-1] == "attention"


def test_a_ct_is_stored_once_and_again_when_one_voxel_is_another(
    recorder: Recorder, phantom_ct: CTVolume, lung_mask: LungMask, temporary_folder: Path
) -> None:
    def stored() -> list[str]:
        return sorted(path.parent.name for path in temporary_folder.rglob("ct.npy"))

    hashes = []
    changed = phantom_ct.hu.copy()
    changed[-1, -1, -1] += 1
    moved = Geometry.axial(phantom_ct.geometry.spacing, (1.0, 2.0, 3.0))
    for ct, mask in (
        (phantom_ct, lung_mask),
        (CTVolume(phantom_ct.hu.copy(), phantom_ct.geometry, phantom_ct.name), lung_mask),
        (CTVolume(changed, phantom_ct.geometry, phantom_ct.name), lung_mask),
        (CTVolume(changed, moved, phantom_ct.name), LungMask(lung_mask.labels, moved)),
    ):
        recorder.begin()
        recorder.client.analyze(ct, mask, "cpu")
        hashes.append((recorder.end().ct_sha256, stored()))
    assert [folders for _, folders in hashes] == [["ct-1"], ["ct-1"], ["ct-3"], ["ct-4"]]
    assert hashes[0][0] == hashes[1][0] != hashes[2][0] == hashes[3][0]


def test_other_heat_maps_and_experiments_are_answered(
    warm: Recorder, phantom_ct: CTVolume, lung_mask: LungMask
) -> None:
    warm.client.explain(phantom_ct, lung_mask, "grad-cam-classifier", "cpu")
    heat_map = warm.end()
    assert isinstance(heat_map, HeatMap)
    assert heat_map.in_lungs.layer == "first convolution of the classifier, Grad-CAM"

    warm.begin()
    warm.client.experiment(phantom_ct, lung_mask, device="cpu")
    experiments = warm.end()
    assert [one.name for one in experiments] == ["Right lung only", "Left lung only"]


def test_a_correction_is_explained_as_by_a_direct_call_and_can_be_cancelled(
    warm: Recorder, phantom_ct: CTVolume, lung_mask: LungMask
) -> None:
    labels = lung_mask.labels.copy()
    labels[: np.nonzero(labels)[0].min() + 3] = 0
    corrected = LungMask(labels, lung_mask.geometry)
    expected = explain_correction(phantom_ct, lung_mask, corrected, device="cpu")
    warm.client.correction(phantom_ct, corrected, lung_mask, "cpu")
    answer = warm.end()
    assert isinstance(answer, Correction) and len(answer.shares) == len(expected.shares) >= 2
    assert (answer.before, answer.after) == pytest.approx((expected.before, expected.after), abs=1e-6)
    for one, other in zip(answer.shares, expected.shares, strict=True):
        assert replace(one, logit=0.0) == replace(other, logit=0.0) and one.logit == pytest.approx(
            other.logit, abs=1e-6
        )
    assert {step.stage for step in warm.progress} == {"correction"}

    process = warm.client.process_id
    warm.begin()
    warm.client.correction(phantom_ct, lung_mask, corrected, "cpu")
    warm.wait(lambda: warm.progress)
    warm.client.cancel()
    assert isinstance(warm.end(), Cancelled)
    assert warm.client.process_id == process


def test_an_error_is_its_sentence_and_the_next_request_works(
    warm: Recorder, phantom_ct: CTVolume, lung_mask: LungMask
) -> None:
    warm.client.analyze(CTVolume.from_array(phantom_ct.hu.astype(int) + 2000, phantom_ct.geometry), device="cpu")
    error = warm.end()
    assert isinstance(error, InputError)
    assert "not Hounsfield units" in str(error)
    warm.begin()
    warm.client.analyze(phantom_ct, lung_mask, "cpu")
    assert isinstance(warm.end(), Analysis)


def test_without_packages_nothing_begins_and_they_are_named(
    recorder: Recorder, phantom_ct: CTVolume, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installation, "missing_packages", lambda: installation.Missing(True, ("pooch>=1.8",)))
    with pytest.raises(InstallationError, match="torch, pooch"):
        recorder.client.analyze(phantom_ct, "threshold", "cpu")
    assert not recorder.client.busy
    assert recorder.client.process_id == 0


def test_a_disk_that_was_full_once_is_told_and_does_no_harm_later(
    recorder: Recorder, phantom_ct: CTVolume, lung_mask: LungMask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(tempfile, "mkdtemp", full)
        with pytest.raises(COVIDDetectError, match=r"cannot be used \(No space left on device\)"):
            recorder.client.analyze(phantom_ct, lung_mask, "cpu")
    assert not recorder.client.busy
    recorder.client.analyze(phantom_ct, lung_mask, "cpu")
    assert isinstance(recorder.end(), Analysis)


def test_a_folder_that_was_tidied_away_is_made_anew(
    recorder: Recorder, phantom_ct: CTVolume, lung_mask: LungMask
) -> None:
    recorder.client.analyze(phantom_ct, lung_mask, "cpu")
    assert isinstance(recorder.end(), Analysis)
    assert recorder.client.folder is not None
    shutil.rmtree(recorder.client.folder.path)
    recorder.begin()
    recorder.client.analyze(phantom_ct, lung_mask, "cpu")
    assert isinstance(recorder.end(), Analysis)


def test_a_forgotten_ct_is_stored_again_when_it_is_needed(
    recorder: Recorder, phantom_ct: CTVolume, lung_mask: LungMask, temporary_folder: Path
) -> None:
    recorder.client.analyze(phantom_ct, lung_mask, "cpu")
    recorder.client.forget()
    assert isinstance(recorder.end(), Analysis)
    assert contents(temporary_folder) == []
    process = recorder.client.process_id
    recorder.client.analyze(phantom_ct, lung_mask, "cpu")
    assert isinstance(recorder.end(), Analysis)
    assert recorder.client.process_id == process


def test_a_second_request_has_to_wait(warm: Recorder, phantom_ct: CTVolume, lung_mask: LungMask) -> None:
    warm.client.analyze(phantom_ct, lung_mask, "cpu")
    with pytest.raises(COVIDDetectError, match="is running"):
        warm.client.explain(phantom_ct, lung_mask, "grad-cam", "cpu")
    assert isinstance(warm.end(), Analysis)


@pytest.mark.parametrize("when", ["at once", "while it computes"])
def test_a_cancel_is_answered_within_half_a_second(
    recorder: Recorder, phantom_ct: CTVolume, lung_mask: LungMask, when: str
) -> None:
    client = recorder.client
    client.analyze(phantom_ct, lung_mask, "cpu")
    recorder.end()
    recorder.begin()
    client.analyze(phantom_ct, "unet", "cpu")
    if when == "while it computes":
        recorder.wait(lambda: recorder.progress)
    start = time.perf_counter()
    client.cancel()
    assert not recorder.ends, "nothing is said from within the call"
    assert isinstance(recorder.end(), Cancelled)
    assert time.perf_counter() - start < 0.6  # and a little, for a machine that has other things to do
    recorder.begin()
    client.analyze(phantom_ct, lung_mask, "cpu")
    assert isinstance(recorder.end(), Analysis)


def test_a_cancel_without_a_request_is_nothing(recorder: Recorder) -> None:
    recorder.client.cancel()
    recorder.client.stop()
    recorder.client.cancel()
    assert recorder.ends == []


def kill_at_random_moments(recorder: Recorder, ct: CTVolume, lung_mask: LungMask, times: int) -> None:
    client, moments, processes = recorder.client, random.Random(1), set()
    for number in range(times):
        recorder.begin()
        client.analyze(ct, lung_mask if number % 2 else "unet", "cpu")
        processes.add(client.process_id)
        # From while it is being stored until deep in the computation: a worker needs some seconds to start.
        end = time.perf_counter() + moments.choice((0.0, 0.05, 0.5, 1.5, 4.0)) * moments.random()
        recorder.wait(lambda end=end: recorder.ends or time.perf_counter() > end)
        if recorder.ends:
            continue
        recorder.wait(lambda: client.process_id)
        os.kill(client.process_id, 9)
        recorder.wait(lambda: recorder.ends, 60)
        (error,) = recorder.ends
        # Killed when it had just answered, it has done its work.
        assert isinstance(error, DeviceError | Analysis), error
        if isinstance(error, DeviceError):
            assert "nothing else is lost" in str(error)
    recorder.begin()
    client.analyze(ct, lung_mask, "cpu")
    assert isinstance(recorder.end(), Analysis)
    processes.discard(client.process_id)
    recorder.wait(lambda: not any(is_running(process) for process in processes), 10)


@pytest.mark.slow
def test_a_worker_that_is_killed_fifty_times_is_replaced_and_nothing_is_left(
    recorder: Recorder, phantom_ct: CTVolume, lung_mask: LungMask, temporary_folder: Path
) -> None:
    kill_at_random_moments(recorder, phantom_ct, lung_mask, 50)
    assert [name[:3] for name in contents(temporary_folder)] == ["ct-"], "only the CT stays, for the next request"
    process = recorder.client.process_id
    recorder.client.stop()
    assert not is_running(process)
    assert list(temporary_folder.iterdir()) == []


def test_a_worker_that_cannot_start_is_said(phantom_ct: CTVolume, recorder: Recorder, temporary_folder: Path) -> None:
    from COVIDDetectLib.worker.client import WorkerClient

    from Testing.worker.conftest import Recorder

    without_python = Recorder(WorkerClient(python="/nowhere/python"))
    without_python.client.analyze(phantom_ct, device="cpu")
    error = without_python.end(10)
    assert isinstance(error, DeviceError)
    assert "cannot be started" in str(error)
    assert not without_python.client.busy
    without_python.client.stop()
    without_python._timer.stop()
    assert list(temporary_folder.iterdir()) == []


def test_nothing_is_imported_from_the_folder_that_slicer_is_started_in(
    recorder: Recorder, phantom_ct: CTVolume, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "queue.py").write_text("raise SystemExit('a file of the user was run')")
    monkeypatch.chdir(tmp_path)
    recorder.begin()
    recorder.client.analyze(phantom_ct, "threshold")
    assert 0 <= recorder.end().probability <= 1


def test_stopping_in_the_middle_leaves_nothing(
    recorder: Recorder, phantom_ct: CTVolume, temporary_folder: Path
) -> None:
    recorder.client.analyze(phantom_ct, "unet", "cpu")
    recorder.wait(lambda: recorder.progress)
    process = recorder.client.process_id
    recorder.client.stop()
    assert not is_running(process)
    assert list(temporary_folder.iterdir()) == []
    assert not recorder.client.busy
    assert recorder.ends == []


@pytest.mark.parametrize("how", ["killed", "cancelled while it hangs"])
def test_whoever_stops_at_the_end_of_a_request_is_left_with_nothing(
    recorder: Recorder, phantom_ct: CTVolume, temporary_folder: Path, how: str
) -> None:
    client = recorder.client
    client.failed.connect(lambda error: client.stop())
    client.analyze(phantom_ct, "unet", "cpu")
    recorder.wait(lambda: recorder.progress)
    if how == "killed":
        os.kill(client.process_id, 9)
    else:
        os.kill(client.process_id, signal.SIGSTOP)
        client.cancel()
    recorder.wait(lambda: recorder.ends, 10)
    assert client.process_id == 0
    assert list(temporary_folder.iterdir()) == []


def test_a_listener_that_fails_keeps_no_request_from_its_end(
    recorder: Recorder, phantom_ct: CTVolume, lung_mask: LungMask, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[type[BaseException]] = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, trace: heard.append(kind))

    def fails(*_: object) -> None:
        time.sleep(0.1)  # so that several messages are there at once
        raise ZeroDivisionError

    recorder.client.progressed.connect(fails)
    recorder.client.analyze(phantom_ct, lung_mask, "cpu")
    assert isinstance(recorder.end(), Analysis)
    assert not recorder.client.busy
    assert set(heard) == {ZeroDivisionError}


def test_a_full_disk_is_said(
    recorder: Recorder, phantom_ct: CTVolume, lung_mask: LungMask, temporary_folder: Path
) -> None:
    recorder.client.analyze(phantom_ct, lung_mask, "cpu")
    recorder.end()
    (folder,) = temporary_folder.iterdir()
    recorder.begin()
    (folder / "2").write_text("in the way")  # where the request's folder should be: an error of the same kind
    recorder.client.analyze(phantom_ct, lung_mask, "cpu")
    error = recorder.end()
    assert "folder for temporary files" in str(error)
    recorder.begin()
    recorder.client.analyze(phantom_ct, lung_mask, "cpu")
    assert isinstance(recorder.end(), Analysis)


@pytest.mark.slow
def test_the_event_loop_is_never_late_while_a_large_ct_is_stored_and_its_mask_loaded(recorder: Recorder) -> None:
    """400 slices of 512×512: 200 MB there, 100 MB back, without waiting for what is computed between."""
    from COVIDDetectLib.worker.exchange import holds_ct, load_lung_mask, store_ct, store_lung_mask
    from COVIDDetectLib.worker.task import Task

    noise = np.random.default_rng(0).integers(-1000, 100, (4, 512, 512), dtype=np.int16)
    ct = CTVolume(np.tile(noise, (100, 1, 1)), Geometry.axial((0.7, 0.7, 0.8)))
    lung_mask = LungMask((ct.hu > 0).astype(np.uint8), ct.geometry)
    folder = Path(tempfile.mkdtemp())
    results: list[object] = []

    def run(steps: object) -> object:
        results.clear()
        recorder.begin()
        start = time.perf_counter()
        task = Task(steps, results.append, results.append)  # type: ignore[arg-type]
        recorder.wait(lambda: results)
        print(f"{time.perf_counter() - start:.2f} s, the timer {1000 * recorder.late_s:.0f} ms late at most")
        assert recorder.late_s < 0.1
        del task
        return results[0]

    entry = run(store_ct(ct, folder / "ct.npy"))
    assert run(holds_ct(entry, ct)) is True  # type: ignore[arg-type]
    stored = run(store_lung_mask(lung_mask, folder / "lungs.npy"))
    loaded = run(load_lung_mask(stored))  # type: ignore[arg-type]
    np.testing.assert_array_equal(loaded.labels, lung_mask.labels)  # type: ignore[attr-defined]
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
