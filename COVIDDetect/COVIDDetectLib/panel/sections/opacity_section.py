"""Densities in each lung, with limits that the user can change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from ...analysis.opacity import OpacityBounds
from ...errors import InputError
from ..state import PanelState
from ..words import with_minus

_COLUMNS = ("right", "left")
_WAIT_MS = 400


class OpacitySection:
    """The section *Opacity*.

    Parameters
    ----------
    ui
        The panel's widgets.
    bounds
        Returns those that are chosen, as ``OpacityBounds.levels``; nothing without a scene.
    measure, show_segments
        Called with the bounds when they changed, and when they are to be shown.
    say
        Shows a sentence.
    """

    def __init__(
        self,
        ui: slicer.util.childWidgetVariables,
        bounds: Callable[[], Sequence[float]],
        measure: Callable[[OpacityBounds], None],
        show_segments: Callable[[OpacityBounds], None],
        say: Callable[[str], None],
    ) -> None:
        self._ui, self._bounds, self._say = ui, bounds, say
        # While a mouse wheel turns, the numbers wait for it to rest.
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(_WAIT_MS)
        self._timer.connect("timeout()", lambda: self._with_bounds(measure))
        ui.opacitySegmentsButton.connect("clicked(bool)", lambda checked: self._with_bounds(show_segments))
        table = ui.opacityTable
        table.setColumnCount(len(_COLUMNS))
        table.setHorizontalHeaderLabels([_("Right"), _("Left")])
        table.horizontalHeader().setSectionResizeMode(qt.QHeaderView.Stretch)
        table.setEditTriggers(qt.QAbstractItemView.NoEditTriggers)
        table.setSelectionMode(qt.QAbstractItemView.NoSelection)

    def show(self, new: PanelState, old: PanelState) -> None:
        """Show what was measured of a result, and measure again when other bounds are chosen."""
        self._ui.opacityCollapsibleButton.visible = new.result is not None and not new.editor_open
        if new.result is None:
            self._timer.stop()
            return
        self._fill(new.result.record)
        if new.bounds == new.result.opacity_bounds:
            self._timer.stop()
        elif not new.result.stale and _wanted(new) != _wanted(old):
            self._timer.start()  # once: what cannot be measured now cannot be measured in a moment either

    def _fill(self, record: Mapping[str, Any]) -> None:
        lungs = {lung["side"]: lung for lung in record["opacity"]}
        lobes = {(lobe["side"], lobe["lobe"]): lobe for lobe in record.get("lobes", ())}
        share, opaque = _("mL, and percent of this lung"), ("ground_glass", "consolidation")
        of_lungs = [
            (_("Volume, mL"), "", lambda lung: f"{lung['volume_ml']:.0f}"),
            (_("Density, HU"), "", lambda lung: with_minus(f"{lung['mean_hu']:.0f}")),
            (_("Ground glass"), share, lambda lung: _share(lung, "ground_glass")),
            (_("Consolidation"), share, lambda lung: _share(lung, "consolidation")),
            (_("Emphysema-like"), share, lambda lung: _share(lung, "emphysema")),
        ]
        rows = [
            (title, tip, [text(lungs[side]) if side in lungs else "–" for side in _COLUMNS])
            for title, tip, text in of_lungs
        ]
        of_lobe = _("Ground glass and consolidation in this lobe: mL, and percent of it")
        titles = {
            "upper": _("Upper lobe opacity"),
            "middle": _("Middle lobe opacity"),
            "lower": _("Lower lobe opacity"),
        }
        for lobe, title in titles.items() if lobes else ():
            here = [lobes.get((side, lobe)) for side in _COLUMNS]
            rows.append((title, of_lobe, [_share(one, *opaque) if one else "–" for one in here]))
        table = self._ui.opacityTable
        table.setRowCount(len(rows))
        table.setVerticalHeaderLabels([title for title, *_rest in rows])
        for row, (_title, tip, texts) in enumerate(rows):
            for column, text in enumerate(texts):
                item = qt.QTableWidgetItem(text)
                item.setToolTip(tip)
                item.setTextAlignment(qt.Qt.AlignRight | qt.Qt.AlignVCenter)
                table.setItem(row, column, item)
        height = table.horizontalHeader().sizeHint.height() + len(rows) * table.verticalHeader().defaultSectionSize
        table.setFixedHeight(height + 4)

    def _with_bounds(self, slot: Callable[[OpacityBounds], None]) -> None:
        chosen = self._bounds()
        if not chosen:
            return
        try:
            bounds = OpacityBounds.from_levels(chosen)
        except InputError as error:
            self._say(str(error))
            return
        slot(bounds)


def _wanted(state: PanelState) -> tuple[object, ...]:
    """Which result is to be measured, and within which bounds."""
    result = state.result
    return result and (result.result.node, result.history, bool(result.stale)), state.bounds


def _share(part: Mapping[str, Any], *kinds: str) -> str:
    percent, ml = (sum(part[f"{kind}_{unit}"] for kind in kinds) for unit in ("percent", "ml"))
    decimals = 0 if percent >= 9.95 else 1  # two digits tell enough, and fit into a narrow panel
    return f"{ml:.0f}, {percent:.{decimals}f} %"
