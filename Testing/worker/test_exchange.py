"""What lies in files is removed when it is read: nothing of a patient stays in the folder for temporary files."""

import os
from pathlib import Path

import pytest
from COVIDDetectLib.ct.volume import CTVolume
from COVIDDetectLib.worker.exchange import at_once, load_ct, store_ct


@pytest.mark.parametrize(("system", "mapped"), [("posix", True), ("nt", False)])
def test_a_stored_ct_is_mapped_only_where_a_mapped_file_can_be_removed(
    phantom_ct: CTVolume, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str, mapped: bool
) -> None:
    entry = at_once(store_ct(phantom_ct, tmp_path / "ct.npy"))
    with monkeypatch.context() as patched:
        patched.setattr(os, "name", system)
        ct = load_ct(entry)
    maps = Path("/proc/self/maps").read_text()
    assert (str(tmp_path / "ct.npy") in maps) == mapped
    assert (ct.hu == phantom_ct.hu).all() and ct.geometry == phantom_ct.geometry
