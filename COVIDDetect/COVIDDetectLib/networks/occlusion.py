"""Occlusion (Zeiler and Fergus, ECCV 2014) in the output of DeCoVNet's second residual block."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from .decovnet import COVID_POSITIVE, DeCoVNet

Box = tuple[slice, ...]

WINDOW = (4, 4, 4)


def occlusion(network: DeCoVNet, features: Tensor, report: Callable[[int, int], None]) -> np.ndarray:
    """How much the logit falls when the features of a block of cells are set to zero.

    In the features, not in the input: there each block would need the whole backbone, some hundred times. Of the
    classifier's first layers, which take nearly all of its time, only what a block reaches is computed anew.

    Parameters
    ----------
    network
        In evaluation mode.
    features
        ``(1, C, T', H', W')``.
    report
        Called with (blocks done, blocks in all); may raise.

    Returns
    -------
    np.ndarray
        float32 ``[T', H', W']``, the same in all cells of a block; negative where the logit rises.
    """
    pool, convolution, relu, second_pool, *rest = network.classifier.convolutions
    after, weight = nn.Sequential(*rest, network.classifier.output), cast(Tensor, convolution.weight)
    starts = list(product(*(range(0, size, window) for size, window in zip(features.shape[2:], WINDOW, strict=True))))
    with torch.no_grad(), _one_thread():
        pooled = pool(features)
        convolved = convolution(pooled)
        active = relu(convolved.clone())
        pooled_again = second_pool(active)
        logit = float(after(pooled_again)[0, COVID_POSITIVE])
        falls = np.zeros(features.shape[2:], np.float32)
        for number, start in enumerate(starts):
            report(number, len(starts))
            block = tuple(slice(at, at + window) for at, window in zip(start, WINDOW, strict=True))
            with _changed(features, block, torch.zeros(())):
                box, part = _pooled(features, block, pooled.shape)
            box, part = _convolved(part - pooled[:, :, *box], box, weight, convolved)
            with _changed(active, box, part.clamp_(min=0)):
                box, part = _pooled(active, box, pooled_again.shape)
            with _changed(pooled_again, box, part):
                falls[block] = logit - float(after(pooled_again)[0, COVID_POSITIVE])
        report(len(starts), len(starts))
    return falls


@contextmanager
def _one_thread() -> Iterator[None]:
    """Within this block a CPU computes with one thread: several would wait for each other longer than they compute."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@contextmanager
def _changed(values: Tensor, box: Box, part: Tensor) -> Iterator[None]:
    """Within this block something else is in a box."""
    before = values[:, :, *box].clone()
    values[:, :, *box] = part
    try:
        yield
    finally:
        values[:, :, *box] = before


def _pooled(values: Tensor, box: Box, shape: torch.Size) -> tuple[Box, Tensor]:
    """Those bins of adaptive maximum pooling to a shape that a box of its input reaches: which, and their maxima."""
    reached, edges = [], []
    for axis, (one, bins) in enumerate(zip(box, shape[2:], strict=True), start=2):
        size = values.shape[axis]
        pooled = [(at * size // bins, -(-(at + 1) * size // bins)) for at in range(bins)]
        touched = [at for at, (first, end) in enumerate(pooled) if first < one.stop and end > one.start]
        reached.append(slice(touched[0], touched[-1] + 1))
        start, stop = pooled[touched[0]][0], pooled[touched[-1]][1]
        values = values.narrow(axis, start, stop - start)
        edges.append([(first - start, end - start) for first, end in pooled[reached[-1]]])
    for axis, some in enumerate(edges, start=2):
        maxima = [values.narrow(axis, first, end - first).amax(axis, keepdim=True) for first, end in some]
        values = torch.cat(maxima, dim=axis)
    return tuple(reached), values


def _convolved(difference: Tensor, box: Box, weight: Tensor, before: Tensor) -> tuple[Box, Tensor]:
    """The output of a convolution of 3×3×3 where a difference of its input in a box reaches it: where, and what."""
    reached = nn.functional.conv3d(difference, weight, padding=2)
    to, of = [], []
    for one, size in zip(box, before.shape[2:], strict=True):
        to.append(slice(max(0, one.start - 1), min(size, one.stop + 1)))
        of.append(slice(to[-1].start - one.start + 1, to[-1].stop - one.start + 1))
    return tuple(to), before[:, :, *to] + reached[:, :, *of]
