"""What two strokes repair: ``python Testing/benchmarks/repair.py [--phantoms 24] [--real FOLDER_OF_CTS]``.

Consolidation is painted into phantoms and real CTs, the UNet marks the lungs, and two simulated strokes correct the
mask: each where most is wrong then, as lung or as no lung. A line for each case says recall inside the lesions and Dice
before and after; in brackets what a perfect border within reach of the strokes would give; recall and Dice within that
reach alone; by how much of the lungs the results of one click in three planes differ; and the longer of two times, in
seconds of the processor.

The truth of a real CT is the UNet's mask of it before it was painted; those with a star had a part in the weights.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[2] / "COVIDDetect"))

import numpy as np
from COVIDDetectLib.ct.reading import read_ct
from COVIDDetectLib.ct.volume import CTVolume
from COVIDDetectLib.lungs import segment_lungs
from COVIDDetectLib.lungs.repair import REACH_MM, repair_lungs
from COVIDDetectLib.phantom import add_disease, paint_lobar, thorax
from COVIDDetectLib.phantom.disease import box_with_border

from Testing.lungs.simulated_strokes import clicks, stroke, within

FIRST_SEED = 200
SEEN = ("lung-dx-a0001", "acrin-flt-breast-013", "cptac-lscc-c3n-00247", "lungfcp-01-0001")
NO_LUNGS = "cptac-pda-c3l-00189"
LEAST_ML = 1.0
FIGURES = (
    *("recall", "Dice", "recall after", "Dice after", "best recall", "best Dice"),
    *("recall in reach", "after", "Dice in reach", "after", "planes", "seconds"),
)


@dataclass(frozen=True, eq=False)
class Case:
    """A CT in axial order, its lungs and its consolidation, and what the UNet marks."""

    name: str
    ct: CTVolume
    truth: np.ndarray
    lesions: np.ndarray
    found: np.ndarray


def painted(name: str, ct: CTVolume, lungs: np.ndarray, seed: int, lobar: bool) -> Case:
    """Severe disease in patches, or consolidation of what lies lowest."""
    if not lobar:
        diseased, lesions = add_disease(ct, lungs, seed, "consolidation", "severe")
        return Case(name, diseased, lungs, lesions, segment_lungs(diseased, device="cpu").labels)
    box = box_with_border(lungs)
    mm = ct.geometry.spacing[::-1]
    part = ct.hu[box]
    drawn, left, found = paint_lobar(np.random.default_rng([seed, 5]), part.astype(np.float32), lungs[box], mm)
    hu, truth, lesions = ct.hu.copy(), lungs.copy(), np.zeros(ct.shape, dtype=bool)
    hu[box] = np.where(drawn != part, np.clip(np.rint(drawn), -1024, 3000), part).astype(np.int16)
    truth[box], lesions[box] = left, found
    diseased = CTVolume(hu, ct.geometry)
    return Case(name, diseased, truth, lesions, segment_lungs(diseased, device="cpu").labels)


def phantom(seed: int) -> Case:
    """Patchy disease for even seeds, lobar for odd ones; the grid varies."""
    random = np.random.default_rng([seed, 9])
    slice_mm, pixel_mm = float(random.choice([2.5, 3.0, 5.0])), float(random.uniform(1.2, 1.5))
    made = thorax(seed=seed, shape=(int(300 / slice_mm), 256, 256), spacing=(pixel_mm, pixel_mm, slice_mm))
    lobar = bool(seed % 2)
    return painted(f"phantom {seed} {'lobar' if lobar else 'patchy'}", made.ct, made.lung_mask, seed, lobar)


def real(folder: Path) -> Iterator[Case]:
    """A CT without pneumonia, painted into twice."""
    ct, _ = read_ct(folder).axial()
    lungs = segment_lungs(ct, device="cpu").labels
    for lobar in (False, True):
        star = "*" if folder.name in SEEN else ""
        yield painted(f"{folder.name}{star} {'lobar' if lobar else 'patchy'}", ct, lungs, 2, lobar)


def figures(truth: np.ndarray, lesions: np.ndarray, found: np.ndarray) -> tuple[float, float]:
    """Recall inside the lesions, and Dice."""
    both = np.count_nonzero((truth > 0) & (found > 0))
    recall = np.count_nonzero(lesions & (found > 0)) / max(1, np.count_nonzero(lesions))
    return recall, 2 * both / (np.count_nonzero(truth) + np.count_nonzero(found))


def drawn_upon(case: Case, drawn: np.ndarray, is_lung: bool, now: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A stroke as the two volumes that ``repair_lungs`` takes."""
    nothing = np.zeros_like(now)
    labels = case.truth if is_lung else now
    marked = np.where(drawn, labels, 0).astype(np.uint8)
    return (marked, nothing) if is_lung else (nothing, marked)


