"""Looks for shortcuts in a table of cases before a training finds them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .. import __version__
from ..errors import DiskError, InputError
from ..evaluation.figures import entry
from ..evaluation.files import write_together
from ..evaluation.page import render
from .appearance import TITLES, Value, appearance
from .cases import Case
from .fingerprint import hash_of, stamps
from .shortcuts import LIMIT, Shortcut, find_shortcuts, matched_cases

SCHEMA = "coviddetect-audit-1"
RECORD, PAGE, PROPERTIES, MATCHED = "audit.json", "audit.html", "audit.csv", "matched.csv"


@dataclass(frozen=True)
class Audit:
    """What was found in a table.

    Parameters
    ----------
    cases
        Those that could be read.
    rows
        Their properties, as of ``appearance``.
    shortcuts
        Every property, by how well it tells the label.
    unusable
        Why the others could not be read, by case.
    """

    cases: tuple[Case, ...]
    rows: tuple[Mapping[str, Value], ...]
    shortcuts: tuple[Shortcut, ...]
    unusable: Mapping[str, str]

    @property
    def found(self) -> list[Shortcut]:
        """The properties that tell the label too well."""
        return [one for one in self.shortcuts if one.is_found]

    def matched(self) -> list[Case]:
        """Cases among which the found properties tell the label less; all where nothing was found."""
        return matched_cases(self.cases, self.rows, self.found) if self.found else list(self.cases)


def audit_cases(cases: Sequence[Case], on_case: Callable[[], None] = lambda: None) -> Audit:
    """Read every CT of a table and see whether what is no disease tells the labels.

    Raises
    ------
    InputError
        If too few cases can be read.
    """
    usable, rows, unusable = [], [], {}
    for case in cases:
        try:
            rows.append(appearance(case))
            usable.append(case)
        except DiskError:
            raise
        except InputError as error:
            unusable[case.name] = str(error)
        on_case()
    return Audit(tuple(usable), tuple(rows), tuple(find_shortcuts(usable, rows)), unusable)


def inputs_hash(cases: Sequence[Case]) -> str:
    """By which an audit is known: cases, labels, and name, size and time of change of their files."""
    return hash_of([[case.name, case.label, case.patient, stamps(case.path)] for case in cases])


def sentences(audit: Audit) -> list[str]:
    """What the user must know."""
    lines = [f"Case '{name}': {sentence}" for name, sentence in audit.unusable.items()]
    if not audit.found:
        return [*lines, f"None of {len(audit.shortcuts)} properties that are no disease tells the labels."]
    for one in audit.found:
        auc = one.auc
        lines.append(
            f"The {one.title} alone tells the labels (ROC AUC {auc.value:.2f}, 95 % interval {auc.low:.2f} to "
            f"{auc.high:.2f}): a network may learn it instead of disease."
        )
    return lines


def write_audit(audit: Audit, folder: Path, table: Path) -> list[Path]:
    """Write ``audit.json``, ``audit.html``, ``audit.csv`` and, where something was found, ``matched.csv``.

    Returns
    -------
    list of Path
        What was written.
    """
    record = {
        "schema": SCHEMA,
        "software": {"coviddetect": __version__},
        "table": table.name,
        "inputs_sha256": inputs_hash(audit.cases),
        "cases": len(audit.cases),
        "limit": LIMIT,
        "properties": {one.name: {**entry(one.auc), "found": one.is_found} for one in audit.shortcuts},
        "unusable": dict(audit.unusable),
    }
    names = [name for name in TITLES if any(row.get(name) is not None for row in audit.rows)]
    rows = [
        (case.name, case.label, *(row.get(name) for name in names))
        for case, row in zip(audit.cases, audit.rows, strict=True)
    ]
    contents = {
        RECORD: json.dumps(record, indent=2) + "\n",
        PAGE: render(
            _PAGE, audit=audit, sentences=sentences(audit), source=table.name, limit=LIMIT, version=__version__
        ),
        PROPERTIES: _csv(("case", "label", *names), rows),
    }
    if audit.found:
        contents[MATCHED] = _csv(
            ("case", "path", "label", "date", "mask", "patient"),
            [
                (one.name, one.path.resolve(), one.label, one.date, one.mask and one.mask.resolve(), one.patient)
                for one in audit.matched()
            ],
        )
    else:
        (folder / MATCHED).unlink(missing_ok=True)
    write_together(folder, contents)
    return [folder / name for name in contents]


def _csv(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()


_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Audit</title><style>{{ style }}</style></head><body>
<h1>Audit</h1>
<p class="quiet">{{ source }}: {{ audit.cases|length }} CTs.</p>
{% for sentence in sentences %}<p{{ ' class="failed"'|safe if audit.found }}>{{ sentence }}</p>
{% endfor %}
<table><tr><th>property</th><th>ROC AUC <span class="interval">95 % interval</span></th></tr>
{% for one in audit.shortcuts %}<tr><td>{{ one.title }}</td>
<td>{{ {"value": one.auc.value, "low": one.auc.low, "high": one.auc.high}|figure }}
{{ "shortcut" if one.is_found }}</td></tr>
{% endfor %}</table>
<p class="quiet">Each property alone predicts the labels of patients that the rule was not made on. A shortcut is what
lies above {{ limit }} with its whole interval, and what shuffled labels do not reach.</p>
<p class="quiet">Research use only, not a medical device. coviddetect {{ version }}.</p>
</body></html>
"""
