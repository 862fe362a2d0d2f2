"""The files of the documentation site: those of the repository, where they lie there, so that links hold in both."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("*.md", "Docs/**/*.md", "Testing/slicer-api.md", "tools/site/*.md")
SHOWN_OR_LINKED = (
    "Docs/**/*.png",
    "Resources/**/*.png",
    "LICENSE",
    "CITATION.cff",
    "COVIDDetect/Resources/Weights/NOTICE.txt",
)


def on_startup(**_: object) -> None:
    """Make the package known by the name under which it is installed, without installing it."""
    package = ROOT / "build" / "site-package" / "coviddetect"
    package.parent.mkdir(parents=True, exist_ok=True)
    package.unlink(missing_ok=True)
    package.symlink_to(ROOT / "COVIDDetect" / "COVIDDetectLib")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """List every decision in the navigation."""
    decisions = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("Docs/decisions/*.md"))
    assert config.nav is not None
    config.nav.append({"Decisions": decisions})
    return config


def on_page_markdown(markdown: str, **_: object) -> str:
    """A link to a notebook leads to the page that is made of it."""
    return markdown.replace(".ipynb)", ".ipynb.md)")


def on_page_content(html: str, **_: object) -> str:
    """Examples in docstrings import the package as 3D Slicer does; a reader of the site has installed it."""
    return html.replace("COVIDDetectLib", "coviddetect") if "doc-contents" in html else html


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Take the repository for the folder of the documents."""
    for file in list(files):
        if file.src_dir == config.docs_dir:
            files.remove(file)
    for pattern in (*PAGES, *SHOWN_OR_LINKED):
        for path in sorted(ROOT.glob(pattern)):
            name = path.relative_to(ROOT).as_posix()
            file = File(name, str(ROOT), config.site_dir, config.use_directory_urls)
            file.dest_uri = file.dest_uri.removeprefix("Docs/").removeprefix("tools/site/")
            files.append(file)
    for path in sorted(ROOT.glob("Docs/**/*.ipynb")):
        name = f"{path.relative_to(ROOT).as_posix()}.md"
        file = File.generated(config, name, content=_as_markdown(json.loads(path.read_text(encoding="utf-8"))))
        file.dest_uri = file.dest_uri.removeprefix("Docs/")
        files.append(file)
    return files


def _as_markdown(notebook: dict[str, Any]) -> str:
    """The cells of a notebook one after the other; it is kept without outputs."""
    cells = (("".join(cell["source"]), cell["cell_type"]) for cell in notebook["cells"])
    return "\n\n".join(f"```python\n{text}\n```" if kind == "code" else text for text, kind in cells)
