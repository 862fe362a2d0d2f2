"""What pip is told while packages are installed: read by the real pip of the host's Python."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

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
    from COVIDDetectLib.worker.client import python_executable

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
