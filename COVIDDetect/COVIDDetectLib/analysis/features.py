"""What DeCoVNet's backbone makes of a CT-Mask volume, and how little of it is made anew when the mask was edited."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..ct.ct_mask import CTMask

if TYPE_CHECKING:
    from torch import Tensor

    from ..networks.decovnet import DeCoVNet

_MOST_CHANGED = 0.6
"""Share of the slices from which on it is no slower to compute all of them."""


def features_of(
    network: DeCoVNet,
    ct_mask: CTMask,
    device: str = "cpu",
    slices: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Tensor:
    """Output of the second ResBlock for a CT-Mask volume, ``(1, 128, T/2, H/8, W/8)``, ``slices`` at a time."""
    from ..networks.decovnet import SLICES_PER_CHUNK

    return network.features_by_chunks(_tensor(ct_mask, device), slices or SLICES_PER_CHUNK, progress).contiguous()


@dataclass(eq=False)
class LastFeatures:
    """Keeps the features of the last volume: of the next one, only what its changes reach is computed.

    Equal to ``features_of`` to the last bit, or all is computed. Only on a CPU: on a GPU a score takes no time.
    """

    _last: tuple[DeCoVNet, CTMask, Tensor] | None = None

    def forget(self) -> None:
        """Keep nothing."""
        self._last = None

    def of(
        self,
        network: DeCoVNet,
        ct_mask: CTMask,
        device: str = "cpu",
        slices: int | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Tensor:
        """As ``features_of``."""
        if device != "cpu":
            return features_of(network, ct_mask, device, slices, progress)
        features = self._updated(network, ct_mask)
        if features is None:
            self._last = None  # not both at once in memory
            features = features_of(network, ct_mask, device, slices, progress)
        elif progress:
            progress(len(ct_mask.image), len(ct_mask.image))
        self._last = (network, ct_mask, features)
        return features

    def _updated(self, network: DeCoVNet, ct_mask: CTMask) -> Tensor | None:
        """The features where few slices have changed since the last; else None."""
        if self._last is None:
            return None
        of_network, before, features = self._last
        if of_network is not network or before.image.shape != ct_mask.image.shape:
            return None
        is_changed = (before.image != ct_mask.image) | (before.mask != ct_mask.mask)
        changed = np.flatnonzero(is_changed.any(axis=(1, 2)))
        if not len(changed):
            return features
        first, last = int(changed[0]), int(changed[-1])
        if last - first > _MOST_CHANGED * len(ct_mask.image):
            return None
        return network.changed_features(_tensor(ct_mask, "cpu"), features, first, last)


def _tensor(ct_mask: CTMask, device: str) -> Tensor:
    import torch

    # On a CPU convolutions with few channels are a third faster when these lie together.
    memory_format = torch.channels_last_3d if device == "cpu" else torch.contiguous_format
    return ct_mask.tensor().to(device, memory_format=memory_format)