def two_strokes(case: Case) -> tuple[np.ndarray, np.ndarray, float]:
    """The mask after two strokes, what was within their reach, and the longer time in seconds of the processor."""
    mm = np.array(case.ct.geometry.spacing[::-1])
    now, reach, longest = case.found, np.zeros(case.found.shape, dtype=bool), 0.0
    for _ in range(2):
        wrong = [(case.truth > 0) & (now == 0), (now > 0) & (case.truth == 0)]
        is_lung = np.count_nonzero(wrong[0]) >= np.count_nonzero(wrong[1])
        drawn = stroke(wrong[0] if is_lung else wrong[1], mm)
        strokes = drawn_upon(case, drawn, is_lung, now)
        reach |= within(drawn, mm, REACH_MM)
        start = time.process_time()
        now = repair_lungs(case.ct, now, *strokes)
        longest = max(longest, time.process_time() - start)
    return now, reach, longest


def spread_of_planes(case: Case) -> float:
    """The largest difference between the results of one click in three planes, as a share of the lungs."""
    mm = np.array(case.ct.geometry.spacing[::-1])
    results = []
    for drawn in clicks((case.truth > 0) & (case.found == 0), mm):
        results.append(repair_lungs(case.ct, case.found, *drawn_upon(case, drawn, True, case.found)) > 0)
    pairs = ((0, 1), (0, 2), (1, 2))
    return max(np.count_nonzero(results[a] != results[b]) for a, b in pairs) / np.count_nonzero(case.truth)


def print_case(case: Case) -> list[float]:
    """One line, and its figures."""
    before = figures(case.truth, case.lesions, case.found)
    now, reach, seconds = two_strokes(case)
    after = figures(case.truth, case.lesions, now)
    best = figures(case.truth, case.lesions, np.where(reach, case.truth, case.found))
    near = figures(case.truth * reach, case.lesions & reach, now * reach)
    was = figures(case.truth * reach, case.lesions & reach, case.found * reach)
    planes = spread_of_planes(case)
    print(
        f"{case.name:44s} recall {before[0]:.3f} → {after[0]:.3f} ({best[0]:.3f})  Dice {before[1]:.4f} → "
        f"{after[1]:.4f} ({best[1]:.4f})  in reach {was[0]:.3f} → {near[0]:.3f}, {was[1]:.3f} → {near[1]:.3f}  "
        f"planes {100 * planes:.2f} %  {seconds:.2f} s",
        flush=True,
    )
    return [*before, *after, *best, was[0], near[0], was[1], near[1], planes, seconds]


def cases(phantoms: int, folder: Path | None) -> Iterator[Case]:
    """All of them, one after the other."""
    for seed in range(FIRST_SEED, FIRST_SEED + phantoms):
        yield phantom(seed)
    for one in sorted(folder.iterdir()) if folder else ():
        if one.is_dir() and one.name != NO_LUNGS:
            yield from real(one)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--phantoms", type=int, default=24)
    parser.add_argument("--real", type=Path, help="folder with a folder for each CT")
    arguments = parser.parse_args()
    rows: dict[str, list[list[float]]] = {}
    for case in cases(arguments.phantoms, arguments.real):
        if np.count_nonzero((case.truth > 0) & (case.found == 0)) * case.ct.geometry.voxel_ml < LEAST_ML:
            print(f"{case.name:44s} nothing to repair")
            continue
        kind = f"{'phantoms' if case.name.startswith('phantom') else 'real CTs'}, {case.name.split()[-1]}"
        rows.setdefault(kind, []).append(print_case(case))
    for kind, found in rows.items():
        table = np.array(found)
        print(f"{kind}, {len(table)} cases: recall of 0.97 and more {np.sum(table[:, 2] >= 0.97)} (possible in "
              f"{np.sum(table[:, 4] >= 0.97)}), Dice of 0.985 and more {np.sum(table[:, 3] >= 0.985)} (possible in "
              f"{np.sum(table[:, 5] >= 0.985)}), recall in reach of 0.97 and more {np.sum(table[:, 7] >= 0.97)}, "
              f"planes within 0.5 % {np.sum(table[:, 10] <= 0.005)}")  # fmt: skip
        print(
            "  median "
            + ", ".join(f"{name} {value:.3f}" for name, value in zip(FIGURES, np.median(table, 0), strict=True))
        )


if __name__ == "__main__":
    main()
