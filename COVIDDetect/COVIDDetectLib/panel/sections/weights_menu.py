"""The menu *Manage…*: add, import, show and remove weights. Another process does what needs torch."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import qt
import slicer
from slicer.i18n import tr as _

from ...errors import COVIDDetectError, WeightsError
from ...weights import store
from ...weights.cards import ModelCard
from ...weights.download import check_address, is_checkpoint
from ...weights.released import AUTHORS_PAGE, LICENCE
from ...worker.one_off import OneOffProcess
from ..installation import ensure_packages
from ..questions import answer_to, message_box


class WeightsMenu:
    """A button with a menu to the right of a combo box.

    Parameters
    ----------
    combo
        Where weights are chosen.
    said
        Called with a sentence to show, after anything was done; the weights that are installed may be others then.
    """

    def __init__(self, combo: qt.QComboBox, said: Callable[[str], None]) -> None:
        self._said = said
        self._process: OneOffProcess | None = None
        self.button = qt.QToolButton()
        self.button.objectName = "manageWeightsButton"
        self.button.text = _("Manage…")
        self.button.toolTip = _("Add your own weights, show model cards, remove weights.")
        self.button.popupMode = qt.QToolButton.InstantPopup
        self.menu = qt.QMenu(self.button)
        self.button.setMenu(self.menu)
        self.adding = [
            self._action(self.menu, title, act)
            for title, act in (
                (_("Add from file…"), self.add_file),
                (_("Add from folder…"), self.add_folder),
                (_("Add from URL…"), self.add_url),
                (_("Get the authors' weights…"), self.import_released),
            )
        ]
        self.menu.addSeparator()
        self.show_menu, self.remove_menu = qt.QMenu(_("Show card"), self.menu), qt.QMenu(_("Remove"), self.menu)
        self.menu.addMenu(self.show_menu)
        self.menu.addMenu(self.remove_menu)
        self.menu.addSeparator()
        self._cancel_action = self._action(self.menu, _("Cancel"), self.cancel)
        self.menu.connect("aboutToShow()", self.update)
        self.update()
        holder = qt.QWidget()
        combo.parentWidget().layout().replaceWidget(combo, holder)
        row = qt.QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(combo, 1)
        row.addWidget(self.button)

    @property
    def busy(self) -> bool:
        """Whether weights are being added."""
        return self._process is not None

    def update(self) -> None:
        """Show what can be done now."""
        cards = store.installed_cards()
        own = {card.id: card.title for card in cards if not store.is_bundled(card)}
        own |= {name: _("{name} (damaged)").format(name=name) for name in store.damaged_weights()}
        self.show_menu.clear()
        for card in cards:
            self._action(self.show_menu, card.title, partial(self.show, card))
        self.remove_menu.clear()
        for name, title in own.items():
            self._action(self.remove_menu, title, partial(self.remove, name, title))
        for action in self.adding:
            action.enabled = not self.busy
        self.remove_menu.enabled = bool(own) and not self.busy
        self._cancel_action.enabled = self.busy

    def add_file(self) -> None:
        """Ask for a card or its weights file."""
        kinds = _("Weights and model cards") + " (*.json *.safetensors)"
        self._add("add", qt.QFileDialog.getOpenFileName(slicer.util.mainWindow(), _("Add weights"), "", kinds))

    def add_folder(self) -> None:
        """Ask for a folder with weights and card."""
        self._add("add", qt.QFileDialog.getExistingDirectory(slicer.util.mainWindow(), _("Add weights")))

    def import_released(self) -> None:
        """Open the authors' page, whose licence is another than this program's, and ask for what was downloaded."""
        how = _(
            "Their page opens in your browser. Download the checkpoints of DeCoVNet and of the UNet there, then choose "
            "each of them here. Nothing is sent."
        )
        if not _confirms(_("Get the weights of DeCoVNet's authors?"), f"{how}\n\n{_licence_of_released()}"):
            return
        open_page(AUTHORS_PAGE)
        kinds = _("Released checkpoints") + " (*.pth *.pt)"
        title = _("Choose the checkpoint that you downloaded")
        downloads = qt.QStandardPaths.writableLocation(qt.QStandardPaths.DownloadLocation)
        self._add("import", qt.QFileDialog.getOpenFileName(slicer.util.mainWindow(), title, downloads, kinds))

    def add_url(self) -> None:
        """Ask for an address and its checksum, then whether to download."""
        asked = _ask_for_address()
        if asked is None:
            return
        url, sha256 = asked
        try:
            check_address(url, sha256)
        except WeightsError as error:
            self._said(str(error))
            return
        licence = _licence_of_released() if is_checkpoint(url) else ""
        if _confirms(
            _("Download and add these weights?"),
            _(
                "The file at {url} is downloaded, together with its model card or weights from the same folder. "
                "The server sees this computer's IP address; nothing about you or your images is sent."
            ).format(url=url)
            + (f"\n\n{licence}" if licence else ""),
        ):
            self._add("download", url, sha256)

    def show(self, card: ModelCard) -> None:
        """Show a model card, and whether the files are those that it describes."""
        box = message_box(card.title, card_text(card))
        answer_to(box, box.addButton(qt.QMessageBox.Close))

    def remove(self, name: str, title: str) -> None:
        """Remove weights, after a question."""
        if not _confirms(_("Remove these weights?"), _("{title} is deleted from this computer.").format(title=title)):
            return
        try:
            store.remove(name)
        except WeightsError as error:
            self._said(str(error))
        else:
            self._said(_("{title} was removed.").format(title=title))

    def cancel(self) -> None:
        """End what is under way; what is installed stays as it is."""
        if self._process is not None:
            self._process.cancel()

    def stop(self) -> None:
        """End what is under way, and say nothing: the panel goes."""
        if self._process is not None:
            self._process.stop()
            self._process = None

    def _add(self, action: str, *values: str) -> None:
        if not values[0] or self.busy:
            return
        try:
            if not ensure_packages():
                return
        except COVIDDetectError as error:
            self._said(str(error))
            return
        request = {"type": action, "values": list(values)}
        self._process = OneOffProcess("weights_service", request, self._on_added, self._on_failed)
        self._said(_("Checking the weights …") if action != "download" else _("Downloading and checking the weights …"))

    def _on_added(self, name: str) -> None:
        self._process = None
        title = next((card.title for card in store.installed_cards() if card.id == name), name)
        self._said(_("{title} was added and can be selected now.").format(title=title))

    def _on_failed(self, error: COVIDDetectError) -> None:
        self._process = None
        self._said(str(error))

    def _action(self, menu: qt.QMenu, title: str, act: Callable[[], None]) -> qt.QAction:
        action = qt.QAction(title.replace("&", "&&"), menu)
        action.connect("triggered(bool)", lambda checked: act())
        menu.addAction(action)
        return action


def card_text(card: ModelCard) -> str:
    """A model card as text, with the checksum computed anew."""
    try:
        store.check_checksum(card)
        checked = _("The files match this card.")
    except WeightsError as error:
        checked = str(error)
    measured = card.operating_characteristics
    rows = [
        (_("Intended use"), card.intended_use),
        (_("Network"), f"{card.network}, {card.variant}, {card.input_size[0]} × {card.input_size[1]}"),
        (_("Version"), card.version),
        (_("Trained on"), card.training_data),
        (_("Measured"), measured["cohort"] if measured else _("no sensitivity or specificity")),
        (_("Licence"), card.licence),
        (_("Source"), card.source),
        (_("File"), str(card.weights_path)),
        ("SHA-256", f"{card.sha256}. {checked}"),
    ]
    return "\n\n".join(f"{title}: {value}" for title, value in rows)


def open_page(url: str) -> None:
    """Show a page in the user's browser."""
    qt.QDesktopServices.openUrl(qt.QUrl(url))


