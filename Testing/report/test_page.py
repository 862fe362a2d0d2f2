"""The one-page report: HTML that needs nothing else, one page of PDF that holds all, and a row of a table."""

from __future__ import annotations

import csv
import io
import re
import zlib
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest
from COVIDDetectLib.analysis.analyze import Analysis
from COVIDDetectLib.commands.app import app
from COVIDDetectLib.lungs import LungMask
from COVIDDetectLib.phantom import Phantom, thorax
from COVIDDetectLib.phantom.ideal import ideal_analysis
from COVIDDetectLib.report.files import write_analysis_files
from COVIDDetectLib.report.key_pictures import KeyPicture, key_pictures
from COVIDDetectLib.report.page import page_of
from COVIDDetectLib.report.page_html import page_html
from COVIDDetectLib.report.page_pdf import page_pdf
from COVIDDetectLib.report.pdf import PdfPage, text_width, wrapped
from COVIDDetectLib.report.planes import Scene
from COVIDDetectLib.report.reported import Reported
from COVIDDetectLib.report.table import csv_table
from typer.testing import CliRunner, Result

from Testing.dicom_series import write_ct
from Testing.report.test_text import since

MANY_NOTES = ("About 120 mL of air-filled lung are not in the lung mask; correct the mask. " * 3,) * 8


@pytest.fixture(scope="module")
def analysis(small_phantom: Phantom) -> Analysis:
    return ideal_analysis(small_phantom)


@pytest.fixture(scope="module")
def pictures(small_phantom: Phantom, analysis: Analysis) -> list[KeyPicture]:
    scene = Scene.of(small_phantom.ct, analysis.lung_mask, analysis.attention)
    return key_pictures(scene, analysis.to_record()["regions"])


@pytest.fixture(scope="module")
def record(analysis: Analysis) -> dict[str, Any]:
    return analysis.to_record()


def test_html_loads_nothing_and_shows_foreign_text_as_text(record: dict[str, Any], pictures: list[KeyPicture]) -> None:
    html = page_html(page_of(Reported(record, identity="<script>alert(1)</script>"), pictures), "en")
    assert "<script" not in html and "&lt;script&gt;" in html
    assert "http" not in html and "url(" not in html
    assert html.count('src="data:image/jpeg;base64,') == len(pictures) == html.count("<img")


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_page_states_number_threshold_model_checksums_and_limits(record: dict[str, Any], language: Any) -> None:
    reported = Reported(record, language, stale="The lung mask was edited after scoring.")
    html = page_html(page_of(reported), language)
    for part in (
        *(reported.probability, reported.title, reported.doubts[0].split(":")[0], record["weights"]["title"]),
        *(record["input"]["sha256"], record["lungs"]["sha256"], record["weights"]["sha256"]),
        *(record["software"]["coviddetect"], reported.words.limits_text[0], reported.words.research),
    ):
        assert part in html
    assert 'class="number gray"' in html
    assert record["input"]["name"] not in html


def test_pdf_is_one_page_whose_objects_lie_where_its_table_says(
    record: dict[str, Any], pictures: list[KeyPicture]
) -> None:
    file = page_pdf(page_of(Reported(record, "de"), pictures))
    table = int(re.findall(rb"startxref\n(\d+)", file)[0])
    assert file[table:].startswith(b"xref")
    places = [int(place) for place in re.findall(rb"(\d{10}) 00000 n", file[table:])]
    assert [re.match(rb"\d+ 0 obj", file[place:])[0] for place in places] == [  # type: ignore[index]
        b"%d 0 obj" % number for number in range(1, len(places) + 1)
    ]
    assert file.count(b"/Type /Page ") == 1 and file.count(b"/Subtype /Image") == len(pictures)
    texts = _texts(file)
    assert "Schlüsselbilder" in texts and record["input"]["sha256"] in texts


@pytest.mark.parametrize("notes", [(), MANY_NOTES])
def test_everything_lies_on_the_page_however_much_there_is_to_say(
    record: dict[str, Any], pictures: list[KeyPicture], notes: tuple[str, ...]
) -> None:
    reported = Reported({**record, "notes": list(notes)}, "de", follow_up=since(record))
    content = _content(page_pdf(page_of(reported, pictures)))
    baselines = [float(y) for y in re.findall(r"([\d.-]+) Td", content)]
    assert min(baselines) > 20 and max(baselines) < 842 - 20
    pictures_at = [
        tuple(map(float, found)) for found in re.findall(r"q ([\d.]+) 0 0 ([\d.]+) ([\d.]+) (\S+) cm", content)
    ]
    assert len(pictures_at) == len(pictures)
    first_detail = max(y for y, text in _lines(content) if text == "Modell")
    assert all(x + width < 595 - 20 and y > first_detail for width, _, x, y in pictures_at)


def test_widths_of_letters_are_those_of_helvetica() -> None:
    metrics = Path(matplotlib.get_data_path()) / "fonts" / "pdfcorefonts" / "Helvetica.afm"
    found = {int(code): int(width) for code, width in re.findall(r"C (\d+) ; WX (\d+)", metrics.read_text("latin-1"))}
    # These two are other signs in WinAnsiEncoding: straight ones.
    codes = [code for code in range(32, 127) if chr(code) not in "'`"]
    assert [round(text_width(chr(code), 1000)) for code in codes] == [found[code] for code in codes]


