"""How fast an analysis is, against the plain way: ``make bench``, or ``make bench CT=/path``.

Plain way (``plain.py``) and product analyze the same CT in pairs, one after the other, each in a process of its own as
from the command line. Printed are medians stage by stage, their ratios, peak memory, and how far mask, probability and
heat map differ. Then the product analyzes the same chest in fewer and more slices. Machines differ and have other work
too: ratios less so, and seconds of the processor less than those of the clock.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from statistics import median
from unittest import mock

import numpy as np
from COVIDDetectLib.allocator import keep_large_blocks
from COVIDDetectLib.ct.geometry import Geometry
from COVIDDetectLib.ct.volume import CTVolume

ROOT = Path(__file__).resolve().parents[2]
GROWTH = (32, 64, 128, 256, 512)
PARTS = {
    "read": "read the CT",
    "unet_lungs": "lungs: UNet",
    "tidy_lungs": "lungs: tidied",
    "split_sides": "lungs: right and left",
    "check_lung_mask": "lungs: checked",
    "make_ct_mask": "score: input",
    "features_of": "score: backbone",
    "score_features": "score: classifier, heat map",
    "judge": "score: domain",
    "attention": "heat map, regions, densities",
    "rescore": "score of an edited mask",
    "all": "whole analysis",
    "process": "whole process",
}


def resliced(ct: CTVolume, count: int) -> CTVolume:
    """The same chest in so many slices, interpolated."""
    places = np.linspace(0, len(ct.hu) - 1, count)
    hu = np.empty((count, *ct.hu.shape[1:]), dtype=np.int16)
    for number, place in enumerate(places):
        below = min(int(place), len(ct.hu) - 2)
        share = place - below
        hu[number] = np.rint((1 - share) * ct.hu[below] + share * ct.hu[below + 1])
    i_mm, j_mm, k_mm = ct.geometry.spacing
    return CTVolume(hu, Geometry.axial((i_mm, j_mm, k_mm * (len(ct.hu) - 1) / (count - 1))), ct.name)


def given_ct(path: str | None) -> CTVolume:
    """The CT of a file or folder; without one a phantom."""
    from COVIDDetectLib.ct.reading import read_ct
    from COVIDDetectLib.phantom import thorax

    if path:
        return read_ct(path)
    return thorax(seed=0, shape=(64, 512, 512), spacing=(0.7, 0.7, 5.0), disease="covid").ct


class Stopwatch:
    """Seconds of the clock and of the processor that functions took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.processor: dict[str, float] = {}

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Time what happens within."""
        clock, processor = time.perf_counter(), time.process_time()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - clock
        self.processor[name] = self.processor.get(name, 0.0) + time.process_time() - processor

    def on(self, module: object, name: str) -> mock._patch[Callable[..., object]]:
        """Time every call of a function where a module names it."""
        function = getattr(module, name)

        def timed(*given: object, **named: object) -> object:
            with self.part(name):
                return function(*given, **named)

        return mock.patch.object(module, name, timed)


def measure(way: str, path: str | None, slices: int, device: str, output: Path) -> None:
    """One analysis in this process; what it took, and what came out, into a file."""
    if way == "product":
        keep_large_blocks()
    import resource

    from COVIDDetectLib import lungs
    from COVIDDetectLib.analysis import analyze

    from Testing.benchmarks.plain import plainly

    watch = Stopwatch()
    with watch.part("read"):
        ct = given_ct(path)
        ct = resliced(ct, slices) if slices else ct
    with plainly() if way == "plain" else nullcontext():
        if device != "cpu":  # which is started once
            analyze.analyze(ct, device=device)
        with (
            watch.on(lungs, "unet_lungs"),
            watch.on(lungs, "tidy_lungs"),
            watch.on(lungs, "split_sides"),
            watch.on(analyze, "check_lung_mask"),
            watch.on(analyze, "make_ct_mask"),
            watch.on(analyze, "features_of"),
            watch.on(analyze, "score_features"),
            watch.on(analyze, "judge"),
            watch.part("all"),
        ):
            analysis = analyze.analyze(ct, device=device)
    watch.seconds["attention"] = analysis.seconds["attention"]
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    axial = analysis.lung_mask.axial()
    edited = axial.labels.copy()
    edited[len(edited) // 2, :, : edited.shape[2] // 3] = 0
    with plainly() if way == "plain" else nullcontext(), watch.part("rescore"):
        analyze.analyze(ct.axial()[0], lungs=lungs.LungMask(edited, axial.geometry), device=device)
    np.savez(output.with_suffix(".npz"), labels=axial.labels, heat_map=analysis.attention.values)
    entry = {
        "seconds": watch.seconds,
        "processor": watch.processor,
        "peak_mb": peak_mb,
        "shape": ct.shape,
        "probability": analysis.probability,
        "device": analysis.device,
    }
    output.write_text(json.dumps(entry))


def measured(way: str, given: argparse.Namespace, slices: int = 0) -> tuple[dict, np.ndarray, np.ndarray]:
    """``measure`` in a process of its own: its entry, lung mask and heat map."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "result.json"
        command = [sys.executable, "-m", "Testing.benchmarks.bench", "--way", way, "--output", str(output)]
        command += ["--device", given.device, "--slices", str(slices), *([given.ct] if given.ct else [])]
        start = time.perf_counter()
        subprocess.run(command, cwd=ROOT, check=True)
        entry = json.loads(output.read_text())
        entry["seconds"]["process"] = time.perf_counter() - start - entry["seconds"].get("rescore", 0.0)
        with np.load(output.with_suffix(".npz")) as arrays:
            return entry, arrays["labels"], arrays["heat_map"]


