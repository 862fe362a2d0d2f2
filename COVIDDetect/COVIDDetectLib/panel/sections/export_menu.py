"""What the arrow of *Export…* opens: the result as DICOM, what the user says of it, and pictures of the views."""

from __future__ import annotations

from collections.abc import Callable

import qt
import slicer
from slicer.i18n import tr as _

from ...errors import InputError
from ...mrml.nodes.key_images import add_key_image, count_key_images, remove_last_key_image
from ...mrml.nodes.verdict import verdict_of, write_verdict
from ...mrml.views.pictures import slice_pictures
from ..state import PanelState, ResultState
from .dicom_menu import DicomMenu, Request

_SAID_FOR_MS = 3000


class ExportMenu:
    """The menu; parameters are those of ``ReportSection``."""

    def __init__(
        self,
        ui: slicer.util.childWidgetVariables,
        state: Callable[[], PanelState],
        request: Request,
        say: Callable[[str], None],
    ) -> None:
        self._state, self._request = state, request
        self.menu = qt.QMenu(ui.exportButton)
        self.dicom = DicomMenu(self.menu, ui, state, request, say)
        self.menu.addSeparator()
        self.verdicts = {
            "accepted": self._action(_("I agree with the result"), lambda: self._say_of_it("accepted")),
            "rejected": self._action(_("I disagree with the result"), lambda: self._say_of_it("rejected")),
        }
        for action in self.verdicts.values():
            action.checkable = True
        self.menu.addSeparator()
        self.add_image = self._action(_("Add key image"), self._add_image)
        self.remove_image = self._action("", self._remove_image)
        self.menu.connect("aboutToShow()", self.update)
        ui.exportButton.popupMode = qt.QToolButton.MenuButtonPopup
        ui.exportButton.setMenu(self.menu)
        self.update()

    def update(self) -> None:
        """Show what can be done now, and what was said."""
        self.dicom.update()
        state = self._state().result
        said = verdict_of(state.result) if state is not None else ""
        for verdict, action in self.verdicts.items():
            action.checked = verdict == said
            action.enabled = state is not None and not state.stale
        count = count_key_images(state.result) if state is not None else 0
        self.remove_image.text = _("Remove last key image ({count})").format(count=count)
        self.add_image.enabled, self.remove_image.enabled = state is not None, count > 0

    def _action(self, title: str, act: Callable[[], None]) -> qt.QAction:
        action = qt.QAction(title, self.menu)
        action.connect("triggered(bool)", lambda checked: self._request(act))
        self.menu.addAction(action)
        return action

    @property
    def _result(self) -> ResultState:
        result = self._state().result
        if result is None:
            raise InputError(_("There is no result to export; analyze the CT first."))
        return result

    def _say_of_it(self, verdict: str) -> None:
        """A second click takes the verdict back."""
        result = self._result.result
        write_verdict(result, "" if verdict_of(result) == verdict else verdict)
        self.update()

    def _add_image(self) -> None:
        result, ct = self._result.result, self._state().ct
        pictures = slice_pictures(ct) if ct is not None else []
        if not pictures:
            raise InputError(_("No slice view shows the CT of this result; choose it first."))
        add_key_image(result, pictures)
        self.update()
        slicer.util.showStatusMessage(
            _("Key image {number} is added to the report.").format(number=count_key_images(result)), _SAID_FOR_MS
        )

    def _remove_image(self) -> None:
        remove_last_key_image(self._result.result)
        self.update()
