"""The 2D UNet that finds the lungs, slice by slice."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class UNet(nn.Module):
    """UNet of five levels (16-32-64-128-128 channels), 839,506 parameters.

    Follows the network that Zheng et al. released for their lung masks: double 3×3 convolutions with batch
    normalization, max-pooling down, bilinear up-sampling with aligned corners, two output classes.

    The input ``(N, 1, H, W)`` holds CT slices windowed to 0…1; the output ``(N, 2, H, W)`` the logits of background
    and lung. Height and width are multiples of 16.
    """

    def __init__(self) -> None:
        super().__init__()
        self.level1 = DoubleConv(1, 16)
        self.level2 = Down(16, 32)
        self.level3 = Down(32, 64)
        self.level4 = Down(64, 128)
        self.level5 = Down(128, 128)
        self.up4 = Up(128 + 128, 64)
        self.up3 = Up(64 + 64, 32)
        self.up2 = Up(32 + 32, 16)
        self.up1 = Up(16 + 16, 16)
        self.output = nn.Conv2d(16, 2, kernel_size=1)

    def forward(self, slices: Tensor) -> Tensor:
        level1 = self.level1(slices)
        level2 = self.level2(level1)
        level3 = self.level3(level2)
        level4 = self.level4(level3)
        level5 = self.level5(level4)
        up = self.up4(level5, level4)
        up = self.up3(up, level3)
        up = self.up2(up, level2)
        up = self.up1(up, level1)
        return self.output(up)


class DoubleConv(nn.Sequential):
    """Twice: 3×3 convolution, batch normalization, ReLU. ``(N, C, H, W)`` to ``(N, out, H, W)``."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__(
            nn.Conv2d(channels, out, kernel_size=3, padding=1),
            nn.BatchNorm2d(out),
            nn.ReLU(inplace=True),
            nn.Conv2d(out, out, kernel_size=3, padding=1),
            nn.BatchNorm2d(out),
            nn.ReLU(inplace=True),
        )


class Down(nn.Sequential):
    """Halve height and width, then a double convolution."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__(nn.MaxPool2d(2), DoubleConv(channels, out))


class Up(nn.Module):
    """Double height and width, join the skip connection in front, then a double convolution."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.upsample = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)
        self.conv = DoubleConv(channels, out)

    def forward(self, below: Tensor, skip: Tensor) -> Tensor:
        return self.conv(torch.cat([skip, self.upsample(below)], dim=1))