def dice(one: np.ndarray, other: np.ndarray) -> float:
    """Dice coefficient of two masks; 1 for two empty ones."""
    both = np.count_nonzero(one) + np.count_nonzero(other)
    return 2 * np.count_nonzero(one & other) / both if both else 1.0


def print_pairs(given: argparse.Namespace) -> None:
    """The table of both ways, and by how much their results differ."""
    ways: dict[str, list[dict]] = {"plain": [], "product": []}
    results = {}
    for _ in range(given.pairs):
        for way, entries in ways.items():
            entry, *results[way] = measured(way, given)
            entries.append(entry)
    last = ways["product"][-1]
    print(f"\n{last['shape']} on {last['device']}, medians of {given.pairs} pairs\n")
    print("| | plain, s | product, s | ratio | of the processor: plain, s | product, s | ratio |")
    print("|---|---|---|---|---|---|---|")
    for part, title in PARTS.items():
        row = []
        for unit in ("seconds", "processor"):
            plain, product = (median(entry[unit].get(part, 0.0) for entry in entries) for entries in ways.values())
            row += [f"{plain:.2f}", f"{product:.2f}", f"{plain / product:.2f}"] if product else [""] * 3
        print(f"| {title} | {' | '.join(row)} |")
    plain_mb, product_mb = (median(entry["peak_mb"] for entry in entries) for entries in ways.values())
    print(f"| peak memory, MB | {plain_mb:.0f} | {product_mb:.0f} | {plain_mb / product_mb:.2f} |\n")
    (labels, heat_map), (plain_labels, plain_map) = results["product"], results["plain"]
    by_slice = [dice(one > 0, other > 0) for one, other in zip(labels, plain_labels, strict=True)]
    print(f"Dice of the masks {dice(labels > 0, plain_labels > 0):.5f}, of the worst slice {min(by_slice):.5f}")
    print(f"probability {last['probability']:.5f}, plain {ways['plain'][-1]['probability']:.5f}")
    if heat_map.shape == plain_map.shape:
        print(f"correlation of the heat maps {np.corrcoef(heat_map.ravel(), plain_map.ravel())[0, 1]:.5f}")
    else:
        print(f"heat maps of {heat_map.shape} and {plain_map.shape} cells")


def print_growth(given: argparse.Namespace) -> None:
    """What the same chest takes in fewer and more slices."""
    print("\n| slices | analysis, s | of the processor, s | an edited mask, s | peak memory, MB |")
    print("|---|---|---|---|---|")
    for slices in given.growth:
        entry, *_ = measured("product", given, slices)
        clock, processor = entry["seconds"], entry["processor"]
        print(
            f"| {slices} | {clock['all']:.2f} | {processor['all']:.2f} | {clock['rescore']:.2f} "
            f"| {entry['peak_mb']:.0f} |",
            flush=True,
        )


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ct", nargs="?", help="a CT; a phantom without one")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda", "mps"])
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--growth", type=int, nargs="*", default=GROWTH, help="numbers of slices")
    parser.add_argument("--way", choices=["plain", "product"], help=argparse.SUPPRESS)
    parser.add_argument("--slices", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--output", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.way:
        measure(given.way, given.ct, given.slices, given.device, given.output)
        return
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} processors, Python {sys.version.split()[0]}")
    if given.pairs:
        print_pairs(given)
    if given.growth:
        print_growth(given)


if __name__ == "__main__":
    main()
