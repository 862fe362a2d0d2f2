"""Lung masks of another program, which is given the CT as NIfTI and writes its mask as NIfTI."""

from __future__ import annotations

import shlex
import subprocess
import tempfile
from pathlib import Path
from shutil import which

from ..ct.volume import CTVolume
from ..errors import InputError, InstallationError, MaskError
from ..lungs import LungMask
from ..text import short_name
from .files import read_lung_mask, write_image

_LOBES = "lung_upper_lobe_left lung_lower_lobe_left lung_upper_lobe_right lung_middle_lobe_right lung_lower_lobe_right"
PROGRAMS = {
    "lungmask": "lungmask {ct} {mask}",
    "totalsegmentator": f"TotalSegmentator -i {{ct}} -o {{mask}} --ml --roi_subset {_LOBES}",
}
"""Programs that are known by name: JoHof/lungmask (R231) and wasserth/TotalSegmentator (the five lobes)."""

_INSTALL = {"lungmask": "pip install lungmask", "TotalSegmentator": "pip install TotalSegmentator"}


def command_of(lungs: str) -> str | None:
    """The command that a text is or names; None where it is neither.

    Raises
    ------
    InputError
        If a command does not say where CT and mask are, or cannot be split into words.
    InstallationError
        If its program cannot be found.
    """
    command = PROGRAMS.get(lungs.lower(), lungs)
    if "{ct}" not in command and "{mask}" not in command:
        return None
    if "{ct}" not in command or "{mask}" not in command:
        raise InputError("A command that finds the lungs needs {ct} and {mask}, where it reads and where it writes.")
    program = _words(command)[0]
    if which(program) is None:
        hint = f"install it ({_INSTALL[program]})" if program in _INSTALL else "give the path of the program"
        raise InstallationError(f"{short_name(program)} was not found; {hint}.")
    return command


def lungs_by_command(ct: CTVolume, command: str) -> LungMask:
    """Let another program find the lungs.

    Parameters
    ----------
    command
        Its words; no shell looks at them. ``{ct}`` becomes a NIfTI file with the CT in HU on its own grid, and
        ``{mask}`` the NIfTI file to be written, with labels as ``files.read_lung_mask`` takes them. The files are named
        as nnU-Net names its own: ``lungs_0000.nii.gz`` and ``lungs.nii.gz``, each alone in a folder.

    Raises
    ------
    MaskError
        If the program ends with an error, writes no mask, or one that cannot be used.
    """
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder) / "ct" / "lungs_0000.nii.gz", Path(folder) / "mask" / "lungs.nii.gz"
        for file in (given, made):
            file.parent.mkdir()
        write_image(ct.hu, ct.geometry, given)
        words = [word.replace("{ct}", str(given)).replace("{mask}", str(made)) for word in _words(command)]
        try:
            done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")
        except OSError as error:
            raise MaskError(f"{short_name(words[0])} cannot be started ({error.strerror}).") from error
        last = next((line for line in reversed(f"{done.stdout}\n{done.stderr}".splitlines()) if line.strip()), "")
        said = f" It said last: {short_name(last)}" if last else ""
        if done.returncode:
            raise MaskError(f"{short_name(words[0])} could not find the lungs (it ended with {done.returncode}).{said}")
        if not made.is_file():
            raise MaskError(f"{short_name(words[0])} wrote no mask to {{mask}}.{said}")
        mask = read_lung_mask(made)
        if mask.labels.shape != ct.hu.shape or not mask.geometry.same_grid(ct.geometry):
            raise MaskError(f"The mask of {short_name(words[0])} is on another grid than the CT; let it keep the grid.")
        return mask


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError as error:
        raise InputError(f"The command for the lungs cannot be split into words ({error}).") from error
