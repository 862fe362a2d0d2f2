"""The names that the module uses of Slicer and Qt: listed, in the oldest Slicer, and in Qt 6."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.list_slicer_api import DOCUMENT, WITH_FALLBACK, known_to_qt, names_in, source_files, used_names

GONE_FROM_QT_6 = (
    "QRegExp", "QDesktopWidget", "QSignalMapper", "QTextCodec", "MidButton", "setMargin", "setResizeMode", "QMatrix",
)  # fmt: skip


def listed() -> dict[str, str]:
    """Name and since when, from the table of the document."""
    lines = [line for line in DOCUMENT.read_text().splitlines() if line.startswith("| `")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {name.strip("`"): since for name, since, *_ in cells}


def test_every_name_that_is_used_is_listed_and_none_besides() -> None:
    assert set(listed()) == set(used_names()), "run: tools/list_slicer_api.py /path/to/Slicer/.git"


def test_every_name_is_in_slicer_5_10_or_has_something_to_fall_back_on() -> None:
    later = {name: since for name, since in listed().items() if since not in ("5.10", "Qt 5 and 6")}
    assert later == WITH_FALLBACK


def test_what_is_used_of_qt_is_in_qt_6() -> None:
    of_qt = [name for name, since in listed().items() if since == "Qt 5 and 6"]
    assert len(of_qt) > 50
    assert [name for name in of_qt if not known_to_qt(name)] == []


def test_every_signal_is_connected_by_a_signature_of_qt_6_or_of_slicer() -> None:
    signals = [name for name in listed() if "(" in name and not name.endswith(" (widget)")]
    assert signals
    assert [name for name in signals if not known_to_qt(name) and listed()[name] != "5.10"] == []


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("currentIndexChanged(int)", True),
        ("currentIndexChanged(QString)", False),
        ("error(QProcess::ProcessError)", False),
        ("qt.Qt.LeftButton", True),
        ("qt.Qt.MidButton", False),
        ("qt.QRegExp", False),
        (".setSectionResizeMode", True),
    ],
)
def test_what_went_away_with_qt_5_is_told_from_what_stayed(name: str, known: bool) -> None:
    assert known_to_qt(name) == known


@pytest.mark.parametrize("path", source_files(), ids=lambda path: path.name)
def test_nothing_that_went_away_with_qt_5_is_used(path: Path) -> None:
    text = path.read_text()
    assert [name for name in GONE_FROM_QT_6 if name in text] == []


def test_names_are_found_in_every_form_in_which_they_are_used(tmp_path: Path) -> None:
    file = tmp_path / "example.py"
    file.write_text(
        "import logging\nimport re\nimport qt\nimport slicer\nfrom slicer.i18n import tr as _\n"
        "def use(node, button):\n"
        "    node.SetName(slicer.util.getNode('x').GetName())\n"
        "    button.connect('clicked(bool)', lambda: logging.INFO + re.IGNORECASE)\n"
        "    return qt.Qt.AlignRight, slicer.mrmlScene.GetNodesByClass('vtkMRMLTableNode')\n"
    )
    assert names_in(file) == {
        ".SetName", ".GetName", "slicer.util.getNode", "slicer.i18n.tr", "clicked(bool)", "qt.Qt.AlignRight",
        "slicer.mrmlScene.GetNodesByClass", "vtkMRMLTableNode",
    }  # fmt: skip
