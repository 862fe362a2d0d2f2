"""Failed masks are found by their size and shown; masks that the user gave are believed."""

from pathlib import Path

import numpy as np
from COVIDDetectLib.cohort.cases import Case
from COVIDDetectLib.ct.geometry import Geometry
from COVIDDetectLib.phantom import thorax
from COVIDDetectLib.training.failed_masks import contact_sheet, review_masks
from COVIDDetectLib.training.preparation import Prepared
from matplotlib.image import imread

from .conftest import run, write_image, write_table


def prepared(folder: Path, name: str, lungs_ml: float, given: bool = False) -> Prepared:
    volume = np.zeros((2, 3, 32, 32), np.uint8)
    volume[0] = 100
    volume[1, 1, 8:24, 8:24] = lungs_ml > 0
    np.save(folder / f"{name}.npy", volume)
    case = Case(name, folder / name, None, None, folder / "mask" if given else None, name)
    return Prepared(case, name, folder / f"{name}.npy", Geometry.axial(), name, lungs_ml)


def test_masks_far_from_the_median_are_dropped_smallest_first(tmp_path: Path) -> None:
    volumes = {"empty": 0, "tiny": 900, "small": 2100, "a": 4000, "b": 4000, "c": 4200, "large": 7900, "huge": 8500}
    review = review_masks([prepared(tmp_path, name, ml) for name, ml in volumes.items()])
    assert review.median_ml == 4000
    assert [one.case.name for one in review.dropped] == ["empty", "tiny", "huge"]
    assert [one.case.name for one in review.kept] == ["small", "a", "b", "c", "large"]


def test_given_masks_are_kept_whatever_their_size(tmp_path: Path) -> None:
    cases = [prepared(tmp_path, str(n), 4000) for n in range(3)] + [prepared(tmp_path, "given", 500, given=True)]
    assert not review_masks(cases).dropped


def test_the_sheet_shows_every_case_with_the_outline_of_its_mask(tmp_path: Path) -> None:
    contact_sheet([prepared(tmp_path, f"$case {n}$", 4000 * (n > 0)) for n in range(7)], tmp_path / "sheet.png")
    sheet = imread(tmp_path / "sheet.png")[..., :3]
    assert sheet.shape == (2 * 160, 4 * 160, 3)
    outline = (np.abs(sheet - np.array([1.0, 170 / 255, 0.0])) < 0.1).all(axis=2)
    tiles = [outline[row : row + 160, column : column + 160].any() for row in (0, 160) for column in range(0, 640, 160)]
    assert tiles == [False] + [True] * 6 + [False]


def test_a_failed_mask_is_left_out_of_a_training_and_shown(tmp_path: Path) -> None:
    """One CT says that its voxels are half as large in plane: its mask has a quarter of the volume of the others."""
    rows = []
    for seed in range(5):
        phantom = thorax(seed=seed, shape=(16, 96, 96), spacing=(3.6, 3.6, 16.0))
        geometry = Geometry.axial((1.8, 1.8, 16.0)) if seed == 2 else phantom.ct.geometry
        write_image(phantom.ct.hu, geometry, tmp_path / f"{seed}.nrrd")
        rows.append(f"patient {seed},{seed}.nrrd")
    table = write_table(tmp_path / "cohort.csv", *rows, columns="case,path")
    output = tmp_path / "out"
    result = run(
        "train", "lungs", table, "--output", output, "--device", "cpu", "--epochs", 1, "--size", 32, 32, "--batch", 16
    )
    assert result.exit_code == 0, result.output
    assert "4 masks kept, 1 dropped as failed" in result.stdout
    lines = (output / "masks.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in lines if line.endswith(",0")] == ["patient 2"]
    assert imread(output / "masks-dropped.png").shape[:2] == (160, 160)
    assert "patient 2" not in (output / "split.csv").read_text()
