"""The command line: files on the CT's own grid, one sentence for bad input, nothing half written."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from COVIDDetectLib import __version__
from COVIDDetectLib.commands.app import app
from COVIDDetectLib.ct.volume import CTVolume
from COVIDDetectLib.phantom import Phantom
from COVIDDetectLib.weights.cards import ModelCard
from typer.testing import CliRunner, Result

from Testing.conftest import REAL_CT

RESULT_FILES = {"analysis.json", "lungs.nrrd", "attention.nrrd", "overview.png"}
PACKAGE_ROOT = Path(__file__).resolve().parents[2] / "COVIDDetect"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def write_volume(ct: CTVolume, path: Path) -> Path:
    image = sitk.GetImageFromArray(ct.hu)
    ct.geometry.apply_to(image)
    sitk.WriteImage(image, str(path))
    return path


@pytest.fixture(scope="module")
def sagittal_file(small_phantom: Phantom, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The phantom stored in sagittal order with the head first."""
    image = sitk.GetImageFromArray(small_phantom.ct.hu)
    small_phantom.ct.geometry.apply_to(image)
    path = tmp_path_factory.mktemp("ct") / "sagittal.nrrd"
    sitk.WriteImage(sitk.DICOMOrient(image, "PIL"), str(path))
    return path


@pytest.fixture(scope="module")
def results(sagittal_file: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path]:
    output = tmp_path_factory.mktemp("results") / "new" / "folder"
    return run("analyze", sagittal_file, "--output", output, "--lungs", "threshold", "--device", "cpu"), output


def assert_one_sentence(result: Result) -> None:
    assert result.exit_code == 2
    assert result.stdout == ""
    sentence = result.stderr.splitlines()[-1]
    assert sentence.startswith("coviddetect: ") and sentence.endswith(".")
    assert "Traceback" not in result.stderr


def test_repeat_tells_how_far_number_and_map_can_be_relied_on(
    sagittal_file: Path, fresh_card: ModelCard, tmp_path: Path
) -> None:
    options = ("--lungs", "threshold", "--device", "cpu", "--weights", fresh_card.path, "--repeat")
    result = run("analyze", sagittal_file, "--output", tmp_path / "out", *options)
    assert result.exit_code == 0, result.stderr
    record = json.loads((tmp_path / "out" / "analysis.json").read_text())
    checks, readings = record["map_checks"], record["width"]["readings"]
    correlations = [reading["map_correlation"] for reading in readings[1:]]
    assert readings[0]["map_correlation"] is None
    assert checks["repeatable"]["value"] == pytest.approx(np.mean(correlations))
    assert not checks["does_what_it_says"]["passes"]  # weights that have learned nothing
    assert "does what it says 1.00 (FAILS)" in result.stdout
    assert "Do not take hot places for what decided" in result.stdout


def test_analyze_writes_the_four_files_and_prints_probability_time_and_memory(results: tuple[Result, Path]) -> None:
    result, output = results

    assert result.exit_code == 0, result.output
    assert {path.name for path in output.iterdir()} == RESULT_FILES
    assert [path.name for path in output.parent.iterdir()] == [output.name]
    record = json.loads((output / "analysis.json").read_text())
    assert record["schema"] == "coviddetect-analysis-1"
    assert f"Probability of COVID-19: {record['probability']:.3f}" in result.stdout
    assert "peak memory" in result.stdout
    assert "Research use only" in result.stdout


def test_lungs_lie_on_the_grid_of_the_input_file(
    results: tuple[Result, Path], sagittal_file: Path, small_phantom: Phantom
) -> None:
    ct, lungs = sitk.ReadImage(str(sagittal_file)), sitk.ReadImage(str(results[1] / "lungs.nrrd"))

    assert lungs.GetPixelID() == sitk.sitkUInt8
    assert lungs.GetSize() == ct.GetSize()
    for ours, theirs in (
        (lungs.GetOrigin(), ct.GetOrigin()), (lungs.GetSpacing(), ct.GetSpacing()),
        (lungs.GetDirection(), ct.GetDirection()),
    ):  # fmt: skip
        assert ours == pytest.approx(theirs, abs=1e-6)
    axial = sitk.GetArrayFromImage(sitk.DICOMOrient(lungs, "LPS"))
    truth = small_phantom.lung_mask
    for label in (1, 2):
        overlap = 2 * np.count_nonzero((axial == label) & (truth == label))
        assert overlap / (np.count_nonzero(axial == label) + np.count_nonzero(truth == label)) > 0.85


