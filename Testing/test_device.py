"""A GPU is trusted after it has computed rightly, and given up for the CPU when its memory is too small."""

from typing import Any

import numpy as np
import pytest
import torch
from COVIDDetectLib.device import (
    TOO_LITTLE_MEMORY,
    Device,
    _score,
    choose_device,
    convolution_trouble,
    is_out_of_memory,
    memory_for,
    network_trouble,
    release_memory,
    trust,
    trusted_device,
    within_memory,
)
from COVIDDetectLib.errors import DeviceError
from COVIDDetectLib.networks.decovnet import DeCoVNet
from torch import Tensor
from torch.overrides import TorchFunctionMode

GPU = "cuda"  # what is tried is passed as a function: no test here needs one


def convolve(volume: Tensor, kernel: Tensor) -> Tensor:
    return torch.nn.functional.conv3d(volume, kernel, padding=1).relu()


def in_half_precision(volume: Tensor, kernel: Tensor) -> Tensor:
    """As coarse as TF32 and coarser."""
    return convolve(volume.bfloat16(), kernel.bfloat16()).float()


def failing(volume: Tensor, kernel: Tensor) -> Any:
    raise RuntimeError("CUDA error: no kernel image is available for execution on the device\nCompile with ...")


def exhausting(volume: Tensor, kernel: Tensor) -> Tensor:
    return torch.empty(2**60)


def test_a_device_that_convolves_rightly_is_trusted() -> None:
    assert convolution_trouble(convolve) == ""
    assert trust(GPU, lambda device: convolution_trouble(convolve)) == Device(GPU)


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (failing, "a convolution fails: CUDA error: no kernel image"),
        (exhausting, "a convolution fails"),
        (lambda volume, kernel: convolve(volume, kernel) * 1.05, "wrong numbers"),
        (lambda volume, kernel: torch.zeros(1, 16, 6, 24, 24), "wrong numbers"),
        (lambda volume, kernel: convolve(volume, kernel) * float("nan"), "wrong numbers"),
    ],
)
def test_a_device_that_does_not_is_replaced_by_the_cpu_and_says_so(broken, words) -> None:  # type: ignore[no-untyped-def]
    assert words in convolution_trouble(broken)
    device = trust(GPU, lambda _: convolution_trouble(broken))
    assert device.name == "cpu"
    assert device.title == "CPU"
    (note,) = device.notes
    assert words in note and note.endswith("computed on the CPU.") and "\n" not in note


class WithoutAdaptivePooling(TorchFunctionMode):
    """As PyTorch on Apple's GPUs."""

    def __torch_function__(self, function, types, arguments=(), named=None):  # type: ignore[no-untyped-def]
        if "adaptive" in function.__name__:
            raise NotImplementedError("The operator 'aten::adaptive_max_pool3d.out' is not implemented for the device.")
        return function(*arguments, **(named or {}))


def test_a_device_that_lacks_a_layer_of_the_network_is_replaced_by_the_cpu() -> None:
    def score(network: DeCoVNet, ct_mask: Tensor) -> np.ndarray:
        with WithoutAdaptivePooling():
            return _score(network, ct_mask, "cpu")

    device = trust("mps", lambda _: network_trouble(score))
    assert device == Device(
        "cpu",
        (
            "The GPU does not work correctly (PyTorch cannot compute every layer of the network on it); computed on "
            "the CPU.",
        ),
    )


def test_the_trial_goes_through_every_layer_and_draws_nothing_from_others() -> None:
    used: set[torch.nn.Module] = set()

    def score(network: DeCoVNet, ct_mask: Tensor) -> np.ndarray:
        for module in network.modules():
            module.register_forward_hook(lambda module, given, result: used.add(module))
        heat_map = _score(network, ct_mask, "cpu")
        assert used >= {module for module in network.modules() if not list(module.children())}
        return heat_map

    torch.manual_seed(5)
    expected = torch.rand(())
    torch.manual_seed(5)
    assert network_trouble(score) == ""
    assert torch.rand(()) == expected
    assert "the network gives wrong numbers" in network_trouble(lambda *_: np.array([np.nan]))
    assert network_trouble(lambda network, ct_mask: failing(ct_mask, ct_mask)).startswith(
        "the network fails: CUDA error"
    )


def test_the_cpu_is_always_there_and_needs_no_test() -> None:
    assert trusted_device("cpu") == Device("cpu")
    assert choose_device("auto") in ("cpu", "cuda", "mps")


@pytest.mark.parametrize("name", ["gpu", "", "cuda:7"])
def test_unknown_devices_are_refused(name: str) -> None:
    with pytest.raises(DeviceError, match="not a computing device"):
        trusted_device(name)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this computer has a CUDA device")
def test_a_device_that_is_not_there_is_refused() -> None:
    with pytest.raises(DeviceError, match="no 'cuda' device"):
        trusted_device("cuda")


class Memory:
    """Computes where its memory suffices, and keeps what was tried."""

    def __init__(self, largest_batch: int, error: type[RuntimeError] = torch.OutOfMemoryError) -> None:
        self.largest_batch, self.error = largest_batch, error
        self.tried: list[tuple[str, int]] = []

    def compute(self, device: str, batch: int) -> str:
        self.tried.append((device, batch))
        if device != "cpu" and batch > self.largest_batch:
            raise self.error("CUDA out of memory. Tried to allocate 20.00 MiB.")
        return f"{device} {batch}"


def test_enough_memory_needs_one_try() -> None:
    memory = Memory(64)
    assert within_memory(memory.compute, Device(GPU), 64) == ("cuda 64", Device(GPU))
    assert len(memory.tried) == 1


def test_too_little_memory_is_tried_with_half_the_batch() -> None:
    memory = Memory(32)
    assert within_memory(memory.compute, Device(GPU), 64) == ("cuda 32", Device(GPU))


@pytest.mark.parametrize("error", [torch.OutOfMemoryError, RuntimeError])
def test_and_then_on_the_cpu_which_is_said(error: type[RuntimeError]) -> None:
    memory = Memory(8, error)
    result, device = within_memory(memory.compute, Device(GPU, ("Before.",)), 64)
    assert result == "cpu 64"
    assert device == Device("cpu", ("Before.", TOO_LITTLE_MEMORY))
    assert memory.tried == [(GPU, 64), (GPU, 32), ("cpu", 64)]


def test_other_errors_are_not_taken_for_a_lack_of_memory() -> None:
    def compute(device: str, batch: int) -> None:
        raise RuntimeError("shapes do not fit")

    with pytest.raises(RuntimeError, match="shapes do not fit"):
        within_memory(compute, Device(GPU), 4)
    assert not is_out_of_memory(RuntimeError("shapes do not fit"))


def test_too_little_memory_is_told_where_nothing_else_can_compute() -> None:
    sentence = r"^The GPU has too little memory for A-17; take the CPU\.$"
    with pytest.raises(DeviceError, match=sentence), memory_for("A-17", "take the CPU"):
        raise torch.OutOfMemoryError("CUDA out of memory.")
    with pytest.raises(RuntimeError, match="shapes do not fit"), memory_for("A-17", "take the CPU"):
        raise RuntimeError("shapes do not fit")


def test_memory_can_be_released_without_a_gpu() -> None:
    release_memory()
