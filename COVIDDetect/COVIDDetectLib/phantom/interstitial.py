"""Diseases of the whole interstitium that resemble COVID-19: oedema of a failing heart, and fibrosis.

Distribution tells them apart: oedema is central and even on both sides, with thick septa and fluid at the back;
usual interstitial pneumonia is a net with honeycombs below the pleura at the bases. Terms follow the Fleischner
Society's glossary (Hansell et al., Radiology 2008, doi 10.1148/radiol.2462070712).
"""

from __future__ import annotations

import numpy as np

from .disease import replace_air
from .fields import soft_step
from .patterns import septa
from .space import Box, LungSpace


def oedema(random: np.random.Generator, hu: np.ndarray, space: LungSpace) -> np.ndarray:
    """Ground glass round both hila that spares the pleura, the same on both sides, with thick septa."""
    reach_mm = random.uniform(8, 25)
    central = 1 - np.exp(-((space.depth_mm / reach_mm) ** 2))
    uneven = np.clip(1 + 0.25 * space.field(random, _whole(hu), random.uniform(20, 45)), 0.3, 1.7)
    low = np.linspace(1.2, random.uniform(0.4, 1.0), hu.shape[0], dtype=np.float32)[:, None, None]
    back = np.linspace(random.uniform(0.6, 1.0), 1.2, hu.shape[1], dtype=np.float32)[:, None]
    filling = random.uniform(0.08, 0.45) * central * uneven * low * back
    if random.random() < 0.7:
        lung = space.lung > 0
        filling = filling + random.uniform(0.1, 0.3) * septa(
            random, space, _whole(hu), lung, random.uniform(10, 18), 0.8
        )
    return replace_air(random, hu, np.clip(filling, 0, 0.9).astype(np.float32), space.lung)


def fibrosis(random: np.random.Generator, hu: np.ndarray, space: LungSpace) -> np.ndarray:
    """A net of coarse lines with small holes of air, in a rim below the pleura, thickest at the bases."""
    low = np.linspace(1.0, random.uniform(-0.4, 0.3), hu.shape[0], dtype=np.float32)[:, None, None]
    uneven = 1 + 0.5 * space.field(random, _whole(hu), 25)
    rim = soft_step(random.uniform(6, 25) * np.clip(low, 0, 1) * np.clip(uneven, 0.2, 2) - space.depth_mm, 1.5)
    rim = rim * (low > 0.05)
    where = (rim > 0.2) & (space.lung > 0)
    if not where.any():
        return hu
    net = septa(random, space, _whole(hu), where, random.uniform(4, 9), random.uniform(0.6, 1.2))
    filling = rim * (random.uniform(0.0, 0.08) + random.uniform(0.4, 0.8) * net)
    changed = replace_air(random, hu, np.clip(filling, 0, 1).astype(np.float32), space.lung)
    if random.random() < 0.6:  # honeycombs
        holes = rim * np.clip(0.8 - 2 * net, 0, 1) * soft_step(space.field(random, _whole(hu), 12), 0.3)
        changed = changed + holes * np.minimum(-960 - changed, 0)
    return changed


def _whole(hu: np.ndarray) -> Box:
    slices, rows, columns = hu.shape
    return slice(0, slices), slice(0, rows), slice(0, columns)