def _licence_of_released() -> str:
    return _(
        "The authors' files are licensed under {licence}: give credit, use them for non-commercial purposes only,"
        " and share what you make from them under the same licence. COVIDDetect's own licence does not cover "
        "them."
    ).format(licence=LICENCE)


def _ask_for_address() -> tuple[str, str] | None:
    dialog = qt.QDialog(slicer.util.mainWindow())
    dialog.windowTitle = _("Add weights from URL")
    form = qt.QFormLayout(dialog)
    hint = qt.QLabel(
        _("Model card (.json), weights (.safetensors) or released checkpoint (.pth), and the SHA-256 of that file.")
    )
    hint.wordWrap = True
    form.addRow(hint)
    url, sha256 = qt.QLineEdit(), qt.QLineEdit()
    url.objectName, sha256.objectName = "urlLineEdit", "sha256LineEdit"
    url.placeholderText = "https://"
    url.minimumWidth = 420
    form.addRow(_("URL:"), url)
    form.addRow(_("SHA-256:"), sha256)
    buttons = qt.QDialogButtonBox()  # PythonQt takes buttons that it is made with for an orientation, and makes none
    for button in (qt.QDialogButtonBox.Ok, qt.QDialogButtonBox.Cancel):
        buttons.addButton(button)
    buttons.connect("accepted()", dialog.accept)
    buttons.connect("rejected()", dialog.reject)
    form.addRow(buttons)
    accepted = dialog.exec_() == qt.QDialog.Accepted
    asked = url.text.strip(), sha256.text.strip()
    dialog.deleteLater()
    return asked if accepted else None


def _confirms(question: str, explanation: str) -> bool:
    box = message_box(question, explanation, qt.QMessageBox.Question)
    yes = box.addButton(qt.QMessageBox.Ok)
    cancel = box.addButton(qt.QMessageBox.Cancel)
    return bool(answer_to(box, cancel) == yes)
