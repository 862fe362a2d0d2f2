"""The augmentation is the paper's: its ranges, what each of them does to a picture, one draw for all slices."""

import math

import numpy as np
import pytest
import torch
from COVIDDetectLib.training.augmentation import PAPER, Augmentation, warp
from COVIDDetectLib.training.classifier_task import augmented
from torch import Tensor

HEIGHT, WIDTH = 80, 120
ONLY = Augmentation(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def drawn(count: int = 4000) -> dict[str, np.ndarray]:
    """Rotation, shear (degrees), size, shift (shares of the picture), brightness, contrast as they were drawn."""
    generator = torch.Generator().manual_seed(0)
    parameters = []
    picture = torch.tensor([0.25, 0.75])
    for _ in range(count):
        affine = PAPER.draw_affine(generator).double()
        matrix = affine[:, :2]
        size = 1 / math.sqrt(float(torch.det(matrix)))
        turn = math.atan2(float(matrix[1, 0]), float(matrix[0, 0]))
        cos, sin = math.cos(turn), math.sin(turn)
        shear = math.degrees(math.atan(size * float(cos * matrix[0, 1] + sin * matrix[1, 1])))
        dark, bright = PAPER.change_gray(picture, generator).tolist()
        brightness = dark + bright
        contrast = (bright - dark) / brightness * 2
        shift = (affine[:, 2] / 2).tolist()
        parameters.append((math.degrees(turn), shear, size - 1, *shift, brightness - 1, contrast - 1))
    names = ("rotation", "shear", "size", "right", "down", "brightness", "contrast")
    return dict(zip(names, np.array(parameters).T, strict=True))


def test_ranges_are_those_of_the_paper() -> None:
    assert Augmentation(
        rotation_degrees=10, shear_degrees=10, translation=0.1, scaling=0.2, brightness=0.5, contrast=0.3
    ) == PAPER  # fmt: skip


def test_drawn_values_fill_the_ranges_of_the_paper_evenly() -> None:
    limits = {
        "rotation": 10, "shear": 10, "size": 0.2, "right": 0.1, "down": 0.1, "brightness": 0.5, "contrast": 0.3
    }  # fmt: skip
    draws = drawn()
    for name, limit in limits.items():
        values = draws[name] / limit
        assert np.abs(values).max() <= 1 + 1e-4, name
        assert values.min() < -0.99 and values.max() > 0.99, name
        assert values.mean() == pytest.approx(0, abs=0.04), name
        assert values.std() == pytest.approx(1 / math.sqrt(3), abs=0.02), name
    correlation = np.corrcoef(np.array(list(draws.values())))
    assert np.abs(correlation - np.eye(len(correlation))).max() < 0.06


def centers(*places: tuple[float, float]) -> Tensor:
    """A picture with soft spots at (row, column) from its center."""
    rows, columns = torch.meshgrid(
        torch.arange(HEIGHT) - (HEIGHT - 1) / 2, torch.arange(WIDTH) - (WIDTH - 1) / 2, indexing="ij"
    )
    return sum(torch.exp(-((rows - row) ** 2 + (columns - column) ** 2) / 8.0) for row, column in places)  # type: ignore[return-value]


def where(picture: Tensor) -> tuple[float, float]:
    """Center of mass of a picture, (row, column) from its center."""
    rows, columns = torch.meshgrid(
        torch.arange(HEIGHT) - (HEIGHT - 1) / 2, torch.arange(WIDTH) - (WIDTH - 1) / 2, indexing="ij"
    )
    return float((rows * picture).sum() / picture.sum()), float((columns * picture).sum() / picture.sum())


def moved(place: tuple[float, float], affine: Tensor) -> tuple[float, float]:
    return where(warp(centers(place)[None, None], affine)[0, 0])


def draw_until(augmentation: Augmentation, seed: int = 1) -> Tensor:
    return augmentation.draw_affine(torch.Generator().manual_seed(seed))


def test_rotation_turns_on_the_true_shape_of_the_picture() -> None:
    affine = draw_until(Augmentation(**{**ONLY.__dict__, "rotation_degrees": 10.0}))
    angle = math.atan2(float(affine[1, 0]), float(affine[0, 0]))
    for place in ((0.0, 40.0), (25.0, 0.0), (-20.0, 30.0)):
        row, column = moved(place, affine)
        expected = (
            place[0] * math.cos(angle) - place[1] * math.sin(angle),
            place[0] * math.sin(angle) + place[1] * math.cos(angle),
        )
        assert (row, column) == pytest.approx(expected, abs=0.05)
        assert math.hypot(row, column) == pytest.approx(math.hypot(*place), abs=0.05)


def test_shear_moves_along_the_width_only() -> None:
    affine = draw_until(Augmentation(**{**ONLY.__dict__, "shear_degrees": 10.0}))
    shear = float(affine[0, 1])
    assert 0 < abs(shear) <= math.tan(math.radians(10))
    assert moved((25.0, 0.0), affine) == pytest.approx((25.0, -25.0 * shear), abs=0.05)
    assert moved((0.0, 40.0), affine) == pytest.approx((0.0, 40.0), abs=0.05)


def test_shift_is_a_share_of_height_and_width_whatever_the_size() -> None:
    affine = draw_until(Augmentation(**{**ONLY.__dict__, "translation": 0.1, "scaling": 0.2, "rotation_degrees": 10.0}))
    right, down = (affine[:, 2] / 2).tolist()
    assert max(abs(right), abs(down)) <= 0.1
    assert moved((0.0, 0.0), affine) == pytest.approx((down * HEIGHT, right * WIDTH), abs=0.05)


def test_scaling_is_about_the_center() -> None:
    affine = draw_until(Augmentation(**{**ONLY.__dict__, "scaling": 0.2}))
    size = 1 / float(affine[0, 0])
    assert 0.8 <= size <= 1.2 and abs(size - 1) > 0.01
    assert moved((20.0, -30.0), affine) == pytest.approx((20.0 * size, -30.0 * size), abs=0.1)


def test_one_draw_serves_every_slice_and_mask_stays_a_mask() -> None:
    slices = torch.stack([torch.rand(HEIGHT, WIDTH), (centers((5.0, 10.0)) > 0.1).float()])
    volume = slices[:, None].expand(2, 5, HEIGHT, WIDTH)
    result = augmented(volume, torch.Generator().manual_seed(3))
    assert not torch.equal(result, volume)
    for number in range(1, 5):
        torch.testing.assert_close(result[:, number], result[:, 0], atol=0, rtol=0)
    assert set(result[1].unique().tolist()) == {0.0, 1.0}
    assert 0.0 <= float(result[0].min()) and float(result[0].max()) <= 1.0


def test_the_same_place_in_a_training_gives_the_same_draw() -> None:
    from COVIDDetectLib.training.chance import torch_random_at

    first, again, other = (
        PAPER.draw_affine(torch_random_at(*place)) for place in ((0, 1, 2, 3), (0, 1, 2, 3), (0, 1, 2, 4))
    )
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_half_precision_of_the_network_does_not_reach_the_augmentation() -> None:
    ct_mask = torch.rand(2, 3, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(1))
    expected = augmented(ct_mask, torch.Generator().manual_seed(2))
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(augmented(ct_mask, torch.Generator().manual_seed(2)), expected, atol=0, rtol=0)
