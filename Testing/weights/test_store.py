"""Weights that the user adds are looked through completely, put in place in one step, or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import random
import struct
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from COVIDDetectLib.errors import WeightsError
from COVIDDetectLib.networks.decovnet import DeCoVNet
from COVIDDetectLib.weights import store
from COVIDDetectLib.weights.cards import ModelCard, bundled_cards, default_card, load_network, read_card, save_weights

from Testing.weights.own_weights import assert_untouched, refused, released

pytestmark = pytest.mark.usefixtures("empty_store")

MEASURED = {
    "cohort": "a",
    "positives": 1,
    "negatives": 1,
    "by_threshold": [{"threshold": 0.5, "sensitivity": 1, "specificity": 1}],
}
CODE_RAN = "code-in-a-file-was-executed"


def rewrite(card: ModelCard, **entries: object) -> ModelCard:
    """The card's file with other entries, whether they make sense or not."""
    content = json.loads(card.path.read_text()) | entries
    card.path.write_text(json.dumps(content))
    return card


def test_without_own_weights_there_are_the_bundled_ones() -> None:
    assert store.installed_cards() == bundled_cards()
    assert all(store.is_bundled(card) for card in store.installed_cards())
    assert store.damaged_weights() == {}


def test_the_folder_is_where_each_system_keeps_a_users_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", "relative/is/ignored")
    assert store.user_folder() == tmp_path / ".local" / "share" / "COVIDDetect" / "Weights"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert store.user_folder() == tmp_path / "Library" / "Application Support" / "COVIDDetect" / "Weights"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "Local"))
    assert store.user_folder() == tmp_path / "Local" / "COVIDDetect" / "Weights"


@pytest.mark.parametrize("chosen", ["card.json", "", "weights"])
def test_weights_are_added_from_card_folder_or_file_and_are_the_same(
    mine: ModelCard, chosen: str, empty_store: Path
) -> None:
    expected = load_network(mine).state_dict()
    if chosen == "weights":
        mine.path.rename(mine.path.with_name("decovnet.json"))
        chosen = "decovnet.safetensors"
    added = store.add(mine.path.parent / chosen)
    assert store.installed_cards() == [*bundled_cards(), added]
    assert added.path == empty_store / "mine-1" / "mine-1.json"
    assert (added.id, added.sha256, added.title) == (mine.id, mine.sha256, "Mine")
    assert not store.is_bundled(added)
    assert store.find_card("Mine 1") == added
    for name, tensor in load_network(added).state_dict().items():
        torch.testing.assert_close(tensor, expected[name])
    store.verify(added)
    store.check_checksum(added)
    assert sorted(path.name for path in empty_store.iterdir()) == ["mine-1"]


def test_statistics_of_the_training_set_come_along(mine: ModelCard) -> None:
    bundled = default_card("decovnet")
    assert bundled.domain_file
    (mine.path.parent / "d.safetensors").write_bytes((bundled.path.parent / bundled.domain_file).read_bytes())
    added = store.add(rewrite(mine, domain_file="d.safetensors", domain_sha256=bundled.domain_sha256).path)
    assert added.domain_file == "mine-1-domain.safetensors"
    assert (added.path.parent / added.domain_file).is_file()


def test_what_was_added_can_be_removed_and_the_bundled_ones_stay(mine: ModelCard, empty_store: Path) -> None:
    store.add(mine.path)
    store.remove("Mine 1")
    assert_untouched(empty_store)
    assert mine.weights_path.is_file()
    refused(empty_store, "comes with the program", lambda: store.remove("decovnet-demonstration"))
    for name in ("Mine 1", "..", "", "../../mine"):
        refused(empty_store, "No weights", lambda name=name: store.remove(name))
    assert mine.weights_path.is_file()


def test_names_that_collide_are_refused_and_the_first_stay(mine: ModelCard, empty_store: Path) -> None:
    refused(empty_store, "installed already", lambda: store.add(default_card("decovnet").path))
    for entries in ({"id": "DeCoVNet.demonstration"}, {"title": default_card("decovnet").title.upper()}):
        original = mine.path.read_text()
        refused(empty_store, "installed already", lambda entries=entries: store.add(rewrite(mine, **entries).path))
        mine.path.write_text(original)
    added = store.add(mine.path)
    with pytest.raises(WeightsError, match="installed already"):
        store.add(mine.path)
    torch.manual_seed(4)
    other = save_weights(DeCoVNet("paper").state_dict(), mine)
    with pytest.raises(WeightsError, match="another id and title"):
        store.add(other.path)
    assert store.installed_cards() == [*bundled_cards(), added]
    store.verify(added)


# --- Files that are wrong --------------------------------------------------------------------------------------------


def _truncated(card: ModelCard) -> None:
    card.weights_path.write_bytes(card.weights_path.read_bytes()[:-1000])


def _truncated_with_its_checksum(card: ModelCard) -> None:
    _with_checksum(card, card.weights_path.read_bytes()[:-1000])


