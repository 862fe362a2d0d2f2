"""Is this volume a chest CT of the kind that the weights were trained on?

A network answers every volume with a probability, an abdomen too. Two descriptions of a volume are compared with those
of the training set: what the lungs and their surroundings are physically (size, HU, whether they are cut off), and what
the network itself sees in the lungs (its pooled features). Each has a Mahalanobis distance (Lee et al., NeurIPS 2018).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

import numpy as np

from ..atomic import whole_file
from ..ct.ct_mask import CTMask, near_lungs, share_of_adult
from ..errors import WeightsError
from .cards import ModelCard, load_network, read_checked, write_card

if TYPE_CHECKING:
    from torch import Tensor

    from ..networks.decovnet import DeCoVNet

LIMIT = 1.0
"""Distances are told in units of the farthest that a held-out training case lay, and a margin."""

_MARGIN = 1.5  # real patients vary more than the few of a training set
_FEATURES = 128
"""Channels of the second ResBlock's output."""
CHANNELS = 32
"""Channels of the classifier's last convolution."""
_FOLDS = 10
_FEWEST_GROUPS = 4
_BORDER_MM = 8.0
_WRONG_HU_FROM, _SMOOTH_FROM = 4.0, 1.5
"""Standard deviations from which these are named first, since they move other properties too."""
_SMALL_BELOW = 0.85
"""Share of a small adult's lungs from which on they may be a child's: no children are among the training CTs."""
_SHORT_BELOW_MM = 120.0
"""Less of an adult's lungs from top to bottom is a part of them: in ten CTs whole ones had 170 to 280 mm, bases alone
64 to 95 mm, and one of these went from 0.25 to 0.85 by other slices."""
_EDGE_REACH = 3
"""Columns to either side of the mask's edge among which the edge of the lung is looked for."""


@dataclass(frozen=True)
class _Property:
    """A physical property: how much it varies among adults at least, and what is said when it is too low or high."""

    spread: float
    low: str
    high: str


_DARK, _DENSE = (
    "the values in the lungs are lower than HU of lungs",
    "the values in the lungs are higher than HU of lungs",
)
_BORDER = "the lung mask does not border on soft tissue; look at the mask first"
_TISSUE = "the values round the lungs are not HU of soft tissue"
_PROPERTIES = {
    "log volume": _Property(0.35, "the lungs are too small", "the lungs are too large"),
    "log height": _Property(0.15, "the lungs are too short from top to bottom", "the lungs are too long"),
    "log depth": _Property(0.15, "the lungs are too flat from front to back", "the lungs are too deep"),
    "log width": _Property(0.12, "the lungs are too narrow", "the lungs are too wide"),
    "share of box": _Property(0.08, "the lungs fill too little of the chest", "the lungs fill too much of the chest"),
    "5th percentile": _Property(45.0, _DARK, _DENSE),
    "median": _Property(90.0, _DARK, _DENSE),
    "75th percentile": _Property(150.0, _DARK, _DENSE),
    "border 25th percentile": _Property(80.0, _BORDER, _BORDER),
    "border median": _Property(60.0, _BORDER, _BORDER),
    "border 75th percentile": _Property(60.0, _TISSUE, _TISSUE),
    "log sharpness": _Property(0.25, "the image is too smooth or coarse to show fine changes", ""),
    "bottom": _Property(0.1, "", "the lungs are cut off at their lower end"),
    "top": _Property(0.1, "", "the lungs are cut off at their upper end"),
    "front": _Property(0.06, "", "the lungs are cut off at the front"),
    "back": _Property(0.06, "", "the lungs are cut off at the back"),
    "right": _Property(0.06, "", "the lungs are cut off at the right side"),
    "left": _Property(0.06, "", "the lungs are cut off at the left side"),
}


