"""``coviddetect batch`` against one ``coviddetect analyze`` for each CT: ``python Testing/benchmarks/batch.py [N]``.

N phantoms of 48 slices of 256×256 are scored both ways in the same run by programs of their own, with one thread and
the bundled weights, and the ratio of their times is printed.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "COVIDDetect"))

import SimpleITK as sitk
from COVIDDetectLib.phantom import thorax


def seconds_of(*arguments: object) -> tuple[float, float]:
    """Time that goes by, and time of the processors."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "COVIDDetectLib.commands", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": sys.path[0], "OMP_NUM_THREADS": "1"}, check=True, capture_output=True,
    )  # fmt: skip
    wall_s, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall_s, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print both times and the ratio."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 6
    with tempfile.TemporaryDirectory() as folder:
        scans = Path(folder) / "scans"
        scans.mkdir()
        for seed in range(count):
            ct = thorax(seed=seed, shape=(48, 256, 256), spacing=(1.4, 1.4, 6.0)).ct
            image = sitk.GetImageFromArray(ct.hu)
            ct.geometry.apply_to(image)
            sitk.WriteImage(image, str(scans / f"{seed}.nii.gz"))
        alone = [seconds_of("analyze", ct, "--output", scans.parent / ct.name) for ct in sorted(scans.iterdir())]
        for options in ((), ("--jobs", 2), ("--skip", "overview")):
            output = scans.parent / "-".join(map(str, ("out", *options)))
            together = seconds_of("batch", scans, "--output", output, *options)
            for number, what in enumerate(("wall", "processor")):
                one_by_one = sum(times[number] for times in alone)
                print(
                    f"batch {' '.join(map(str, options))}: {what} {one_by_one:.1f} s by analyze, "
                    f"{together[number]:.1f} s together, ratio {one_by_one / together[number]:.2f}"
                )


if __name__ == "__main__":
    main()