def _with_checksum(card: ModelCard, content: bytes) -> None:
    card.weights_path.write_bytes(content)
    rewrite(card, sha256=hashlib.sha256(content).hexdigest())


def _changed(card: ModelCard) -> None:
    content = bytearray(card.weights_path.read_bytes())
    content[-1] ^= 1
    card.weights_path.write_bytes(content)


def _swapped(card: ModelCard) -> None:
    _with_checksum(card, default_card("unet").weights_path.read_bytes())


def _huge_header(card: ModelCard) -> None:
    _with_checksum(card, struct.pack("<Q", 2**62) + b"{}" * 100)


def _header_of_lies(card: ModelCard) -> None:
    header = json.dumps({"a": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}}).encode()
    _with_checksum(card, struct.pack("<Q", len(header)) + header)


def _unknown_type(card: ModelCard) -> None:
    header = json.dumps({"a": {"dtype": "F4", "shape": [2], "data_offsets": [0, 1]}}).encode()
    _with_checksum(card, struct.pack("<Q", len(header)) + header + b"\0")


def _no_numbers(card: ModelCard) -> None:
    state = load_network(card).state_dict()
    next(iter(state.values()))[0] = float("nan")
    save_weights(state, card)


def _code(card: ModelCard) -> None:
    _with_checksum(card, pickle.dumps(Code(card.path.parent / CODE_RAN)))


def _link(card: ModelCard) -> None:
    card.weights_path.rename(card.path.parent / "elsewhere")
    card.weights_path.symlink_to(card.path.parent / "elsewhere")


def _pipe(card: ModelCard) -> None:
    card.weights_path.unlink()
    os.mkfifo(card.weights_path)


def _too_large(card: ModelCard) -> None:
    with card.weights_path.open("wb") as file:
        file.truncate(store.LARGEST_FILE + 1)


