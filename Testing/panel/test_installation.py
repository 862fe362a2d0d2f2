"""What is asked before packages are installed, and what the real pip of the host's Python is told."""

from __future__ import annotations

import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from Testing.panel import host


def make_wheel(folder: Path, name: str, version: str) -> None:
    """A package that holds nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    described = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{described}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        wheel.writestr(f"{described}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{described}/RECORD", "")


@pytest.mark.parametrize("name", ["plain", "First Last", "Ängste 100%"])
def test_pip_finds_wheels_and_pins_whatever_the_folders_are_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    host.start()
    from COVIDDetectLib.installation import Missing
    from COVIDDetectLib.panel.installation import _pip_settings
    from COVIDDetectLib.worker.launch import python_executable

    monkeypatch.setenv("PIP_DISABLE_PIP_VERSION_CHECK", "1")
    wheels, temporary = tmp_path / name / "wheels", tmp_path / name / "temporary"
    make_wheel(wheels, "nothing_at_all", "1.0")
    make_wheel(wheels, "numpy", "99.0")
    temporary.mkdir()
    command = [python_executable(), "-m", "pip", "install", "--dry-run", "--upgrade", "nothing-at-all", "numpy"]
    with _pip_settings(temporary, Missing(False, ()), wheels) as log:
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert log.is_file()
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "Would install nothing_at_all-1.0"


class Box:
    """A message box that nobody clicks."""

    text = "Which one?"

    def __init__(self) -> None:
        self.calls: list[str] = []

    def exec_(self) -> None:
        self.calls.append("shown")

    def clickedButton(self) -> str:
        return "clicked"

    def deleteLater(self) -> None:
        self.calls.append("deleted")


@pytest.fixture
def testing_mode(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The panel's modules believe that Slicer was started with ``--testing``."""
    host.start()
    import slicer
    from COVIDDetectLib.panel import installation, questions

    in_testing_mode = SimpleNamespace(app=SimpleNamespace(testingEnabled=lambda: True), util=slicer.util)
    for module in (installation, questions):
        monkeypatch.setattr(module, "slicer", in_testing_mode)
    yield


def miss(monkeypatch: pytest.MonkeyPatch, *in_turn: Any) -> None:
    """What is missing each time that somebody looks; the last for ever."""
    import COVIDDetectLib.installation
    from COVIDDetectLib.panel import installation

    left = list(in_turn)
    for module in (COVIDDetectLib.installation, installation):
        monkeypatch.setattr(module, "missing_packages", lambda: left.pop(0) if len(left) > 1 else left[0])


def test_a_box_is_answered_by_a_click_and_does_not_stay() -> None:
    host.start()
    from COVIDDetectLib.panel.questions import answer_to

    box = Box()
    assert answer_to(box, "default") == "clicked"
    assert box.calls == ["shown", "deleted"]


@pytest.mark.usefixtures("testing_mode")
def test_in_testing_mode_no_box_is_shown() -> None:
    from COVIDDetectLib.panel.questions import answer_to

    box = Box()
    assert answer_to(box, "default") == "default"
    assert box.calls == ["deleted"]


@pytest.mark.usefixtures("testing_mode")
def test_in_testing_mode_nothing_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    from COVIDDetectLib.errors import InstallationError
    from COVIDDetectLib.installation import Missing
    from COVIDDetectLib.panel import installation

    assert installation.ensure_packages()
    miss(monkeypatch, Missing(True, ("pooch>=1.8",)))
    monkeypatch.setattr(installation, "_agrees_and_installs", lambda missing: pytest.fail("it begins to install"))
    with pytest.raises(InstallationError, match="torch, pooch"):
        installation.ensure_packages()


def test_a_torch_that_windows_cannot_load_is_said_and_no_folder_of_wheels_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    host.start()
    from COVIDDetectLib.errors import InstallationError
    from COVIDDetectLib.installation import Missing
    from COVIDDetectLib.panel import installation

    def install_torch(**options: Any) -> None:
        raise OSError("[WinError 126] Error loading c10.dll or one of its dependencies.")

    miss(monkeypatch, Missing(True, ()), Missing(False, ()))
    monkeypatch.setattr(installation, "_torch_installer", lambda: SimpleNamespace(installTorch=install_torch))
    monkeypatch.setattr(installation, "_agrees", lambda missing: True)
    monkeypatch.setattr(installation, "_ask_for_wheels", lambda sentence: pytest.fail(sentence))
    with pytest.raises(InstallationError, match="Visual C"):
        installation.ensure_packages()


def test_a_pip_that_does_not_start_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    host.start()
    from COVIDDetectLib.errors import InstallationError
    from COVIDDetectLib.installation import Missing
    from COVIDDetectLib.panel import installation

    def install_torch(**options: Any) -> None:
        raise FileNotFoundError("PythonSlicer")

    miss(monkeypatch, Missing(True, ()))
    monkeypatch.setattr(installation, "_torch_installer", lambda: SimpleNamespace(installTorch=install_torch))
    monkeypatch.setattr(installation, "_agrees", lambda missing: True)
    monkeypatch.setattr(installation, "_ask_for_wheels", lambda sentence: None)
    with pytest.raises(InstallationError, match="torch could not be installed"):
        installation.ensure_packages()


