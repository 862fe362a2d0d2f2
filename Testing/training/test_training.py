"""Both networks learn from a table, survive being killed, and give weights that an analysis takes."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from COVIDDetectLib.cohort.cases import read_cases
from COVIDDetectLib.training import results
from COVIDDetectLib.training.checkpoints import LAST
from COVIDDetectLib.training.preparation import Recipe, prepare
from COVIDDetectLib.weights.cards import load_network, read_card

from .conftest import SMALL, Cohort, run, train, write_table

LIBRARY = Path(__file__).resolve().parents[2] / "COVIDDetect"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(LIBRARY), "OMP_NUM_THREADS": "1"}
CARDS = {"classifier": "decovnet.json", "lungs": "unet.json"}


def checkpoint(folder: Path) -> dict[str, dict[str, torch.Tensor]]:
    content: dict[str, dict[str, torch.Tensor]] = torch.load(folder / LAST, weights_only=True)["state"]
    return content


@pytest.mark.slow
@pytest.mark.parametrize("network", SMALL)
def test_a_training_killed_in_its_middle_goes_on_to_the_same_weights(
    network: str, trained: dict[str, Path], cohort: Cohort, tmp_path: Path
) -> None:
    command = [
        sys.executable, "-m", "COVIDDetectLib.commands", "train", network, cohort.table, "--output", tmp_path,
        "--cache", cohort.cache, "--device", "cpu", "--epochs", "2", *SMALL[network], "--save-every", "0",
    ]  # fmt: skip
    process = subprocess.Popen(list(map(str, command)), env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 120
    try:
        while process.poll() is None and time.monotonic() < deadline:
            # It is read while it is written, over and over: it is always whole.
            if (tmp_path / LAST).exists() and (state := checkpoint(tmp_path))["epoch"] == 1 and state["step"]:
                break
            time.sleep(0.005)
    finally:
        process.send_signal(signal.SIGKILL)
        output, errors = process.communicate()
    assert process.returncode == -signal.SIGKILL, (output, errors)
    state = checkpoint(tmp_path)
    assert state["epoch"] == 1 and not (tmp_path / CARDS[network]).exists()

    result = train(network, cohort, tmp_path)

    assert result.exit_code == 0, result.output
    assert "Epoch 2:" in result.stdout and "Epoch 1:" not in result.stdout
    resumed, whole = checkpoint(tmp_path), checkpoint(trained[network])
    for name, weights in whole["network"].items():
        assert torch.equal(resumed["network"][name], weights), name
    assert resumed["history"] == whole["history"]
    cards = [read_card(folder / CARDS[network]) for folder in (tmp_path, trained[network])]
    assert cards[0].sha256 == cards[1].sha256


def test_other_settings_do_not_go_on_and_change_nothing(trained: dict[str, Path], cohort: Cohort) -> None:
    for network, folder in trained.items():
        before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        refused = train(network, cohort, folder, "--seed", 1)
        assert refused.exit_code == 2 and "holds a training with" in refused.stderr
        assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_what_was_trained_analyzes(trained: dict[str, Path], cohort: Cohort, tmp_path: Path) -> None:
    card = trained["classifier"] / "decovnet.json"
    result = run(
        "analyze", cohort.folder / "ct1.nrrd", "--output", tmp_path, "--lungs", cohort.folder / "lungs1.nrrd",
        "--weights", card, "--device", "cpu",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    record = json.loads((tmp_path / "analysis.json").read_text())
    assert record["weights"]["sha256"] == read_card(card).sha256
    assert record["domain"] is not None  # the training set is known, so that foreign CTs are told apart
    tuning = dict(line.split(",")[:2] for line in _rows(trained["classifier"] / "predictions-tuning.csv"))
    training = {line.split(",")[0] for line in _rows(trained["classifier"] / "split.csv") if ",training," in line}
    assert not set(tuning) & training
    for number in range(8):
        if f"patient {number}" in tuning:
            again = run(
                "analyze", cohort.folder / f"ct{number}.nrrd", "--output", tmp_path, "--weights", card,
                "--lungs", cohort.folder / f"lungs{number}.nrrd", "--device", "cpu",
            )  # fmt: skip
            assert again.exit_code == 0, again.output
            probability = json.loads((tmp_path / "analysis.json").read_text())["probability"]
            assert probability == pytest.approx(float(tuning[f"patient {number}"]), abs=1e-6)


def test_trained_weights_have_logits_that_sum_to_zero(trained: dict[str, Path]) -> None:
    state = load_network(read_card(trained["classifier"] / "decovnet.json")).state_dict()
    learned = checkpoint(trained["classifier"])["network"]
    for name in ("classifier.output.weight", "classifier.output.bias"):
        assert state[name].sum(dim=0).abs().max() < 1e-6 < learned[name].sum(dim=0).abs().max()


def test_a_score_that_needs_too_much_memory_is_computed_on_the_cpu(
    trained: dict[str, Path], cohort: Cohort, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    score, where = results.features_of, list[str]()

    def on_a_small_gpu(network: Any, ct_mask: Any, device: str, slices: int) -> Any:
        where.append(device)
        if device == "cuda":
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return score(network, ct_mask, device, slices)

    monkeypatch.setattr(results, "features_of", on_a_small_gpu)
    monkeypatch.setattr(results, "loaded_network", lambda card, device: load_network(card))
    case = prepare(read_cases(cohort.table)[0], Recipe("decovnet", (32, 48), "unet"), cohort.cache)
    card = read_card(trained["classifier"] / "decovnet.json")
    assert _rows(results.write_predictions(tmp_path, "test", card, [case], "cuda"))[0].startswith("patient 0,")
    assert where == ["cuda", "cuda", "cpu"]


def test_trained_lungs_load_and_say_what_they_are(trained: dict[str, Path]) -> None:
    card = read_card(trained["lungs"] / "unet.json")
    load_network(card)
    assert card.network == "unet" and card.input_size == (48, 48)
    assert "7 CTs, 7 of them with given masks" in card.training_data
    assert "mean iou" in card.source and "seed 0" in card.source


def test_a_trained_unet_finds_the_lungs_of_an_analysis_and_of_a_classifiers_training(
    trained: dict[str, Path], cohort: Cohort, tmp_path: Path
) -> None:
    card = trained["lungs"] / "unet.json"
    analyzed = run("analyze", cohort.folder / "ct1.nrrd", "--output", tmp_path, "--lungs", card, "--device", "cpu")
    assert analyzed.exit_code == 0, analyzed.output
    record = json.loads((tmp_path / "analysis.json").read_text())
    assert record["lungs"]["method"] == "unet"
    assert record["lungs"]["weights"]["sha256"] == read_card(card).sha256
    right_ml, left_ml = record["lungs"]["right_ml"], record["lungs"]["left_ml"]
    assert 1000 < right_ml + left_ml < 12000
    classifier = read_card(trained["classifier"] / "decovnet.json")
    refused = run("analyze", cohort.folder / "ct1.nrrd", "--output", tmp_path, "--lungs", classifier.path)
    assert refused.exit_code == 2 and "cannot segment lungs" in refused.stderr
    table = write_table(tmp_path / "t.csv", *(f"{n},{cohort.folder / f'ct{n}.nrrd'},{n % 2}" for n in range(4)))
    result = run(
        "train", "classifier", table, "--output", tmp_path / "out", "--lungs", card, "--device", "cpu", "--epochs", 1,
        *SMALL["classifier"],
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "lungs by UNet trained on cohort.csv" in read_card(tmp_path / "out" / "decovnet.json").training_data


def test_predictions_of_the_test_go_into_evaluate(cohort: Cohort, tmp_path: Path) -> None:
    result = train("classifier", cohort, tmp_path, "--test-after", "2020-01-06", "--variant", "released")
    assert result.exit_code == 0, result.output
    assert _rows(tmp_path / "predictions-test.csv")[0].startswith("patient 6,")
    assert run("evaluate", tmp_path / "predictions-test.csv", "--output", tmp_path / "figures").exit_code == 0
    assert read_card(tmp_path / "decovnet.json").variant == "released"


def test_a_training_starts_from_weights_of_its_own_kind(
    trained: dict[str, Path], cohort: Cohort, tmp_path: Path
) -> None:
    start = trained["classifier"] / "decovnet.json"
    result = train("classifier", cohort, tmp_path / "on", "--start", start, "--rate", "1e-12", "--epochs", 1)
    assert result.exit_code == 0, result.output
    started, card = read_card(start), read_card(tmp_path / "on" / "decovnet.json")
    assert all(started.sha256[:12] in told for told in (card.training_data, card.source, card.licence))
    assert started.training_data in card.training_data and card.licence.endswith(started.licence)
    assert started.title in card.source
    before, after = (load_network(read_card(path)).state_dict() for path in (start, tmp_path / "on" / "decovnet.json"))
    torch.testing.assert_close(after["stem.0.weight"], before["stem.0.weight"], atol=1e-9, rtol=0)
    refused = train("lungs", cohort, tmp_path / "no", "--start", start)
    assert refused.exit_code == 2 and "start a unet" in refused.stderr


@pytest.mark.slow
def test_two_processes_learn_together_and_agree(cohort: Cohort, trained: dict[str, Path], tmp_path: Path) -> None:
    command = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
        Path(__file__).with_name("two_processes.py"), tmp_path,
        "train", "classifier", cohort.table, "--output", tmp_path / "out", "--cache", tmp_path / "cache",
        "--device", "cpu", "--epochs", "2", *SMALL["classifier"],
    ]  # fmt: skip
    done = subprocess.run(list(map(str, command)), env=ENVIRONMENT, capture_output=True, text=True, timeout=240)

    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Epoch 2:") == 1  # one of them speaks
    first, second = (torch.load(tmp_path / f"rank{rank}.pt", weights_only=True) for rank in (0, 1))
    trainable = [name for name in first if "running" not in name and "batches" not in name]
    assert all(torch.equal(first[name], second[name]) for name in trainable)
    last = checkpoint(tmp_path / "out")
    assert all(torch.equal(last["network"][name], first[name]) for name in first)
    one = checkpoint(trained["classifier"])
    losses = [json.loads((tmp_path / f"losses{rank}.json").read_text()) for rank in (0, 1)]
    assert losses[0] != losses[1]
    first_epoch = [loss for own in losses for loss in own[: len(own) // 2]]
    told = last["history"][0]["training_loss"]  # type: ignore[index]
    assert told == pytest.approx(sum(first_epoch) / len(first_epoch))
    steps = [state["optimizer"]["state"][0]["step"] for state in (last, one)]
    assert float(steps[0]) == float(steps[1]) / 2  # each took its share of the cases
    load_network(read_card(tmp_path / "out" / "decovnet.json"))


@pytest.mark.slow
def test_a_loss_that_is_no_number_in_one_process_ends_all_before_it_is_kept(tmp_path: Path) -> None:
    command = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
        Path(__file__).with_name("diverging_process.py"), tmp_path,
    ]  # fmt: skip
    done = subprocess.run(list(map(str, command)), env=ENVIRONMENT, capture_output=True, text=True, timeout=240)
    assert done.returncode != 0
    for rank in (0, 1):
        assert "diverged in epoch 1 (the loss is nan)" in (tmp_path / f"rank{rank}.txt").read_text()
    assert all(torch.isfinite(values).all() for values in checkpoint(tmp_path)["network"].values())


def _rows(path: Path) -> list[str]:
    return path.read_text().splitlines()[1:]