class Code:
    """What a hostile file would have executed."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.trace,))


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (_truncated, "checksum differs"),
        (_truncated_with_its_checksum, "does not contain the weights"),
        (_changed, "checksum differs"),
        (_swapped, "does not contain the weights|installed already"),
        (_huge_header, "does not contain the weights"),
        (_header_of_lies, "does not contain the weights"),
        (_unknown_type, "does not contain the weights"),
        (_no_numbers, "not numbers"),
        (_code, "does not contain the weights"),
        (_link, "is a link"),
        (_pipe, "a device"),
        (_too_large, "too large"),
        (lambda card: card.weights_path.unlink(), "cannot be read"),
        (lambda card: card.path.unlink(), "must contain one model card"),
        (lambda card: (card.path.parent / "second.json").touch(), "must contain one model card"),
    ],
)
def test_weights_that_are_damaged_or_hostile_give_one_sentence_and_change_nothing(
    damage: Callable[[ModelCard], None], sentence: str, mine: ModelCard, empty_store: Path
) -> None:
    damage(mine)
    refused(empty_store, sentence, lambda: store.add(mine.path.parent))
    assert not (mine.path.parent / CODE_RAN).exists()


@pytest.mark.parametrize(
    "entries",
    [
        {"weights_file": "../decovnet.safetensors"},
        {"weights_file": "/etc/passwd"},
        {"weights_file": "..\\decovnet.safetensors"},
        {"weights_file": "C:decovnet.safetensors"},
        {"weights_file": ".."},
        {"weights_file": ""},
        {"weights_file": "card.json"},
        {"weights_file": "a\0.safetensors"},
        {"weights_file": 5},
        {"domain_file": "../../d.safetensors", "domain_sha256": "00"},
        {"domain_file": "missing.safetensors", "domain_sha256": "00"},
        {"domain_file": "decovnet.safetensors"},
        {"id": "../.."},
        {"id": ""},
        {"id": ["a"]},
        {"title": "two\nlines"},
        {"title": " "},
        {"title": "x" * 1000},
        {"input_size": 192},
        {"input_size": [1_000_000, 1_000_000]},
        {"input_size": [192.5, 288]},
        {"input_size": [True, 288]},
        {"hu_window": [600, -1200]},
        {"hu_window": [float("nan"), 1]},
        {"hu_window": [0, 10**400]},
        {"decision_threshold": 10**400},
        {"operating_characteristics": {**MEASURED, "positives": 10**300}},
        {"decision_threshold": "high"},
        {"decision_threshold": 7},
        {"operating_characteristics": {}},
        {"operating_characteristics": {"cohort": "a", "positives": 1, "negatives": 1, "by_threshold": [{}]}},
        {"sha256": None},
        {"network": ["decovnet"]},
        {"intended_use": "x" * 2_000_000},
    ],
    ids=lambda entries: json.dumps(entries)[:60],
)
def test_cards_that_are_hostile_give_one_sentence_and_change_nothing(
    entries: dict[str, object], mine: ModelCard, empty_store: Path
) -> None:
    refused(empty_store, ".", lambda: store.add(rewrite(mine, **entries).path))


@pytest.mark.parametrize("content", [b"[" * 200_000, b"\xff\xfe{", b"{" + b'"a":' * 1000, b"null", b"1" * 5000])
def test_files_that_are_no_cards_give_one_sentence(content: bytes, mine: ModelCard, empty_store: Path) -> None:
    mine.path.write_bytes(content)
    refused(empty_store, "not a model card", lambda: store.add(mine.path))


def test_a_card_that_is_a_link_is_refused(mine: ModelCard, empty_store: Path, tmp_path: Path) -> None:
    (tmp_path / "link.json").symlink_to(mine.path)
    refused(empty_store, "is a link", lambda: store.add(tmp_path / "link.json"))


def test_a_folder_that_cannot_be_written_gives_one_sentence(mine: ModelCard, empty_store: Path) -> None:
    empty_store.parent.parent.mkdir()
    empty_store.parent.write_text("a file is in the way")
    with pytest.raises(WeightsError, match="cannot be used"):
        store.add(mine.path)
    assert store.installed_cards() == bundled_cards()


def test_damaged_weights_are_left_out_named_and_can_be_removed(mine: ModelCard, empty_store: Path) -> None:
    added = store.add(mine.path)
    added.path.write_text("{")
    (empty_store / "empty").mkdir()
    (empty_store / "linked").symlink_to(mine.path.parent)
    assert store.installed_cards() == bundled_cards()
    assert store.damaged_weights().keys() == {"mine-1", "empty", "linked"}
    with pytest.raises(WeightsError, match="remove them first"):
        store.add(mine.path)
    for name in list(store.damaged_weights()):
        store.remove(name)
    assert_untouched(empty_store)
    assert mine.weights_path.is_file()
    store.add(mine.path)


def test_weights_that_may_not_be_read_keep_nobody_from_the_bundled_ones(
    mine: ModelCard, empty_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    added = store.add(mine.path)

    def forbidden(path: Path, *_: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    for name in ("is_file", "iterdir"):
        with monkeypatch.context() as patched:
            patched.setattr(Path, name, forbidden)
            assert store.installed_cards() == bundled_cards()
            (sentence,) = store.damaged_weights().values()
            assert "cannot be read: Permission denied." in sentence and str(empty_store) in sentence
    assert store.installed_cards() == [*bundled_cards(), added]


def test_what_a_killed_program_left_is_no_weights_and_goes_after_a_day(mine: ModelCard, empty_store: Path) -> None:
    left = empty_store / ".unfinished-x"
    left.mkdir(parents=True)
    assert store.installed_cards() == bundled_cards()
    os.utime(left, (0, 0))
    store.add(mine.path)
    assert not left.exists()


# --- Checkpoints of the authors --------------------------------------------------------------------------------------


def test_a_released_checkpoint_is_imported_once(tmp_path: Path, empty_store: Path) -> None:
    torch.save(released("decovnet"), tmp_path / "checkpoint.pth")
    added = store.add_released(tmp_path / "checkpoint.pth")
    assert added.path == empty_store / "decovnet-released" / "decovnet-released.json"
    assert store.installed_cards() == [*bundled_cards(), added]
    with pytest.raises(WeightsError, match="installed already"):
        store.add_released(tmp_path / "checkpoint.pth")
    with pytest.raises(WeightsError, match="import it if"):
        store.add(tmp_path / "checkpoint.pth")


def test_a_checkpoint_with_code_is_refused_and_the_code_never_runs(tmp_path: Path, empty_store: Path) -> None:
    for protocol in (0, 2, 4):
        (tmp_path / "hostile.pth").write_bytes(pickle.dumps(Code(tmp_path / CODE_RAN), protocol=protocol))
        refused(empty_store, "executed", lambda: store.add_released(tmp_path / "hostile.pth"))
    torch.save({"state_dict": released("decovnet"), "more": Code(tmp_path / CODE_RAN)}, tmp_path / "hostile.pth")
    refused(empty_store, "executed", lambda: store.add_released(tmp_path / "hostile.pth"))
    assert not (tmp_path / CODE_RAN).exists()


@pytest.mark.parametrize("zipped", [True, False])
def test_a_damaged_checkpoint_gives_one_sentence_wherever_it_is_damaged(
    zipped: bool, tmp_path: Path, empty_store: Path
) -> None:
    torch.save({"a": torch.rand(3)}, tmp_path / "small.pth", _use_new_zipfile_serialization=zipped)
    whole = (tmp_path / "small.pth").read_bytes()
    chance = random.Random(1)
    for _ in range(200):
        content = bytearray(whole)
        for _ in range(3):
            content[chance.randrange(len(content))] = chance.randrange(256)
        for damaged in (content, whole[: chance.randrange(len(whole))]):
            (tmp_path / "damaged.pth").write_bytes(damaged)
            refused(empty_store, ".", lambda: store.add_released(tmp_path / "damaged.pth"))


def test_the_card_that_was_read_is_the_card_that_is_installed(mine: ModelCard) -> None:
    added = store.add(mine.path)
    assert read_card(added.path) == added
    assert replace(added, path=mine.path, weights_file=mine.weights_file) == read_card(mine.path)
