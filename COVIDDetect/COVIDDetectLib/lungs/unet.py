"""Lung masks by the 2D UNet, slice by slice."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..ct.ct_mask import HU_WINDOW, resample_in_plane, window_to_8_bit
from ..ct.volume import CTVolume
from ..device import choose_device
from ..errors import WeightsError
from ..weights.cards import ModelCard, default_card
from ..weights.loaded import loaded_network

SLICES_PER_BATCH = 4


def unet_lungs(
    ct: CTVolume,
    card: ModelCard | None = None,
    device: str = "auto",
    progress: Callable[[int, int], None] | None = None,
    slices_per_batch: int = SLICES_PER_BATCH,
) -> np.ndarray:
    """Where the UNet sees lung.

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

    card = card or default_card("unet")
    if card.network != "unet":
        raise WeightsError(f"{card.title} scores CTs and cannot segment lungs; choose UNet weights.")
    device = choose_device(device)
    network = loaded_network(card, device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    count, rows, columns = ct.shape
    lungs = np.empty(ct.shape, dtype=bool)
    if progress:
        progress(0, count)
    with torch.inference_mode():
        for start in range(0, count, slices_per_batch):
            batch = slice(start, min(start + slices_per_batch, count))
            windowed = unet_slices(ct.hu[batch], card.input_size, card.hu_window)
            slices = (torch.from_numpy(windowed)[:, None].float() / 255.0).to(device, memory_format=torch.channels_last)
            logits = network(slices)
            # The margin, not the decision, is brought back to the CT's grid: its zero line is smooth.
            margin = (logits[:, 1] - logits[:, 0]).float().cpu().numpy()
            lungs[batch] = resample_in_plane(margin, rows, columns) > 0
            if progress:
                progress(batch.stop, count)
    return lungs


def unet_slices(hu: np.ndarray, input_size: tuple[int, int], hu_window: tuple[float, float] = HU_WINDOW) -> np.ndarray:
    """What the UNet reads, before it is divided by 255: uint8 ``[slice, row, column]`` of ``input_size``."""
    return window_to_8_bit(resample_in_plane(hu.astype(np.float32), *input_size), hu_window)
