"""Brings the translations in COVIDDetect/Resources/Translations up to the strings of panel and module.

.venv/bin/python tools/update_translations.py

New strings come in as unfinished, strings that are gone go. Contexts are those that Slicer's ``tr`` looks in when the
panel runs, and that Slicer's own Utilities/Scripts/update_translations.py writes: file name, after the package's name.
"""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

MODULE = Path(__file__).resolve().parents[1] / "COVIDDetect"
TRANSLATIONS = MODULE / "Resources" / "Translations"
LUPDATE = Path(sys.executable).with_name("pyside6-lupdate")


def context_of(path: Path) -> str:
    """The context of a Python file's strings, as ``slicer.i18n`` computes it."""
    return f"{path.parent.name}.{path.stem}" if (path.parent / "__init__.py").is_file() else path.stem


def translated(tree: ast.AST) -> list[ast.Call]:
    """The calls of ``_``."""
    nodes = ast.walk(tree)
    return [
        node for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_"
    ]


def for_lupdate(source: str, context: str) -> str:
    """Python source with ``_("text")`` spelled as lupdate knows it: ``translate("context", "text")``.

    Raises
    ------
    ValueError
        If ``_`` is called with anything but one literal: nobody could translate that.
    """
    lines = [line.encode() for line in source.splitlines(keepends=True)]
    tree = ast.parse(source)
    calls = translated(tree)
    for text in ast.walk(tree):
        if isinstance(text, ast.JoinedStr) and translated(text):  # until Python 3.12 nobody knows at which column
            raise ValueError(f"line {text.lineno}: _() in an f-string is not found; give its text a name before")
    for call in sorted(calls, key=lambda call: (call.lineno, call.col_offset), reverse=True):
        if len(call.args) != 1 or call.keywords or not isinstance(call.args[0], ast.Constant):
            raise ValueError(f"line {call.lineno}: _() takes one literal: {ast.unparse(call)}")
        line, at = lines[call.lineno - 1], call.col_offset
        lines[call.lineno - 1] = line[:at] + f'translate("{context}", '.encode() + line[at + len("_(") :]
    return b"".join(lines).decode()


def update(folder: Path = TRANSLATIONS) -> None:
    """Renew every ``.ts`` file in a folder."""
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary) / MODULE.name
        sources = [*sorted(MODULE.rglob("*.py")), *sorted(MODULE.rglob("*.ui"))]
        for path in sources:
            to = copy / path.relative_to(MODULE)
            to.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix == ".py":
                try:
                    to.write_text(for_lupdate(path.read_text(), context_of(path)))
                except ValueError as error:
                    raise SystemExit(f"{path}: {error}") from None
            else:
                shutil.copy(path, to)
        names = [path.relative_to(MODULE).as_posix() for path in sources]
        for translation in sorted(folder.glob("*.ts")):
            shutil.copy(translation, copy)
            command = [
                LUPDATE,
                *names,
                "-no-obsolete",
                "-locations",
                "none",
                "-disable-heuristic",
                "similartext",
                "-ts",
                translation.name,
            ]
            subprocess.run(command, cwd=copy, check=True, stdout=subprocess.DEVNULL)
            shutil.copy(copy / translation.name, translation)


if __name__ == "__main__":
    update()
