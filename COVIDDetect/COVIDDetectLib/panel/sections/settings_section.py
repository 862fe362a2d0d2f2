"""Settings that apply to all scenes on this computer: device, weights, and method for the lungs."""

from __future__ import annotations

from collections.abc import Callable

import qt
import slicer
from slicer.i18n import tr as _

from ...errors import WeightsError
from ...weights.cards import ModelCard, default_card
from ...weights.store import installed_cards, is_bundled
from .weights_menu import WeightsMenu


class SettingsSection:
    """The section *Settings*, kept in the application's settings.

    Parameters
    ----------
    ui
        The panel's widgets.
    changed
        Called without arguments when the user chose something else.
    """

    def __init__(self, ui: slicer.util.childWidgetVariables, changed: Callable[[], None]) -> None:
        self._ui, self._changed = ui, changed
        self._combos = {"device": ui.deviceComboBox, "lungs": ui.methodComboBox, "weights": ui.weightsComboBox}
        self._cards: list[ModelCard] = []
        for combo in (ui.methodComboBox, ui.weightsComboBox):  # a card's title must not widen the panel
            combo.sizeAdjustPolicy = qt.QComboBox.AdjustToMinimumContentsLengthWithIcon
            combo.minimumContentsLength = 6
        self._fill()
        for name, combo in self._combos.items():
            combo.connect("currentIndexChanged(int)", lambda index, name=name: self._on_changed(name))
        ui.previewCheckBox.checked = _settings().value("COVIDDetect/preview") != "off"
        ui.previewCheckBox.connect("toggled(bool)", self._on_preview)
        self.weights_menu = WeightsMenu(ui.weightsComboBox, self._on_weights)
        qt.QWidget.setTabOrder(self.weights_menu.button, ui.previewCheckBox)
        qt.QWidget.setTabOrder(ui.previewCheckBox, ui.readingFirstCheckBox)
        self._describe_weights()

    @property
    def device(self) -> str:
        """``auto``, ``cpu``, ``cuda`` or ``mps``."""
        return self._ui.deviceComboBox.currentData

    @property
    def lungs(self) -> str:
        """``unet``, ``threshold``, or the path of the model card of another UNet."""
        return self._ui.methodComboBox.currentData

    @property
    def card(self) -> ModelCard:
        """The weights that score.

        Raises
        ------
        WeightsError
            If none are installed.
        """
        chosen = self._ui.weightsComboBox.currentData
        return next((card for card in self._cards if card.id == chosen), None) or default_card("decovnet")

    @property
    def weights_sha256(self) -> str:
        """Of the weights that score; empty if none are installed."""
        try:
            return self.card.sha256
        except WeightsError:
            return ""

    def _fill(self) -> None:
        """Offer what there is; what was chosen stays chosen."""
        installed = installed_cards()
        self._cards = [card for card in installed if card.network == "decovnet"]
        unets = [card for card in installed if card.network == "unet" and not is_bundled(card)]
        devices = {"auto": _("Automatic"), "cpu": _("CPU"), "cuda": _("NVIDIA GPU"), "mps": _("Apple GPU")}
        entries = {
            "device": devices,
            "lungs": {"unet": _("UNet"), "threshold": _("Threshold")} | {str(card.path): card.title for card in unets},
            "weights": {card.id: card.title for card in self._cards},
        }
        for name, combo in self._combos.items():
            combo.blockSignals(True)
            combo.clear()
            for key, title in entries[name].items():
                combo.addItem(title, key)
            combo.currentIndex = max(0, combo.findData(_settings().value(f"COVIDDetect/{name}")))
            combo.blockSignals(False)

    def _on_weights(self, sentence: str) -> None:
        """Weights came or went, or could not."""
        self._fill()
        for name, combo in self._combos.items():
            _settings().setValue(f"COVIDDetect/{name}", combo.currentData)
        self._describe_weights(sentence)
        self._changed()

    def _on_changed(self, name: str) -> None:
        _settings().setValue(f"COVIDDetect/{name}", self._combos[name].currentData)
        self._describe_weights()
        self._changed()

    def _on_preview(self, checked: bool) -> None:
        _settings().setValue("COVIDDetect/preview", "on" if checked else "off")
        self._changed()

    def _describe_weights(self, sentence: str = "") -> None:
        try:
            use = self.card.intended_use
        except WeightsError as error:
            use = str(error)
        self._ui.cardLabel.text = f"{sentence}\n\n{use}" if sentence else use


def _settings() -> qt.QSettings:
    return slicer.app.userSettings()
