"""What several rooms of tests share: a small phantom, public CTs where they are at hand, networks and weights.

The networks have learned nothing; one is small enough to be asked often.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from COVIDDetectLib.phantom import Phantom
    from COVIDDetectLib.weights.cards import ModelCard

REAL_CT = Path(__file__).resolve().parents[2] / "shared" / "data" / "ct"


def pytest_configure(config: pytest.Config) -> None:
    """Each process that shares the tests gets a screen of its own: no window takes another's focus or clipboard."""
    if not hasattr(config, "workerinput") or not shutil.which("Xvfb"):
        return
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1600x1000x24", "-nolisten", "tcp"]
    screen = subprocess.Popen(command, pass_fds=(writing,), stderr=subprocess.DEVNULL)
    os.close(writing)
    config.add_cleanup(screen.terminate)
    with os.fdopen(reading) as numbers:
        number = numbers.readline().strip()
    assert number, "Xvfb does not start"
    os.environ["DISPLAY"] = f":{number}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests come first: so the processes that share the files end at about the same time."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def small_phantom() -> Phantom:
    """A diseased thorax, small enough to be analyzed in seconds."""
    from COVIDDetectLib.phantom import thorax

    return thorax(seed=5, shape=(28, 128, 128), spacing=(2.8, 2.8, 10.0), disease="covid")


@pytest.fixture(params=["lung-dx-a0001", "lidc-idri-0001"])
def real_ct_folder(request: pytest.FixtureRequest) -> Path:
    """The DICOM folder of each public chest CT; tests that use it are marked ``real_ct``."""
    folder = REAL_CT / request.param
    if not folder.is_dir():
        pytest.skip(f"the public CT {request.param} is not in {REAL_CT}")
    return folder


@pytest.fixture(scope="session")
def fresh_card(tmp_path_factory: pytest.TempPathFactory) -> ModelCard:
    """Fresh weights for slices of 64×96."""
    import torch
    from COVIDDetectLib.networks.decovnet import DeCoVNet
    from COVIDDetectLib.weights.cards import default_card, save_weights

    path = tmp_path_factory.mktemp("weights") / "fresh.json"
    card = replace(
        default_card("decovnet"),
        path=path,
        weights_file="fresh.safetensors",
        full_heat=None,
        input_size=(64, 96),
        variant="paper",
        domain_file=None,
        domain_sha256=None,
    )
    torch.manual_seed(0)
    return save_weights(DeCoVNet("paper").state_dict(), card)


@pytest.fixture
def empty_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user has no weights of their own."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data" / "COVIDDetect" / "Weights"


@pytest.fixture
def mine(tmp_path: Path) -> ModelCard:
    """Weights on a disk, as a training leaves them."""
    import torch
    from COVIDDetectLib.networks.decovnet import DeCoVNet
    from COVIDDetectLib.weights.cards import default_card, save_weights

    torch.manual_seed(3)
    card = replace(
        default_card("decovnet"),
        id="Mine 1",
        title="Mine",
        weights_file="decovnet.safetensors",
        path=tmp_path / "mine" / "card.json",
    )
    return save_weights(DeCoVNet("paper").state_dict(), card)
