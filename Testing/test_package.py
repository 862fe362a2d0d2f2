"""What ``make package`` builds: a wheel that works by itself, archives with all that Slicer needs."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tools.list_shipped import shipped

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that ``tools/package`` filled."""
    folder = tmp_path_factory.mktemp("packages")
    built = subprocess.run([ROOT / "tools" / "package", folder], capture_output=True, text=True, timeout=300)
    assert built.returncode == 0, built.stderr
    return folder


@pytest.mark.parametrize("slicer", ["5.10", "5.12", "5.13"])
def test_each_archive_has_every_file_in_one_top_level_folder(packages: Path, slicer: str) -> None:
    [archive] = packages.glob(f"COVIDDetect-*-Slicer-{slicer}.tar.gz")
    with tarfile.open(archive) as content:
        names = {member.name for member in content if member.isfile()}
    top = archive.name.removesuffix(".tar.gz")
    files = [file.replace("${MODULE_NAME}", "COVIDDetect") for files in shipped().values() for file in files]
    assert names == {
        f"{top}/share/Slicer-{slicer}/COVIDDetect.s4ext",
        *(f"{top}/lib/Slicer-{slicer}/qt-scripted-modules/{file}" for file in files),
    }


def test_the_description_in_the_archive_is_the_repositorys(packages: Path) -> None:
    [archive] = packages.glob("COVIDDetect-*-Slicer-5.12.tar.gz")
    with tarfile.open(archive) as content:
        [member] = [member for member in content if member.name.endswith(".s4ext")]
        described = content.extractfile(member).read().decode()  # type: ignore[union-attr]
    ours = (ROOT / "COVIDDetect.s4ext").read_text().splitlines()
    assert described.splitlines() == [line for line in ours if line and not line.startswith("#")]


def test_the_licence_and_the_sources_of_the_weights_travel_with_the_wheel(packages: Path) -> None:
    [wheel] = packages.glob("coviddetect-*.whl")
    with zipfile.ZipFile(wheel) as content:
        names = {name.removeprefix(wheel.name.rsplit("-", 3)[0]) for name in content.namelist()}
    assert {".dist-info/licenses/LICENSE", ".dist-info/licenses/NOTICE"} <= names
    assert "coviddetect/Resources/Weights/NOTICE.txt" in names


def test_the_wheel_keeps_a_newer_pytorch_and_the_set_up_takes_the_tested_one(packages: Path) -> None:
    [wheel] = packages.glob("coviddetect-*.whl")
    with zipfile.ZipFile(wheel) as content:
        [metadata] = [name for name in content.namelist() if name.endswith(".dist-info/METADATA")]
        lines = content.read(metadata).decode().splitlines()
    requirements = [Requirement(line.split(": ", 1)[1]) for line in lines if line.startswith("Requires-Dist: ")]
    [torch] = [one for one in requirements if one.name == "torch"]
    [tested] = [Requirement(line) for line in (ROOT / "constraints.txt").read_text().splitlines() if line[0] != "#"]
    [version] = [one.version for one in tested.specifier]
    assert tested.name == "torch" and str(tested.specifier) == f"=={version}"
    assert all(torch.specifier.contains(one) for one in (version, f"{version}+cpu", "2.14.1", "3.0.0+cu130"))


def test_the_wheel_works_without_the_repository(packages: Path, tmp_path: Path) -> None:
    [wheel] = packages.glob("coviddetect-*.whl")
    with zipfile.ZipFile(wheel) as content:
        content.extractall(tmp_path)
    code = (
        "import coviddetect, coviddetect.weights.cards, coviddetect.installation as installation;"
        "print(coviddetect.__file__); print([card.network for card in coviddetect.weights.cards.bundled_cards()]);"
        "print(bool(installation.missing_packages()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    file, networks, missing = done.stdout.splitlines()
    assert file.startswith(str(tmp_path))
    assert networks == "['decovnet', 'unet']"
    assert missing == "False"


def test_the_panel_runs_from_the_archive_in_the_embedded_viewer(packages: Path, tmp_path: Path) -> None:
    [archive] = packages.glob("COVIDDetect-*-Slicer-5.12.tar.gz")
    with tarfile.open(archive) as content:
        content.extractall(tmp_path)
    modules = tmp_path / archive.name.removesuffix(".tar.gz") / "lib" / "Slicer-5.12" / "qt-scripted-modules"
    code = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(modules)!r})
import COVIDDetectLib
from Viewer.host import start_host
host = start_host(module_folders=[Path({str(modules)!r})])
print("library", COVIDDetectLib.__file__)
print("panel", host.panel.resourcePath("UI/COVIDDetect.ui"), host.panel.ui.analyzeButton.text)
import slicer, time
panel = host.panel
panel.ui.sampleDataButton.click()
panel.ui.methodComboBox.currentIndex = panel.ui.methodComboBox.findData("threshold")
panel.ui.analyzeButton.click()
end = time.monotonic() + 100
while panel.logic.busy and time.monotonic() < end:
    slicer.app.processEvents()
print("worker", Path("/proc/%d/cmdline" % panel.logic._client.process_id).read_text().replace(chr(0), " "))
print("probability", panel.ui.probabilityLabel.text)
host.close()
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert f"library {modules}" in done.stdout
    assert f"panel {modules / 'Resources' / 'UI' / 'COVIDDetect.ui'} Analyze" in done.stdout
    assert f" {modules}" in done.stdout.split("worker ")[1].splitlines()[0]
    assert float(done.stdout.split("probability ")[1].split()[0]) > 0.5
