"""Writes the table of Testing/slicer-api.md: every name of Slicer, MRML, VTK, Qt and CTK that the module uses.

    .venv/bin/python tools/list_slicer_api.py /path/to/Slicer/.git

Names come from the module's source, their declarations from Slicer's at its release tags (``git clone`` with tags).
Testing/test_slicer_api.py compares the table with the source, and the names with Qt 6.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import unittest
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MODULE = ROOT / "COVIDDetect"
DOCUMENT = ROOT / "Testing" / "slicer-api.md"
OLDEST, NEWER = "v5.10.0", "v5.12.0"
HOSTS = ("slicer", "qt", "ctk", "vtk")

NOT_OF_SLICER = "PyTorchUtilsLogic installTorch serverResponse vtkMRMLMultiVolumeNode"
"""Names of other extensions, and the like, that look like Slicer's."""

WITH_FALLBACK = {"slicer.packaging.pip_ensure": "5.12; before it `slicer.util.pip_install`"}


_SIGNAL_OR_CLASS = r"[a-z]\w*\([\w:,*]*\)|vtkMRML\w+Node"


def source_files() -> list[Path]:
    """What Slicer loads and what talks to it."""
    library = MODULE / "COVIDDetectLib"
    others = [library / "worker" / "process.py", library / "events" / "later.py"]
    folders = [*library.glob("panel/**/*.py"), *library.glob("mrml/**/*.py"), *others]
    return [MODULE / "COVIDDetect.py", *sorted(folders)]


def names_in(path: Path) -> set[str]:
    """Names of the hosts in one file: ``slicer.util.loadUI``, ``.SetName`` a method, ``clicked(bool)`` a signal.

    Methods are told by their capitals, as VTK and Qt write them: all-lowercase ones (``text``) are not seen.
    """
    tree = ast.parse(path.read_text())
    inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    imported = {
        (alias.asname or alias.name).split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    } - set(HOSTS)
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            name = _dotted(node)
            root = name.split(".")[0]
            if root in HOSTS:
                if id(node) not in inner:
                    found.add(name)
            elif root not in imported and re.search("[A-Z]", node.attr) and not node.attr.startswith("_"):
                found.add(f".{node.attr}")
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and (node.module or "").split(".")[0] in HOSTS:
            found |= {f"{node.module}.{alias.name}" for alias in node.names if alias.name != "*"}
        elif isinstance(node, ast.Constant) and re.fullmatch(_SIGNAL_OR_CLASS, str(node.value)):
            found.add(node.value)
    return found


def used_names() -> dict[str, list[str]]:
    """Every name and the files that use it; what the module defines itself is left out."""
    own = _own_names()
    users: dict[str, list[str]] = {}
    for path in source_files():
        for name in names_in(path):
            if name.lstrip(".") not in own:
                users.setdefault(name, []).append(path.relative_to(MODULE).as_posix())
    for path in sorted((MODULE / "Resources" / "UI").glob("*.ui")):
        for name in re.findall(r'<widget class="(\w+)"', path.read_text()):
            files = users.setdefault(f"{name} (widget)", [])
            if path.name not in files:
                files.append(path.name)
    return dict(sorted(users.items(), key=lambda item: item[0].lower()))


def _dotted(node: ast.expr) -> str:
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


