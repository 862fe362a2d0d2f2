"""The documentation as a site: nothing is left out of it, and where mkdocs is installed, it is built."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import COVIDDetectLib
import pytest
import yaml

from Testing.docs.commands import ROOT


class _Loader(yaml.SafeLoader):
    """mkdocs.yml names a Python function by a tag."""


_Loader.add_multi_constructor("tag:yaml.org,2002:python/", lambda loader, suffix, node: suffix)


def settings() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load((ROOT / "mkdocs.yml").read_text(), _Loader)
    return loaded


def pages(nav: list[Any]) -> Iterator[str]:
    for entry in nav:
        for _, below in entry.items() if isinstance(entry, dict) else [("", entry)]:
            if isinstance(below, str):
                yield below
            else:
                yield from pages(below)


def test_the_navigation_names_every_document_and_nothing_else() -> None:
    named = list(pages(settings()["nav"]))
    written = [
        *ROOT.glob("*.md"),
        *ROOT.glob("Docs/**/*.ipynb"),
        *(path for path in ROOT.glob("Docs/**/*.md") if path.parent.name != "decisions"),
    ]
    assert len(named) == len(set(named))
    files = [name.replace(".ipynb.md", ".ipynb") for name in named]
    assert [name for name in files if not (ROOT / name).is_file()] == []
    assert {path.relative_to(ROOT).as_posix() for path in written} - set(files) == set()


def test_the_python_api_has_every_public_name() -> None:
    shown = re.findall(r"^::: coviddetect\.([\w.]+)$", (ROOT / "tools" / "site" / "python-api.md").read_text(), re.M)
    assert set(COVIDDetectLib.__all__) <= set(shown)


def test_what_the_site_needs_is_pinned_and_installed_by_nothing_else() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert extras["docs"] and all("==" in requirement for requirement in extras["docs"])
    assert "docs" not in "".join(extras["dev"])


@pytest.mark.skipif(importlib.util.find_spec("mkdocs") is None, reason="mkdocs is not installed: make docs installs it")
def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", tmp_path]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "read_ct" in (tmp_path / "python-api" / "index.html").read_text()
