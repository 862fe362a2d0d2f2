"""The rules of the house, as far as a machine can check them."""

import ast
import builtins
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LIBRARY = ROOT / "COVIDDetect" / "COVIDDetectLib"
LIBRARY_FILES = sorted(LIBRARY.rglob("*.py"))
PYTHON_FILES = [
    *(ROOT / "COVIDDetect").rglob("*.py"), *(ROOT / "Viewer").rglob("*.py"), *(ROOT / "Testing").rglob("*.py")
]  # fmt: skip

STANDARD_LIBRARY_OR_SLICERS_OWN = {
    *__import__("sys").stdlib_module_names, "slicer", "vtk", "qt", "ctk", "numpy", "SimpleITK", "scipy"
}  # fmt: skip
NOT_LOADED_AT_START_UP = ("networks", "training", "commands", "cli.py", "__main__.py")
FLOORS = (
    "allocator errors events networks probability text",
    "atomic ct device error_log installation",
    "tables weights",
    "lungs",
    "analysis",
    "phantom report",
    "evaluation",
    "cohort",
    "worker",
    "mrml",
    "panel training",
    "commands",
    "cli __main__ __init__",
)
"""The rooms from the ground up: a room imports only from the floors below its own."""
GRAPHICAL = {"qt", "ctk", "PySide6", "PythonQt", "PyQt5", "PyQt6"}
SLICER = {"slicer", "vtk", "vtkmodules"}


def in_library(path: Path) -> str:
    return path.relative_to(LIBRARY).as_posix()


def room(path: Path) -> str:
    """The folder of the library in which a file lies, or the file itself where it lies at the top."""
    return path.relative_to(LIBRARY).parts[0].removesuffix(".py")


def imported(nodes: Iterator[ast.AST]) -> set[str]:
    """Top-level names of the absolute imports among the nodes."""
    names = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add((node.module or "").split(".")[0])
    return names


def imported_anywhere(path: Path) -> set[str]:
    return imported(ast.walk(ast.parse(path.read_text())))


