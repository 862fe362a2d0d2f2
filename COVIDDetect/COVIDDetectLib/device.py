"""Chooses the compute device; falls back to the CPU if a GPU fails its self-test or runs out of memory."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal, TypeVar, get_args

import numpy as np

from .errors import DeviceError

if TYPE_CHECKING:
    from torch import Tensor

    from .networks.decovnet import DeCoVNet

DeviceChoice = Literal["auto", "cpu", "cuda", "mps"]
Result = TypeVar("Result")

TOO_LITTLE_MEMORY = "The GPU had too little memory; computed on the CPU."

_TOLERANCE = 0.01  # of the largest value: TF32 and other orders of summation differ by a tenth of that


@dataclass(frozen=True)
class Device:
    """What computes.

    Parameters
    ----------
    name
        ``"cpu"``, ``"cuda"`` or ``"mps"``.
    notes
        Sentences that the user must read: why it is not the expected one.
    """

    name: str
    notes: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """What the user reads: the name of the GPU, or CPU."""
        return device_title(self.name)


def choose_device(choice: str = "auto") -> str:
    """The name of the device to compute on; see ``trusted_device``."""
    return trusted_device(choice).name


def trusted_device(choice: str = "auto") -> Device:
    """The device to compute on: ``"auto"`` takes a GPU that is there and passes its test, else the CPU.

    Raises
    ------
    DeviceError
        If the name is unknown, this computer has no such device, or it fails its test.
    """
    import torch

    if choice not in get_args(DeviceChoice):
        raise DeviceError(f"'{choice}' is not a computing device; choose auto, cpu, cuda or mps.")
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if choice == "auto":
        return trust(next(device for device in ("cuda", "mps", "cpu") if there[device]), _trouble_with)
    if not there[choice]:
        raise DeviceError(f"This computer has no '{choice}' device that PyTorch can use; choose auto or cpu.")
    if trouble := _trouble_with(choice):
        raise DeviceError(f"The GPU does not work correctly ({trouble}); choose auto or cpu.")
    return Device(choice)


def trust(device: str, trouble_with: Callable[[str], str]) -> Device:
    """A device if nothing is wrong with it, else the CPU with a sentence that says why."""
    if trouble := trouble_with(device):
        return Device("cpu", (f"The GPU does not work correctly ({trouble}); computed on the CPU.",))
    return Device(device)


def device_title(device: str) -> str:
    """What the user reads: the name of the GPU, or CPU."""
    if device == "cuda":
        import torch

        return torch.cuda.get_device_name()
    return {"cpu": "CPU", "mps": "Apple GPU"}[device]


@cache
def _trouble_with(device: str) -> str:
    """What is wrong with a device, tested once per process; empty if nothing is."""
    if device == "cpu":
        return ""
    return convolution_trouble(lambda volume, kernel: _convolve(volume, kernel, device)) or network_trouble(
        lambda network, ct_mask: _score(network, ct_mask, device)
    )


def convolution_trouble(convolve: Callable[[Tensor, Tensor], Tensor]) -> str:
    """Try one real 3D convolution and compare it with the CPU's.

    Parameters
    ----------
    convolve
        Takes a volume ``(1, 8, 6, 24, 24)`` and kernels ``(16, 8, 3, 3, 3)``, returns their padded convolution.

    Returns
    -------
    str
        What went wrong, for the middle of a sentence; empty if nothing did.
    """
    import torch

    random = torch.Generator().manual_seed(1)
    volume, kernel = torch.randn(1, 8, 6, 24, 24, generator=random), torch.randn(16, 8, 3, 3, 3, generator=random)
    expected = _convolve(volume, kernel, "cpu")
    try:
        found = convolve(volume, kernel).cpu()
    except RuntimeError as error:
        return _failure("a convolution", error)
    if not torch.isfinite(found).all() or (found - expected).abs().max() > _TOLERANCE * expected.abs().max():
        return "a convolution gives wrong numbers"
    return ""


def _convolve(volume: Tensor, kernel: Tensor, device: str) -> Tensor:
    import torch

    with torch.inference_mode():
        return torch.nn.functional.conv3d(volume.to(device), kernel.to(device), padding=1).relu()


def network_trouble(score: Callable[[DeCoVNet, Tensor], np.ndarray]) -> str:
    """Try every layer of a small case, with the way back that the heat map takes: PyTorch has not all for each device.

    Parameters
    ----------
    score
        Takes a fresh DeCoVNet on the CPU and a CT-Mask volume ``(1, 2, 4, 16, 24)``, returns the heat map.

    Returns
    -------
    str
        What went wrong, for the middle of a sentence; empty if nothing did.
    """
    import torch

    from .networks.decovnet import DeCoVNet

    with torch.random.fork_rng(devices=[]):  # what is drawn here must change nothing that is drawn later
        torch.manual_seed(1)
        network, ct_mask = DeCoVNet().eval(), torch.rand(1, 2, 4, 16, 24)
    try:
        heat_map = score(network, ct_mask)
    except NotImplementedError:
        return "PyTorch cannot compute every layer of the network on it"
    except RuntimeError as error:
        return _failure("the network", error)
    return "" if np.isfinite(heat_map).all() else "the network gives wrong numbers"


def _score(network: DeCoVNet, ct_mask: Tensor, device: str) -> np.ndarray:
    from .networks.hires_cam import score_with_hires_cam

    network = network.to(device)
    return score_with_hires_cam(network, network.features_by_chunks(ct_mask.to(device)))[1]


def _failure(what: str, error: RuntimeError) -> str:
    return f"{what} fails: {str(error).strip().splitlines()[0].rstrip('.')}" if str(error) else "it fails"


def within_memory(compute: Callable[[str, int], Result], device: Device, batch: int) -> tuple[Result, Device]:
    """Compute; when the GPU's memory does not suffice, with half the batch, and then on the CPU.

    Parameters
    ----------
    compute
        Called with the name of a device and a batch size; starts anew each time.
    batch
        Even.

    Returns
    -------
    result, device
        The device is the one that computed it, with a note if it is another one.
    """
    if device.name == "cpu":
        return compute("cpu", batch), device
    for size in (batch, batch // 2):
        try:
            return compute(device.name, size), device
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
        # Here, not above: while the error is handled, its traceback holds what the failed try had in memory.
        release_memory()
    return compute("cpu", batch), Device("cpu", (*device.notes, TOO_LITTLE_MEMORY))


@contextmanager
def memory_for(what: str, remedy: str) -> Iterator[None]:
    """Turn a lack of GPU memory into a sentence where there is no fallback to the CPU.

    Parameters
    ----------
    what
        That the memory must suffice for, such as ``"case 'A-17'"``.
    remedy
        What to do, for the end of the sentence.

    Raises
    ------
    DeviceError
        If the GPU's memory is too small.
    """
    try:
        yield
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        raise DeviceError(f"The GPU has too little memory for {what}; {remedy}.") from error


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether a GPU's memory was too small."""
    import torch

    return isinstance(error, torch.OutOfMemoryError) or "out of memory" in str(error).lower()


def release_memory() -> None:
    """Release GPU memory that PyTorch keeps although nothing uses it."""
    torch = sys.modules.get("torch")
    if torch is None:
        return
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
    elif torch.backends.mps.is_available():
        torch.mps.empty_cache()
