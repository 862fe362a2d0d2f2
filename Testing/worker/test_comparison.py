"""Two CTs are laid over each other in the worker, and a cancel ends that within a step."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from COVIDDetectLib.analysis.opacity import OpacityBounds
from COVIDDetectLib.analysis.registration import Alignment, align
from COVIDDetectLib.ct.geometry import Geometry
from COVIDDetectLib.ct.volume import CTVolume
from COVIDDetectLib.lungs import LungMask
from COVIDDetectLib.phantom import Phantom
from COVIDDetectLib.worker.exchange import at_once, load_answer, store_ct, store_lung_mask

from Testing.worker.test_service import Worker, private_folder, request, worker

__all__ = ["private_folder", "worker"]


MOVE = np.eye(4)
MOVE[:2, :2] = [[0.99, -0.141], [0.141, 0.99]]
MOVE[:3, 3] = 25.0, -30.0, 40.0


def comparison(ct: CTVolume, lung_mask: LungMask, folder: Path) -> dict:
    """With the same CT, put elsewhere, as the earlier one."""
    earlier = moved(ct, lung_mask)
    stored = {
        "ct": at_once(store_ct(earlier[0], folder / "earlier.npy")),
        "lungs": at_once(store_lung_mask(earlier[1], folder / "earlier-lungs.npy")),
    }
    lungs = at_once(store_lung_mask(lung_mask, folder / "given.npy"))
    bounds = asdict(OpacityBounds())
    return request(ct, folder, type="compare", lungs=lungs, earlier=stored, bounds=bounds)


def moved(ct: CTVolume, lung_mask: LungMask) -> tuple[CTVolume, LungMask]:
    geometry = Geometry.from_ijk_to_lps(MOVE @ ct.geometry.ijk_to_lps)
    return replace(ct, geometry=geometry), replace(lung_mask, geometry=geometry)


def test_it_answers_what_a_direct_call_does(worker: Worker, small_phantom: Phantom, tmp_path: Path) -> None:
    ct = small_phantom.ct
    lung_mask = LungMask.from_labels(small_phantom.lung_mask, ct.geometry)
    expected = align((ct, lung_mask), moved(ct, lung_mask))
    worker.say(comparison(ct, lung_mask, tmp_path))
    answer = worker.hear_last()
    assert answer["type"] == "done", answer
    found: Alignment = at_once(load_answer("compare", answer["value"], lung_mask))
    assert found.registration == expected.registration
    np.testing.assert_array_equal(found.change.labels, expected.change.labels)
    assert found.change.geometry == expected.change.geometry
    np.testing.assert_allclose(found.registration.matrix, np.linalg.inv(MOVE), atol=2.0)


def test_a_cancel_ends_it_and_the_worker_goes_on(worker: Worker, small_phantom: Phantom, tmp_path: Path) -> None:
    ct = small_phantom.ct
    asked = comparison(ct, LungMask.from_labels(small_phantom.lung_mask, ct.geometry), tmp_path)
    worker.say(asked)
    assert worker.hear()["stage"] == "align"
    worker.say({"type": "cancel", "id": 1})
    assert worker.hear_last() == {"type": "cancelled", "id": 1}
    worker.say({**asked, "id": 2})
    assert worker.hear_last()["type"] == "done"
