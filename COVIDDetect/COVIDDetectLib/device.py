"""Which processor computes."""

from __future__ import annotations

from typing import Literal, get_args

from .errors import DeviceError

DeviceChoice = Literal["auto", "cpu", "cuda", "mps"]


def choose_device(choice: str = "auto") -> str:
    """The device to compute on: ``"auto"`` takes a GPU that is there, else the CPU.

    Raises
    ------
    DeviceError
        If the name is unknown or this computer has no such device.
    """
    import torch

    if choice not in get_args(DeviceChoice):
        raise DeviceError(f"'{choice}' is no computing device; choose auto, cpu, cuda or mps.")
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if choice == "auto":
        return next(device for device in ("cuda", "mps", "cpu") if there[device])
    if not there[choice]:
        raise DeviceError(f"This computer has no '{choice}' device that PyTorch can use; choose auto or cpu.")
    return choice


def device_title(device: str) -> str:
    """What the user reads: the name of the GPU, or CPU."""
    if device == "cuda":
        import torch

        return torch.cuda.get_device_name()
    return {"cpu": "CPU", "mps": "Apple GPU"}[device]
