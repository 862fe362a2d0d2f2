"""How long a correction of the mask waits for its score: ``python Testing/benchmarks/rescore.py [CT] [TIMES]``.

Through the worker, as the panel does it, without a screen. Without a CT a phantom of 64 slices of 512×512 is scored.
Printed are the time to the first progress, to the result and to the preview of a stroke, how late a 20 ms timer of the
event loop was, and the memory of both processes over TIMES scores (10 unless told; 60 shows whether it grows).
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]


def resident_mb(process_id: int | str) -> float:
    """Memory of a process that is its own or was touched, on Linux."""
    pages = int(Path(f"/proc/{process_id}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    """Print all figures."""
    sys.path[:0] = [str(ROOT / "COVIDDetect"), str(ROOT)]
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from Viewer.compat.install import install

    install()
    import qt
    from COVIDDetectLib.analysis.analyze import Analysis
    from COVIDDetectLib.ct.reading import read_ct
    from COVIDDetectLib.lungs import LungMask, segment_lungs
    from COVIDDetectLib.phantom import thorax
    from COVIDDetectLib.worker.client import WorkerClient
    from PySide6.QtWidgets import QApplication

    app = QApplication([])
    paths = [argument for argument in sys.argv[1:] if not argument.isdigit()]
    times = next((int(argument) for argument in sys.argv[1:] if argument.isdigit()), 10)
    if paths:
        ct = read_ct(paths[0])
        lung_mask = segment_lungs(ct, "threshold")
    else:
        phantom = thorax(seed=0, shape=(64, 512, 512), spacing=(0.7, 0.7, 5.0), disease="covid")
        ct, lung_mask = phantom.ct, LungMask.from_labels(phantom.lung_mask, phantom.ct.geometry)

    client, ends, first = WorkerClient(), [], []
    for signal in (client.finished, client.failed, client.noted):
        signal.connect(ends.append)
    client.progressed.connect(lambda progress: first.append(time.perf_counter()))
    late, last = [0.0], [time.perf_counter()]

    def tick() -> None:
        now = time.perf_counter()
        late.append(now - last[0] - 0.02)
        last[0] = now

    timer = qt.QTimer()
    timer.setInterval(20)
    timer.connect("timeout()", tick)
    timer.start()

    begins, scores, memory = [], [], []
    for number in range(times + 1):
        ends.clear()
        first.clear()
        start = time.perf_counter()
        client.analyze(ct, lung_mask, "cpu")
        while not ends:
            app.processEvents()
            time.sleep(0.001)
        if not isinstance(ends[0], Analysis):
            sys.exit(str(ends[0]))
        if number:
            begins.append(first[0] - start)
            scores.append(time.perf_counter() - start)
        else:
            print(f"{ct.shape}, first score, with the start of the worker: {time.perf_counter() - start:.2f} s")
        memory.append((resident_mb("self"), resident_mb(client.process_id)))
    print(f"to the first progress: {statistics.median(begins):.2f} s median, {max(begins):.2f} s at most of {times}")
    print(f"to the result: {statistics.median(scores):.2f} s median, {max(scores):.2f} s at most")
    print(f"a 20 ms timer was {1000 * max(late):.0f} ms late at most")
    for name, values in zip(("interface", "worker"), zip(*memory, strict=True), strict=True):
        print(f"memory of the {name}: {values[1]:.0f} MB after the first score, {values[-1]:.0f} MB after the last")

    previews = []
    for number in range(times):
        labels = lung_mask.labels.copy()
        middle = len(labels) // 2
        stroke = labels[middle : middle + 2, :, labels.shape[2] // 4 + 5 * number :][:, :, :30]
        stroke[:] = 0
        ends.clear()
        start = time.perf_counter()
        client.preview(ct, LungMask(labels, lung_mask.geometry), "cpu")
        while not ends:
            app.processEvents()
            time.sleep(0.001)
        if not isinstance(ends[0], float):
            sys.exit(str(ends[0]))
        previews.append(time.perf_counter() - start)
    print(f"preview after a stroke: {statistics.median(previews):.2f} s median, {max(previews):.2f} s at most")
    client.stop()


if __name__ == "__main__":
    main()