def test_no_line_is_wider_than_the_page_lets_it_be() -> None:
    text = "Wahrscheinlichkeit " * 5 + "e" * 300
    lines = wrapped(text, 100, 8)
    assert max(text_width(line, 8) for line in lines) <= 100
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_brackets_and_foreign_letters_do_not_break_a_pdf() -> None:
    page = PdfPage("胸部 (1)")
    page.text(10, 10, "a) \\ (b Ä 胸", 8)
    assert rb"(a\) \\ \(b " + "Ä ?".encode("cp1252") + b")" in zlib.decompress(_stream(page.encoded()))


def test_a_picture_without_overlay_is_gray_and_one_with_it_is_not(pictures: list[KeyPicture]) -> None:
    assert [one.has_overlay for one in pictures[:2]] == [False, True] and pictures[0].ranks == pictures[1].ranks
    assert (pictures[-1].axis, pictures[-1].has_overlay) == ("coronal", True)
    for picture in pictures:
        assert (np.ptp(np.asarray(picture.image).astype(int), axis=2).max() > 0) == picture.has_overlay


def test_pictures_are_the_same_in_whatever_order_the_ct_is_stored(
    analysis: Analysis, pictures: list[KeyPicture]
) -> None:
    other = thorax(seed=5, shape=(28, 128, 128), spacing=(2.8, 2.8, 10.0), disease="covid", orientation="SPR")
    scene = Scene.of(other.ct, LungMask(other.lung_mask, other.ct.geometry), analysis.attention)
    for one, two in zip(pictures, key_pictures(scene, analysis.to_record()["regions"]), strict=True):
        assert one.position == two.position and one.image.tobytes() == two.image.tobytes()


def test_a_ct_without_regions_is_shown_too(small_phantom: Phantom, analysis: Analysis) -> None:
    scene = Scene.of(small_phantom.ct, analysis.lung_mask, analysis.attention)
    assert [one.axis for one in key_pictures(scene, [])] == ["axial", "axial", "coronal"]


def test_a_row_of_a_table_has_the_numbers_of_the_record(record: dict[str, Any]) -> None:
    (row,) = csv.DictReader(io.StringIO(csv_table(Reported(record, "de", identity="=1+1"))))
    assert float(row["probability"]) == record["probability"]
    assert float(row["left_ground_glass_percent"]) == record["opacity"][1]["ground_glass_percent"]
    assert row["status"] == "current" and row["study"] == "'=1+1"
    assert row["right_middle_mean_hu"] == ""


def test_a_row_of_a_table_has_the_lobes_in_columns_that_every_row_has(record: dict[str, Any]) -> None:
    lobe = {**record["opacity"][0], "side": "right", "lobe": "middle", "mean_hu": -812.0}
    (row,) = csv.DictReader(io.StringIO(csv_table(Reported({**record, "lobes": [lobe]}))))
    assert float(row["right_middle_mean_hu"]) == -812.0
    assert row.keys() == next(csv.DictReader(io.StringIO(csv_table(Reported(record))))).keys()


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def results(small_phantom: Phantom, analysis: Analysis, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("analyzed") / "results"
    write_analysis_files(small_phantom.ct, analysis, folder)
    return folder


def test_the_command_writes_each_format_with_the_pictures_of_the_ct(
    results: Path, small_phantom: Phantom, tmp_path: Path
) -> None:
    write_ct(tmp_path / "ct", small_phantom.ct)
    for kind in ("html", "pdf", "csv"):
        done = run("report", results, "--format", kind, "--source", tmp_path / "ct", "--language", "de")
        assert done.exit_code == 0, done.output
    html = (results / "report.html").read_text("utf-8")
    assert html.count("<img") >= 3 and "28 Schichten mit 128 x 128 Voxeln" in html and "Secret" not in html
    assert (results / "report.pdf").read_bytes().startswith(b"%PDF-1.4")
    assert len((results / "report.csv").read_text("utf-8").splitlines()) == 2


def test_without_the_ct_the_page_has_no_pictures_and_another_ct_is_refused(results: Path, tmp_path: Path) -> None:
    done = run("report", results, "--format", "html", "--output", tmp_path / "page.html")
    assert done.exit_code == 0, done.output
    assert "<img" not in (tmp_path / "page.html").read_text("utf-8")
    write_ct(tmp_path / "other", thorax(seed=6, shape=(28, 128, 128), spacing=(2.8, 2.8, 10.0)).ct)
    refused = run("report", results, "--format", "pdf", "--output", tmp_path / "x.pdf", "--source", tmp_path / "other")
    assert refused.exit_code == 2 and "not the CT that was analyzed" in refused.stderr
    assert not (tmp_path / "x.pdf").exists()


def _stream(file: bytes) -> bytes:
    found = re.search(rb"/FlateDecode /Length \d+ >>\nstream\n(.*?)\nendstream", file, re.DOTALL)
    assert found
    return found[1]


def _content(file: bytes) -> str:
    return zlib.decompress(_stream(file)).decode("cp1252")


def _lines(content: str) -> list[tuple[float, str]]:
    return [(float(y), text) for y, text in re.findall(r"([\d.-]+) Td \((.*)\) Tj", content)]


def _texts(file: bytes) -> list[str]:
    return [text for _, text in _lines(_content(file))]
