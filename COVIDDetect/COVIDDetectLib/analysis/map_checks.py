"""Four checks of the heat map of one CT: what a reader may take from it, and what not.

Forgotten weights: Adebayo et al., NeurIPS 2018. ``Docs/decisions/four-checks-of-the-map.md`` tells why each is measured
as it is, and what was found on phantoms and patients.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ..ct.ct_mask import CTMask, InputForm, make_ct_mask, window_to_8_bit
from ..ct.volume import CTVolume
from ..device import trusted_device, within_memory
from ..errors import MaskError
from ..lungs import LungMask
from ..weights.cards import ModelCard, scoring_card
from ..weights.domain import healthy_activations
from ..weights.loaded import loaded_network
from .analyze import Progress
from .attention import place_attention
from .cells import Cells, count_cells, likeness
from .features import features_of
from .healthy_lung import unhealthy_lung, with_healthy_lung
from .heat_map import LEAST_IN_LUNGS, LEAST_SHOWN, HeatMap
from .width import Width

if TYPE_CHECKING:
    from torch import Tensor

    from ..networks.decovnet import DeCoVNet

MOST_LIKE_FORGOTTEN = 0.3
LEAST_REPEATABLE = 0.7
MOST_BY_CHANCE = 0.05

_FORGOTTEN_SEEDS = (1, 2, 3)
_RANDOM_TENTHS = 39
"""With so many the hottest tenth passes if one of them does as much, and it is less a matter of luck than with 19."""
_LEAST_MORE = 0.05
"""Log-odds: margins that differ by less are the same. Those of forgotten weights hardly move at all."""
_SLICES_AT_ONCE = 32
"""Of the backbone: whoever cancels waits for one layer of them."""

MapOf = Callable[["DeCoVNet", "Tensor", CTMask, np.ndarray | None], np.ndarray]
"""Makes a raw map ≥ 0 of a network's features (``features_of``) for a CT-Mask volume. The last argument is what its
channels are in healthy scans; None for networks that have forgotten all."""


@dataclass(frozen=True)
class Check:
    """What was measured, and whether that is on the right side of the limit."""

    value: float
    limit: float
    passes: bool


@dataclass(frozen=True)
class MapChecks:
    """The checks of one heat map; None where one was not made.

    Parameters
    ----------
    has_heat
        Whether there is heat that is seen, ``LEAST_SHOWN`` or more; else nothing is checked.
    in_lungs
        Share of the heat that lies in the lungs, at least ``LEAST_IN_LUNGS``.
    knows_weights
        Likeness (``cells.likeness``) to the maps of three networks that have forgotten all, the largest; below
        ``MOST_LIKE_FORGOTTEN``.
    repeatable
        Mean correlation with the maps of the CT as nudged (``Width.map_correlation``), above ``LEAST_REPEATABLE``.
    does_what_it_says
        p: of the hottest tenth of the lungs and random ones, the share that lower the margin as much as the hottest
        when they are made healthy; at most ``MOST_BY_CHANCE``. None where too little lung looks healthy.
    """

    has_heat: bool
    in_lungs: Check | None = None
    knows_weights: Check | None = None
    repeatable: Check | None = None
    does_what_it_says: Check | None = None

    @property
    def each(self) -> Mapping[str, Check | None]:
        """The four by name, in the order in which they are shown."""
        return {name: getattr(self, name) for name in NAMES}

    @property
    def failed(self) -> tuple[str, ...]:
        """Names of those that failed."""
        return tuple(name for name, check in self.each.items() if check is not None and not check.passes)

    @property
    def meaning(self) -> str:
        """The sentence of ``MEANINGS`` that must be read with the map; empty if none failed."""
        return next((sentence for name, sentence in MEANINGS.items() if name in self.failed), "")

    def with_readings(self, width: Width | None) -> MapChecks:
        """The same, with what the readings of the nudged CT say."""
        correlation = width.map_correlation if width and self.has_heat else None
        if correlation is None:
            return self
        return replace(self, repeatable=Check(correlation, LEAST_REPEATABLE, correlation > LEAST_REPEATABLE))

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> MapChecks | None:
        """The checks in a record; None where nobody made them."""
        entry = record.get("map_checks")
        if not entry:
            return None
        checks = {name: Check(**entry[name]) for name in NAMES if entry[name]}
        return cls(entry["has_heat"], **checks)


MEANINGS = {
    "knows_weights": "Do not read places from this map: it looks the same with weights that know nothing.",
    "does_what_it_says": "Do not take hot places for what decided: others, made healthy, lower the number as much.",
    "repeatable": "Do not rely on single hot places: they move when scan and mask are nudged.",
    "in_lungs": "Most of the heat lies outside the lungs: it says little about what is in them.",
}
"""What it means for the reader where one failed, gravest first."""

NAMES = ("in_lungs", "knows_weights", "repeatable", "does_what_it_says")


def hires_cam(network: DeCoVNet, features: Tensor, ct_mask: CTMask, healthy: np.ndarray | None) -> np.ndarray:
    """What speaks for COVID-19 in the map that is shown by default."""
    from ..networks.hires_cam import score_with_hires_cam

    return score_with_hires_cam(network, features, healthy)[1].clip(min=0)


def check_map(
    ct: CTVolume,
    lung_mask: LungMask,
    *,
    map_of: MapOf = hires_cam,
    device: str = "auto",
    weights: ModelCard | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> MapChecks:
    """All checks but *repeatable*, which the readings of the nudged CT tell (``MapChecks.with_readings``).

    The same every time. A tenth of the lungs is made healthy in the features that the map is of: in its cells they are
    exchanged for those of the same scan whose lungs look healthy everywhere.

    Parameters
    ----------
    ct, lung_mask
        As they were scored, on one grid, in any orientation.
    map_of
        What is checked.
    device, weights, progress
        As for ``analyze``; all progress is of the stage ``"checks"``.

    Raises
    ------
    InputError, MaskError, WeightsError, DeviceError
        With the sentence that the user reads.
    """
    card = scoring_card(weights)
    ct, lung_mask = ct.axial()[0], lung_mask.axial()
    ct_mask = make_ct_mask(ct, lung_mask.labels > 0, card.input_form)

    def check_on(device: str, slices: int) -> MapChecks:
        network = cast("DeCoVNet", loaded_network(card, device))
        return _Checking(network, card, ct_mask, device, slices, map_of, progress or (lambda _: None)).checks(lung_mask)

    return within_memory(check_on, trusted_device(device), _SLICES_AT_ONCE)[0]


@dataclass(frozen=True, eq=False)
class _Checking:
    """One network on one CT-Mask volume."""

    network: DeCoVNet
    card: ModelCard
    ct_mask: CTMask
    device: str
    slices: int
    map_of: MapOf
    report: Callable[[Progress], None]

    def checks(self, lung_mask: LungMask) -> MapChecks:
        features = self._features(0, self.network, self.ct_mask)
        heat = self.map_of(self.network, features, self.ct_mask, healthy_activations(self.card))
        attention = place_attention(heat, self.ct_mask.geometry, self.card.full_heat or 0.0)
        if attention.values.max() < LEAST_SHOWN:
            self._done(_STEPS)
            return MapChecks(has_heat=False)
        cells = count_cells(self.ct_mask, np.zeros(self.ct_mask.mask.shape, dtype=bool), heat.shape)
        share = HeatMap.of(attention, lung_mask).share_in_lungs
        like = max(likeness(heat, forgotten, cells) for forgotten in self._forgotten_maps())
        by_chance = self._by_chance(heat, features, cells)
        self._done(_STEPS)
        return MapChecks(
            True,
            Check(share, LEAST_IN_LUNGS, share >= LEAST_IN_LUNGS),
            None if np.isnan(like) else Check(like, MOST_LIKE_FORGOTTEN, like < MOST_LIKE_FORGOTTEN),
            does_what_it_says=None
            if by_chance is None
            else Check(by_chance, MOST_BY_CHANCE, by_chance <= MOST_BY_CHANCE),
        )

    def _forgotten_maps(self) -> list[np.ndarray]:
        from ..networks.forgetting import forgetful

        maps = []
        for step, seed in enumerate(_FORGOTTEN_SEEDS, start=1):
            other = forgetful(self.network, seed)
            maps.append(self.map_of(other, self._features(step, other, self.ct_mask), self.ct_mask, None))
        return maps

    def _by_chance(self, heat: np.ndarray, features: Tensor, cells: Cells) -> float | None:
        """Share of the tenths that lower the margin as much as the hottest does; None where nothing can be replaced."""
        import torch

        step = len(_FORGOTTEN_SEEDS) + 1
        try:
            healthy = healthy_ct_mask(self.ct_mask, self.card.input_form, lambda: self._done(step))
        except MaskError:
            return None
        healthy_features = self._features(step, self.network, healthy)

        def margin_without(tenth: np.ndarray) -> float:
            at = torch.from_numpy(tenth).to(features.device)
            with torch.inference_mode():
                negative, positive = self.network.classifier(torch.where(at, healthy_features, features))[0].tolist()
            return float(positive - negative)

        lung = cells.lung > 0
        hottest = margin_without(hottest_tenth(heat, lung))
        random = [margin_without(tenth) for tenth in random_tenths(lung)]
        return (1 + sum(margin < hottest + _LEAST_MORE for margin in random)) / (1 + len(random))

    def _features(self, step: int, network: DeCoVNet, ct_mask: CTMask) -> Tensor:
        self._done(step)
        return features_of(network, ct_mask, self.device, self.slices)

    def _done(self, step: int) -> None:
        self.report(Progress("checks", step, _STEPS))


_STEPS = len(_FORGOTTEN_SEEDS) + 2


def hottest_tenth(heat: np.ndarray, lung: np.ndarray) -> np.ndarray:
    """The tenth of the lungs' cells with the highest values, bool ``[slice, row, column]``, one cell at least."""
    inside = np.flatnonzero(lung)
    order = np.argsort(-heat.ravel()[inside], kind="stable")
    chosen = np.zeros(heat.size, dtype=bool)
    chosen[inside[order[: max(1, round(len(inside) / 10))]]] = True
    return chosen.reshape(heat.shape)