def test_before_slicer_5_12_packages_are_installed_by_slicer_util(monkeypatch: pytest.MonkeyPatch) -> None:
    host.start()
    import sys

    import slicer
    from COVIDDetectLib.panel import installation

    asked: list[list[str]] = []
    monkeypatch.setitem(sys.modules, "slicer.packaging", None)
    monkeypatch.setattr(slicer.util, "pip_install", asked.append, raising=False)
    installation._pip_install(["pooch>=1.8"])
    assert asked == [["pooch>=1.8"]]


def test_without_the_extension_pytorch_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    host.start()
    import sys

    from COVIDDetectLib.errors import InstallationError
    from COVIDDetectLib.panel import installation

    monkeypatch.setitem(sys.modules, "PyTorchUtils", None)
    with pytest.raises(InstallationError, match="install it with the Extensions Manager, restart Slicer"):
        installation._torch_installer()


def test_from_a_folder_of_wheels_torch_comes_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    host.start()
    from COVIDDetectLib.errors import InstallationError
    from COVIDDetectLib.installation import TORCH, Missing
    from COVIDDetectLib.panel import installation

    def no_extension() -> None:
        raise InstallationError("It needs the extension PyTorch.")

    asked: list[list[str]] = []
    nothing_yet = Missing(True, ("pooch>=1.8",))
    miss(monkeypatch, nothing_yet, nothing_yet, Missing(False, ()))
    monkeypatch.setattr(installation, "_torch_installer", no_extension)
    monkeypatch.setattr(installation, "_ask_for_wheels", lambda sentence: tmp_path)
    monkeypatch.setattr(installation, "_pip_install", asked.append)
    assert installation.ensure_packages()
    assert asked == [[TORCH, "pooch>=1.8"]]


def test_where_the_packages_come_from_is_said() -> None:
    host.start()
    from COVIDDetectLib.installation import Missing
    from COVIDDetectLib.panel.installation import _question

    others = ("pooch>=1.8",)
    assert "PyTorch's own server" in _question(Missing(True, others))
    assert "torchvision" in _question(Missing(True, ()))
    assert "PyTorch" not in _question(Missing(False, others))
    for missing in (Missing(True, others), Missing(False, others)):
        assert "from the Python Package Index." in _question(missing)


def test_what_sending_needs_is_asked_for_and_installed_without_what_an_analysis_needs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    host.start()
    from COVIDDetectLib.errors import InstallationError
    from COVIDDetectLib.installation import Missing, missing_of
    from COVIDDetectLib.panel import installation

    assert not missing_of("numpy>=1")
    assert "15 MB" in installation._question(Missing(False, ("pynetdicom>=3",)))
    installed: list[list[str]] = []
    monkeypatch.setattr(installation, "_agrees", lambda missing: True)
    monkeypatch.setattr(installation, "_pip_install", installed.append)
    monkeypatch.setattr(installation, "_ask_for_wheels", lambda sentence: None)
    with pytest.raises(InstallationError, match="not-here-at-all could not be installed"):
        installation.ensure_packages(lambda: missing_of("not-here-at-all>=1"))
    assert installed == [["not-here-at-all>=1"]]


def test_the_window_stays_while_packages_are_installed_and_a_second_request_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    host.start()
    import slicer
    from COVIDDetectLib.errors import InstallationError
    from COVIDDetectLib.installation import Missing
    from COVIDDetectLib.panel import installation

    shown: list[str] = []

    def install(requirements: list[str]) -> None:
        for close in ("reject", "close"):
            slicer.app.processEvents()
            dialog = slicer.app.activeModalWidget()
            shown.append(dialog.labelText)
            getattr(dialog, close)()
        slicer.app.processEvents()
        assert slicer.app.activeModalWidget() is not None
        with pytest.raises(InstallationError, match="wait until this is finished"):
            installation.ensure_packages()

    miss(monkeypatch, Missing(False, ("pooch>=1.8",)), Missing(False, ()))
    monkeypatch.setattr(installation, "_agrees", lambda missing: True)
    monkeypatch.setattr(installation, "_pip_install", install)
    assert installation.ensure_packages()
    assert shown == ["COVIDDetect: installing pooch …"] * 2
    slicer.app.processEvents()
    assert slicer.app.activeModalWidget() is None


def test_a_package_that_is_replaced_is_named_before_and_that_slicer_needs_a_restart_after(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    host.start()
    import packaging
    import slicer
    from COVIDDetectLib.installation import Missing
    from COVIDDetectLib.panel import installation

    here = f"packaging {packaging.__version__}"  # stands for one that another extension has loaded
    missing = Missing(False, ("packaging>=9999", "not-here-at-all"))
    assert f"Replaced by a newer version: {here}." in installation._question(missing)
    assert "Replaced" not in installation._question(Missing(False, ("not-here-at-all",)))
    said: list[str] = []
    monkeypatch.setattr(slicer.util, "infoDisplay", lambda text, *_: said.append(text))
    monkeypatch.setattr(installation, "_agrees", lambda missing: True)
    monkeypatch.setattr(installation, "_pip_install", lambda requirements: None)
    for wanted in (missing, Missing(False, ("not-here-at-all",))):
        miss(monkeypatch, wanted, Missing(False, ()))
        assert installation.ensure_packages()
    (sentence,) = said
    assert here in sentence and "restart Slicer" in sentence
