"""The first Analyze in a Slicer that has nothing but its own packages: one question, then the result, no restart.

Packages are really installed, into a copy of the Slicer of ``../shared/slicer``, from the package index; where that
cannot be reached these tests are skipped. torch comes in a build for CPU, as the tests' own Python has it: by a module
in place of the PyTorch extension's, which takes it from PyTorch's server only, or lent without installation.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from COVIDDetectLib.installation import failure_reason

from Testing.slicer.conftest import RunSlicer
from Testing.slicer.packages import needed, top_level

ROOT = Path(__file__).resolve().parents[2]
UNREACHABLE = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": ""}

ANSWER = """
said, meanwhile = [], []
def answer():
    qt.QTimer.singleShot(100, answer)
    box = slicer.app.activeModalWidget()
    if box is not None and box.inherits("QProgressDialog") and not meanwhile:
        meanwhile.append(box.labelText)
        {meanwhile}
    if box is not None and box.inherits("QFileDialog"):
        slicer.util.findChild(box, "fileNameEdit").text = {folder!r}
        box.accept()
    if box is None or not box.inherits("QMessageBox"):
        return
    said.append(box.text)
    role = qt.QMessageBox.AcceptRole if {agree} else qt.QMessageBox.RejectRole
    [button for button in box.buttons() if box.buttonRole(button) == role][0].click()
qt.QTimer.singleShot(100, answer)
"""

ANALYZE = """
import numpy, time
before = numpy.__version__
slicer.util.selectModule("COVIDDetect")
panel = slicer.modules.COVIDDetectWidget
panel.ui.sampleDataButton.click()
panel.ui.methodComboBox.currentIndex = panel.ui.methodComboBox.findData("threshold")
panel.ui.analyzeButton.click()
end = time.monotonic() + 200
while panel.logic.busy and time.monotonic() < end:
    slicer.app.processEvents()
import importlib, importlib.metadata
importlib.invalidate_caches()
from COVIDDetectLib.installation import missing_packages
print("questions", len(said), said)
print("missing", missing_packages().names)
print("meanwhile", meanwhile)
print("numpy", importlib.metadata.version("numpy") == before)
print("message", panel.ui.messageLabel.text)
print("tables", slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLTableNode"))
"""


def answers(agree: bool = True, folder: str = "", meanwhile: str = "pass") -> str:
    """Code that answers questions, and does something once while packages are installed."""
    return ANSWER.format(agree=agree, folder=folder, meanwhile=meanwhile)


def copy_slicer(installed: Path, home: Path) -> None:
    """By links, which another file system does not take: pip replaces files and never writes into them."""
    if subprocess.run(["cp", "-al", installed, home], capture_output=True).returncode:
        shutil.rmtree(home, ignore_errors=True)
        subprocess.run(["cp", "-a", installed, home], check=True)


@pytest.fixture(scope="module")
def package_index(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Packages can be downloaded with the settings of pip that the Slicer with fresh settings has too."""
    folder = tmp_path_factory.mktemp("package_index")
    log = folder / "pip.log"
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--no-cache-dir",
        "--no-deps",
        "--retries",
        "0",
        "--timeout",
        "15",
    ]
    environment = os.environ | {"HOME": str(folder), "PIP_LOG": str(log)}
    done = subprocess.run([*command, "-d", folder, "pooch"], env=environment, capture_output=True)
    if done.returncode:
        pytest.skip(f"packages cannot be installed here: {failure_reason(log.read_text() if log.is_file() else '')}")


@pytest.fixture
def slicer_without_packages(tmp_path: Path) -> dict[str, str]:
    """The environment of a Slicer of its own, with its own packages only."""
    installed = Path(os.environ.get("SLICER_HOME") or Path.home() / ".cache" / "slicer-5.13")
    if not (installed / ".installed").is_file():
        pytest.skip("needs the Slicer of ../shared/slicer, which can be copied")
    home = tmp_path / "slicer"
    copy_slicer(installed, home)
    return {"SLICER_HOME": str(home), "SLICER_PYTHONPATH": ""}