def random_tenths(lung: np.ndarray) -> list[np.ndarray]:
    """Tenths that hang together as those of a heat map do: the hottest of noise, smoothed as the map is."""
    from scipy import ndimage

    from ..networks.hires_cam import SMOOTH_CELLS

    random = np.random.default_rng(0)
    noise = (random.standard_normal(lung.shape) for _ in range(_RANDOM_TENTHS))
    return [hottest_tenth(ndimage.gaussian_filter(one, SMOOTH_CELLS), lung) for one in noise]


def healthy_ct_mask(ct_mask: CTMask, form: InputForm, go_on: Callable[[], object] = lambda: None) -> CTMask:
    """The same volume with lungs that look healthy everywhere.

    Parameters
    ----------
    form
        How it was made.
    go_on
        Called every few tenths of a second; what it raises ends the computation.

    Raises
    ------
    MaskError
        If there is too little healthy-looking lung to take from.
    """
    lowest, highest = form.hu_window
    hu = np.rint(ct_mask.image * ((highest - lowest) / 255) + lowest).astype(np.int16)
    ct, lungs = CTVolume(hu, ct_mask.geometry), LungMask(ct_mask.mask, ct_mask.geometry)
    unhealthy = unhealthy_lung(ct, lungs)
    go_on()
    healthy = with_healthy_lung(ct, lungs, unhealthy, go_on)
    return replace(ct_mask, image=window_to_8_bit(healthy.hu, form.hu_window))
