"""Lungs of public CTs by thresholds: as large as was checked by eye, and what is cut off their mask is missed."""

from __future__ import annotations

import numpy as np
import pytest
from COVIDDetectLib.ct.reading import read_ct
from COVIDDetectLib.ct.volume import CTVolume
from COVIDDetectLib.lungs import LungMask, segment_lungs

from Testing.conftest import REAL_CT
from Testing.lungs.test_mask_checks import codes, without_back

pytestmark = [pytest.mark.real_ct, pytest.mark.slow]

RIGHT_AND_LEFT_ML = {
    "lung-dx-a0001": ((3100, 3400), (2250, 2550)),
    "lidc-idri-0001": ((1900, 2150), (1650, 1950)),
    "acrin-flt-breast-001-chest-thighs": ((240, 285), (200, 240)),
    "acrin-flt-breast-001-head-chest": ((620, 690), (530, 590)),
    "acrin-flt-breast-013": ((1300, 1450), (980, 1090)),
    "cmb-crc-msb-01068": ((2400, 2600), (1930, 2110)),
    "cptac-lscc-c3n-00247": ((2570, 2830), (1830, 2030)),
    "cptac-pda-c3l-00189": ((490, 545), (455, 510)),
    "lungfcp-01-0001": ((670, 735), (580, 640)),
}


@pytest.mark.parametrize("name", RIGHT_AND_LEFT_ML)
def test_lungs_have_the_volumes_that_were_checked_by_eye_and_a_cut_mask_is_missed(name: str) -> None:
    if not (REAL_CT / name).is_dir():
        pytest.skip(f"the public CT {name} is not in {REAL_CT}")
    ct, _ = read_ct(REAL_CT / name).axial()
    lung_mask: LungMask = segment_lungs(ct, "threshold")
    for volume_ml, (least, most) in zip(lung_mask.volumes_ml, RIGHT_AND_LEFT_ML[name], strict=True):
        assert least < volume_ml < most
    labels = lung_mask.labels
    assert codes(ct, labels) == []
    cut = without_back(labels, 0.2)
    hu = np.where((labels > 0) & (cut == 0), np.maximum(ct.hu, 30), ct.hu).astype(np.int16)
    assert codes(CTVolume(hu, ct.geometry), cut) == ["lung-missing"]
