"""Volumes to train on, made once: phantoms and real CTs, healthy, with synthetic disease, and with what resembles it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..ct_mask import bounding_box, resample_in_plane, window_to_8_bit
from ..errors import COVIDDetectError
from ..phantom import MIMICS, add_disease, add_mimic, thorax
from ..volume import CTVolume

LUNGS_SIZE = (368, 368)
CLASSIFIER_SIZE = (192, 288)
_EXTENTS = ("mild", "moderate", "moderate", "severe")
_MIMICS = tuple(MIMICS)


@dataclass(frozen=True, eq=False)
class Background:
    """A CT without COVID-19 in axial order and its lung labels, to paint disease into."""

    ct: CTVolume
    labels: np.ndarray
    name: str


@dataclass(frozen=True, eq=False)
class Case:
    """One volume of the pool: a CT, its lungs, and the lesions that were painted into it."""

    ct: CTVolume
    labels: np.ndarray
    lesions: np.ndarray
    name: str

    @property
    def is_positive(self) -> bool:
        """Whether the case shows COVID-like disease."""
        return bool(self.lesions.any())


def phantom_background(seed: int) -> Background:
    """A healthy phantom; its grid varies with the seed as those of scanners do."""
    random = np.random.default_rng([seed, 1])
    thickness_mm = float(random.choice([2.0, 3.0, 5.0, 5.0, 8.0]))
    slices = max(24, int(random.uniform(270, 330) / thickness_mm))
    pixel_mm = float(random.uniform(1.2, 1.6))
    phantom = thorax(seed=seed, shape=(slices, 256, 256), spacing=(pixel_mm, pixel_mm, thickness_mm))
    return Background(phantom.ct, phantom.lung_mask, f"phantom-{seed}")


def cases_of(background: Background, positives: int, negatives: int, seed: int) -> Iterator[Case]:
    """The background itself, then with mimics (``negatives - 1`` times), then with disease (``positives`` times)."""
    nothing = np.zeros(background.ct.shape, dtype=bool)
    yield Case(background.ct, background.labels, nothing, f"{background.name}-healthy")
    for number in range(negatives - 1):
        kind = _MIMICS[(seed + number) % len(_MIMICS)]
        ct = add_mimic(background.ct, background.labels, seed=seed * 1000 + number, kind=kind)
        yield Case(ct, background.labels, nothing, f"{background.name}-{kind}-{number}")
    for number in range(positives):
        extent = _EXTENTS[(seed + number) % len(_EXTENTS)]
        ct, lesions = add_disease(
            background.ct, background.labels, seed=seed * 1000 + 500 + number, kind="covid", extent=extent
        )
        yield Case(ct, background.labels, lesions, f"{background.name}-{extent}-{number}")


def store_case(case: Case, folder: Path) -> None:
    """Write what both trainings read of a case: ``NAME.npz`` with the arrays of ``load_slices`` and ``load_ct_mask``."""
    size = LUNGS_SIZE
    whole = window_to_8_bit(resample_in_plane(case.ct.hu.astype(np.float32), *size))
    lungs = resample_in_plane((case.labels > 0).astype(np.float32), *size) >= 0.5
    box = bounding_box(case.labels)
    cropped = window_to_8_bit(resample_in_plane(case.ct.hu[box].astype(np.float32), *CLASSIFIER_SIZE))
    mask = resample_in_plane((case.labels[box] > 0).astype(np.float32), *CLASSIFIER_SIZE) >= 0.5
    lesions = resample_in_plane(case.lesions[box].astype(np.float32), *CLASSIFIER_SIZE) >= 0.5
    np.savez(
        folder / f"{case.name}.npz",
        whole=whole,
        lungs=np.packbits(lungs),
        image=cropped,
        mask=np.packbits(mask),
        lesions=np.packbits(lesions),
        thickness_mm=case.ct.geometry.spacing[2],
        positive=case.is_positive,
    )


def load_slices(file: Path) -> tuple[np.ndarray, np.ndarray]:
    """Windowed slices uint8 ``[slice, 368, 368]`` and lungs bool of the same shape."""
    with np.load(file) as stored:
        whole = stored["whole"]
        return whole, _unpack(stored["lungs"], whole.shape)


@dataclass(frozen=True, eq=False)
class TrainingVolume:
    """What the classifier's training reads: uint8 image, bool mask and lesions ``[slice, 192, 288]``."""

    image: np.ndarray
    mask: np.ndarray
    lesions: np.ndarray
    thickness_mm: float
    positive: bool
    name: str


def load_ct_mask(file: Path) -> TrainingVolume:
    """Read one stored case for the classifier."""
    with np.load(file) as stored:
        image = stored["image"]
        return TrainingVolume(
            image,
            _unpack(stored["mask"], image.shape),
            _unpack(stored["lesions"], image.shape),
            float(stored["thickness_mm"]),
            bool(stored["positive"]),
            file.stem,
        )


def _unpack(bits: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    return np.unpackbits(bits, count=int(np.prod(shape))).reshape(shape).astype(bool)


def real_background(path: Path) -> Background:
    """A real CT without COVID-19 with the unsupervised mask of its lungs."""
    from ..lungs import segment_lungs
    from ..reading import read_ct

    ct, _ = read_ct(path).axial()
    return Background(ct, segment_lungs(ct, "threshold").labels, path.name)


def make_pool(folder: Path, real: list[Path], phantoms: int, first_seed: int = 0) -> None:
    """Make and store all cases; those already there are left as they are.

    Raises
    ------
    COVIDDetectError
        If a real CT cannot be read or segmented.
    """
    from tqdm import tqdm

    folder.mkdir(parents=True, exist_ok=True)
    plans = [(path.name, path, 12, 6) for path in real]
    plans += [(f"phantom-{seed}", seed, 2, 2) for seed in range(first_seed, first_seed + phantoms)]
    for number, (name, origin, positives, negatives) in enumerate(tqdm(plans, desc="Making cases")):
        finished = folder / f"{name}.done"
        if finished.exists():
            continue
        background = real_background(origin) if isinstance(origin, Path) else phantom_background(origin)
        for case in cases_of(background, positives, negatives, seed=first_seed + number + 1):
            store_case(case, folder)
        finished.touch()
    if not any(folder.glob("*.npz")):
        raise COVIDDetectError(f"No cases were made in {folder}; give real CTs or a number of phantoms.")
