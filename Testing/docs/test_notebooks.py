"""The notebooks run from their first cell to the last, and are kept without outputs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest
from matplotlib.image import imread

from Testing.docs.commands import ROOT

NOTEBOOKS = sorted((ROOT / "Docs").rglob("*.ipynb"))


def cells(notebook: Path) -> list[dict[str, Any]]:
    return [cell for cell in json.loads(notebook.read_text())["cells"] if cell["cell_type"] == "code"]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_keeps_no_outputs(notebook: Path) -> None:
    assert cells(notebook)
    assert [cell["id"] for cell in cells(notebook) if cell["outputs"] or cell["execution_count"] is not None] == []


def test_the_notebook_goes_from_a_ct_to_a_picture_with_heat_in_the_lungs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    matplotlib.use("Agg")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "notebook"}
    for cell in cells(ROOT / "Docs" / "use" / "analyze.ipynb"):
        exec(compile("".join(cell["source"]), cell["id"], "exec"), names)
    assert names["analysis"].probability > 0.5 and names["in_lungs"][names["number"]].max() > 0.5
    assert {path.name for path in (tmp_path / "results").iterdir()} >= {"analysis.json", "overview.png"}
    colors = imread(tmp_path / "heat-map.png")[..., :3]
    assert np.count_nonzero(colors[..., 0] - colors[..., 2] > 0.3) > 100, "nothing is as red as heat"
