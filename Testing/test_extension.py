"""The extension as Slicer's build and its catalog see it: CMake lists, description, icon."""

from __future__ import annotations

import json
import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from tools.list_shipped import MODULE_LIST, shipped, written

ROOT = Path(__file__).resolve().parents[1]
CMAKE = Path(sys.executable).with_name("cmake")
CATALOG_ENTRY = json.loads((ROOT / "COVIDDetect.json").read_text())
CMAKE_LIST = (ROOT / "CMakeLists.txt").read_text()
DESCRIPTION = dict(
    line.split(" ", 1)
    for line in (ROOT / "COVIDDetect.s4ext").read_text().splitlines()
    if line and not line.startswith("#")
)


def set_in_cmake(name: str) -> str:
    """The value of ``EXTENSION_<name>``, lists joined by a space."""
    found = re.search(rf"^set\(EXTENSION_{name} (.*)\)$", CMAKE_LIST, re.MULTILINE)
    assert found, name
    return " ".join(re.findall(r'"([^"]*)"', found[1]))


def configure(folder: Path, source: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [CMAKE, "-S", ROOT / "tools" / "cmake", "-B", folder, f"-DEXTENSION_SOURCE={source}"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


@pytest.fixture
def copied_extension(tmp_path: Path) -> Path:
    """The extension's sources, to be spoilt."""
    shutil.copy(ROOT / "CMakeLists.txt", tmp_path)
    shutil.copytree(ROOT / "COVIDDetect", tmp_path / "COVIDDetect")
    return tmp_path


def test_the_cmake_lists_hold_exactly_the_tree() -> None:
    listed = MODULE_LIST.read_text()
    assert listed == written(listed), "run: .venv/bin/python tools/list_shipped.py"


def test_the_extension_configures_and_installs_every_file_where_slicer_looks(tmp_path: Path) -> None:
    configured = configure(tmp_path / "build")
    assert configured.returncode == 0, configured.stderr
    command = [CMAKE, "--install", tmp_path / "build", "--prefix", tmp_path / "installed"]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    installed = {path.relative_to(tmp_path / "installed").as_posix() for path in (tmp_path / "installed").rglob("*.*")}
    files = [file.replace("${MODULE_NAME}", "COVIDDetect") for files in shipped().values() for file in files]
    assert {name for name in installed if (tmp_path / "installed" / name).is_file()} == {
        "share/Slicer-5.12/COVIDDetect.s4ext",
        *(f"lib/Slicer-5.12/qt-scripted-modules/{file}" for file in files),
    }


def test_generic_tests_and_the_modules_own_are_registered(tmp_path: Path) -> None:
    assert configure(tmp_path).returncode == 0
    listed = subprocess.run([CMAKE.with_name("ctest"), "-N"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert {"nomainwindow_COVIDDetect", "py_COVIDDetect"} <= set(re.findall(r"Test +#\d+: (\S+)", listed.stdout))


def test_a_file_that_is_listed_but_missing_fails_the_configuration(copied_extension: Path, tmp_path: Path) -> None:
    (copied_extension / "COVIDDetect" / "COVIDDetectLib" / "ct" / "geometry.py").unlink()
    configured = configure(tmp_path / "build", copied_extension)
    assert configured.returncode != 0
    assert "geometry.py, which is no file" in " ".join(configured.stderr.split())


def test_a_file_that_is_listed_twice_fails_the_configuration(copied_extension: Path, tmp_path: Path) -> None:
    module_list = copied_extension / "COVIDDetect" / "CMakeLists.txt"
    line = "  COVIDDetectLib/ct/geometry.py\n"
    module_list.write_text(module_list.read_text().replace(line, line * 2))
    configured = configure(tmp_path / "build", copied_extension)
    assert configured.returncode != 0
    assert "given a file twice" in configured.stderr


def test_a_macro_that_slicer_does_not_have_fails_the_configuration(copied_extension: Path, tmp_path: Path) -> None:
    with (copied_extension / "COVIDDetect" / "CMakeLists.txt").open("a") as module_list:
        module_list.write("slicer_add_python_unit_test(SCRIPT COVIDDetect.py)\n")
    assert configure(tmp_path / "build", copied_extension).returncode != 0


def test_the_catalog_entry_has_what_schema_1_0_2_allows_and_no_more() -> None:
    types = {
        "$schema": str, "category": str, "scm_url": str, "scm_revision": str, "build_dependencies": list,
        "build_subdirectory": str, "tier": int,
    }  # fmt: skip
    assert {key: type(value) for key, value in CATALOG_ENTRY.items()} == types
    assert CATALOG_ENTRY["$schema"].endswith("/slicer-extension-catalog-entry-schema-v1.0.2.json#")
    assert CATALOG_ENTRY["category"] == "Segmentation", "one that the Index has"
    assert 1 <= CATALOG_ENTRY["tier"] <= 5
    assert b"\r" not in (ROOT / "COVIDDetect.json").read_bytes()


def test_the_names_follow_the_catalogs_rules() -> None:
    repository = CATALOG_ENTRY["scm_url"].rsplit("/", 1)[1]
    project = re.search(r"^project\((\w+)\)$", CMAKE_LIST, re.MULTILINE)
    assert project
    assert project[1] == "COVIDDetect"
    assert repository == "SlicerCOVIDDetect"


def test_catalog_entry_description_and_cmake_say_the_same() -> None:
    for name in ("category", "homepage", "contributors", "description", "iconurl", "screenshoturls", "status", "tier"):
        assert DESCRIPTION[name] == set_in_cmake(name.upper()), name
    assert DESCRIPTION["keywords"] == set_in_cmake("KEYWORDS")
    assert DESCRIPTION["depends"] == set_in_cmake("DEPENDS") == " ".join(CATALOG_ENTRY["build_dependencies"])
    assert DESCRIPTION["scmurl"] == CATALOG_ENTRY["scm_url"] == set_in_cmake("HOMEPAGE")
    assert DESCRIPTION["scmrevision"] == CATALOG_ENTRY["scm_revision"]
    assert DESCRIPTION["category"] == CATALOG_ENTRY["category"]
    assert DESCRIPTION["tier"] == str(CATALOG_ENTRY["tier"])


def test_icon_and_screenshots_are_where_their_addresses_say() -> None:
    raw = f"https://raw.githubusercontent.com/{CATALOG_ENTRY['scm_url'].removeprefix('https://github.com/')}/main/"
    addresses = [set_in_cmake("ICONURL"), *set_in_cmake("SCREENSHOTURLS").split()]
    assert len(addresses) >= 2
    assert [address for address in addresses if not address.startswith(raw)] == []
    files = [ROOT / address.removeprefix(raw) for address in addresses]
    assert [file for file in files if file.read_bytes()[:8] != b"\x89PNG\r\n\x1a\n"] == []


@pytest.mark.parametrize("icon", ["Resources/COVIDDetect.png", "COVIDDetect/Resources/Icons/COVIDDetect.png"])
def test_icons_are_png_of_128_by_128(icon: str) -> None:
    header = (ROOT / icon).read_bytes()[:24]
    assert header[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", header[16:24]) == (128, 128)


def test_the_icon_is_what_its_script_draws(tmp_path: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.image import imread

    from tools.draw_icon import draw

    FigureCanvasAgg(draw()).print_png(tmp_path / "icon.png")
    drawn, shown = imread(tmp_path / "icon.png"), imread(ROOT / "Resources" / "COVIDDetect.png")
    assert abs(drawn - shown).max() < 0.02


def test_the_thumbnails_of_the_samples_are_what_their_script_draws() -> None:
    import numpy as np
    from COVIDDetectLib.mrml.sample import SAMPLES, thumbnail
    from PIL import Image

    from tools.draw_samples import ICONS, draw

    for name in SAMPLES:
        with Image.open(ICONS / thumbnail(name)) as shown:
            assert np.abs(np.asarray(shown, dtype=int) - np.asarray(draw(name), dtype=int)).max() <= 2


def test_the_evidence_for_the_extensions_index_is_there() -> None:
    named = re.findall(
        r"`([\w./]+/[\w./]+|[\w]+\.\w+|LICENSE)`", (ROOT / "Docs" / "develop" / "extensions-index.md").read_text()
    )
    files = [
        name
        for name in named
        if name not in ("coviddetect/", "scripts/check_description_files.py", "scripts/extension_ai_analysis.py")
    ]
    assert len(files) > 20
    assert [name for name in files if not (ROOT / name).is_file()] == []


def test_the_extensions_index_document_claims_the_tier_of_the_catalog_entry() -> None:
    document = (ROOT / "Docs" / "develop" / "extensions-index.md").read_text()
    assert f"claims tier {CATALOG_ENTRY['tier']}" in document
    of_tier_3 = document.split("## Tier 3")[1].split("## Tier 5")[0]
    assert CATALOG_ENTRY["tier"] == 3
    rows = [line.split("|")[2].strip() for line in of_tier_3.splitlines() if line.startswith("|")]
    assert set(rows[2:]) <= {"yes", "in part", "owner"}, rows
