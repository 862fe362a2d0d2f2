"""Installs what an analysis needs into Slicer's Python, after one question."""

from __future__ import annotations

import importlib
import logging
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import CalledProcessError
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from ..errors import InstallationError
from ..installation import (
    TORCH,
    TORCH_NOT_LOADED,
    Missing,
    failure_reason,
    is_loaded,
    missing_packages,
    packages_folder,
    pinned_versions,
    require_packages,
    require_writable_folder,
)
from .questions import answer_to

_REQUESTER = "COVIDDetect"
_FOR_SENDING = frozenset({"pynetdicom", "dicomweb-client"})
_under_way = False
"""While pip runs or a question is open, Slicer's event loop runs too: a second click comes back here."""


class _TorchNotLoaded(InstallationError):
    """No other package would help."""


def ensure_packages(find: Callable[[], Missing] | None = None) -> bool:
    """Install what an analysis lacks, or what ``find`` names, if the user agrees; quick and silent when nothing is.

    torch is installed by the PyTorch extension, which knows the build that fits the graphics card, takes it from
    PyTorch's own server, brings torchvision along and imports torch into Slicer; the rest by ``slicer.packaging`` where
    Slicer has it (5.12), else by ``slicer.util.pip_install``. None of Slicer's own libraries is exchanged, so that
    no restart is needed for the analysis, which computes in a process of its own; whatever else has loaded an older
    version of a package that is replaced does need one, which is said. In Slicer's testing mode nothing is asked and
    nothing installed.

    Returns
    -------
    bool
        False if the user declined.

    Raises
    ------
    InstallationError
        If packages are missing still, torch cannot be loaded, or an installation is under way: what waits for that goes
        on, not this.
    """
    global _under_way
    if slicer.app.testingEnabled():
        require_packages()
        return True
    if _under_way:
        raise InstallationError(_("Packages are being installed; wait until this is finished."))
    find = find or missing_packages
    missing = find()
    if not missing:
        return True
    require_writable_folder()
    _under_way = True
    try:
        return _agrees_and_installs(missing, find)
    finally:
        _under_way = False


def _agrees_and_installs(missing: Missing, find: Callable[[], Missing]) -> bool:
    wheels = None
    replaced = [f"{name} {version}" for name, version in missing.outdated.items() if is_loaded(name)]
    while missing:
        try:
            torch_installer = _torch_installer() if missing.torch and wheels is None else None
            if wheels is None and not _agrees(missing):
                return False
            _install(missing, torch_installer, wheels, find)
        except _TorchNotLoaded:
            raise
        except InstallationError as error:
            wheels = _ask_for_wheels(str(error))
            if wheels is None:
                raise
        missing = find()
    if replaced:
        slicer.util.infoDisplay(
            _(
                "Replaced while in use: {names}. Analyses use the new version; restart Slicer before you use "
                "other modules that need it."
            ).format(names=", ".join(replaced)),
            _("Install packages for COVIDDetect"),
        )
    return True


def _agrees(missing: Missing) -> bool:
    return slicer.util.confirmOkCancelDisplay(_question(missing), _("Install packages for COVIDDetect"))


def _question(missing: Missing) -> str:
    # On disk, with what they depend on: torch 2.13 for CPU and for CUDA 13, scikit-image 0.26, safetensors 0.8;
    # pynetdicom 3.0.
    torch_size = _("1 GB, with an NVIDIA graphics card up to 7 GB")
    others_size = _("15 MB") if _FOR_SENDING.issuperset(missing.names) else _("60 MB")
    size = " + ".join([*([torch_size] if missing.torch else []), *([others_size] if missing.others else [])])
    source = (
        _(
            "The PyTorch extension downloads torch and torchvision from PyTorch's own server with the installer "
            "light-the-torch, which may replace Slicer's pip by another version. Everything else comes from the "
            "Python Package Index."
        )
        if missing.torch
        else _("They are downloaded from the Python Package Index.")
    )
    # Which may belong to another extension.
    older = [f"{name} {version}" for name, version in missing.outdated.items()]
    if older:
        source = " ".join([_("Replaced by a newer version: {names}.").format(names=", ".join(older)), source])
    return _(
        "COVIDDetect needs packages that are not part of Slicer: {names}.\n\n{source} This takes about {size} of "
        "disk space in {folder}. Slicer's own libraries are not changed. Nothing about you or your images is "
        "sent.\n\nInstall them now?"
    ).format(names=", ".join(missing.names), source=source, size=size, folder=packages_folder())


