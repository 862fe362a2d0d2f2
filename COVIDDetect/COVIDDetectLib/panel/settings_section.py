"""What is the same for all scenes on this computer: device, weights, and how lungs are found."""

from __future__ import annotations

from collections.abc import Callable

import qt
import slicer
from slicer.i18n import tr as _

from ..errors import WeightsError
from ..weights import ModelCard, bundled_cards, default_card

_DEVICES = ("auto", "cpu", "cuda", "mps")
_METHODS = ("unet", "threshold")


class SettingsSection:
    """The section *Settings*, kept in the application's settings.

    Parameters
    ----------
    ui
        The panel's widgets.
    changed
        Called without arguments when she chose something else.
    """

    def __init__(self, ui: slicer.util.childWidgetVariables, changed: Callable[[], None]) -> None:
        self._ui = ui
        titles = {"auto": _("Automatic"), "cpu": _("CPU"), "cuda": _("NVIDIA GPU"), "mps": _("Apple GPU")}
        self._cards = [card for card in bundled_cards() if card.network == "decovnet"]
        self._combos = {
            "device": (ui.deviceComboBox, [(key, titles[key]) for key in _DEVICES]),
            "lungs": (ui.methodComboBox, [("unet", _("UNet")), ("threshold", _("Threshold"))]),
            "weights": (ui.weightsComboBox, [(card.id, card.title) for card in self._cards]),
        }
        for name, (combo, entries) in self._combos.items():
            for key, title in entries:
                combo.addItem(title, key)
            combo.currentIndex = max(0, combo.findData(_settings().value(f"COVIDDetect/{name}", entries[0][0])))
            combo.connect("currentIndexChanged(int)", lambda index, name=name: self._on_changed(name, changed))
        self._describe_weights()

    @property
    def device(self) -> str:
        """``auto``, ``cpu``, ``cuda`` or ``mps``."""
        return self._ui.deviceComboBox.currentData

    @property
    def lungs(self) -> str:
        """``unet`` or ``threshold``."""
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

    def _on_changed(self, name: str, changed: Callable[[], None]) -> None:
        _settings().setValue(f"COVIDDetect/{name}", self._combos[name][0].currentData)
        self._describe_weights()
        changed()

    def _describe_weights(self) -> None:
        try:
            self._ui.cardLabel.text = self.card.intended_use
        except WeightsError as error:
            self._ui.cardLabel.text = str(error)


def _settings() -> qt.QSettings:
    return slicer.app.userSettings()
