"""A classifier's training says beforehand, and in its card, what tells the labels without being disease."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from COVIDDetectLib.phantom import thorax

from Testing.training.conftest import Cohort, train, write_image, write_table


@pytest.fixture
def of_two_scanners(tmp_path: Path) -> Cohort:
    """Sixteen patients without disease; those with label 1 have thicker slices."""
    rows = []
    phantom = thorax(seed=3, shape=(12, 48, 48), spacing=(7.2, 7.2, 21.0))
    for number in range(16):
        label = number % 2
        geometry = thorax(seed=3, shape=(12, 48, 48), spacing=(7.2, 7.2, 21.0 + 4.0 * label)).ct.geometry
        noise = np.random.default_rng(number).integers(-20, 20, phantom.ct.hu.shape, dtype=np.int16)
        write_image(phantom.ct.hu + noise, geometry, tmp_path / f"ct{number}.nrrd")
        write_image(phantom.lung_mask, geometry, tmp_path / f"lungs{number}.nrrd")
        rows.append(f"patient {number},ct{number}.nrrd,{label},lungs{number}.nrrd")
    table = write_table(tmp_path / "cohort.csv", *rows, columns="case,path,label,mask")
    return Cohort(tmp_path, table, tmp_path / "cache")


def test_a_shortcut_is_said_once_before_the_first_epoch_and_stands_in_the_card(
    of_two_scanners: Cohort, tmp_path: Path
) -> None:
    output = tmp_path / "trained"
    done = train("classifier", of_two_scanners, output)
    assert done.exit_code == 0, done.output
    said = done.stdout.replace("\n", " ")
    assert "distance between slices alone tells the labels" in said
    assert said.index("tells the labels") < said.index("Epoch 1")
    assert (output / "audit.html").exists() and (output / "matched.csv").exists()
    assert (
        "the labels are told by the distance between slices"
        in json.loads((output / "decovnet.json").read_text())["training_data"]
    )

    written = (output / "audit.json").stat().st_mtime_ns
    again = train("classifier", of_two_scanners, output)
    assert again.exit_code == 0, again.output
    assert "tells the labels" not in again.stdout
    assert (output / "audit.json").stat().st_mtime_ns == written
