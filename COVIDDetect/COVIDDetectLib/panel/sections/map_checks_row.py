"""Four marks under the heat map: whether it can be relied on; where not, what that means."""

from __future__ import annotations

from html import escape

import slicer
from slicer.i18n import tr as _

from ...analysis.map_checks import Check, MapChecks
from ..state import PanelState
from ..words import in_users_language

_PASSED, _FAILED, _UNKNOWN = "\N{CHECK MARK}", "\N{BALLOT X}", "\N{EN DASH}"
_FAILED_COLOR = "#d03030"
"""Readable on light and on dark; told apart by the mark too."""


def show_map_checks(ui: slicer.util.childWidgetVariables, state: PanelState) -> None:
    """Show what is known of the map that is shown; nothing while nobody knows."""
    result, label = state.result, ui.mapChecksLabel
    checks = result.result.map_checks if result else None
    label.visible = checks is not None and not state.editor_open
    if checks is None or result is None:
        return
    label.enabled = not (result.stale or state.is_elsewhere)
    label.text = row(checks)
    label.toolTip = explanation(checks)


def row(checks: MapChecks) -> str:
    """HTML: the four with their marks, and what a failed one means for the reader."""
    if not checks.has_heat:
        nothing = _("No heat to check in this map.")
        return f"<small>{escape(nothing)}</small>"
    marks = " ".join(_marked(check, title) for check, title in zip(checks.each.values(), titles(), strict=True))
    meaning = escape(in_users_language(checks.meaning))
    return f"<small>{marks}</small>" + (f"<br>{meaning}" if meaning else "")


def titles() -> tuple[str, str, str, str]:
    """Of the four, in the order of ``map_checks.NAMES``."""
    return _("in lungs"), _("knows the weights"), _("repeatable"), _("does what it says")


def explanation(checks: MapChecks) -> str:
    """HTML: what was measured for each, and its limit."""
    if not checks.has_heat:
        return ""
    measured = (
        _("{value:.2f} of the heat lies in the lungs; at least {limit:.2f}."),
        _("Likeness to the maps of three networks that have learned nothing: {value:.2f}; below {limit:.2f}."),
        _("Correlation with the maps of the scan when nudged: {value:.2f}; above {limit:.2f}."),
        _("The hottest tenth of the lungs made healthy, against random tenths: p = {value:.2f}; at most {limit:.2f}."),
    )
    unknown = _("could not be checked")
    lines = [
        f"{_marked(check, title)}: {escape(sentence.format(**vars(check)) if check else unknown)}"
        for (check, title), sentence in zip(zip(checks.each.values(), titles(), strict=True), measured, strict=True)
    ]
    return "<br>".join(lines)


def _marked(check: Check | None, title: str) -> str:
    title = escape(title).replace(" ", "&nbsp;")
    if check is None:
        return f"{_UNKNOWN}&nbsp;{title}"
    if check.passes:
        return f"{_PASSED}&nbsp;{title}"
    return f'<span style="color:{_FAILED_COLOR}">{_FAILED}&nbsp;{title}</span>'