def _torch_installer() -> Any:
    """The logic of the PyTorch extension."""
    try:
        return importlib.import_module("PyTorchUtils").PyTorchUtilsLogic()
    except ModuleNotFoundError:
        raise InstallationError(
            _(
                "COVIDDetect needs the PyTorch extension: install it with the Extensions Manager, restart Slicer,"
                " and click Analyze again."
            )
        ) from None


def _install(missing: Missing, torch_installer: Any, wheels: Path | None, find: Callable[[], Missing]) -> None:
    with (
        _message(_("COVIDDetect: installing {names} …").format(names=", ".join(missing.names))),
        tempfile.TemporaryDirectory() as folder,
        _pip_settings(Path(folder), missing, wheels) as log,
    ):
        reason = None
        try:
            if torch_installer is not None:
                _install_torch(torch_installer)
            # The PyTorch extension always asks the network; the user's own folder has the torch that was chosen.
            from_folder = [TORCH] if missing.torch and wheels is not None else []
            if from_folder or missing.others:
                _pip_install([*from_folder, *missing.others])
        except (CalledProcessError, RuntimeError, ImportError, OSError) as error:
            logging.info("COVIDDetect: %s", error)
            reason = failure_reason(log.read_text(errors="replace") if log.is_file() else "")
    importlib.invalidate_caches()
    still = find()
    if still:
        raise InstallationError(
            _("{names} could not be installed: {reason}.").format(
                names=", ".join(still.names), reason=reason or failure_reason("")
            )
        )


def _install_torch(installer: Any) -> None:
    """Install torch by the PyTorch extension, which imports it in the end."""
    try:
        installer.installTorch(askConfirmation=False, torchVersionRequirement=TORCH.removeprefix("torch"))
    except (ImportError, OSError) as error:
        importlib.invalidate_caches()
        if missing_packages().torch:
            raise
        logging.info("COVIDDetect: %s", error)
        raise _TorchNotLoaded(TORCH_NOT_LOADED) from error


@contextmanager
def _message(sentence: str) -> Iterator[None]:
    """In the meantime nothing else can be clicked: closing the scene, for example, would remove the CT."""
    title = _("Install packages for COVIDDetect")
    # Without a maximum it shows that something goes on, not how far.
    dialog = slicer.util.createProgressDialog(maximum=0, labelText=sentence, windowTitle=title, modal=True)
    dialog.setCancelButton(None)
    over = False

    def stay(*_: Any) -> None:
        if not over:
            dialog.show()

    # Without a button it can still be closed, as every window, and by Escape.
    dialog.connect("canceled()", stay)
    dialog.connect("finished(int)", stay)
    dialog.show()
    try:
        yield
    finally:
        over = True
        dialog.close()
        dialog.deleteLater()


def _pip_install(requirements: list[str]) -> None:
    try:
        from slicer.packaging import pip_ensure
    except ModuleNotFoundError:  # Slicer 5.10
        slicer.util.pip_install(requirements)
    else:
        pip_ensure(requirements, prompt_install=False, prompt_restart=False, requester=_REQUESTER, show_progress=False)


@contextmanager
def _pip_settings(folder: Path, missing: Missing, wheels: Path | None) -> Iterator[Path]:
    """Settings for every pip started within, including the PyTorch extension's; yields pip's log file."""
    constraints, log = folder / "constraints.txt", folder / "pip.log"
    constraints.write_text(pinned_versions(missing))
    # As addresses: pip takes a space in a path for the end of it, where an option can be given several times.
    settings = {"PIP_CONSTRAINT": constraints.as_uri(), "PIP_LOG": str(log), "PIP_RETRIES": "1"}
    if wheels is not None:
        settings |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": wheels.as_uri()}
    earlier = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        with slicer.util.WaitCursor():
            yield log
    finally:
        for name, value in earlier.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _ask_for_wheels(sentence: str) -> Path | None:
    """Whether to try again with packages that were downloaded elsewhere; the folder that holds them."""
    box = qt.QMessageBox(slicer.util.mainWindow())
    box.setIcon(qt.QMessageBox.Warning)
    box.setWindowTitle(_("Install packages for COVIDDetect"))
    box.setText(sentence)
    box.setInformativeText(
        _(
            "Without internet access, or behind a proxy that pip does not know: download the packages into a "
            "folder on another computer with the same operating system and Python version (pip download), and "
            "choose that folder here."
        )
    )
    choose = box.addButton(_("Install from a folder"), qt.QMessageBox.AcceptRole)
    cancel = box.addButton(qt.QMessageBox.Cancel)
    if answer_to(box, cancel) != choose:
        return None
    folder = qt.QFileDialog.getExistingDirectory(slicer.util.mainWindow(), _("Folder with downloaded packages"))
    return Path(folder) if folder else None
