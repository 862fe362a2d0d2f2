"""The audit that precedes the training of a classifier: what is no disease and tells the labels is said first."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..cohort.appearance import TITLES
from ..cohort.audit import RECORD, audit_cases, inputs_hash, sentences, write_audit
from ..cohort.cases import Case
from ..errors import InputError


def audit_once(cases: Sequence[Case], folder: Path, table: Path, say: Callable[[str], None]) -> None:
    """Audit the cases of a training into its folder, unless that has been done; a continuation asks again.

    Parameters
    ----------
    say
        Told what was found, a sentence at a time.
    """
    if _record(folder).get("inputs_sha256") == inputs_hash(cases):
        return
    try:
        audit = audit_cases(cases)
    except InputError as error:
        say(f"Not audited for shortcuts: {error}")
        return
    write_audit(audit, folder, table)
    for sentence in sentences(audit):
        say(sentence)


def what_the_audit_found(cases: Sequence[Case], folder: Path) -> str:
    """For the model card, without a full stop."""
    record = _record(folder)
    if record.get("inputs_sha256") != inputs_hash(cases):
        return "not audited for shortcuts"
    found = [
        f"the {TITLES[name]} (ROC AUC {one['value']:.2f})" for name, one in record["properties"].items() if one["found"]
    ]
    return f"audit: the labels are told by {', '.join(found)} alone" if found else "audit: no shortcut found"


def _record(folder: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        if isinstance(record, dict):
            return record
    return {}
