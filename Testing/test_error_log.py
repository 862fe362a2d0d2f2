"""What the program does not know is written down, without the values of a patient."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from COVIDDetectLib.error_log import unexpected


def some_error() -> Exception:
    secret = "Doe^Jane"
    try:
        return [][len(secret)]
    except IndexError as error:
        return error


def test_the_file_has_the_traceback_and_no_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    sentence = str(unexpected(some_error()))
    (file,) = tmp_path.iterdir()
    assert f"does not know (IndexError); it is described in {file}." in sentence
    text = file.read_text()
    assert "IndexError: list index out of range" in text and "test_error_log.py" in text
    assert "Doe" not in text


def test_without_room_for_the_file_the_sentence_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    assert "(IndexError); it could not be written down. Try again" in str(unexpected(some_error()))
