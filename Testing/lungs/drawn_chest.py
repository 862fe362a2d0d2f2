"""A chest drawn in millimetres with a table under it, for lung masks on any grid: every part is known exactly."""

from __future__ import annotations

import numpy as np
from COVIDDetectLib.ct.geometry import Geometry
from COVIDDetectLib.ct.volume import CTVolume


class Chest:
    """A chest drawn in millimetres: x to the left, y to the back, z to the head, from the middle of the volume."""

    def __init__(
        self,
        spacing: tuple[float, float, float],
        size_mm: tuple[float, float, float] = (400, 320, 260),
        body_mm: tuple[float, float] = (165, 115),
        has_ribs: bool = False,
    ):
        counts = [max(1, round(size / step)) for size, step in zip(size_mm, spacing, strict=True)]
        x, y, z = (
            ((np.arange(count) - (count - 1) / 2) * step).astype(np.float32)
            for count, step in zip(counts, spacing, strict=True)
        )
        self.x, self.y, self.z = x[None, None, :], y[None, :, None], z[:, None, None]
        self.geometry = Geometry.axial(spacing)
        random = np.random.default_rng(1)
        shape = (counts[2], counts[1], counts[0])
        self.hu = (-1000 + random.normal(0, 12, shape)).astype(np.float32)
        noise = random.normal(0, 20, shape).astype(np.float32)
        self.paint(self.ball((0, -5, None), (*body_mm, 1)), 40)
        if has_ribs:
            self.paint_ribs()
        self.right = self.ball((-75, 0, -10), (60, 85, 105))
        self.left = self.ball((75, 0, -10), (60, 85, 105))
        self.heart = self.ball((15, -25, -60), (60, 55, 60))
        self.liver = self.ball((-75, 0, -120), (58, 82, 60))
        for lung in (self.right, self.left):
            lung &= ~self.heart & ~self.liver
            self.paint(lung, -850)
            self.paint(lung & (np.hypot((self.x % 20) - 10, (self.y % 20) - 10) < 1.5), 0)
        self.paint(self.ball((0, 10, None), (9, 9, 1)) & (self.z > -10), -990)
        self.hu += np.where(self.hu > -900, noise, 0)

    def paint_ribs(self) -> None:
        """Sloping ribs 8 mm thick, 25 mm from one to the next, round where the lungs will be, and a spine."""
        for x in (-75, 75):
            cage = self.ball((x, 0, -10), (70, 95, 115)) & ~self.ball((x, 0, -10), (62, 87, 107))
            self.paint(cage & ((self.z + 0.3 * self.y) % 25 < 9), 500)
        self.paint(self.ball((0, 75, None), (18, 18, 1)), 300)

    @property
    def lungs(self) -> np.ndarray:
        return self.right | self.left

    def ball(self, center: tuple[float | None, ...], radii: tuple[float, ...]) -> np.ndarray:
        """Ellipsoid; a tube along z where the center has no z."""
        distance = ((self.x - center[0]) / radii[0]) ** 2 + ((self.y - center[1]) / radii[1]) ** 2
        if center[2] is not None:
            distance = distance + ((self.z - center[2]) / radii[2]) ** 2
        return np.broadcast_to(distance <= 1, self.hu.shape).copy()

    def paint(self, where: np.ndarray, value: float) -> None:
        self.hu[where] = value

    def paint_table(self, top_mm: float) -> np.ndarray:
        """A hollow table full of foam below y = ``top_mm``, under a body of 115 mm from front to back; the foam."""
        table = (self.y > top_mm) & (self.y < top_mm + 35) & (np.abs(self.x) < 185) & (self.z > -999)
        table &= self.hu < -500
        foam = table & (self.y > top_mm + 4) & (self.y < top_mm + 31) & (np.abs(self.x) < 181)
        self.paint(table, 150)
        self.paint(foam, -870)
        return foam

    def ct(self) -> CTVolume:
        return CTVolume.from_array(self.hu, self.geometry)
