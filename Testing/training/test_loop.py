"""The loop itself, on a network of one weight: what is best, when to stop, where to go on, when to give up."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
import torch
from COVIDDetectLib.errors import COVIDDetectError, DeviceError
from COVIDDetectLib.training.checkpoints import read_checkpoint
from COVIDDetectLib.training.logs import Logs
from COVIDDetectLib.training.loop import Settings, TrainingProgress, learn
from COVIDDetectLib.training.processes import Processes
from torch import Tensor, nn

ALONE = Processes(0, 1, "cpu")


class Line(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.slope = nn.Linear(1, 1, bias=False)
        nn.init.zeros_(self.slope.weight)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = nn.functional.dropout(self.slope(x), 0.5, self.training)
        return result


class FindSlope:
    """Learns y = 2 x; the score of each epoch is given."""

    def __init__(self, scores: Sequence[float] = (), count: int = 5) -> None:
        self.network, self._scores, self._count, self.seen = Line(), scores, count, list[tuple[int, int, list[int]]]()
        self._epoch = 0

    def order(self, epoch: int) -> list[int]:
        self._epoch = epoch
        return torch.randperm(self._count, generator=torch.Generator().manual_seed(epoch)).tolist()

    def loss(self, network: nn.Module, samples: Sequence[int], epoch: int, position: int) -> Tensor:
        self.seen.append((epoch, position, list(samples)))
        x = torch.tensor(samples, dtype=torch.float32)[:, None]
        loss: Tensor = ((network(x) - 2 * x) ** 2).mean()
        return loss

    def measure(self, tuning: int) -> tuple[float, ...]:
        return (self._scores[self._epoch] if self._scores else 0.0,)

    def name(self, sample: int) -> str:
        return f"case {sample}"

    def tuning_count(self) -> int:
        return 3

    def summarize(self, measured: Sequence[tuple[float, ...]]) -> Mapping[str, float]:
        assert len(measured) == 3
        return {"goodness": measured[0][0]}

    def score(self, figures: Mapping[str, float]) -> float:
        return figures["goodness"]


def settings(**changes: float | None) -> Settings:
    return Settings(**{"epochs": 4, "rate": 0.1, "batch": 1, "save_every_s": 0.0, **changes})  # type: ignore[arg-type]


def test_the_best_epoch_is_kept_beside_the_last(tmp_path: Path) -> None:
    task = FindSlope([0.1, 0.7, 0.7, 0.3])
    best = learn(task, settings(), tmp_path, {}, ALONE)
    assert best.best_epoch == 1 and best.epoch == 2
    last = torch.load(tmp_path / "last.pt", weights_only=True)["state"]
    assert last["epoch"] == 4 and [figures["goodness"] for figures in last["history"]] == [0.1, 0.7, 0.7, 0.3]
    assert torch.equal(last["network"]["slope.weight"], task.network.slope.weight)
    assert not torch.equal(best.network["slope.weight"], task.network.slope.weight)
    lines = (tmp_path / "history.csv").read_text().splitlines()
    assert lines[0] == "epoch,training_loss,goodness" and lines[2].startswith("2,") and len(lines) == 5


def test_it_stops_when_patience_is_at_its_end(tmp_path: Path) -> None:
    task = FindSlope([0.5, 0.6, 0.6, 0.5, 0.9, 0.9])
    assert learn(task, settings(epochs=6, patience=2), tmp_path, {}, ALONE).best_epoch == 1
    assert max(epoch for epoch, _, _ in task.seen) == 3


def test_more_epochs_go_on_where_the_earlier_ones_ended(tmp_path: Path) -> None:
    whole, first, more = (FindSlope() for _ in range(3))
    learn(whole, settings(), tmp_path / "whole", {}, ALONE)
    learn(first, settings(epochs=2), tmp_path / "parts", {}, ALONE)
    learn(more, settings(), tmp_path / "parts", {}, ALONE)
    assert min(epoch for epoch, _, _ in more.seen) == 2
    assert torch.equal(more.network.slope.weight, whole.network.slope.weight)
    again = FindSlope()
    learn(again, settings(), tmp_path / "parts", {}, ALONE)
    assert not again.seen


@pytest.mark.parametrize("end", range(1, 20))
def test_an_end_after_any_step_changes_nothing(end: int, tmp_path: Path) -> None:
    whole, ended, more = (FindSlope() for _ in range(3))
    expected = learn(whole, settings(), tmp_path / "whole", {}, ALONE)

    class Ended(Exception):
        pass

    def report(progress: TrainingProgress) -> None:
        if progress.figures is None and (progress.epoch - 1) * 5 + progress.step == end:
            raise Ended

    with pytest.raises(Ended):
        learn(ended, settings(), tmp_path / "parts", {}, ALONE, report)
    result = learn(more, settings(), tmp_path / "parts", {}, ALONE)
    assert ended.seen + more.seen == whole.seen
    assert torch.equal(more.network.slope.weight, whole.network.slope.weight)
    assert result.history == expected.history


def test_every_process_has_the_same_number_of_full_steps(tmp_path: Path) -> None:
    task = FindSlope(count=5)
    learn(task, settings(epochs=1, batch=3), tmp_path, {}, ALONE)
    batches = [samples for _, _, samples in task.seen]
    assert list(map(len, batches)) == [3, 3]
    assert batches[1][2] == batches[0][0] and set(sum(batches, [])) == set(range(5))


def test_a_training_that_diverges_says_so_and_leaves_the_last_good_checkpoint(tmp_path: Path) -> None:
    task = FindSlope()
    with pytest.raises(COVIDDetectError, match="diverged in epoch . .* smaller learning rate"):
        learn(task, settings(rate=1e30), tmp_path, {}, ALONE)
    assert all(torch.isfinite(value).all() for value in _last(tmp_path)["network"].values())


@pytest.mark.parametrize("method", ["loss", "measure"])
def test_too_little_memory_ends_with_a_sentence(method: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def exhaust(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")

    monkeypatch.setattr(FindSlope, method, exhaust)
    what = "case [0-4]" if method == "loss" else "the tuning cases"
    with pytest.raises(DeviceError, match=f"too little memory for {what}; .*--device cpu or a smaller --size"):
        learn(FindSlope(), settings(), tmp_path, {}, ALONE)


def _last(folder: Path) -> dict[str, dict[str, Tensor]]:
    state: dict[str, dict[str, Tensor]] = torch.load(folder / "last.pt", weights_only=True)["state"]
    return state


def test_half_precision_with_a_scaled_loss_learns_too(tmp_path: Path) -> None:
    """On the CPU, where float16 works as well; a GPU takes the same lines. The first scales are too large for it."""
    whole, half = FindSlope(), FindSlope()
    learn(whole, settings(epochs=40, save_every_s=300.0), tmp_path / "whole", {}, ALONE)
    learn(half, Settings(epochs=40, rate=0.1, batch=1, mixed_precision=True), tmp_path / "half", {}, ALONE)
    assert half.network.slope.weight.item() == pytest.approx(whole.network.slope.weight.item(), abs=0.4)
    assert 0 < _last(tmp_path / "half")["scaler"]["scale"] < 65536  # type: ignore[operator]
    with pytest.raises(COVIDDetectError, match="mixed precision"):
        read_checkpoint(tmp_path / "half" / "last.pt", {"mixed precision": False})


def test_an_end_before_the_logs_leaves_no_epoch_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Ended(Exception):
        pass

    def end(logs: Logs, history: Sequence[Mapping[str, float]]) -> None:
        if len(history) == 2:
            raise Ended
        add(logs, history)

    add = Logs.add
    scores = [0.1, 0.2, 0.3, 0.4]
    monkeypatch.setattr(Logs, "add", end)
    with pytest.raises(Ended):
        learn(FindSlope(scores), settings(), tmp_path, {}, ALONE)
    assert len(_rows(tmp_path)) == 1
    monkeypatch.undo()
    learn(FindSlope(scores), settings(epochs=2), tmp_path, {}, ALONE)  # nothing is left to learn
    assert [row.split(",")[0] for row in _rows(tmp_path)] == ["1", "2"]
    learn(FindSlope(scores), settings(), tmp_path, {}, ALONE)
    assert [row.split(",")[0] for row in _rows(tmp_path)] == ["1", "2", "3", "4"]
    _check_tensorboard(tmp_path)


def _rows(folder: Path) -> list[str]:
    return (folder / "history.csv").read_text().splitlines()[1:]


def test_figures_of_every_epoch_are_in_tensorboard_once(tmp_path: Path) -> None:
    learn(FindSlope([0.1, 0.2, 0.3, 0.4]), settings(epochs=2), tmp_path, {}, ALONE)
    learn(FindSlope([0.1, 0.2, 0.3, 0.4]), settings(), tmp_path, {}, ALONE)
    _check_tensorboard(tmp_path)


def _check_tensorboard(folder: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder / "tensorboard"))
    events.Reload()
    goodness = [(event.step, event.value) for event in events.Scalars("goodness")]
    assert goodness == [(n, pytest.approx(n / 10)) for n in (1, 2, 3, 4)]
    assert "training_loss" in events.Tags()["scalars"]