def outside_functions(node: ast.AST) -> Iterator[ast.AST]:
    """What runs when a file is imported."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        yield child
        yield from outside_functions(child)


def imported_at_file_scope(path: Path) -> set[str]:
    return imported(outside_functions(ast.parse(path.read_text())))


def own_files_imported(path: Path, nodes_of: Callable[[ast.AST], Iterator[ast.AST]]) -> set[str]:
    """The files and folders of the library that a file of it imports, in those of its nodes that are looked at."""
    found = set()
    for node in nodes_of(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            folder = path.parents[node.level - 1].joinpath(*(node.module or "").split("."))
            candidates = [folder.with_suffix(".py"), folder, *(folder / f"{alias.name}.py" for alias in node.names)]
            found |= {in_library(candidate) for candidate in candidates if candidate.exists() and candidate != LIBRARY}
    return found


def test_only_panel_and_mrml_import_slicer_and_only_panel_worker_and_events_import_qt() -> None:
    imports = {path: imported_anywhere(path) for path in LIBRARY_FILES}
    assert [
        in_library(path)
        for path, names in imports.items()
        if (names & GRAPHICAL and room(path) not in ("panel", "worker", "events"))
        or (names & SLICER and room(path) not in ("panel", "mrml"))
    ] == []


def test_what_slicer_loads_imports_only_slicers_own_packages_at_file_scope() -> None:
    loaded = [path for path in LIBRARY_FILES if not in_library(path).startswith(NOT_LOADED_AT_START_UP)]
    foreign = {in_library(path): imported_at_file_scope(path) - STANDARD_LIBRARY_OR_SLICERS_OWN for path in loaded}
    assert {file: names for file, names in foreign.items() if names} == {}
    own = {in_library(path): own_files_imported(path, outside_functions) for path in loaded}
    assert [file for file, others in own.items() if any(one.startswith(NOT_LOADED_AT_START_UP) for one in others)] == []


def test_no_room_knows_of_the_rooms_above_it() -> None:
    floors = {name: floor for floor, names in enumerate(FLOORS) for name in names.split()}
    assert {room(path) for path in LIBRARY_FILES} == set(floors)
    assert [
        f"{in_library(path)} imports {other}"
        for path in LIBRARY_FILES
        for other in sorted(own_files_imported(path, ast.walk))
        if room(LIBRARY / other) != room(path) and floors[room(LIBRARY / other)] >= floors[room(path)]
    ] == []


def test_the_module_imports_only_slicers_own_packages_and_the_library_at_file_scope() -> None:
    module = ROOT / "COVIDDetect" / "COVIDDetect.py"
    assert imported_at_file_scope(module) <= STANDARD_LIBRARY_OR_SLICERS_OWN | {"COVIDDetectLib"}
    library = re.findall(r"^from COVIDDetectLib\.([\w.]+) import", module.read_text(), re.MULTILINE)
    assert library and not any(name.replace(".", "/").startswith(NOT_LOADED_AT_START_UP) for name in library)


def test_the_module_uses_only_names_that_it_has() -> None:
    """Its star import, which Slicer's modules have, keeps ruff from telling."""
    nodes = list(ast.walk(ast.parse((ROOT / "COVIDDetect" / "COVIDDetect.py").read_text())))
    has = {alias.asname or alias.name for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names}
    has |= {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    has |= {node.name for node in nodes if isinstance(node, ast.ClassDef | ast.FunctionDef)}
    has |= {node.arg for node in nodes if isinstance(node, ast.arg)} | set(dir(builtins))
    has |= {node.name for node in nodes if isinstance(node, ast.ExceptHandler) and node.name}
    names = [node for node in nodes if isinstance(node, ast.Name)]
    has |= {node.id for node in names if isinstance(node.ctx, ast.Store)}
    from_slicer = {f"ScriptedLoadableModule{kind}" for kind in ("", "Widget", "Logic", "Test")}
    assert {node.id for node in names} - has == from_slicer


def test_the_package_imports_itself_relatively() -> None:
    itself = {"COVIDDetectLib", "coviddetect", "COVIDDetect"}
    assert [in_library(path) for path in LIBRARY_FILES if imported_anywhere(path) & itself] == []


def changed_fields(class_: ast.ClassDef) -> set[str]:
    """Names of what the methods of a class assign to ``self`` after it was made."""
    later = [node for node in class_.body if isinstance(node, ast.FunctionDef) and node.name != "__init__"]
    return {
        node.attr
        for method in later
        for node in ast.walk(method)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and ast.unparse(node.value) == "self"
    }


def test_no_class_over_the_scene_keeps_more_than_five_fields_that_change() -> None:
    files = [path for path in LIBRARY_FILES if room(path) in ("mrml", "panel", "worker")]
    trees = [ast.parse(path.read_text()) for path in [*files, ROOT / "COVIDDetect" / "COVIDDetect.py"]]
    classes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    fields = {class_.name: changed_fields(class_) for class_ in classes}
    assert fields["Panel"], "it keeps some"
    assert {name: changing for name, changing in fields.items() if len(changing) > 5} == {}


def test_files_are_short() -> None:
    lines = {path.relative_to(ROOT).as_posix(): len(path.read_text().splitlines()) for path in PYTHON_FILES}
    assert {file: count for file, count in lines.items() if count > 400} == {}


def test_the_installed_package_has_every_folder_of_the_library() -> None:
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    folders = {path.parent.relative_to(LIBRARY.parent).as_posix().replace("/", ".") for path in LIBRARY_FILES}
    assert set(packages) - {"coviddetect.Resources"} == {
        folder.replace("COVIDDetectLib", "coviddetect") for folder in folders
    }


def test_the_extension_ships_every_file_of_the_library_and_its_resources() -> None:
    listed = (ROOT / "COVIDDetect" / "CMakeLists.txt").read_text()
    resources = [path for path in (ROOT / "COVIDDetect" / "Resources").rglob("*") if path.is_file()]
    shipped = [path.relative_to(ROOT / "COVIDDetect").as_posix() for path in [*LIBRARY_FILES, *resources]]
    assert [path for path in shipped if path not in listed] == []


def test_bundled_weights_stay_below_10_mb() -> None:
    weights = (ROOT / "COVIDDetect" / "Resources" / "Weights").rglob("*.safetensors")
    assert 0 < sum(path.stat().st_size for path in weights) < 10_000_000


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_documents_name_only_make_targets_that_exist(document: str) -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z][a-z-]*)\b", (ROOT / document).read_text())) <= targets


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", "Docs/use/analysis-schema.md"])
def test_documents_name_only_commands_that_exist(document: str) -> None:
    from COVIDDetectLib.commands.app import app
    from COVIDDetectLib.commands.weights import app as weights_app

    commands = {command.name for command in (*app.registered_commands, *app.registered_groups)}
    named = re.findall(r"(?<!from )\bcoviddetect ([a-z]+)(?: ([a-z]+))?", (ROOT / document).read_text())
    assert {command for command, _ in named} <= commands
    weights_commands = {command.name for command in weights_app.registered_commands}
    assert {sub for command, sub in named if command == "weights" and sub} <= weights_commands


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_links_between_documents_lead_somewhere(document: str) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", (ROOT / document).read_text())
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_picture_of_the_rooms_is_true() -> None:
    picture = (ROOT / "CONTRIBUTING.md").read_text().split("## The rooms")[1].split("One CT goes")[0]
    in_package = re.findall(r"^ {8}((?:[a-z_]+(?:/|\.py) ?)+)", picture, re.MULTILINE)
    rooms = {name.rstrip("/") for line in in_package for name in line.split()}
    there = {path.name for path in LIBRARY.iterdir() if path.name not in ("__init__.py", "__pycache__")}
    assert rooms == there
