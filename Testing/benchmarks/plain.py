"""The networks as plainly as they can be run: the authors' order of work, without anything that was made fast.

Float32, memory in its usual order, one whole slice of 368×368 after the other, one pass over the whole CT-Mask volume
with its graph. Reference for masks, probabilities and times.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING
from unittest import mock

import numpy as np
import torch
from COVIDDetectLib import lungs
from COVIDDetectLib.analysis import analyze
from COVIDDetectLib.ct.ct_mask import CTMask, resample_in_plane
from COVIDDetectLib.ct.volume import CTVolume
from COVIDDetectLib.lungs.unet import unet_slices
from COVIDDetectLib.networks.decovnet import DeCoVNet
from COVIDDetectLib.weights.cards import ModelCard, default_card, load_network

if TYPE_CHECKING:
    from collections.abc import Iterator


def plain_unet_lungs(
    ct: CTVolume,
    card: ModelCard | None = None,
    device: str = "cpu",
    progress: Callable[[int, int], None] | None = None,
    slices_per_batch: int = 1,
) -> np.ndarray:
    """What ``lungs.unet.unet_lungs`` returns, slice by slice."""
    card = card or default_card("unet")
    network = load_network(card, device)
    found = np.empty(ct.shape, dtype=bool)
    with torch.no_grad():
        for number in range(len(ct.hu)):
            windowed = unet_slices(ct.hu[number : number + 1], card.input_size, card.hu_window)
            logits = network(torch.from_numpy(windowed)[:, None].float().to(device) / 255.0)
            margin = (logits[:, 1] - logits[:, 0]).cpu().numpy()
            found[number] = resample_in_plane(margin, *ct.shape[1:])[0] > 0
    return found


def plain_features_of(network: DeCoVNet, ct_mask: CTMask, device: str = "cpu", *_: object) -> torch.Tensor:
    """What ``analyze.features_of`` returns, in one pass and with its graph."""
    return network.features(ct_mask.tensor().to(device).requires_grad_(True))


@contextmanager
def plainly() -> Iterator[None]:
    """Within it an analysis takes the plain way."""
    with (
        mock.patch.object(lungs, "unet_lungs", plain_unet_lungs),
        mock.patch.object(analyze, "features_of", plain_features_of),
    ):
        yield
