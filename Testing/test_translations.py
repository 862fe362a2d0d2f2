"""The translations are complete: every string of panel and module, nothing else, and nothing that breaks in use."""

from __future__ import annotations

import re
import shutil
import string
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from tools.update_translations import MODULE, TRANSLATIONS, for_lupdate, update

FILES = sorted(TRANSLATIONS.glob("*.ts"))
LRELEASE = Path(sys.executable).with_name("pyside6-lrelease")
per_language = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def messages(path: Path) -> list[tuple[str, str, ElementTree.Element]]:
    """Context, source and translation of each message."""
    return [
        (context.findtext("name", ""), message.findtext("source", ""), message.find("translation"))  # type: ignore[misc]
        for context in ElementTree.parse(path).getroot().iter("context")
        for message in context.iter("message")
    ]


def placeholders(text: str) -> list[tuple[str | None, str | None]]:
    return sorted((name, form) for _, name, form, _ in string.Formatter().parse(text) if name is not None)


def test_there_is_german() -> None:
    assert [path.name for path in FILES] == ["COVIDDetect_de-DE.ts"]


@per_language
def test_the_strings_are_those_of_the_sources(path: Path, tmp_path: Path) -> None:
    shutil.copy(path, tmp_path)
    update(tmp_path)
    assert (tmp_path / path.name).read_text() == path.read_text(), "run: .venv/bin/python tools/update_translations.py"


@per_language
def test_every_string_is_translated_and_no_translation_is_left_over(path: Path) -> None:
    found = messages(path)
    assert len(found) > 150
    assert [source for _, source, translation in found if not translation.text or translation.get("type")] == []


@per_language
def test_placeholders_and_what_ends_a_text_are_kept(path: Path) -> None:
    for _, source, translation in messages(path):
        text = translation.text or ""
        assert placeholders(source) == placeholders(text), source
        for ending in ("…", ":"):
            assert source.endswith(ending) == text.endswith(ending), source
        assert source.startswith(" ") == text.startswith(" "), source


@per_language
def test_the_same_words_are_translated_the_same_everywhere(path: Path) -> None:
    by_source: dict[str, set[str]] = {}
    for _, source, translation in messages(path):
        by_source.setdefault(source, set()).add(translation.text or "")
    assert {source: texts for source, texts in by_source.items() if len(texts) > 1} == {}


@per_language
def test_qts_own_compiler_takes_all_of_it(path: Path, tmp_path: Path) -> None:
    compiled = tmp_path / "translation.qm"
    run = subprocess.run([LRELEASE, path, "-qm", compiled], capture_output=True, text=True, check=True, timeout=60)
    assert f"{len(messages(path))} finished and 0 unfinished" in run.stdout
    assert compiled.stat().st_size > 1000


def test_a_string_that_is_made_up_while_running_is_refused() -> None:
    assert for_lupdate('say(_("Go"))', "panel.x") == 'say(translate("panel.x", "Go"))'
    with pytest.raises(ValueError, match="line 1: _\\(\\) takes one literal"):
        for_lupdate('say(_(f"{go}"))', "panel.x")


def test_slicers_own_script_would_find_each_string_of_the_sources() -> None:
    """It looks for ``_(`` and a literal up to the next quote with a closing bracket: no comma may stand before that."""
    for path in MODULE.rglob("*.py"):
        source = path.read_text()
        assert re.findall(r'[^_\w]_\(\s*(?:"(?:[^"\\]|\\.)*"\s*)+,', source) == [], path
        assert re.findall(r"[^_\w]_\(\s*'", source) == [], path


def test_every_sentence_of_the_core_that_the_panel_translates_exists_there() -> None:
    words = (MODULE / "COVIDDetectLib" / "panel" / "words.py").read_text()
    sentences = re.findall(r'^ {8}"([^"{]+)": _\(', words, re.MULTILINE)
    below = "".join(
        path.read_text()
        for path in (MODULE / "COVIDDetectLib").rglob("*.py")
        if "panel" not in path.relative_to(MODULE).parts
    )
    assert len(sentences) >= 8
    # "Right lung only" is put together from the side's name.
    assert [sentence for sentence in sentences if sentence not in below and "lung only" not in sentence] == []
