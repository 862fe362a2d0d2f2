"""Lung masks by the 2D UNet, slice by slice, where lung can be."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import numpy as np

from ..ct.ct_mask import HU_WINDOW, resample_in_plane, window_to_8_bit
from ..ct.volume import CTVolume
from ..device import choose_device
from ..errors import WeightsError
from ..weights.cards import ModelCard, default_card
from ..weights.loaded import loaded_network
from .anatomy import Anatomy

if TYPE_CHECKING:
    from ..networks.applied_unet import Part
    from ..networks.unet import UNet

SLICES_PER_BATCH = 2
"""On a CPU more take as long, and more memory."""
_SLICES_PER_BATCH_ON_GPU = 8

_EMPTY_MM, _EMPTY_CM2 = 12.0, 1.0
"""So far below or above with no more than specks, and there is no more lung."""
_EDGE = 32
"""Parts begin and end at multiples of so many pixels: blocks of few sizes are used again, all others pile up."""
_MARGIN = 4
"""Pixels of the network's input around the body: skin is where the coarse voxels say, or next to it."""


def unet_lungs(
    ct: CTVolume,
    card: ModelCard | None = None,
    device: str = "auto",
    progress: Callable[[int, int], None] | None = None,
    slices_per_batch: int = SLICES_PER_BATCH,
) -> np.ndarray:
    """Where the UNet sees lung.

    Slices far above and below all lung, and what lies outside the body, are not looked at.

    Parameters
    ----------
    ct
        CT in axial order.
    card
        Weights; the bundled ones if None.
    progress
        Called with (slices done, slices in all).
    slices_per_batch
        Slices that go through the network together; the more, the more memory.

    Returns
    -------
    np.ndarray
        bool ``[slice, row, column]`` on the CT's grid, as the network says, not yet cleaned.
    """
    import torch

    from ..networks.applied_unet import AppliedUNet

    card = card or default_card("unet")
    if card.network != "unet":
        raise WeightsError(f"{card.title} scores CTs and cannot segment lungs; choose UNet weights.")
    device = choose_device(device)
    network = AppliedUNet(cast("UNet", loaded_network(card, device)))
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    seen = Anatomy.of(ct)
    count = len(ct.hu)
    lungs = np.zeros(ct.shape, dtype=bool)
    done = 0

    def segment(batch: slice) -> None:
        nonlocal done
        part = _part_with_body(seen, batch, ct.shape, card.input_size)
        if part:
            windowed = unet_slices(ct.hu[batch], card.input_size, card.hu_window)
            slices = (torch.from_numpy(windowed)[:, None].float() / 255.0).to(device, memory_format=torch.channels_last)
            logits = network(slices, part)
            # The margin, not the decision, is brought back to the CT's grid: its zero line is smooth.
            margin = np.full(windowed.shape, -1.0, dtype=np.float32)
            margin[:, part[0], part[1]] = (logits[:, 1] - logits[:, 0]).float().cpu().numpy()
            lungs[batch] = resample_in_plane(margin, *ct.shape[1:]) > 0
        done += batch.stop - batch.start
        if progress:
            progress(done, count)

    def has_lung(found: np.ndarray) -> bool:
        pixel_cm2 = ct.geometry.spacing[0] * ct.geometry.spacing[1] / 100.0
        return bool(np.count_nonzero(found, axis=(1, 2)).max() * pixel_cm2 >= _EMPTY_CM2)

    if progress:
        progress(0, count)
    with torch.inference_mode():
        low, high = _slices_with_lung(seen, count)
        for start in range(low, high, slices_per_batch):
            segment(slice(start, min(start + slices_per_batch, high)))
        # Dense lung may go on below or above: until there is none.
        near = max(1, round(_EMPTY_MM / ct.geometry.spacing[2]))
        while low > 0 and has_lung(lungs[low : low + near]):
            segment(slice(max(0, low - slices_per_batch), low))
            low = max(0, low - slices_per_batch)
        while high < count and has_lung(lungs[high - near : high]):
            segment(slice(high, min(count, high + slices_per_batch)))
            high = min(count, high + slices_per_batch)
    if progress and done < count:
        progress(count, count)
    return lungs


def _slices_with_lung(seen: Anatomy, count: int) -> tuple[int, int]:
    """The first slice that holds lung for sure and the one after the last; all of them where none is seen."""
    numbers = np.flatnonzero(seen.may_be_lung.any(axis=(1, 2))) * int(seen.steps[0])
    return (int(numbers[0]), min(count, int(numbers[-1] + seen.steps[0]))) if len(numbers) else (0, count)


def _part_with_body(
    seen: Anatomy, batch: slice, shape: tuple[int, int, int], input_size: tuple[int, int]
) -> Part | None:
    """The rows and columns of the network's input that hold the body in some slices, and little more."""
    step = int(seen.steps[0])
    inside: np.ndarray = np.any(seen.inside[batch.start // step : (batch.stop - 1) // step + 1], axis=0)
    part = []
    for axis, (size, pixels) in enumerate(zip(input_size, shape[1:], strict=True)):
        at = np.flatnonzero(inside.any(axis=1 - axis)) * int(seen.steps[axis + 1])
        if not len(at):
            return None
        start, stop = at[0] * size / pixels, (at[-1] + int(seen.steps[axis + 1])) * size / pixels
        first = max(0, int(start) - _MARGIN) // _EDGE * _EDGE
        part.append(slice(first, min(size, -(-(int(np.ceil(stop)) + _MARGIN) // _EDGE) * _EDGE)))
    return part[0], part[1]


def slices_per_batch_on(device: str) -> int:
    """How many slices go through the network together on ``"cpu"``, ``"cuda"`` or ``"mps"``, at first; even."""
    return SLICES_PER_BATCH if device == "cpu" else _SLICES_PER_BATCH_ON_GPU


def unet_slices(hu: np.ndarray, input_size: tuple[int, int], hu_window: tuple[float, float] = HU_WINDOW) -> np.ndarray:
    """What the UNet reads, before it is divided by 255: uint8 ``[slice, row, column]`` of ``input_size``."""
    return window_to_8_bit(resample_in_plane(hu.astype(np.float32), *input_size), hu_window)
