"""Reviewed lung masks as a dataset that nnU-Net (version 2) learns from."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from ..atomic import remember_names, unfinished, written_or_said
from ..ct.reading import read_ct
from ..errors import InputError, MaskError
from ..report.files import check_folder, read_lung_mask, write_image
from .cases import Case, check_files
from .records import folder_names

_NAME = re.compile(r"Dataset\d{3}_\w+")
_LABELS = {"background": 0, "right lung": 1, "left lung": 2}
_ENDING = ".nii.gz"


def check_dataset(folder: Path) -> None:
    """Refuse a folder that cannot become a dataset, before anything is read.

    Raises
    ------
    InputError
        If its name is not one that nnU-Net takes, or it exists.
    """
    if not _NAME.fullmatch(folder.name):
        raise InputError(f"{folder.name} is no name of a dataset for nnU-Net; give one such as Dataset501_Lungs.")
    if folder.exists():
        raise InputError(f"{folder} is there already; choose another number, or remove it.")
    check_folder(folder)


def export_nnunet(cases: Sequence[Case], folder: Path, on_case: Callable[[], object] = lambda: None) -> int:
    """Write the CTs that have a mask, and their masks, as ``imagesTr``, ``labelsTr`` and ``dataset.json``.

    The files are those of nnU-Net's ``documentation/dataset_format.md``: one channel, which the name ``CT`` has
    normalized as Hounsfield units. The folder appears when it is complete.

    Returns
    -------
    int
        How many cases it has; those without a mask are left out.

    Raises
    ------
    InputError, MaskError
        If no case has a mask, a CT or a mask cannot be read, or they are on different grids.
    """
    check_dataset(folder)
    with_mask = [case for case in cases if case.mask]
    if not with_mask:
        raise InputError("No case of the table has a mask; nnU-Net needs some to learn from (column mask).")
    names = folder_names([case.name for case in with_mask])
    folder = folder.absolute()
    with unfinished(folder) as there, written_or_said(folder):
        for part in ("imagesTr", "labelsTr"):
            (there / part).mkdir(parents=True)
        for case in with_mask:
            _export(case, there, names[case.name])
            on_case()
        described = {"channel_names": {"0": "CT"}, "labels": _LABELS, "numTraining": len(with_mask)}
        text = json.dumps({**described, "file_ending": _ENDING}, indent=2)
        (there / "dataset.json").write_text(f"{text}\n", encoding="utf-8")
        there.rename(folder)
        remember_names(folder.parent)
    return len(with_mask)


def _export(case: Case, folder: Path, name: str) -> None:
    assert case.mask
    try:
        check_files(case)
        ct, mask = read_ct(case.path), read_lung_mask(case.mask)
    except (InputError, MaskError) as error:
        raise type(error)(f"{case.name}: {error}") from error
    if mask.labels.shape != ct.hu.shape or not mask.geometry.same_grid(ct.geometry):
        raise MaskError(f"{case.name}: the mask is on another grid than the CT; choose a mask made on this CT.")
    write_image(ct.hu, ct.geometry, folder / "imagesTr" / f"{name}_0000{_ENDING}")
    write_image(mask.labels, ct.geometry, folder / "labelsTr" / f"{name}{_ENDING}")