@dataclass(frozen=True)
class DomainFit:
    """How similar a volume is to the training set.

    Parameters
    ----------
    distance
        The larger of the physical and the features' distance; the training set lies below ``limit``.
    limit
        From which on a volume is foreign. Lungs too small for an adult, or a small part of them, are so at
        any distance.
    sentence
        What the user reads when it is; None inside.
    """

    distance: float
    limit: float
    sentence: str | None

    @property
    def is_inside(self) -> bool:
        """Whether the volume is of the kind that the weights were trained on."""
        return self.sentence is None


def judge(card: ModelCard, features: Tensor, ct_mask: CTMask) -> DomainFit | None:
    """Compare a volume with the training set of the weights.

    Parameters
    ----------
    card
        Of the DeCoVNet.
    features
        ``(1, 128, T/2, H/8, W/8)``: its second ResBlock's output for this volume.
    ct_mask
        The volume.

    Returns
    -------
    DomainFit or None
        None if the card has no statistics of its training set.

    Raises
    ------
    WeightsError
        If the statistics are missing or their checksum is another.
    """
    if card.domain_file is None:
        return None
    physical, seen = _read(card)
    physical_offset = _physical(ct_mask, card.hu_window) - physical.mean
    physical_distance = physical.distance(physical_offset)
    distance = max(physical_distance, seen.distance(_pooled(features, ct_mask) - seen.mean))
    height_mm, *in_plane_mm = _sizes_mm(ct_mask)
    reason = ""
    if share_of_adult(*in_plane_mm) < _SMALL_BELOW:
        reason = ": the lungs are too small for an adult"
    elif height_mm < _SHORT_BELOW_MM:
        reason = f": only {height_mm:.0f} mm of lung are seen from top to bottom"
    if distance <= LIMIT and not reason:
        return DomainFit(distance, LIMIT, None)
    if physical_distance > LIMIT:
        reason = f": {_reason(physical_offset / np.sqrt(np.diag(physical.covariance)))}"
    return DomainFit(
        distance,
        LIMIT,
        f"This is unlike the chest CTs that the weights were trained on{reason}; do not rely on the probability.",
    )


def healthy_activations(card: ModelCard) -> np.ndarray | None:
    """The mean over the healthy training scans of each channel's maximum that the margin is the sum of.

    Returns
    -------
    np.ndarray or None
        float64 ``(32,)`` (``networks.receipt``); None if the card has no statistics of its training set, or they do not
        tell.

    Raises
    ------
    WeightsError
        If the statistics are missing or their checksum is another.
    """
    if card.domain_file is None:
        return None
    mean = _stored(card).get("healthy.activations")
    return mean if mean is not None and mean.shape == (CHANNELS,) else None


def fit_domain(card: ModelCard, ct_masks: Iterable[tuple[str, bool, CTMask]]) -> ModelCard:
    """Make the statistics of a training set, write them next to the weights and name them in the card.

    Parameters
    ----------
    card
        Of a DeCoVNet whose weights are final and written.
    ct_masks
        Whole, uncropped volumes as in training, each with the name of the patient or phantom it was made from, and
        whether it is without COVID-19: the limit comes from patients left out.

    Returns
    -------
    ModelCard
        With ``domain_file`` and ``domain_sha256``; written to its path too.

    Raises
    ------
    WeightsError
        If the volumes come from fewer than four patients or phantoms.
    InputError
        If the files cannot be written.
    """
    from safetensors.numpy import save

    from ..networks.receipt import take_apart

    network = cast("DeCoVNet", load_network(card))
    groups, physical, pooled, healthy = [], [], [], []
    for group, is_healthy, ct_mask in ct_masks:
        features = network.features_by_chunks(ct_mask.tensor())
        groups.append(group)
        physical.append(_physical(ct_mask, card.hu_window))
        pooled.append(_pooled(features, ct_mask))
        if is_healthy:
            healthy.append(take_apart(network, features).activations)
    if len(set(groups)) < _FEWEST_GROUPS:
        raise WeightsError("The statistics of a training set need at least four patients or phantoms; give more cases.")
    spreads = np.array([one.spread for one in _PROPERTIES.values()])
    content: dict[str, object] = {"healthy.activations": np.mean(healthy, axis=0)} if healthy else {}
    for name, rows, floor in (("physical", np.array(physical), spreads), ("features", np.array(pooled), None)):
        cloud = _fit_with_limit(rows, groups, floor)
        content |= {f"{name}.mean": cloud.mean, f"{name}.covariance": cloud.covariance, f"{name}.unit": cloud.unit}
    encoded = save({name: np.atleast_1d(np.asarray(values, dtype=np.float64)) for name, values in content.items()})
    file = card.path.with_name(f"{card.path.stem}-domain.safetensors")
    with whole_file(file) as opened:
        opened.write(encoded)
    card = replace(card, domain_file=file.name, domain_sha256=hashlib.sha256(encoded).hexdigest())
    write_card(card)
    return card