@pytest.fixture
def empty_slicer(slicer_without_packages: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """The same, to which torch alone is lent."""
    lent = tmp_path / "torch"
    lent.mkdir()
    for package in needed("torch").values():
        for path in top_level(package):
            (lent / path.name).symlink_to(path)
    return slicer_without_packages | {"SLICER_PYTHONPATH": str(lent)}


PYTORCH_EXTENSION = """
import slicer
from slicer.ScriptedLoadableModule import ScriptedLoadableModule, ScriptedLoadableModuleLogic

class PyTorchUtils(ScriptedLoadableModule):
    def __init__(self, parent):
        super().__init__(parent)
        parent.title, parent.hidden = "PyTorch Utils", True

class PyTorchUtilsLogic(ScriptedLoadableModuleLogic):
    def installTorch(
        self, askConfirmation=False, forceComputationBackend=None,
        torchVersionRequirement=None, torchvisionVersionRequirement=None,
    ):
        print("asked for torch", torchVersionRequirement, "confirmation", askConfirmation)
        slicer.util.pip_install(f"torch{torchVersionRequirement},=={version}")
        import torch
        return torch
"""


@pytest.fixture
def pytorch_extension(tmp_path: Path) -> Path:
    """A module with the interface of the PyTorch extension's that installs the build of torch which is here."""
    build = version("torch")
    wheels = tmp_path / "torch wheel"
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "-d", wheels, f"torch=={build}"]
    if "+cpu" not in build or subprocess.run(command, capture_output=True).returncode:
        pytest.skip(f"torch {build} is not to be had as a package for CPU here")
    folder = tmp_path / "PyTorchUtils"
    folder.mkdir()
    (folder / "PyTorchUtils.py").write_text(PYTORCH_EXTENSION.replace("{version}", build))
    return folder


@pytest.mark.slow
@pytest.mark.usefixtures("package_index")
def test_the_first_analysis_installs_what_is_missing_and_needs_no_restart(
    empty_slicer: dict[str, str], run_slicer: RunSlicer
) -> None:
    printed = run_slicer(
        answers(meanwhile="slicer.modules.COVIDDetectWidget.ui.analyzeButton.click()") + ANALYZE,
        [ROOT / "COVIDDetect"], empty_slicer, seconds=400,
    )  # fmt: skip
    assert "questions 1" in printed, "a second click while packages are installed asks and installs nothing"
    assert "meanwhile ['COVIDDetect: installing scikit-image, safetensors, pooch …']" in printed
    folder = empty_slicer["SLICER_HOME"]
    for part in ("scikit-image, safetensors, pooch", "60 MB", folder, "Slicer's own libraries are not changed"):
        assert part in printed
    assert "missing ()" in printed
    assert "numpy True" in printed
    assert "message \n" in printed
    assert "tables 1" in printed


@pytest.mark.slow
@pytest.mark.usefixtures("package_index")
def test_torch_too_is_installed_into_a_slicer_that_has_none_and_needs_no_restart(
    slicer_without_packages: dict[str, str], pytorch_extension: Path, run_slicer: RunSlicer
) -> None:
    printed = run_slicer(
        answers() + ANALYZE, [ROOT / "COVIDDetect", pytorch_extension], slicer_without_packages, seconds=500
    )
    assert "questions 1" in printed
    for part in ("torch, scikit-image, safetensors, pooch", "1 GB", "60 MB", "The PyTorch extension downloads torch"):
        assert part in printed
    assert "asked for torch >=2.6 confirmation False" in printed
    assert "missing ()" in printed
    assert "numpy True" in printed
    assert "message \n" in printed
    assert "tables 1" in printed


@pytest.mark.slow
@pytest.mark.usefixtures("package_index")
def test_a_ct_that_is_removed_while_packages_are_installed_is_not_analyzed(
    empty_slicer: dict[str, str], run_slicer: RunSlicer
) -> None:
    remove = "slicer.mrmlScene.RemoveNode(slicer.modules.COVIDDetectWidget.panel.parameters.ct)"
    printed = run_slicer(answers(meanwhile=remove) + ANALYZE, [ROOT / "COVIDDetect"], empty_slicer, seconds=400)
    assert "meanwhile ['COVIDDetect" in printed
    assert "missing ()" in printed
    assert "message \n" in printed
    assert "tables 0" in printed
    assert "Traceback" not in printed


@pytest.mark.slow
def test_who_declines_gets_no_packages_and_no_analysis(empty_slicer: dict[str, str], run_slicer: RunSlicer) -> None:
    printed = run_slicer(answers(agree=False) + ANALYZE, [ROOT / "COVIDDetect"], empty_slicer)
    assert "questions 1" in printed
    assert "missing ('scikit-image', 'safetensors', 'pooch')" in printed
    assert "tables 0" in printed


@pytest.mark.slow
@pytest.mark.usefixtures("package_index")
def test_without_network_a_sentence_says_so_and_a_folder_of_wheels_helps(
    empty_slicer: dict[str, str], run_slicer: RunSlicer, tmp_path: Path
) -> None:
    wheels = tmp_path / "my wheels"
    # Slicer has its own numpy and the like; what the folder brings of them too is not installed.
    packages = ["scikit-image", "safetensors", "pooch"]
    download = [sys.executable, "-m", "pip", "download", "--quiet", "-d", wheels, *packages]
    subprocess.run(download, check=True, capture_output=True, timeout=300)
    environment = empty_slicer | UNREACHABLE
    printed = run_slicer(answers(folder=str(wheels)) + ANALYZE, [ROOT / "COVIDDetect"], environment, seconds=400)
    assert "questions 2" in printed
    assert "missing ()" in printed
    assert "numpy True" in printed
    assert "tables 1" in printed
