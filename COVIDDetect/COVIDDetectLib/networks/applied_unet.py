"""The UNet as it is applied: batch normalization within the convolutions, the way up only where lung can be.

The logits are those of the whole network but for rounding. The way down is computed for the whole slice: lung is told
from other air by what lies up to 90 pixels away, and a cut-out input moved masks (``Docs/develop/performance.md``).
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.utils import fuse_conv_bn_eval

from .unet import DoubleConv, UNet

Part = tuple[slice, slice]
"""Rows and columns."""

_REACH = 2
"""Pixels from which a double convolution takes what it makes of one."""


class AppliedUNet(nn.Module):
    """Logits of a trained UNet for a part of each slice.

    Parameters
    ----------
    unet
        In evaluation mode; stays as it is.
    """

    def __init__(self, unet: UNet) -> None:
        super().__init__()
        self.pool = nn.MaxPool2d(2)
        lower = [cast(DoubleConv, level[1]) for level in (unet.level2, unet.level3, unet.level4, unet.level5)]
        self.down = nn.ModuleList([_folded(level) for level in (unet.level1, *lower)])
        self.up = nn.ModuleList([_folded(up.conv) for up in (unet.up1, unet.up2, unet.up3, unet.up4)])
        self.output = unet.output

    def forward(self, slices: Tensor, part: Part) -> Tensor:
        """Logits ``(N, 2, rows, columns)`` of a part of slices ``(N, 1, H, W)``."""
        levels = [self.down[0](slices)]
        for level in self.down[1:]:
            levels.append(level(self.pool(levels[-1])))
        sizes = [(level.shape[2], level.shape[3]) for level in levels]
        parts = [part]
        for size, smaller in zip(sizes, sizes[1:], strict=False):
            wide = _wide(parts[-1], size)
            parts.append((_read_by(wide[0], smaller[0]), _read_by(wide[1], smaller[1])))
        up, at = levels[-1][:, :, parts[-1][0], parts[-1][1]], parts[-1]
        for number in range(len(levels) - 2, -1, -1):
            wide = _wide(parts[number], sizes[number])
            for axis in (0, 1):
                up = _doubled(up, axis, at[axis].start, wide[axis], sizes[number + 1][axis])
            up = self.up[number](torch.cat([levels[number][:, :, wide[0], wide[1]], up], dim=1))
            at = parts[number]
            rows, columns = (_within(one, of) for one, of in zip(at, wide, strict=True))
            up = up[:, :, rows, columns]
        return self.output(up)


def _folded(double: DoubleConv) -> nn.Sequential:
    """The same double convolution with its normalization in the weights."""
    layers = list(double)
    return nn.Sequential(_joined(*layers[:2]), layers[2], _joined(*layers[3:5]), layers[5])


def _joined(conv: nn.Module, norm: nn.Module) -> nn.Module:
    return fuse_conv_bn_eval(cast(nn.Conv2d, conv), cast(nn.BatchNorm2d, norm))


def _wide(part: Part, size: tuple[int, int]) -> Part:
    """What is computed to get a part right: its border is spoilt by the padding, but for the slice's own border."""
    rows, columns = (
        slice(max(0, one.start - _REACH), min(whole, one.stop + _REACH)) for one, whole in zip(part, size, strict=True)
    )
    return rows, columns


def _within(part: slice, of: slice) -> slice:
    return slice(part.start - of.start, part.stop - of.start)


def _read_by(doubled: slice, size: int) -> slice:
    """The pixels of the level below, of so many, between which those of the level above are interpolated."""
    ratio = (size - 1) / (2 * size - 1)
    return slice(int(doubled.start * ratio), min(size, int((doubled.stop - 1) * ratio) + 2))


def _doubled(below: Tensor, axis: int, start: int, wanted: slice, size: int) -> Tensor:
    """Bilinear up-sampling with aligned corners along rows (0) or columns (1), of a part of a level.

    Parameters
    ----------
    below
        ``(N, C, rows, columns)``, from ``start`` on along the axis, of ``size`` in all.
    wanted
        Rows or columns of the doubled level.
    """
    places = torch.arange(wanted.start, wanted.stop, dtype=torch.float64) * (size - 1) / (2 * size - 1)
    low = places.long().clamp(max=max(0, size - 2))
    shares = (places - low).to(below.dtype).to(below.device)
    # Channels last in memory: rows and columns are picked as blocks.
    last = below.permute(0, 2, 3, 1)
    one, next_one = (
        last.index_select(axis + 1, (at - start).to(below.device)) for at in (low, (low + 1).clamp(max=size - 1))
    )
    return torch.lerp(one, next_one, shares.view((-1, 1, 1) if axis == 0 else (-1, 1))).permute(0, 3, 1, 2)
