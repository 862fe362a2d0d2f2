"""A cohort of small phantoms with its table, and one cache for what is prepared from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from COVIDDetectLib.commands.app import app
from COVIDDetectLib.ct.geometry import Geometry
from typer.testing import CliRunner, Result

SMALL = {"classifier": ("--size", "32", "48"), "lungs": ("--size", "48", "48", "--batch", "4")}


@dataclass(frozen=True)
class Cohort:
    """A folder with CTs and their true lung masks; ``table`` names all of them, with dates and masks."""

    folder: Path
    table: Path
    cache: Path


def write_image(array: np.ndarray, geometry: Geometry, path: Path) -> Path:
    image = sitk.GetImageFromArray(array)
    geometry.apply_to(image)
    sitk.WriteImage(image, str(path))
    return path


def write_table(path: Path, *rows: str, columns: str = "case,path,label") -> Path:
    path.write_text("\n".join((columns, *rows)) + "\n")
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def train(network: str, cohort: Cohort, output: Path, *more: object) -> Result:
    """Two epochs at a small size on the CPU."""
    given = map(str, more)
    return run(
        "train", network, cohort.table, "--output", output, "--cache", cohort.cache, "--device", "cpu",
        "--epochs", 2, *SMALL[network], *given,
    )  # fmt: skip


@pytest.fixture(scope="session")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    """Eight patients, every other with disease, a CT a day."""
    from COVIDDetectLib.phantom import thorax

    folder = tmp_path_factory.mktemp("cohort")
    rows = []
    for seed in range(8):
        disease = "covid" if seed % 2 else None
        phantom = thorax(seed=seed, shape=(10, 64, 64), spacing=(5.4, 5.4, 25.0), disease=disease)
        write_image(phantom.ct.hu, phantom.ct.geometry, folder / f"ct{seed}.nrrd")
        write_image(phantom.lung_mask, phantom.ct.geometry, folder / f"lungs{seed}.nrrd")
        rows.append(f"patient {seed},ct{seed}.nrrd,{seed % 2},2020-01-{seed + 1:02},lungs{seed}.nrrd")
    table = write_table(folder / "cohort.csv", *rows, columns="case,path,label,date,mask")
    return Cohort(folder, table, tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def trained(cohort: Cohort, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of both networks after two epochs without interruption, on one thread."""
    torch.set_num_threads(1)
    folders = {}
    for network in SMALL:
        folders[network] = tmp_path_factory.mktemp(network)
        result = train(network, cohort, folders[network])
        assert result.exit_code == 0, result.output
        parts = (
            "6 cases for training, 2 for tuning" if network == "classifier" else "7 cases for training, 1 for tuning"
        )
        assert parts in result.stdout
    return folders


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Sums are bit-equal only where they are split among as many threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