def test_the_heat_map_covers_the_lungs(results: tuple[Result, Path]) -> None:
    attention = sitk.ReadImage(str(results[1] / "attention.nrrd"))
    values = sitk.GetArrayFromImage(attention)
    assert values.dtype == np.float32
    assert values.min() < 0 < values.max() <= 1, "against and for"
    lungs = sitk.ReadImage(str(results[1] / "lungs.nrrd"))
    on_ct = sitk.GetArrayFromImage(
        sitk.Resample(values_as_ones(attention), lungs, sitk.Transform(), sitk.sitkNearestNeighbor)
    )
    assert on_ct[sitk.GetArrayFromImage(lungs) > 0].mean() > 0.9


def values_as_ones(image: sitk.Image) -> sitk.Image:
    return sitk.Cast(image > -1e9, sitk.sitkUInt8)


def test_a_mask_file_is_taken_as_it_is(results: tuple[Result, Path], sagittal_file: Path, tmp_path: Path) -> None:
    result = run("analyze", sagittal_file, "--output", tmp_path, "--lungs", results[1] / "lungs.nrrd")

    assert result.exit_code == 0, result.output
    record, earlier = (json.loads((folder / "analysis.json").read_text()) for folder in (tmp_path, results[1]))
    assert record["lungs"]["method"] == "given"
    assert record["lungs"]["sha256"] == earlier["lungs"]["sha256"]
    assert record["probability"] == pytest.approx(earlier["probability"], abs=1e-6)


def test_earlier_results_are_replaced_and_other_files_left_alone(
    results: tuple[Result, Path], sagittal_file: Path, tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "analysis.json").write_text("old")

    result = run("analyze", sagittal_file, "--output", tmp_path, "--lungs", results[1] / "lungs.nrrd")

    assert result.exit_code == 0, result.output
    assert {path.name for path in tmp_path.iterdir()} == RESULT_FILES | {"notes.txt"}
    assert json.loads((tmp_path / "analysis.json").read_text())


