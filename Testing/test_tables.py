"""Tables of spreadsheets are read rightly, or refused: no value may come to stand in another column."""

from __future__ import annotations

from pathlib import Path

import pytest
from COVIDDetectLib.cohort.cases import read_cases
from COVIDDetectLib.errors import InputError
from COVIDDetectLib.evaluation.predictions import read_predictions
from COVIDDetectLib.evaluation.readings import read_labels

SOUND = "case,probability,label\na,0.8,1\nb,0.1,0\n"


@pytest.mark.parametrize(
    "content",
    [
        SOUND.encode(),
        b"\xef\xbb\xbf" + SOUND.encode(),
        SOUND.replace("\n", "\r\n").encode(),
        SOUND.replace("\n", "\n\n").encode() + b",,\n,,\n",
        SOUND.replace(",", ", ").encode(),
        SOUND.replace("label", "Label").encode(),
        SOUND.replace(",", ",x,").encode(),
    ],
    ids=["plain", "BOM", "CRLF", "blank rows", "spaces", "capitals", "other columns"],
)
def test_what_spreadsheets_make_of_a_table_does_not_change_it(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "t.csv").write_bytes(content.replace(b",x,probability,x,", b",x,probability,y,"))
    read = read_predictions(tmp_path / "t.csv")
    assert (read.cases, read.probabilities.tolist(), read.labels.tolist()) == (("a", "b"), [0.8, 0.1], [True, False])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("case,label,probability\na,1,0,87\nb,0,0,12\n", "line 2: there are more values than columns"),
        ("case,probability,label,label\na,0.8,1,0\nb,0.1,0,1\n", "more than one column label"),
        ("case,probability,label, Probability\na,0.8,1,0.1\nb,0.1,0,0.9\n", "more than one column probability"),
        ("case;probability;label\na;0,8;1\nb;0,1;0\n", "semicolons between its values"),
        ('case,probability,label,say\na,0.8,1,"x\nb,0.1,0,\nc,0.2,0,\n', "not a table of values with commas"),
        ("case,probability,label\na,0.8_7,1\nb,0.1,0\n", "'0.8_7' is not a probability"),
        ("case,probability,label\na,87 %,1\nb,12 %,0\n", "'87 %' is not a probability"),
    ],
)
def test_a_table_whose_values_may_stand_elsewhere_is_refused(tmp_path: Path, content: str, sentence: str) -> None:
    (tmp_path / "t.csv").write_text(content)
    with pytest.raises(InputError, match=sentence):
        read_predictions(tmp_path / "t.csv")


def test_labels_and_paths_with_a_comma_too_much_are_refused_too(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("case,label,path\na,1,scans/one, two.nrrd\n")
    for read in (read_labels, lambda file: read_cases(file, "optional")):
        with pytest.raises(InputError, match="more values than columns"):
            read(tmp_path / "t.csv")


def test_a_column_label_in_capitals_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("case,path,LABEL\na,a.nrrd,1\n")
    assert read_cases(tmp_path / "t.csv", "optional")[0].label == 1