def check_domain(card: ModelCard) -> None:
    """
    Raises
    ------
    WeightsError
        If a card names statistics of its training set and they are missing, changed or none.
    """
    if card.domain_file is None:
        return
    physical, features = _read(card)
    for cloud, size in ((physical, len(_PROPERTIES)), (features, _FEATURES)):
        shaped = cloud.mean.shape == (size,) and cloud.covariance.shape == (size, size)
        numbers = (cloud.mean, cloud.covariance, cloud.unit)
        # Not definite, and a distance would be imaginary or none.
        if not (
            shaped
            and all(np.isfinite(number).all() for number in numbers)
            and cloud.unit > 0
            and np.linalg.eigvalsh(cloud.covariance).min() > 0
        ):
            raise WeightsError(f"{card.domain_file} holds no statistics of a training set; get it again.")


@dataclass(frozen=True, eq=False)
class _Cloud:
    """Where a training set lies: mean ``(n,)``, covariance ``(n, n)``, and the distance that counts as 1."""

    mean: np.ndarray
    covariance: np.ndarray
    unit: float = 1.0

    def distance(self, offset: np.ndarray) -> float:
        """Mahalanobis distance of an offset from the mean, in units."""
        return float(np.sqrt(offset @ np.linalg.solve(self.covariance, offset)) / self.unit)


def _fit_with_limit(rows: np.ndarray, groups: list[str], spreads: np.ndarray | None) -> _Cloud:
    """A cloud whose unit is the farthest that a group lay from a cloud of the others, and a margin."""
    names = sorted(set(groups))
    member = np.array([names.index(group) for group in groups])
    farthest = 0.0
    for fold in range(min(_FOLDS, len(names))):
        left_out = member % _FOLDS == fold
        cloud = _fit(rows[~left_out], member[~left_out], spreads)
        farthest = max(farthest, *(cloud.distance(row - cloud.mean) for row in rows[left_out]))
    return replace(_fit(rows, member, spreads), unit=farthest * _MARGIN)


def _fit(rows: np.ndarray, member: np.ndarray, spreads: np.ndarray | None) -> _Cloud:
    """Mean and covariance in which every patient weighs the same, the variance of ``spreads`` added."""
    from sklearn.covariance import ledoit_wolf

    counts = np.bincount(member)
    weights = 1.0 / counts[member]
    mean = np.average(rows, axis=0, weights=weights)
    offsets = (rows - mean) * np.sqrt(weights / weights.mean())[:, None]
    if spreads is None:
        # Features have no natural spread: in units of their own, each may vary as much again as it did.
        spreads = np.maximum(offsets.std(axis=0), 1e-3 * offsets.std())
    covariance, _ = ledoit_wolf(offsets / spreads, assume_centered=True)
    return _Cloud(mean, (covariance + np.eye(len(mean))) * np.outer(spreads, spreads))


def _stored(card: ModelCard) -> dict[str, np.ndarray]:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    content = read_checked(card.path.parent / cast(str, card.domain_file), card.domain_sha256)
    try:
        stored: dict[str, np.ndarray] = load(content)
    except (SafetensorError, TypeError, ValueError) as error:
        raise WeightsError(f"{card.domain_file} holds no statistics of a training set; get it again.") from error
    return stored


