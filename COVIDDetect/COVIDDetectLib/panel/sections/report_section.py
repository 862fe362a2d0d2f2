"""The result leaves the panel: as text on the clipboard, or as a file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import qt
import slicer
from slicer.i18n import tr as _

from ...analysis.follow_up import FollowUp
from ...atomic import whole_file
from ...errors import COVIDDetectError, InputError
from ...mrml.nodes.ct import ct_from_node
from ...mrml.nodes.heat_map import attention_from_node
from ...mrml.nodes.key_images import key_images_of
from ...mrml.nodes.lung_mask import lung_mask_from_node
from ...report.acquisition import grid_row
from ...report.key_pictures import KeyPicture, key_pictures
from ...report.method import method_text
from ...report.page import page_of
from ...report.page_html import page_html
from ...report.page_pdf import page_pdf
from ...report.planes import Scene
from ...report.reported import Reported
from ...report.table import csv_table
from ...report.text import report_text
from ...report.words import WORDS, Language
from ..questions import which_report_file
from ..state import PanelState
from .dicom_menu import Request
from .export_menu import ExportMenu
from .follow_up_section import follow_up_of

_SAID_FOR_MS = 3000


class ReportSection:
    """The buttons *Copy text*, *Copy method* and *Export…*.

    Parameters
    ----------
    ui
        The panel's widgets.
    state
        Returns what the panel shows.
    request
        Does something that may raise an error.
    say
        Called with what the user reads later: why nothing could be sent.
    """

    def __init__(
        self,
        ui: slicer.util.childWidgetVariables,
        state: Callable[[], PanelState],
        request: Request,
        say: Callable[[str], None],
    ) -> None:
        self._state, self._request = state, request
        ui.copyTextButton.connect("clicked(bool)", lambda checked: self.copy())
        ui.copyMethodButton.connect("clicked(bool)", lambda checked: self.copy_method())
        ui.exportButton.connect("clicked(bool)", lambda checked: self.export())
        self.menu = ExportMenu(ui, state, request, say)

    def copy(self) -> None:
        """Put the text on the clipboard, as the panel shows the result now."""
        qt.QApplication.clipboard().setText(report_text(reported(self._state())))
        slicer.util.showStatusMessage(_("The text of the result was copied."), _SAID_FOR_MS)

    def copy_method(self) -> None:
        """The same with how it was computed, for an article."""
        state = self._state()
        assert state.result is not None, "the buttons are only seen with a result"
        qt.QApplication.clipboard().setText(method_text(reported(state), state.result.layer))
        slicer.util.showStatusMessage(_("The text on the method was copied."), _SAID_FOR_MS)

    def export(self) -> None:
        """Write a report; its name tells which kind."""
        state = self._state()
        about = reported(state)
        chosen = which_report_file(f"COVIDDetect-{about.record['input']['sha256'][:12]}.pdf")
        if chosen:
            self._request(lambda: _write(Path(chosen), state, about))


def reported(state: PanelState) -> Reported:
    """What the panel shows of a result, to be reported in its language."""
    result = state.result
    assert result is not None, "the buttons are only seen with a result"
    return Reported(
        result.record,
        _language(),
        stale=result.stale,
        threshold=state.decision_threshold,
        opacity_bounds=result.opacity_bounds,
        card=result.card,
        follow_up=None if result.stale else _follow_up(state),
        history=result.history,
    )


def _follow_up(state: PanelState) -> FollowUp | None:
    try:
        return follow_up_of(state)
    except COVIDDetectError:  # the section says why
        return None


def _language() -> Language:
    # Translators write the code of their language, if reports are made in it.
    code = _("en")
    return next((language for language in WORDS if language == code), "en")


def _write(file: Path, state: PanelState, about: Reported) -> None:
    kind = file.suffix.lower()
    if kind == ".txt":
        content = report_text(about).encode("utf-8")
    elif kind == ".csv":
        content = csv_table(about).encode("utf-8")
    elif kind in (".pdf", ".html"):
        with slicer.util.WaitCursor():
            page = page_of(*_with_ct(state, about))
            content = page_pdf(page) if kind == ".pdf" else page_html(page, about.language).encode("utf-8")
    else:
        raise InputError(f"{file.name} has no ending that names a report; use .pdf, .html, .txt or .csv.")
    with whole_file(file) as opened:
        opened.write(content)
    slicer.util.showStatusMessage(_("Written: {file}").format(file=file), _SAID_FOR_MS)


def _with_ct(state: PanelState, about: Reported) -> tuple[Reported, list[KeyPicture]]:
    """The grid of the CT, and pictures of it with its mask and heat map as far as they are still there."""
    assert state.result is not None
    result = state.result.result
    ct_node, mask_node, map_node = result.ct_node, result.lung_mask_node, result.heat_map_node
    added = key_images_of(result)
    if ct_node is None:
        return about, added
    ct = ct_from_node(ct_node)
    about = replace(about, acquisition=(grid_row(about.words, ct.shape, ct.geometry),))
    if mask_node is None or map_node is None:
        return about, added
    scene = Scene.of(ct, lung_mask_from_node(mask_node, ct_node), attention_from_node(map_node))
    return about, [*key_pictures(scene, result.record["regions"]), *added]
