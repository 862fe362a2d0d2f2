"""Every setting that the paper names is the one that a training takes when nothing else is said."""

import inspect
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from COVIDDetectLib.cohort.cases import read_cases
from COVIDDetectLib.commands import training as commands
from COVIDDetectLib.networks.decovnet import DeCoVNet
from COVIDDetectLib.networks.unet import UNet
from COVIDDetectLib.training import courses, paper
from COVIDDetectLib.training.checkpoints import State
from COVIDDetectLib.training.classifier_task import ClassifierTask, balanced_order
from COVIDDetectLib.training.courses import Course
from COVIDDetectLib.training.loop import Settings
from COVIDDetectLib.training.lungs_task import LungsTask, intersection_over_union
from COVIDDetectLib.training.preparation import Recipe, prepare

from .conftest import Cohort, run


def default(command: Any, name: str) -> Any:
    return inspect.signature(command).parameters[name].default


def test_classifier_learns_100_epochs_at_1e_5_one_volume_a_step() -> None:
    assert default(commands.classifier_command, "epochs") == 100
    assert default(commands.classifier_command, "rate") == 1e-5
    assert default(commands.classifier_command, "variant") == "paper"
    assert default(commands.classifier_command, "lungs") == "unet"  # as analyze does
    assert default(commands.classifier_command, "patience") is None
    assert paper.CLASSIFIER_INPUT_SIZES == {"paper": (192, 288), "released": (224, 336)}


def test_lungs_learn_at_1e_3_on_slices_of_368_by_368() -> None:
    assert default(commands.lungs_command, "epochs") == 130
    assert default(commands.lungs_command, "rate") == 1e-3
    assert default(commands.lungs_command, "size") == (368, 368)
    assert default(commands.lungs_command, "batch") == 8


@pytest.mark.parametrize("command", [commands.classifier_command, commands.lungs_command])
def test_both_have_the_same_seed_and_no_test_unless_asked(command: Any) -> None:
    assert default(command, "seed") == 0
    assert default(command, "test_after") is default(command, "test_share") is None


class Taken(Exception):
    pass


@pytest.mark.parametrize("variant", ["paper", "released"])
def test_the_command_hands_on_the_size_of_the_variant(
    variant: str, monkeypatch: pytest.MonkeyPatch, cohort: Cohort, tmp_path: Path
) -> None:
    taken: list[tuple[Course, str, str]] = []

    def take(*arguments: Any) -> None:
        taken.append(arguments)  # type: ignore[arg-type]
        raise Taken

    monkeypatch.setattr(courses, "train_classifier", take)
    result = run("train", "classifier", cohort.table, "--output", tmp_path, "--variant", variant, "--device", "cpu")
    assert isinstance(result.exception, Taken)
    course, given, lungs = taken[0]
    assert course.input_size == paper.CLASSIFIER_INPUT_SIZES[variant]
    assert (given, lungs) == (variant, "unet")
    assert course.settings == Settings(epochs=100, rate=1e-5, batch=1)


def test_adam_at_a_constant_rate_without_weight_decay(trained: dict[str, Path]) -> None:
    state = State(**torch.load(trained["classifier"] / "last.pt", weights_only=True)["state"])
    (group,) = state.optimizer["param_groups"]
    assert (group["lr"], group["betas"], group["eps"], group["weight_decay"]) == (1e-5, (0.9, 0.999), 1e-8, 0)
    assert not group["amsgrad"] and len(group["params"]) == len(list(DeCoVNet().parameters()))
    card = json.loads((trained["classifier"] / "decovnet.json").read_text())
    assert card["decision_threshold"] == 0.5 and card["operating_characteristics"] is None


def test_loss_of_the_classifier_is_cross_entropy_of_the_two_softmax_outputs(cohort: Cohort) -> None:
    case = read_cases(cohort.table)[1]
    prepared = prepare(case, Recipe("decovnet", (32, 48), "threshold"), cohort.cache)

    class Says(torch.nn.Module):
        def forward(self, ct_mask: torch.Tensor) -> torch.Tensor:
            assert ct_mask.shape == (1, 2, 10, 32, 48)
            return torch.tensor([[0.3, -0.9]])

    task = ClassifierTask(DeCoVNet(), [prepared], [prepared], 0, "cpu")
    softmax = np.exp([0.3, -0.9]) / np.exp([0.3, -0.9]).sum()
    assert case.label == 1
    assert float(task.loss(Says(), [0], epoch=0, position=0)) == pytest.approx(-np.log(softmax[1]), rel=1e-5)


def test_each_epoch_draws_the_smaller_class_again_until_both_are_equal() -> None:
    labels = [1] * 7 + [0] * 3
    orders = [balanced_order(labels, np.random.default_rng(seed)) for seed in range(30)]
    for order in orders:
        counts = Counter(order)
        assert len(order) == 14 and set(counts) == set(range(10))
        assert all(counts[index] == 1 for index in range(7))
        assert sorted(counts[index] for index in range(7, 10)) == [2, 2, 3]
    assert {max(range(7, 10), key=Counter(order).__getitem__) for order in orders} == {7, 8, 9}
    assert len({tuple(order) for order in orders}) == 30
    assert sorted(balanced_order([0, 1, 1, 0], np.random.default_rng(0))) == [0, 1, 2, 3]


def test_lungs_see_every_slice_once_an_epoch_in_another_order(cohort: Cohort) -> None:
    prepared = [
        prepare(case, Recipe("unet", (48, 48), "threshold"), cohort.cache) for case in read_cases(cohort.table)[:3]
    ]
    task = LungsTask(UNet(), prepared, prepared, 0, "cpu")
    assert sorted(task.order(0)) == sorted(task.order(1)) == list(range(30))
    assert task.order(0) == task.order(0) != task.order(1)
    for sample in (0, 9, 10, 29):
        assert np.array_equal(task._slice(sample), prepared[sample // 10].open()[:, sample % 10])


def test_mean_iou_is_that_of_background_and_lung_over_all_pixels() -> None:
    mean, lungs = intersection_over_union([(50, 10, 5, 35), (90, 0, 10, 0)])
    assert lungs == pytest.approx(35 / 60)
    assert mean == pytest.approx((140 / 165 + 35 / 60) / 2)