def _read(card: ModelCard) -> tuple[_Cloud, _Cloud]:
    stored = _stored(card)
    try:
        physical, features = (
            _Cloud(stored[f"{name}.mean"], stored[f"{name}.covariance"], float(stored[f"{name}.unit"][0]))
            for name in ("physical", "features")
        )
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise WeightsError(f"{card.domain_file} holds no statistics of a training set; get it again.") from error
    return physical, features


def _physical(ct_mask: CTMask, hu_window: tuple[float, float]) -> np.ndarray:
    """The values of ``_PROPERTIES``."""
    low, high = hu_window
    lung = ct_mask.mask > 0
    hu = low + (high - low) / 255.0 * ct_mask.image.astype(np.float32)
    # Only the border: farther away lie the heart, the table or what the weights hide.
    border = near_lungs(ct_mask.mask, ct_mask.geometry.spacing[1::-1], _BORDER_MM) & ~lung
    inside, outside = hu[lung], hu[border] if border.any() else np.array([high])
    profiles = [lung.sum(axis=axes) for axes in ((1, 2), (0, 2), (0, 1))]
    ends = [profile[end] / profile.max() for profile in profiles for end in (0, -1)]
    return np.array(
        [
            np.log(lung.sum() * ct_mask.geometry.voxel_ml),
            *np.log(_sizes_mm(ct_mask)),
            lung.mean(),
            *np.percentile(inside, [5, 50, 75]),
            *np.percentile(outside, [25, 50, 75]),
            np.log(1 + _steepness_hu_per_mm(hu, lung, ct_mask.geometry.spacing[0])),
            *ends,
        ]
    )


def _sizes_mm(ct_mask: CTMask) -> np.ndarray:
    """Height, depth and width of the lungs' box."""
    sizes: np.ndarray = np.array(ct_mask.mask.shape) * ct_mask.geometry.spacing[::-1]
    return sizes


def _steepness_hu_per_mm(hu: np.ndarray, lung: np.ndarray, column_mm: float) -> float:
    """How steep the edge of the lungs is along columns: it tells blur and coarse pixels, whatever the noise."""
    from scipy.ndimage import maximum_filter1d

    edges = lung[:, :, 1:] != lung[:, :, :-1]
    if not edges.any():
        return 0.0
    steepest = maximum_filter1d(np.abs(np.diff(hu, axis=2)), 2 * _EDGE_REACH + 1, axis=2)
    return float(np.median(steepest[edges])) / column_mm


def _pooled(features: Tensor, ct_mask: CTMask) -> np.ndarray:
    """Mean of each feature over the lungs' cells, ``(128,)``."""
    import torch

    mask = torch.from_numpy(ct_mask.mask).to(torch.float32)[None, None]
    slices, rows, columns = features.shape[2:]
    # On the CPU, where the mask is: Apple's GPUs have neither this pooling nor double precision.
    lung = torch.nn.functional.adaptive_avg_pool3d(mask, (slices, rows, columns))[0].to(features.device)
    pooled = (features[0] * lung).sum(dim=(1, 2, 3)) / lung.sum()
    return pooled.detach().cpu().double().numpy()


def _reason(deviations: np.ndarray) -> str:
    """What stands out most, of what has words.

    Wrong HU move all that borders the lungs, blur smears a part of it, and a mask that runs into air takes in a part.
    """
    found = {
        name: (deviation, one.high if deviation > 0 else one.low)
        for (name, one), deviation in zip(_PROPERTIES.items(), deviations, strict=True)
    }
    if abs(found["border 75th percentile"][0]) > _WRONG_HU_FROM:
        return _TISSUE
    if found["log sharpness"][0] < -_SMOOTH_FROM and abs(found["median"][0]) < _SMOOTH_FROM:
        return found["log sharpness"][1]
    return max((abs(deviation), words) for deviation, words in found.values() if words)[1]
