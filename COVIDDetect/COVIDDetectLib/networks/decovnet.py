"""DeCoVNet: from a CT-Mask volume to the logits of COVID-negative and COVID-positive."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import torch
from torch import Tensor, nn

Variant = Literal["paper", "released"]

COVID_NEGATIVE, COVID_POSITIVE = 0, 1
"""Index of each class among the two logits."""

SLICES_PER_CHUNK = 64
_HALO_SLICES = 6  # reach of the backbone along the slices: stem 2, first block 1, pooling, second block 1 of two slices


class DeCoVNet(nn.Module):
    """The 3D network of Zheng et al. 2020, table 1: stem, two residual blocks, progressive classifier.

    Parameters
    ----------
    variant
        ``"paper"`` is table 1. ``"released"`` is the network of the authors' checkpoint: one more pooling step in
        the classifier, no dropout, two linear layers.

    Notes
    -----
    The input is ``(N, 2, T, H, W)``: CT windowed to 0…1 and lung mask in {0, 1}, any number of slices T ≥ 2. At
    H×W = 192×288 the stages give 16 × T × 48 × 72, 64 × T × 48 × 72, 64 × T/2 × 48 × 72 and 128 × T/2 × 24 × 36.
    """

    def __init__(self, variant: Variant = "paper") -> None:
        super().__init__()
        self.variant = variant
        self.stem = Stem()
        self.block1 = ResBlock(16, 64, spatial_stride=1)
        self.pool = nn.MaxPool3d(kernel_size=(2, 1, 1), stride=(2, 1, 1))
        self.block2 = ResBlock(64, 128, spatial_stride=2)
        self.classifier = ProgressiveClassifier(variant)

    def forward(self, ct_mask: Tensor) -> Tensor:
        """Logits ``(N, 2)``."""
        return self.classifier(self.features(ct_mask))

    def features(self, ct_mask: Tensor) -> Tensor:
        """Output of the second residual block, ``(N, 128, T//2, H/8, W/8)``."""
        return self.block2(self.pool(self.block1(self.stem(ct_mask))))

    @torch.no_grad()
    def features_by_chunks(
        self, ct_mask: Tensor, slices: int = SLICES_PER_CHUNK, progress: Callable[[int, int], None] | None = None
    ) -> Tensor:
        """The same as ``features``, computed a few slices at a time so that memory does not grow with T.

        Each chunk sees as many neighboring slices as the backbone reaches, so that the result is the same, not
        nearly the same. Only for evaluation: batch normalization must use its running statistics. ``slices`` is even;
        ``progress`` is called with (slices done, slices in all).
        """
        count = ct_mask.shape[2]
        report = progress or (lambda done, total: None)
        report(0, count)
        if count <= slices:
            features = self.features(ct_mask)
            report(count, count)
            return features
        chunks = []
        for start in range(0, count // 2 * 2, slices):
            stop = min(start + slices, count // 2 * 2)
            chunks.append(self._features_between(ct_mask, start, stop))
            report(stop if stop < count // 2 * 2 else count, count)
        return torch.cat(chunks, dim=2)

    @torch.no_grad()
    def changed_features(self, ct_mask: Tensor, known: Tensor, first: int, last: int) -> Tensor | None:
        """The same as ``features``, where those of a volume that differs in some slices only are ``known``.

        The slabs next to what the change reaches are computed too: if these are not what they were to the last bit,
        the processor takes another way for so few slices, and nothing is returned.

        Parameters
        ----------
        ct_mask
            ``(1, 2, T, H, W)``.
        known
            ``(1, 128, T//2, H/8, W/8)``; stays as it is.
        first, last
            The slices that differ, and all between.
        """
        count = ct_mask.shape[2] // 2 * 2
        reached = slice(max(0, first - _HALO_SLICES) // 2, min(count, (last + _HALO_SLICES) // 2 * 2 + 2) // 2)
        start, stop = max(0, reached.start - 1), min(count // 2, reached.stop + 1)
        found = self._features_between(ct_mask, 2 * start, 2 * stop)
        for slab in {start, stop - 1} - set(range(reached.start, reached.stop)):
            if not torch.equal(found[:, :, slab - start], known[:, :, slab]):
                return None
        features = known.clone()
        features[:, :, start:stop] = found
        return features

    def _features_between(self, ct_mask: Tensor, start: int, stop: int) -> Tensor:
        """Features of some slices, from an even one up to before another."""
        first = max(0, start - _HALO_SLICES)
        part = self.features(ct_mask[:, :, first : min(ct_mask.shape[2], stop + _HALO_SLICES)])
        return part[:, :, (start - first) // 2 : (stop - first) // 2]


def probability_from(network: DeCoVNet, features: Tensor) -> float:
    """Softmax of the positive class for the output of the second residual block, without a heat map."""
    with torch.inference_mode():
        logits = network.classifier(features)[0].cpu()  # Apple's GPUs have no double precision
    return float(torch.softmax(logits.double(), dim=0)[COVID_POSITIVE])


def with_zero_sum_logits(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same network, of either variant, with logits that sum to zero; no probability changes.

    Grad-CAM of the positive logit is then the map of the decision (``Docs/decisions/zero-sum-logits.md``).
    """
    last = "classifier.output.1" if "classifier.output.1.weight" in weights else "classifier.output"
    changed = {name: weights[name] - weights[name].mean(dim=0) for name in (f"{last}.weight", f"{last}.bias")}
    return {**weights, **changed}


class Stem(nn.Sequential):
    """Wide first convolution and pooling: ``(N, 2, T, H, W)`` to ``(N, 16, T, H/4, W/4)``."""

    def __init__(self) -> None:
        super().__init__(
            nn.Conv3d(2, 16, kernel_size=(5, 7, 7), stride=(1, 2, 2), padding=(2, 3, 3), bias=False),
            nn.BatchNorm3d(16),
            nn.ReLU(inplace=True),
            nn.MaxPool3d(kernel_size=(1, 3, 3), stride=(1, 2, 2), padding=(0, 1, 1)),
        )


class ResBlock(nn.Module):
    """Bottleneck with a temporal, a spatial and a pointwise convolution, added to a projection of its input."""

    def __init__(self, channels: int, out: int, spatial_stride: int) -> None:
        super().__init__()
        width = out // 4
        stride = (1, spatial_stride, spatial_stride)
        self.temporal = nn.Conv3d(channels, width, kernel_size=(3, 1, 1), padding=(1, 0, 0), bias=False)
        self.temporal_bn = nn.BatchNorm3d(width)
        self.spatial = nn.Conv3d(width, width, kernel_size=(1, 3, 3), stride=stride, padding=(0, 1, 1), bias=False)
        self.spatial_bn = nn.BatchNorm3d(width)
        self.pointwise = nn.Conv3d(width, out, kernel_size=1, bias=False)
        self.pointwise_bn = nn.BatchNorm3d(out)
        self.projection = nn.Conv3d(channels, out, kernel_size=1, stride=stride, bias=False)
        self.projection_bn = nn.BatchNorm3d(out)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, volume: Tensor) -> Tensor:
        branch = self.relu(self.temporal_bn(self.temporal(volume)))
        branch = self.relu(self.spatial_bn(self.spatial(branch)))
        branch = self.pointwise_bn(self.pointwise(branch))
        return self.relu(branch + self.projection_bn(self.projection(volume)))


class ProgressiveClassifier(nn.Module):
    """Pools step by step, so that a small lesion survives: ``(N, 128, T', H', W')`` to logits ``(N, 2)``."""

    def __init__(self, variant: Variant) -> None:
        super().__init__()
        released = variant == "released"
        self.convolutions = nn.Sequential(
            nn.AdaptiveMaxPool3d((16, 24, 36)),
            nn.Conv3d(128, 64, kernel_size=3, padding=1),
            nn.ReLU(inplace=True),
            nn.AdaptiveMaxPool3d((4, 12, 18)),
            nn.Conv3d(64, 32, kernel_size=3, padding=1),
            nn.ReLU(inplace=True),
            nn.AdaptiveMaxPool3d((1, 6, 9)) if released else nn.Dropout3d(0.5),
            nn.Conv3d(32, 32, kernel_size=3, padding=1),
            nn.ReLU(inplace=True),
            nn.AdaptiveMaxPool3d((1, 1, 1)),
            nn.Flatten(),
        )
        self.output = nn.Sequential(nn.Linear(32, 32), nn.Linear(32, 2)) if released else nn.Linear(32, 2)

    def forward(self, features: Tensor) -> Tensor:
        return self.output(self.convolutions(features))