def test_segment_writes_a_mask_in_the_format_of_the_ending(sagittal_file: Path, tmp_path: Path) -> None:
    result = run("segment", sagittal_file, "--method", "threshold", "--output", tmp_path / "lungs.nii.gz")

    assert result.exit_code == 0, result.output
    labels = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "lungs.nii.gz")))
    assert set(np.unique(labels)) == {0, 1, 2}
    assert [path.name for path in tmp_path.iterdir()] == ["lungs.nii.gz"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("analyze", "missing", "--output", "out"),
        ("analyze", "text.nrrd", "--output", "out"),
        ("analyze", "empty", "--output", "out"),
        ("analyze", "ct.nrrd", "--output", "text.nrrd"),
        ("analyze", "ct.nrrd", "--output", "text.nrrd/out"),
        ("analyze", "ct.nrrd", "--output", "out", "--lungs", "missing.nrrd"),
        ("analyze", "ct.nrrd", "--output", "out", "--lungs", "text.nrrd"),
        ("analyze", "ct.nrrd", "--output", "out", "--lungs", "other-grid.nrrd"),
        ("analyze", "ct.nrrd", "--output", "out", "--weights", "text.nrrd"),
        ("analyze", "water.nrrd", "--output", "out", "--lungs", "threshold"),
        ("segment", "ct.nrrd", "--output", "lungs.png"),
        ("segment", "ct.nrrd", "--output", "empty"),
        ("segment", "ct.nrrd", "--output", "lungs.nrrd", "--method", "magic"),
        ("segment", "water.nrrd", "--output", "lungs.nrrd", "--method", "threshold"),
        ("weights", "import", "missing.pth", "--accept-licence", "--output", "out"),
        ("weights", "import", "text.nrrd", "--accept-licence", "--output", "out"),
    ],
    ids=" ".join,
)
def test_bad_input_ends_with_2_one_sentence_and_no_files(
    arguments: tuple[str, ...], small_phantom: Phantom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_volume(small_phantom.ct, Path("ct.nrrd"))
    write_volume(CTVolume(np.zeros_like(small_phantom.ct.hu), small_phantom.ct.geometry), Path("water.nrrd"))
    Path("text.nrrd").write_text("not a volume")
    Path("empty").mkdir()
    other_grid = sitk.GetImageFromArray(np.ones((4, 4, 4), np.uint8))
    sitk.WriteImage(other_grid, "other-grid.nrrd")
    before = sorted(Path.cwd().rglob("*"))

    result = run(*arguments)

    assert_one_sentence(result)
    assert sorted(Path.cwd().rglob("*")) == before


def test_an_unknown_option_ends_with_2_and_says_so() -> None:
    result = run("analyze", "ct", "--output", "out", "--device", "abacus")
    assert result.exit_code == 2
    assert "abacus" in result.stderr and "Traceback" not in result.stderr


def test_ctrl_c_ends_quietly_with_130_and_no_files(sagittal_file: Path, tmp_path: Path) -> None:
    many_slices = sitk.Expand(sitk.DICOMOrient(sitk.ReadImage(str(sagittal_file)), "LPS"), [1, 1, 6])
    sitk.WriteImage(many_slices, str(tmp_path / "ct.nrrd"))
    # Ctrl-C comes while the UNet works: everything is imported before the clock starts. It is pressed again as long as
    # nothing happens: where Python happens to be in a finalizer it ignores one. What a shell starts in the background
    # ignores Ctrl-C, and so do these tests there; the program is told not to.
    program = (
        "import os, signal, sys, threading, time, torch; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "import COVIDDetectLib.commands.app; from COVIDDetectLib.commands.__main__ import main; "
        "press = lambda: [(time.sleep(2.0), os.kill(os.getpid(), signal.SIGINT)) for _ in range(9)]; "
        "threading.Thread(target=press, daemon=True).start(); "
        "sys.argv = ['coviddetect', 'analyze', 'ct.nrrd', '--output', 'out']; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(PACKAGE_ROOT)},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip

    assert done.returncode == 130, done.stderr
    assert done.stdout == "" and "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["ct.nrrd"]


@pytest.mark.real_ct
def test_a_real_ct_is_analyzed_within_its_memory(tmp_path: Path) -> None:
    folder = REAL_CT / "lidc-idri-0001"  # the larger of two
    if not folder.is_dir():
        pytest.skip(f"the public CT is not in {REAL_CT}")
    done = subprocess.run(
        [
            sys.executable, "-m", "COVIDDetectLib.commands", "analyze", str(folder),
            "--output", str(tmp_path / "out"),
        ],
        env={**os.environ, "PYTHONPATH": str(PACKAGE_ROOT)}, capture_output=True, text=True, timeout=300,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    match = re.search(r"peak memory ([\d.]+) GB", done.stdout)
    assert match and float(match[1]) <= 2.5
    record = json.loads((tmp_path / "out" / "analysis.json").read_text())
    assert all(500 < record["lungs"][side] < 5000 for side in ("right_ml", "left_ml"))


def test_weights_are_listed_with_what_they_are() -> None:
    result = run("weights", "list")
    assert result.exit_code == 0
    assert "decovnet" in result.stdout and "unet" in result.stdout


def test_the_version_is_the_package_s() -> None:
    assert run("--version").stdout.strip() == f"coviddetect {__version__}"


def test_help_waits_for_no_library_that_computes() -> None:
    code = "import sys, COVIDDetectLib.commands.app; print(*sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE_ROOT)}
    loaded = subprocess.run([sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True)
    heavy = {
        "torch",
        "scipy.ndimage",
        "scipy.spatial",
        "skimage",
        "sklearn",
        "matplotlib",
        "pydicom",
        "jinja2",
    }
    assert not heavy & set(loaded.stdout.split())


def test_what_is_wrong_with_a_ct_stands_beside_its_number(small_phantom: Phantom, tmp_path: Path) -> None:
    few = CTVolume(small_phantom.ct.hu[8:20], small_phantom.ct.geometry)
    result = run(
        "analyze", write_volume(few, tmp_path / "few.nrrd"), "--output", tmp_path / "out", "--lungs", "threshold"
    )
    assert result.exit_code == 0, result.output
    assert "only 12 axial slices" in result.stdout
    notes = json.loads((tmp_path / "out" / "analysis.json").read_text())["notes"]
    assert any("only 12 axial slices" in note for note in notes)


def test_short_options_do_what_long_ones_do_and_quiet_tells_only_errors(small_phantom: Phantom, tmp_path: Path) -> None:
    ct = write_volume(small_phantom.ct, tmp_path / "ct.nrrd")
    result = run("segment", ct, "--method", "threshold", "-o", tmp_path / "lungs.nrrd", "--quiet")
    assert (result.exit_code, result.output) == (0, "") and (tmp_path / "lungs.nrrd").is_file()
    refused = run("--quiet", "segment", tmp_path / "none", "-o", tmp_path / "lungs.nrrd")
    assert_one_sentence(refused)
    assert run("weights", "list").stdout  # the next command is not quiet any more
    assert run("segment", "-h").stdout == run("segment", "--help").stdout


def test_importing_the_package_imports_nothing_else_until_it_is_used() -> None:
    code = (
        "import sys; before = set(sys.modules); import COVIDDetectLib as package; "
        "new = {name.split('.')[0] for name in set(sys.modules) - before}; "
        "print(new <= {'COVIDDetectLib', *sys.stdlib_module_names}); "
        "print(all(callable(getattr(package, name)) for name in package.__all__), 'torch' in sys.modules); "
        "print(hasattr(package, 'nothing'), set(package.__all__) <= set(dir(package)))"
    )
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE_ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120)
    assert done.stdout.split() == ["True", "True", "False", "False", "True"], done.stderr
    started = subprocess.run(
        [sys.executable, "-m", "COVIDDetectLib", "--version"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert started.stdout == f"coviddetect {__version__}\n"
