"""The user's own weights: added, chosen, shown and removed in the panel; what is wrong with them is one sentence."""

from __future__ import annotations

import json
import pickle
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from Testing.panel.host import MODULE_FOLDER, wait_until
from Testing.panel.steps import analyze, load_phantom

LONGEST_CHECK_S = 90.0


@pytest.fixture
def settings(panel: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The section, with nothing installed but what comes along."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    section = panel.panel.settings
    section._on_weights("")
    assert own_weights() == []
    yield section
    monkeypatch.undo()
    section._on_weights("")


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """The card of weights on a disk: those that come along, named anew, with one number changed."""
    return copied("decovnet", tmp_path / "mine")


def copied(network: str, folder: Path) -> Path:
    """Weights like the bundled ones of a network, but not the same."""
    import hashlib

    from COVIDDetectLib.weights.cards import default_card

    bundled = default_card(network)  # type: ignore[arg-type]
    content = bytearray(bundled.weights_path.read_bytes())
    content[-4] ^= 1  # the last bit of the last number
    folder.mkdir()
    (folder / "mine.safetensors").write_bytes(content)
    entries = json.loads(bundled.path.read_text()) | {
        "id": f"mine-{network}",
        "title": f"My {network}",
        "weights_file": "mine.safetensors",
        "sha256": hashlib.sha256(content).hexdigest(),
        "intended_use": "Mine <b>only</b>.",
    }
    entries.pop("domain_file", None)
    entries.pop("domain_sha256", None)
    (folder / "card.json").write_text(json.dumps(entries))
    return folder / "card.json"


def own_weights() -> list[str]:
    """What is installed in addition to the bundled weights."""
    from COVIDDetectLib.weights.store import installed_cards, is_bundled

    return [card.id for card in installed_cards() if not is_bundled(card)]


def titles(combo: Any) -> list[str]:
    """What a combo box offers."""
    return [combo.itemText(index) for index in range(combo.count)]


def choose_file(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    """The file dialog is the system's: it is answered here, and not shown."""
    import qt

    for name in ("getOpenFileName", "getExistingDirectory"):
        monkeypatch.setattr(qt.QFileDialog, name, staticmethod(lambda *values: str(path)))


def click(settings: Any, title: str, menu: Any = None) -> None:
    """Click an entry of the menu as it is when it is opened."""
    settings.weights_menu.update()
    menu = menu or settings.weights_menu.menu
    action = next(action for action in menu.actions() if action.text == title)
    assert action.enabled
    action.trigger()


def settle(panel: Any, settings: Any) -> str:
    """Wait for the other process; what is said then. The window stays responsive."""
    import slicer

    longest, end = 0.0, time.monotonic() + LONGEST_CHECK_S
    while settings.weights_menu.busy:
        assert time.monotonic() < end
        start = time.monotonic()
        slicer.app.processEvents()
        longest = max(longest, time.monotonic() - start)
        time.sleep(0.005)
    assert longest < 0.5
    said: str = panel.ui.cardLabel.text
    return said.split("\n\n")[0]


def answer(replies: list[Callable[[Any], None]]) -> list[str]:
    """Answer the dialogs that come, in this order; what each says is in the list that is returned."""
    import qt
    import slicer

    heard: list[str] = []

    def reply() -> None:
        box = slicer.app.activeModalWidget()
        if box is None:
            qt.QTimer.singleShot(50, reply)
            return
        heard.append(f"{box.text} {box.informativeText}" if hasattr(box, "informativeText") else "")
        act = replies.pop(0)
        if replies:
            qt.QTimer.singleShot(200, reply)
        act(box)

    qt.QTimer.singleShot(50, reply)
    return heard


def press(title: str) -> Callable[[Any], None]:
    """Click a button of a message box."""

    def act(box: Any) -> None:
        next(button for button in box.buttons() if button.text.replace("&", "") == title).click()

    return act


def type_address(url: str, sha256: str) -> Callable[[Any], None]:
    """Fill in the dialog that asks for an address, and accept it."""

    def act(dialog: Any) -> None:
        import qt

        dialog.findChild(qt.QLineEdit, "urlLineEdit").text = url
        dialog.findChild(qt.QLineEdit, "sha256LineEdit").text = sha256
        dialog.findChild(qt.QDialogButtonBox).buttons()[0].click()

    return act


def test_the_button_is_beside_the_weights_and_says_what_it_does(panel: Any, settings: Any) -> None:
    panel.ui.settingsCollapsibleButton.collapsed = False
    import slicer

    slicer.app.processEvents()
    button, combo = settings.weights_menu.button, panel.ui.weightsComboBox
    assert button.visible and combo.visible
    assert button.parentWidget() == combo.parentWidget()
    assert abs(button.y - combo.y) < button.height and button.x >= combo.x + combo.width
    assert combo.width > 80
    assert button.toolTip
    panel.ui.settingsCollapsibleButton.collapsed = True


@pytest.mark.parametrize("entry", ["Add from file…", "Add from folder…"])
def test_weights_that_are_added_are_offered_and_score_when_chosen(
    panel: Any, real_worker: Any, settings: Any, mine: Path, monkeypatch: pytest.MonkeyPatch, entry: str
) -> None:
    choose_file(monkeypatch, mine if "file" in entry else mine.parent)
    in_use = settings.card
    click(settings, entry)
    assert "Checking" in panel.ui.cardLabel.text
    assert settle(panel, settings) == "My decovnet was added and can be selected now."
    combo = panel.ui.weightsComboBox
    assert titles(combo) == [in_use.title, "My decovnet"]
    assert settings.card == in_use
    if "folder" in entry:
        return
    load_phantom()
    combo.currentIndex = 1
    assert panel.ui.cardLabel.text == "Mine <b>only</b>."
    result = analyze(panel)
    assert result.record["weights"]["title"] == "My decovnet"
    assert result.card.id == "mine-decovnet"
    combo.currentIndex = 0
    assert "Other weights" in panel.ui.staleLabel.text


def test_a_long_title_does_not_widen_the_panel(
    panel: Any, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import slicer
    from COVIDDetectLib.panel.sections.settings_section import SettingsSection

    for network in ("decovnet", "unet"):
        card = copied(network, tmp_path / network)
        card.write_text(card.read_text().replace(f"My {network}", f"{network} " + "long " * 20))
        choose_file(monkeypatch, card)
        click(settings, "Add from file…")
        assert "was added" in settle(panel, settings)
    # A combo box takes its width when it is first shown: in the next session.
    widget = slicer.util.loadUI(str(MODULE_FOLDER / "Resources" / "UI" / "COVIDDetect.ui"))
    widget.setMRMLScene(slicer.mrmlScene)
    ui = slicer.util.childWidgetVariables(widget)
    SettingsSection(ui, lambda: None)
    assert any(title.startswith("decovnet long") for title in titles(ui.weightsComboBox))
    assert any(title.startswith("unet long") for title in titles(ui.methodComboBox))
    assert ui.settingsCollapsibleButton.layout().minimumSize().width() < 340
    widget.deleteLater()
    slicer.app.processEvents()


def test_lungs_can_be_found_by_a_unet_that_was_added(
    panel: Any, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose_file(monkeypatch, copied("unet", tmp_path / "unet"))
    click(settings, "Add from file…")
    settle(panel, settings)
    assert titles(panel.ui.methodComboBox) == ["UNet", "Threshold", "My unet"]
    load_phantom()
    result = analyze(panel, lungs=panel.ui.methodComboBox.itemData(2))
    assert result.card.id == "decovnet-demonstration"
    assert "My unet" in json.dumps(result.record["lungs"])


def test_a_card_is_shown_with_its_checksum(panel: Any, settings: Any) -> None:
    heard = answer([press("Close")])
    click(settings, settings.card.title, settings.weights_menu.show_menu)
    for part in (settings.card.intended_use, settings.card.sha256, "The files match this card."):
        assert part in heard[0]


def test_weights_that_are_removed_are_used_no_more(
    panel: Any, settings: Any, mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose_file(monkeypatch, mine)
    click(settings, "Add from file…")
    settle(panel, settings)
    panel.ui.weightsComboBox.currentIndex = 1
    heard = answer([press("Cancel")])
    click(settings, "My decovnet", settings.weights_menu.remove_menu)
    assert "My decovnet is deleted" in heard[0]
    assert own_weights() == ["mine-decovnet"] and settings.card.id == "mine-decovnet"
    answer([press("OK")])
    click(settings, "My decovnet", settings.weights_menu.remove_menu)
    assert settle(panel, settings) == "My decovnet was removed."
    assert own_weights() == [] and settings.card.id == "decovnet-demonstration"
    settings.weights_menu.update()
    assert not settings.weights_menu.remove_menu.enabled


def test_weights_that_are_wrong_give_a_sentence_and_those_in_use_stay(
    panel: Any, settings: Any, mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_use = settings.card
    weights = mine.with_name("mine.safetensors")
    whole = weights.read_bytes()
    for damaged in (whole[:-100], pickle.dumps(print), whole[:-1] + b"\x00"):
        weights.write_bytes(damaged)
        choose_file(monkeypatch, mine)
        click(settings, "Add from file…")
        assert "the checksum differs" in settle(panel, settings)
        assert settings.card == in_use and own_weights() == []
    hostile = mine.with_name("hostile.pth")
    hostile.write_bytes(pickle.dumps(print))
    choose_file(monkeypatch, hostile)
    monkeypatch.setattr("COVIDDetectLib.panel.sections.weights_menu.open_page", lambda url: None)
    heard = answer([press("OK")])
    click(settings, "Get the authors' weights…")
    assert "CC BY-NC-SA 4.0" in heard[0]
    assert "nothing in it was executed" in settle(panel, settings)
    assert settings.card == in_use and own_weights() == []


def test_the_authors_page_opens_once_their_licence_is_accepted(
    panel: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import qt
    from COVIDDetectLib.panel.sections import weights_menu

    opened, folders = [], []
    monkeypatch.setattr(weights_menu, "open_page", opened.append)
    asked = staticmethod(lambda parent, title, folder, kinds: folders.append(folder) or "")
    monkeypatch.setattr(qt.QFileDialog, "getOpenFileName", asked)
    heard = answer([press("Cancel")])
    click(settings, "Get the authors' weights…")
    assert "CC BY-NC-SA 4.0" in heard[0] and not opened
    answer([press("OK")])
    click(settings, "Get the authors' weights…")
    assert opened == ["https://github.com/sydney0zq/covid-19-detection"]
    assert folders == [qt.QStandardPaths.writableLocation(qt.QStandardPaths.DownloadLocation)]


def test_an_address_is_asked_for_and_named_before_anything_is_downloaded(panel: Any, settings: Any) -> None:
    url = "https://127.0.0.1:9/<b>card.json"
    answer([type_address("https://[example.org/card.json", "0" * 64)])
    click(settings, "Add from URL…")
    assert "is not a valid URL" in settle(panel, settings)
    answer([type_address("http://example.org/card.json", "0" * 64)])
    click(settings, "Add from URL…")
    assert "must begin with https" in settle(panel, settings)
    heard = answer([type_address(url, "0" * 64), press("Cancel")])
    click(settings, "Add from URL…")
    assert not settings.weights_menu.busy
    assert url in heard[1] and "nothing about you or your images" in heard[1]
    answer([type_address(url, "0" * 64), press("OK")])
    click(settings, "Add from URL…")
    said = settle(panel, settings)
    assert url in said and "cannot be reached" in said and said.endswith("add them from this computer.")
    assert own_weights() == []


def test_what_is_under_way_can_be_cancelled(
    panel: Any, settings: Any, mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose_file(monkeypatch, mine)
    click(settings, "Add from file…")
    settings.weights_menu.update()
    assert not any(action.enabled for action in settings.weights_menu.adding)
    assert not settings.weights_menu.remove_menu.enabled
    click(settings, "Cancel")
    assert settle(panel, settings) == "Cancelled; nothing has changed."
    assert own_weights() == []


def test_a_file_dialog_that_is_closed_changes_nothing(
    panel: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import qt

    for name in ("getOpenFileName", "getExistingDirectory"):
        monkeypatch.setattr(qt.QFileDialog, name, staticmethod(lambda *values: ""))
    monkeypatch.setattr("COVIDDetectLib.panel.sections.weights_menu.open_page", lambda url: None)
    answer([press("OK")])
    for entry in ("Get the authors' weights…", "Add from file…", "Add from folder…"):
        click(settings, entry)
        assert not settings.weights_menu.busy


@pytest.mark.parametrize("file", ["model.pth", "model.pth?raw=true", "model.%70th#x"])
def test_who_does_not_agree_to_the_licence_of_the_authors_imports_nothing(
    panel: Any, settings: Any, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    import qt

    chosen = staticmethod(lambda *values: pytest.fail("a file is asked for"))
    monkeypatch.setattr(qt.QFileDialog, "getOpenFileName", chosen)
    answer([press("Cancel")])
    click(settings, "Get the authors' weights…")
    assert not settings.weights_menu.busy
    heard = answer([type_address(f"https://127.0.0.1:9/{file}", "0" * 64), press("Cancel")])
    click(settings, "Add from URL…")
    assert "CC BY-NC-SA 4.0" in heard[1]
    assert not settings.weights_menu.busy


def test_what_a_card_says_is_never_interpreted(
    panel: Any, settings: Any, mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import qt

    entries = json.loads(mine.read_text())
    entries |= {"title": "<b>My net</b><!--", "intended_use": "--> cleared for diagnosis"}
    mine.write_text(json.dumps(entries))
    choose_file(monkeypatch, mine)
    click(settings, "Add from file…")
    settle(panel, settings)
    panel.ui.weightsComboBox.currentIndex = 1
    load_phantom()
    analyze(panel)
    said = [label for label in panel.parent.findChildren(qt.QLabel) if "<!--" in label.text]
    assert {label.objectName for label in said} >= {"meaningLabel", "detailsLabel"}
    assert [label.objectName for label in said if label.textFormat != qt.Qt.PlainText] == []


def test_torch_is_not_loaded_into_the_window_s_process(settings: Any) -> None:
    if "PythonQt" in sys.modules:
        assert "torch" not in sys.modules
    wait_until(lambda: not settings.weights_menu.busy, 1)
