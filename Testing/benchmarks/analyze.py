"""Time and memory of one analysis, stage by stage: ``python Testing/benchmarks/analyze.py [CT]``.

Without a CT a phantom of 64 slices of 512×512 is analyzed. Each part that was made fast is also timed the plain way, in
the same run, and the ratio is printed: machines differ, ratios less so.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "COVIDDetect"))

import torch
from COVIDDetectLib.analysis.analyze import analyze
from COVIDDetectLib.ct.ct_mask import make_ct_mask
from COVIDDetectLib.ct.reading import read_ct
from COVIDDetectLib.networks.decovnet import DeCoVNet
from COVIDDetectLib.phantom import thorax
from COVIDDetectLib.weights.cards import default_card, load_network


def seconds_of(call: Callable[[], object], times: int = 3) -> float:
    """The shortest of some runs, after one to warm up."""
    call()
    best = float("inf")
    for _ in range(times):
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
    return best


def compare(title: str, plain: Callable[[], object], fast: Callable[[], object]) -> None:
    """Time both ways and print the ratio."""
    plain_s, fast_s = seconds_of(plain), seconds_of(fast)
    print(f"{title}: {plain_s:.2f} s plain, {fast_s:.2f} s as used, ratio {plain_s / fast_s:.2f}")


def main() -> None:
    """Print all figures."""
    given = sys.argv[1:]
    ct = read_ct(given[0]) if given else thorax(seed=0, shape=(64, 512, 512), spacing=(0.7, 0.7, 5.0)).ct
    start = time.perf_counter()
    analysis = analyze(ct, device="cpu")
    print(f"{ct.shape}, {torch.get_num_threads()} threads: {time.perf_counter() - start:.1f} s", dict(analysis.seconds))
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")

    with torch.inference_mode():
        unet = load_network(default_card("unet"))
        slices = torch.rand(4, 1, 368, 368)
        in_order = unet(slices)  # the default memory format
        last = load_network(default_card("unet")).to(memory_format=torch.channels_last)
        slices_last = slices.to(memory_format=torch.channels_last)
        torch.testing.assert_close(last(slices_last), in_order, atol=1e-3, rtol=1e-3)
        compare("UNet, 4 slices, channels last", lambda: unet(slices), lambda: last(slices_last))

        card = default_card("decovnet")
        network = load_network(card)
        assert isinstance(network, DeCoVNet)
        axial, _ = ct.axial()
        labels = analyze(axial, device="cpu").lung_mask.labels
        tensor = make_ct_mask(axial, labels > 0, card.input_form).tensor()
        network_last = load_network(card).to(memory_format=torch.channels_last_3d)
        tensor_last = tensor.to(memory_format=torch.channels_last_3d)
        compare(
            "DeCoVNet backbone, channels last",
            lambda: network.features(tensor),
            lambda: network_last.features(tensor_last),
        )


if __name__ == "__main__":
    main()
