"""What stands at the top of the repository for people and for services says the same as the program."""

from __future__ import annotations

import re

import yaml
from COVIDDetectLib import __version__
from COVIDDetectLib.weights.cards import bundled_cards, bundled_folder

from Testing.docs.commands import ROOT

NOTICE = (bundled_folder() / "NOTICE.txt").read_text()


def test_every_ct_that_a_card_names_is_credited_with_its_source_and_licence() -> None:
    named = {
        name
        for card in bundled_cards()
        for name in re.findall(r"\b[a-z]+(?:-[a-z0-9]+)*-[a-z]*\d{3,}[a-z0-9-]*\b", card.training_data)
    }
    dois = {doi for card in bundled_cards() for doi in re.findall(r"\b10\.\d{4}/[\w./-]*\w", card.training_data)}
    assert named or dois
    assert [doi for doi in dois if f"https://doi.org/{doi}\n" not in NOTICE] == []
    credits = NOTICE.split("\n\n")
    for name in named:
        [credit] = [paragraph for paragraph in credits if name in paragraph.splitlines()[0].split(", ")]
        assert "https://doi.org/10.7937/" in credit and "https://creativecommons.org/licenses/by/" in credit, name


def test_a_card_leads_to_the_document_that_tells_how_it_was_made() -> None:
    for card in bundled_cards():
        [document] = re.findall(r"Docs/[\w./-]+\.md", card.source)
        assert (ROOT / document).is_file() and "NOTICE.txt" in card.source, card.id


def test_the_citation_is_that_of_this_version() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == __version__
    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text()
    readme = (ROOT / "README.md").read_text()
    assert [one["doi"] for one in citation["references"] if one["doi"] not in readme] == []


def test_continuous_integration_runs_what_is_run_by_hand() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    commands = [step.get("run", "") for job in workflow["jobs"].values() for step in job["steps"]]
    assert ".ci/run" in commands
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o100


def test_what_the_way_through_the_code_names_is_there() -> None:
    module = ROOT / "COVIDDetect"
    table = (ROOT / "CONTRIBUTING.md").read_text().split("## How to find your way")[1].split("## ")[0]
    rows = [set(re.findall(r"`([^`]+)`", line)) for line in table.splitlines()[4:] if line.startswith("|")]
    assert len(rows) >= 6
    for named in rows:
        paths = {name for name in named if "/" in name or name.endswith(".py")}
        found = [
            base / name for name in paths for base in (module / "COVIDDetectLib", module) if (base / name).exists()
        ]
        assert len(found) == len(paths), named
        text = "".join(path.read_text() for path in found if path.is_file())
        assert [name for name in named - paths if not re.search(rf"\b{name}\b", text)] == []
