"""Unsupervised lung masks of phantoms against their truth."""

import numpy as np
import pytest
from COVIDDetectLib.lungs import LEFT, RIGHT, segment_lungs
from COVIDDetectLib.phantom import thorax


@pytest.mark.parametrize(
    ("seed", "spacing"), [(0, (1.4, 1.4, 5.0)), (1, (1.4, 1.4, 2.5)), (3, (1.2, 1.2, 4.0)), (7, (1.6, 1.6, 8.0))]
)
def test_healthy_lungs_are_found(seed: int, spacing: tuple[float, float, float]) -> None:
    phantom = thorax(seed=seed, shape=(round(320 / spacing[2]), 256, 256), spacing=spacing)
    labels = segment_lungs(phantom.ct, "threshold").labels
    for side in (RIGHT, LEFT):
        found, truth = labels == side, phantom.lung_mask == side
        assert 2 * np.count_nonzero(found & truth) / (found.sum() + truth.sum()) >= 0.97
