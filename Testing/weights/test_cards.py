"""Weights are what their card says, or they are not used."""

import errno
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from COVIDDetectLib.errors import InputError, WeightsError
from COVIDDetectLib.networks.decovnet import DeCoVNet
from COVIDDetectLib.weights.cards import (
    ModelCard,
    bundled_cards,
    bundled_folder,
    default_card,
    load_network,
    read_card,
    save_weights,
    write_card,
)


@pytest.fixture
def card(tmp_path: Path) -> ModelCard:
    """A card with weights of its own."""
    torch.manual_seed(3)
    described = replace(
        default_card("decovnet"), id="mine", weights_file="mine.safetensors", path=tmp_path / "mine.json"
    )
    return save_weights(DeCoVNet("paper").state_dict(), described)


def test_a_card_comes_back_as_it_was_written(card: ModelCard) -> None:
    assert read_card(card.path) == card


def test_weights_come_back_as_they_were_saved(card: ModelCard) -> None:
    torch.manual_seed(3)
    expected = DeCoVNet("paper").state_dict()
    loaded = load_network(card)
    assert not loaded.training
    for name, tensor in loaded.state_dict().items():
        torch.testing.assert_close(tensor, expected[name])


def test_a_changed_byte_is_noticed(card: ModelCard) -> None:
    content = bytearray(card.weights_path.read_bytes())
    content[-1] ^= 1
    card.weights_path.write_bytes(content)
    with pytest.raises(WeightsError, match="checksum"):
        load_network(card)


def test_weights_of_another_network_are_noticed(card: ModelCard) -> None:
    unet = default_card("unet")
    card.weights_path.write_bytes(unet.weights_path.read_bytes())
    with pytest.raises(WeightsError, match="does not contain the weights"):
        load_network(replace(card, sha256=unet.sha256))


def test_missing_weights_are_named(card: ModelCard) -> None:
    card.weights_path.unlink()
    with pytest.raises(WeightsError, match=r"mine\.safetensors"):
        load_network(card)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"schema": "other"}, "not a model card"),
        ({"sha256": None}, "lacks sha256"),
        ({"color": "red"}, "color"),
        ({"variant": "large"}, "does not have"),
        ({"network": "resnet"}, "does not have"),
        ({"input_size": [192]}, "input size"),
        ({"hu_window": ["a", "b"]}, "HU window"),
        ({"weights_file": "../elsewhere.safetensors"}, "in the same folder"),
        ({"decision_threshold": None}, "decision threshold"),
        ({"version": "1\x1b]0;owned\x07\n  decovnet-demonstration 9: official"}, "no valid version"),
        ({"id": "a" * 201}, "no valid id"),
        ({"training_data": "many patients " * 300}, "no valid training data"),
    ],
)
def test_a_card_that_is_wrong_is_refused_in_one_sentence(card: ModelCard, change: dict, sentence: str) -> None:
    entries = json.loads(card.path.read_text())
    for key, value in change.items():
        if value is None:
            del entries[key]
        else:
            entries[key] = value
    card.path.write_text(json.dumps(entries))
    with pytest.raises(WeightsError, match=sentence):
        read_card(card.path)


@pytest.mark.parametrize("content", ["", "{", "[]", "weights"])
def test_a_file_that_is_no_card_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(WeightsError, match="not a model card"):
        read_card(tmp_path / "x.json")
    with pytest.raises(WeightsError, match="cannot be read"):
        read_card(tmp_path / "absent.json")


def test_bundled_weights_load_say_what_they_are_and_are_small() -> None:
    cards = bundled_cards()
    assert {card.network for card in cards} == {"unet", "decovnet"}
    for card in cards:
        load_network(card)
        assert "not for diagnosis" in card.intended_use
        assert card.operating_characteristics is None
    assert sum(file.stat().st_size for file in bundled_folder().iterdir()) < 10e6


def test_a_card_that_is_written_anew_is_read_anew(tmp_path: Path) -> None:
    card = replace(default_card("decovnet"), path=tmp_path / "card.json", title="First")
    write_card(card)
    assert read_card(card.path).title == "First"
    assert read_card(card.path) is read_card(card.path)
    write_card(replace(card, title="Another"))
    assert read_card(card.path).title == "Another"
    card.path.unlink()
    with pytest.raises(WeightsError, match="cannot be read"):
        read_card(card.path)


def test_a_full_disk_is_a_sentence_and_leaves_what_was_there(card: ModelCard, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    for write in (lambda: write_card(replace(card, title="New")), lambda: save_weights({}, card)):
        with pytest.raises(InputError, match=r"cannot be written \(No space left on device\)"):
            write()
    assert read_card(card.path) == card
    load_network(card)
    assert {file.name for file in card.path.parent.iterdir()} == {"mine.json", "mine.safetensors"}