@cache
def _own_names() -> set[str]:
    own = set(NOT_OF_SLICER.split())
    for path in [MODULE / "COVIDDetect.py", *(MODULE / "COVIDDetectLib").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                own.add(node.name)
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                own.add(node.target.id)
            elif (
                isinstance(node, ast.Attribute)
                and isinstance(node.ctx, ast.Store)
                and _dotted(node) == f"self.{node.attr}"
            ):
                own.add(node.attr)
    for path in (MODULE / "Resources" / "UI").glob("*.ui"):
        own |= set(re.findall(r' name="(\w+)"', path.read_text()))
    return own | set(dir(unittest.TestCase))


def _git(repository: str, *arguments: str) -> str:
    done = subprocess.run(["git", f"--git-dir={repository}", *arguments], capture_output=True, text=True)
    return done.stdout


def found_in(repository: str, name: str, tag: str) -> str:
    """The file of Slicer's sources at ``tag`` that defines the name; empty if none does."""
    word = re.split(r"[ (]", name)[0].split(".")[-1]
    package = name.split(".")[1] if name.startswith("slicer.") else ""
    if package in ("util", "i18n", "packaging", "parameterNodeWrapper"):
        places = [f"Base/Python/slicer/{package}.py", f"Base/Python/slicer/{package}/*.py"]
        pattern = rf"^ *(class|def) {word}\b"
    else:
        # Slicer's sources show methods of CTK, which are not in them, where its DICOM modules call them.
        places = ["Libs/*.h", "Modules/*.h", "Base/*.h", "Base/Python/slicer/*.py", "Modules/Scripted/DICOM*.py"]
        places += [":!*/test*", ":!*/Test*", ":!*_p.h"]
        pattern = rf"\b{word}\b"
    files = _git(repository, "grep", "-lE", pattern, tag, "--", *places).replace(f"{tag}:", "").splitlines()
    if not files and (stem := re.sub(r"^(Get|Set)(?=[A-Z])|(On|Off)$", "", word)) != word:
        # vtkSetMacro(Visibility, int) declares SetVisibility, vtkBooleanMacro the On and Off.
        pattern = rf"vtk\w*Macro\({stem}\b"
        files = _git(repository, "grep", "-lE", pattern, tag, "--", *places).replace(f"{tag}:", "").splitlines()
    if not files and package == "":
        arguments = ("grep", "-lE", rf"^ *def {word}\b", tag, "--", "Modules/Scripted/SampleData/*.py")
        files = _git(repository, *arguments).replace(f"{tag}:", "").splitlines()
    kind = next((part for part in name.split(".") if part.startswith(("vtkMRML", "vtkS", "vtkO", "qMRML"))), "")
    if name.startswith("slicer.mrmlScene"):
        kind = "vtkMRMLScene"
    likely = ("Libs/MRML/Core/", "Libs/vtkSegmentationCore/", "Modules/Loadable/Segmentations/", "Libs/", "Modules/")

    def rank(file: str) -> tuple[bool, bool, int, str]:
        place = next((index for index, folder in enumerate(likely) if file.startswith(folder)), len(likely))
        return not file.endswith(f"/{word}.h"), not (kind and file.endswith(f"/{kind}.h")), place, file

    return min(files, key=rank, default="")


def origin(repository: str, name: str) -> tuple[str, str]:
    """Since when a name can be used, and whose it is."""
    if name in WITH_FALLBACK:
        return WITH_FALLBACK[name], f"`{found_in(repository, name, NEWER)}`"
    if name.startswith("vtk."):
        return "5.10", "VTK"
    if known_to_qt(name):
        return "Qt 5 and 6", "Qt"
    if file := found_in(repository, name, OLDEST):
        return "5.10", f"`{file}`"
    return ("5.10", "VTK") if known_to_vtk(name) else ("?", "?")


@cache
def _vtk_names() -> set[str]:
    import vtk

    return {name for kind in vars(vtk).values() if isinstance(kind, type) for name in vars(kind)}


def known_to_vtk(name: str) -> bool:
    """Whether any class of VTK has a method of this name."""
    return name.lstrip(".") in _vtk_names()


@cache
def _qt_classes() -> dict[str, type]:
    from PySide6 import QtCore, QtGui, QtWidgets

    named = {name: getattr(module, name) for module in (QtCore, QtGui, QtWidgets) for name in dir(module)}
    return {name: kind for name, kind in named.items() if isinstance(kind, type)}


def known_to_qt(name: str) -> bool:
    """Whether Qt 6 has a class, an enumerator, a method, a property, or a signal of exactly this signature."""
    metas = [kind.staticMetaObject for kind in _qt_classes().values() if hasattr(kind, "staticMetaObject")]
    if name.endswith(")") and not name.endswith(" (widget)"):
        return any(meta.indexOfSignal(name) >= 0 for meta in metas)
    if name.startswith("."):
        word = name[1:]
        has = any(hasattr(kind, word) for kind in _qt_classes().values())
        return word[0].islower() and (has or any(meta.indexOfProperty(word) >= 0 for meta in metas))
    first, *rest = name.removesuffix(" (widget)").removeprefix("qt.").split(".")
    holder: object = _qt_classes().get(first)
    for part in rest:
        holder = getattr(holder, part, None)
    return holder is not None


def table(repository: str) -> str:
    """The Markdown table."""
    lines = ["| name | since | found in | used in |", "|---|---|---|---|"]
    for name, files in used_names().items():
        since, where = origin(repository, name)
        lines.append(f"| `{name}` | {since} | {where} | {', '.join(sorted({Path(file).name for file in files}))} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    text = DOCUMENT.read_text()
    DOCUMENT.write_text(text[: text.index("| name |")] + table(sys.argv[1]))
