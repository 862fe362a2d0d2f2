"""What is missing inside Slicer, what may not be exchanged, and why pip failed: told from what pip really writes."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from importlib.metadata import distribution
from pathlib import Path

import pytest
from COVIDDetectLib import installation
from COVIDDetectLib.errors import InstallationError
from COVIDDetectLib.installation import (
    TORCH,
    Missing,
    failure_reason,
    missing_packages,
    packages_folder,
    pinned_versions,
    require_packages,
    require_writable_folder,
)

ROOT = Path(__file__).resolve().parents[1]


def bare_python(folder: Path, code: str) -> str:
    """What ``code`` prints in a Python that has numpy and packaging, as every Slicer has, and nothing else."""
    site = packages_folder()
    for name in ("numpy", "packaging"):
        names = {file.parts[0] for file in distribution(name).files or []} - {".."}
        for entry in names:
            (folder / entry).symlink_to(site / entry)
    code = f"import sys; sys.path += [{str(folder)!r}, {str(ROOT / 'COVIDDetect')!r}]; {code}"
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], check=True, capture_output=True, text=True, timeout=60
    ).stdout.strip()


def pip_log(folder: Path, *arguments: str, **settings: str) -> str:
    """The log of a pip that must fail, as ``PIP_LOG`` keeps it."""
    log = folder / "pip.log"
    command = [sys.executable, "-m", "pip", "install", "--dry-run", *arguments]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    environment = clean | {"PIP_LOG": str(log), "PIP_RETRIES": "0", "PIP_CONFIG_FILE": os.devnull} | settings
    failed = subprocess.run(command, env=environment, capture_output=True, timeout=60)
    assert failed.returncode != 0
    return log.read_text()


def test_nothing_is_missing_where_everything_is_installed() -> None:
    assert not missing_packages()


def test_a_bare_slicer_misses_torch_scikit_image_safetensors_and_pooch_and_no_more(tmp_path: Path) -> None:
    code = "from COVIDDetectLib.installation import missing_packages; print(missing_packages().names)"
    assert bare_python(tmp_path, code) == "('torch', 'scikit-image', 'safetensors', 'pooch')"


def test_looking_for_packages_imports_none_of_them() -> None:
    code = (
        "import sys; sys.path.insert(0, 'COVIDDetect'); from COVIDDetectLib.installation import missing_packages;"
        "missing_packages(); print(sorted({'torch', 'skimage', 'safetensors'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_slicers_own_packages_and_torch_are_pinned_and_others_are_not() -> None:
    pinned = {line.split("==")[0] for line in pinned_versions(Missing(False, ())).splitlines()}
    assert {"numpy", "scipy", "simpleitk", "pydicom", "pillow", "torch"} <= pinned
    assert not {"scikit-image", "safetensors", "setuptools", "pip"} & pinned


def test_a_torch_that_is_to_be_renewed_is_not_pinned() -> None:
    assert "torch==" not in pinned_versions(Missing(True, ()))


def test_a_torchvision_that_goes_with_the_old_torch_does_not_keep_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("torch", "torchvision", "numpy"):
        package = tmp_path / f"{name}-1.0.dist-info"
        package.mkdir()
        (package / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    monkeypatch.setattr(installation, "packages_folder", lambda: tmp_path)
    assert pinned_versions(Missing(True, ())) == "numpy==1.0\n"
    assert pinned_versions(Missing(False, ())) == "numpy==1.0\ntorch==1.0\ntorchvision==1.0\n"


def test_a_folder_that_only_says_it_is_writable_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: True)  # as Windows answers for every folder
    monkeypatch.setattr(installation, "packages_folder", lambda: tmp_path / "not there")
    with pytest.raises(InstallationError, match="you may not write to"):
        require_writable_folder()


def test_looking_whether_a_folder_is_writable_leaves_nothing_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installation, "packages_folder", lambda: tmp_path)
    require_writable_folder()
    assert list(tmp_path.iterdir()) == []


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    require_packages()
    monkeypatch.setattr(installation, "missing_packages", lambda: Missing(True, ("scikit-image>=0.22",)))
    with pytest.raises(InstallationError, match="needs torch, scikit-image, which this Python lacks"):
        require_packages()


def test_torch_numpy_simpleitk_and_vtk_are_never_asked_of_pip() -> None:
    lines = (ROOT / "COVIDDetect" / "Resources" / "requirements.txt").read_text().splitlines()
    names = {line.split(">")[0] for line in lines if line and not line.startswith("#")}
    assert not names & {"torch", "torchvision", "numpy", "SimpleITK", "vtk", "scipy"}
    dependencies = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert {line for line in lines if line and not line.startswith("#")} <= set(dependencies)
    assert TORCH.startswith("torch>=")


def test_a_computer_without_network_is_told_so(tmp_path: Path) -> None:
    log = pip_log(tmp_path, "not-installed-anywhere", PIP_INDEX_URL="http://127.0.0.1:9/simple")
    assert failure_reason(log) == "the package index cannot be reached"


def test_a_proxy_that_refuses_is_told(tmp_path: Path) -> None:
    log = pip_log(tmp_path, "not-installed-anywhere", "--proxy", "http://127.0.0.1:9")
    assert failure_reason(log) == "the proxy refused the connection"


def test_a_folder_without_the_wheels_is_told(tmp_path: Path) -> None:
    log = pip_log(tmp_path, "not-installed-anywhere", PIP_NO_INDEX="1", PIP_FIND_LINKS=str(tmp_path))
    assert failure_reason(log) == "no version of them fits this Python"


def test_a_package_that_would_exchange_slicers_own_is_refused(tmp_path: Path) -> None:
    constraints = tmp_path / "constraints.txt"
    constraints.write_text(pinned_versions(Missing(False, ())))
    log = pip_log(tmp_path, "numpy<1.20", PIP_CONSTRAINT=str(constraints), PIP_NO_INDEX="1")
    assert failure_reason(log) == "they do not go together with packages that are here"


@pytest.mark.parametrize("text", ["", "something new"])
def test_an_unknown_failure_points_at_the_log(text: str) -> None:
    assert "see the log" in failure_reason(text)
