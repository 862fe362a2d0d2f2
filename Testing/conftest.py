"""What several rooms of tests share: a small phantom, and the public CTs where they are at hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from COVIDDetectLib.phantom import Phantom

REAL_CT = Path(__file__).resolve().parents[2] / "shared" / "data" / "ct"


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
