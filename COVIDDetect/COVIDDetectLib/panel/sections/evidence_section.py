"""What decided: what speaks for COVID-19 and against it, where, and how much; a click goes there."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import slicer
from slicer.i18n import tr as _

from ...analysis.evidence import LEAST_FOR, NOWHERE, OUTSIDE, Evidence, Term, signed
from ..state import PanelState
from .regions_table import where
from .scale import LINK

_SHOWN, _IN_LINE = 5, 3
_BAR = 12
"""Characters of the longest bar."""
_FULL = "\N{FULL BLOCK}"
_FOR, _AGAINST = "#c8503c", "#4682c8"
"""Readable on light and on dark; told apart by sign and place too."""


class EvidenceSection:
    """One line under the number, and on a click the sum that the number is.

    Parameters
    ----------
    ui
        The panel's widgets.
    go_to
        Called with a place in RAS when a term is clicked.
    """

    def __init__(
        self, ui: slicer.util.childWidgetVariables, go_to: Callable[[tuple[float, float, float]], None]
    ) -> None:
        self._ui, self._go_to = ui, go_to
        self._evidence: Evidence | None = None
        for label in (ui.evidenceLabel, ui.evidenceTableLabel):
            label.connect("linkActivated(QString)", self._on_link)
        ui.evidenceTableLabel.visible = False

    def show(self, new: PanelState, old: PanelState) -> None:
        """Show the terms of a result; a record of an earlier version has none."""
        ui, result = self._ui, new.result
        if result is None or old.result is None or result.judged != old.result.judged:
            ui.evidenceTableLabel.visible = False
        entry = result.record.get("evidence") if result else None
        self._evidence = Evidence.from_entry(entry) if entry else None
        ui.evidenceLabel.visible = self._evidence is not None and not new.editor_open
        if self._evidence is None or result is None or new.editor_open:
            ui.evidenceTableLabel.visible = False
            return
        for label in (ui.evidenceLabel, ui.evidenceTableLabel):
            label.enabled = not (result.stale or result.is_doubtful or new.is_elsewhere)
        ui.evidenceLabel.text = line(self._evidence)
        ui.evidenceTableLabel.text = table(self._evidence)

    def _on_link(self, link: str) -> None:
        if link == "all":
            self._ui.evidenceTableLabel.visible = not self._ui.evidenceTableLabel.visible
        elif self._evidence is not None:
            position = self._evidence.terms[int(link)].position_lps_mm
            if position is not None:
                left, posterior, superior = position
                self._go_to((-left, -posterior, superior))


def line(evidence: Evidence) -> str:
    """HTML: the terms that weigh most, each a link to its place, and one to the whole sum."""
    shown = [(number, term) for number, term in enumerate(evidence.terms[:_IN_LINE]) if round(term.logit, 2)]
    parts = []
    if evidence.speaks_for < LEAST_FOR:
        parts.append(escape(_("Nothing in this scan speaks for COVID-19.")))
    for title, chosen in (
        (_("For: {places}"), [one for one in shown if one[1].logit > 0]),
        (_("Against: {places}"), [one for one in shown if one[1].logit < 0]),
    ):
        if chosen and not (parts and chosen[0][1].logit > 0):
            parts.append(escape(title).format(places=", ".join(_linked(*one) for one in chosen)))
    whole = escape(_("sum"))
    return f'{" · ".join(parts)} (<a href="all" style="color:{LINK}">{whole}</a>)'


def table(evidence: Evidence) -> str:
    """HTML: the terms as bars to the right (for) and to the left (against), from the starting point to the number."""
    terms, rest = evidence.largest(_SHOWN)
    longest = max((abs(term.logit) for term in terms), default=0.0) or 1.0
    rows = [(escape(_("Starting point (healthy scans)")), "", evidence.starting_point)]
    rows += [(_place(number, term), _bar(term.logit / longest), term.logit) for number, term in enumerate(terms)]
    if round(rest, 2):
        rows.append((escape(_("All else")), "", rest))
    whole = escape(_("Sum, in log-odds"))
    rows.append((f"<b>{whole}</b>", "", evidence.margin))
    cells = "".join(
        f'<tr><td>{name}&nbsp;</td><td>{bar}</td><td align="right">{signed(logit)}</td></tr>'
        for name, bar, logit in rows
    )
    return f'<table cellspacing="1">{cells}</table>'


def place_name(term: Term) -> str:
    """Where a term lies, as the user reads it."""
    if term.where == OUTSIDE:
        return _("outside the lungs")
    if term.where == NOWHERE:  # a channel is weaker than in healthy scans
        return _("fewer signs of health") if term.logit > 0 else _("fewer signs of disease")
    side, third = term.where.split()
    return where({"side": side, "third": third})


def _place(number: int, term: Term) -> str:
    name = escape(place_name(term))
    return name if term.position_lps_mm is None else f'<a href="{number}" style="color:{LINK}">{name}</a>'


def _linked(number: int, term: Term) -> str:
    return f"{_place(number, term)}&nbsp;{signed(term.logit)}"


def _bar(share: float) -> str:
    color = _FOR if share > 0 else _AGAINST
    return f'<span style="color:{color}">{_FULL * round(_BAR * abs(share))}</span>'
