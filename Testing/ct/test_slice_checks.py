"""Slices that are not where they belong are named; those of sound CTs are left in peace."""

from collections.abc import Callable

import numpy as np
import pytest
from COVIDDetectLib.ct.slice_checks import check_slices
from COVIDDetectLib.ct.volume import CTVolume
from COVIDDetectLib.phantom import thorax


def chest(seed: int = 1, slices: int = 80, disease: str | None = None) -> CTVolume:
    return thorax(seed=seed, shape=(slices, 64, 64), spacing=(5.8, 5.8, 280 / slices), disease=disease).ct


SOUND, OTHER = chest(), chest(seed=5)


def turned(hu: np.ndarray) -> None:
    hu[40] = hu[40, ::-1]


def of_another_patient(hu: np.ndarray) -> None:
    hu[40] = OTHER.hu[40]


def exchanged_afar(hu: np.ndarray) -> None:
    hu[[20, 40]] = hu[[40, 20]]


def noise(hu: np.ndarray) -> None:
    hu[40] = np.random.default_rng(0).integers(-1024, 1000, hu[40].shape)


def exchanged(hu: np.ndarray) -> None:
    hu[[40, 41]] = hu[[41, 40]]


def doubled(hu: np.ndarray) -> None:
    hu[40] = hu[39]


def of_two_patients(hu: np.ndarray) -> None:
    hu[41:] = OTHER.hu[41:]


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (turned, "Slice 41 of the CT does not fit between its neighbors"),
        (of_another_patient, "Slice 41 of the CT does not fit between its neighbors"),
        (exchanged_afar, "Slices 21, 41 of the CT do not fit between their neighbors"),
        (noise, "Slice 41 of the CT does not fit between its neighbors"),
        (exchanged, "Slices 41 and 42 of the CT seem to be exchanged"),
        (doubled, "Slice 41 of the CT shows the same as the one before"),
        (of_two_patients, "Between slices 41 and 42 of the CT the body changes suddenly"),
    ],
)
def test_a_slice_that_is_not_where_it_belongs_is_named(damage: Callable[[np.ndarray], None], said: str) -> None:
    hu = SOUND.hu.copy()
    damage(hu)
    finding = check_slices(CTVolume(hu, SOUND.geometry))
    assert finding and finding.sentence.startswith(said)


@pytest.mark.parametrize("slices", [20, 40, 120])
@pytest.mark.parametrize("disease", [None, "covid"])
def test_slices_of_sound_cts_fit(slices: int, disease: str | None) -> None:
    for seed in (2, 3):
        assert check_slices(chest(seed, slices, disease)) is None
    empty_around = np.pad(chest(4, slices).hu, ((3, 3), (0, 0), (0, 0)), constant_values=-1024)
    assert check_slices(CTVolume(empty_around, SOUND.geometry)) is None
    stretched = np.repeat(SOUND.hu, 3, axis=0)
    assert check_slices(CTVolume(stretched, SOUND.geometry)) is None
