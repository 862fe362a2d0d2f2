"""What a score with an edited mask would be: the probability alone, without heat map and checks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from ..ct.ct_mask import make_ct_mask
from ..ct.volume import CTVolume
from ..device import trusted_device, within_memory
from ..lungs import LungMask
from ..weights.cards import ModelCard, scoring_card
from ..weights.loaded import loaded_network
from .analyze import Progress
from .features import LastFeatures

if TYPE_CHECKING:
    from ..networks.decovnet import DeCoVNet

_SLICES_AT_ONCE = 32
"""Of the backbone: the next stroke waits for one layer of them."""


def preview(
    ct: CTVolume,
    lung_mask: LungMask,
    *,
    device: str = "auto",
    weights: ModelCard | None = None,
    progress: Callable[[Progress], None] | None = None,
    last_features: LastFeatures | None = None,
) -> float:
    """Probability of COVID-19, equal to that of ``analyze`` with the same mask.

    Parameters
    ----------
    ct, lung_mask
        On one grid, in any orientation.
    device, weights, progress, last_features
        As for ``analyze``.

    Raises
    ------
    InputError, MaskError, WeightsError, DeviceError
        With the sentence that the user reads.
    """
    card = scoring_card(weights)
    ct_mask = make_ct_mask(ct.axial()[0], lung_mask.axial().labels > 0, card.input_form)
    features_of = (last_features or LastFeatures()).of

    def report(done: int, total: int) -> None:
        if progress:
            progress(Progress("score", done, total))

    def score_on(device: str, slices: int) -> float:
        from ..networks.decovnet import probability_from

        network = cast("DeCoVNet", loaded_network(card, device))
        return probability_from(network, features_of(network, ct_mask, device, slices, report))

    return within_memory(score_on, trusted_device(device), _SLICES_AT_ONCE)[0]
