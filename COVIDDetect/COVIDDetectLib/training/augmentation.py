"""Augmentation of training volumes, drawn once per volume and applied to every slice alike."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Augmentation:
    """Ranges to draw from; the defaults are those of Zheng et al. 2020.

    Parameters
    ----------
    rotation_degrees, shear_degrees
        Largest angle either way; the shear is along the width.
    translation, scaling
        Largest shift as a share of height and width, and largest relative change of size.
    brightness, contrast
        Largest relative change.
    """

    rotation_degrees: float = 10.0
    shear_degrees: float = 10.0
    translation: float = 0.1
    scaling: float = 0.2
    brightness: float = 0.5
    contrast: float = 0.3

    def draw_affine(self, generator: torch.Generator) -> Tensor:
        """A 2×3 matrix for ``warp``: turn, shear and size; in the last column the shift in units of half the picture.

        The picture is turned, then sheared along the width, then resized about its center, then shifted.
        """

        def within(limit: float) -> float:
            return limit * (2.0 * float(torch.rand((), generator=generator)) - 1.0)

        angle = math.radians(within(self.rotation_degrees))
        shear = math.tan(math.radians(within(self.shear_degrees)))
        size = 1.0 / (1.0 + within(self.scaling))
        rotation = torch.tensor([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        sheared = rotation @ torch.tensor([[1.0, shear], [0.0, 1.0]]) * size
        shift = torch.tensor([[2.0 * within(self.translation)], [2.0 * within(self.translation)]])
        return torch.cat([sheared, shift], dim=1)

    def change_gray(self, image: Tensor, generator: torch.Generator) -> Tensor:
        """Brightness and contrast of an image in 0…1, as factors of the value and of the distance from the mean."""
        brightness, contrast = (2.0 * torch.rand(2, generator=generator) - 1.0).tolist()
        image = image * (1.0 + self.brightness * brightness)
        return (image - image.mean()) * (1.0 + self.contrast * contrast) + image.mean()


PAPER = Augmentation()


def warp(volume: Tensor, affine: Tensor) -> Tensor:
    """Apply one affine map to every slice of ``(C, T, H, W)``, bilinearly; outside is 0.

    Rotation and shear act on the true shape of the picture, not on the square that ``affine_grid`` thinks in. The
    center moves by the shift itself, whatever turn and size were drawn.
    """
    height, width = volume.shape[-2:]
    matrix = affine[:, :2] * torch.tensor([[1.0, height / width], [width / height, 1.0]])
    inverse = torch.cat([matrix, -matrix @ affine[:, 2:]], dim=1).to(volume)
    slices = volume.transpose(0, 1)
    grid = torch.nn.functional.affine_grid(inverse.expand(len(slices), 2, 3), list(slices.shape), align_corners=False)
    return torch.nn.functional.grid_sample(slices, grid, mode="bilinear", align_corners=False).transpose(0, 1)
