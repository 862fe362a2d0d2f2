"""The weights that the user added: verified completely, then put in place.

Each set has a folder of its own in the user's folder, with the card, the weights, and the statistics of their training
set if there are any. A folder appears there in one step, after everything in it was verified, or not at all.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from ..errors import InputError, WeightsError
from .cards import LARGEST_FILE, ModelCard, bundled_cards, load_network, read_card, read_checked, write_card
from .domain import check_domain
from .released import import_checkpoint
from .site import SITE, site_beside

_LONGEST_TITLE = 120
_UNFINISHED = ".unfinished-"
_ABANDONED_S = 24 * 3600


def user_folder() -> Path:
    """Where the user's own weights lie: the same for 3D Slicer and the command line, by each system's convention."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or "")
        if not base.is_absolute():  # XDG Base Directory Specification: a relative path is ignored
            base = Path.home() / ".local" / "share"
    return base / "COVIDDetect" / "Weights"


def installed_cards() -> list[ModelCard]:
    """All weights that can be used: those that come with the program, then the user's; damaged ones are left out."""
    return [*bundled_cards(), *_users()[0]]


def damaged_weights() -> dict[str, str]:
    """The user's weights that cannot be used: the name of each folder, and why, as a sentence."""
    return _users()[1]


def find_card(name: str) -> ModelCard:
    """Installed weights by the ``id`` of their card.

    Raises
    ------
    WeightsError
        If there are none.
    """
    cards = installed_cards()
    for card in cards:
        if card.id == name:
            return card
    raise WeightsError(f"No weights {name} are installed; there are {', '.join(card.id for card in cards)}.")


def is_bundled(card: ModelCard) -> bool:
    """Whether these weights come with the program; they cannot be removed."""
    return user_folder() not in card.path.parents


def check_checksum(card: ModelCard) -> None:
    """Read the files of a card once more.

    Raises
    ------
    WeightsError
        If one is missing or is not the one that the card describes.
    """
    read_checked(card.weights_path, card.sha256)
    if card.domain_file is not None:
        read_checked(card.path.parent / card.domain_file, card.domain_sha256)


def verify(card: ModelCard) -> None:
    """Check weights completely: checksums, tensors of another network, values that are not numbers.

    Raises
    ------
    WeightsError
        With the first that is wrong.
    """
    import torch

    for name, tensor in load_network(card).state_dict().items():
        if not torch.isfinite(tensor).all():
            raise WeightsError(f"{card.weights_file} contains values that are not numbers ({name}); get it again.")
    check_domain(card)


def add(path: str | Path) -> ModelCard:
    """Add weights from this computer.

    Parameters
    ----------
    path
        A model card (.json), the .safetensors file next to a card of the same name, or a folder with one card.

    Raises
    ------
    WeightsError
        If anything is wrong with them, or weights of that name are installed; nothing has changed then.
    """
    given = read_card(_card_file(Path(path)))
    _check_is_new(given)
    with staging() as folder:
        card = replace(
            given,
            path=folder / _folder_name(given) / f"{_folder_name(given)}.json",
            weights_file=f"{_folder_name(given)}.safetensors",
            domain_file=given.domain_file and f"{_folder_name(given)}-domain.safetensors",
        )
        card.path.parent.mkdir()
        _copy(given.weights_path, card.weights_path)
        if given.domain_file and card.domain_file:
            _copy(given.path.parent / given.domain_file, card.path.parent / card.domain_file)
        if site_beside(given):
            _copy(given.path.parent / SITE, card.path.parent / SITE)
        write_card(card)
        return _put_in_place(read_card(card.path))


def add_released(path: str | Path) -> ModelCard:
    """Convert a checkpoint that the authors released (.pth) and add it; nothing in the file is executed.

    Raises
    ------
    WeightsError
        If it is not one of the two, or is added already; nothing has changed then.
    """
    _require_file(Path(path))
    with staging() as folder:
        card = import_checkpoint(path, folder / "released")
        _check_is_new(card)
        shutil.move(folder / "released", folder / _folder_name(card))
        return _put_in_place(read_card(folder / _folder_name(card) / card.path.name))


def remove(name: str) -> None:
    """Remove weights that the user added; damaged ones by the name of their folder.

    Raises
    ------
    WeightsError
        If they come with the program, are not there, or are in use by another program.
    """
    cards, damaged = _users()
    folders = {card.id: card.path.parent for card in cards} | {each: user_folder() / each for each in damaged}
    if name not in folders:
        find_card(name)
        raise WeightsError(f"{name} comes with the program; only weights that you added can be removed.")
    with staging() as folder:
        # First out of sight, in one step: what is half removed is never taken for weights.
        folders[name].rename(folder / "removed")
        if (folder / "removed").is_symlink():
            (folder / "removed").unlink()


@contextmanager
def staging() -> Iterator[Path]:
    """A folder next to the weights for unfinished files; it is removed with all that is left in it.

    Raises
    ------
    WeightsError
        If files cannot be written, moved or removed there.
    """
    try:
        user_folder().mkdir(parents=True, exist_ok=True)
        for left in user_folder().glob(f"{_UNFINISHED}*"):  # by a process that was ended
            if time.time() - left.stat().st_mtime > _ABANDONED_S:
                shutil.rmtree(left, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=user_folder()))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    except (OSError, InputError) as error:
        cause = error.__cause__ if isinstance(error, InputError) else error
        reason = getattr(cause, "strerror", None) or cause
        raise WeightsError(
            f"The folder for weights {user_folder()} cannot be used ({reason}); free some space there, or ask for "
            "write permission."
        ) from error


def _put_in_place(card: ModelCard) -> ModelCard:
    """The last step: all or nothing."""
    verify(card)
    place = user_folder() / card.path.parent.name
    if place.exists():
        raise _already_there(card.id)
    card.path.parent.rename(place)  # refuses a folder that appeared in the meantime
    return read_card(place / card.path.name)


def _users() -> tuple[list[ModelCard], dict[str, str]]:
    cards: list[ModelCard] = []
    damaged: dict[str, str] = {}
    bundled = {_folder_name(card) for card in bundled_cards()}
    try:
        folders = sorted(user_folder().iterdir()) if user_folder().is_dir() else []
    except OSError as error:
        return [], {user_folder().name: f"The folder {user_folder()} cannot be read: {error.strerror}."}
    for folder in folders:
        if folder.name.startswith(".") or not (folder.is_dir() or folder.is_symlink()):
            continue
        try:
            if folder.is_symlink():
                raise WeightsError(f"{folder} is a link; remove it, and add the weights by file.")
            if folder.name in bundled:
                raise WeightsError(f"{folder.name} is now the name of weights that come with the program; remove it.")
            card = read_card(folder / f"{folder.name}.json")
            if _folder_name(card) != folder.name or not card.weights_path.is_file():
                raise WeightsError(f"The weights in {folder} are not complete; remove them and add them again.")
            cards.append(card)
        except WeightsError as error:
            damaged[folder.name] = str(error)
        except OSError as error:
            damaged[folder.name] = f"The weights in {folder} cannot be read: {error.strerror}."
    return cards, damaged


def _check_is_new(card: ModelCard) -> None:
    if not card.title.isprintable() or not 0 < len(card.title.strip()) <= _LONGEST_TITLE:
        raise WeightsError(f"The model card {card.path.name} has no title that can be shown; get the card again.")
    if _folder_name(card) in damaged_weights():
        raise WeightsError(f"Damaged weights {_folder_name(card)} are in the way; remove them first.")
    for other in installed_cards():
        if other.sha256 == card.sha256:
            raise WeightsError(f"These weights are installed already, as {other.title} ({other.id}).")
        if _folder_name(other) == _folder_name(card) or other.title.casefold() == card.title.casefold():
            raise _already_there(f"{other.id} ({other.title})")


def _already_there(name: str) -> WeightsError:
    return WeightsError(
        f"Weights {name} are installed already; remove those first, or give the new ones another id and title in their "
        "card."
    )


def _folder_name(card: ModelCard) -> str:
    """The id as a folder name that is safe on every file system; ids that look alike give the same name."""
    name = re.sub(r"[^a-z0-9_-]+", "-", card.id.casefold())[:80].strip("-")
    if not name:
        raise WeightsError(f"The model card {card.path.name} has no valid id; get the card again.")
    return name


def _card_file(path: Path) -> Path:
    if path.is_dir():
        found = sorted(path.glob("*.json"))
        if len(found) != 1:
            raise WeightsError(
                f"{path} must contain one model card (.json) but contains {len(found)}; choose the card itself."
            )
        path = found[0]
    elif path.suffix.lower() == ".safetensors":
        path = path.with_suffix(".json")
        if not path.exists():
            raise WeightsError(f"There is no model card {path.name} next to the weights; get both.")
    elif path.suffix.lower() in (".pth", ".pt"):
        raise WeightsError(f"{path.name} is a PyTorch checkpoint; import it if it is one that the authors released.")
    _require_file(path)
    return path


def _require_file(path: Path) -> None:
    """Refuse links, which could lead anywhere, devices and pipes, which never end, and files that fill the memory."""
    try:
        status = path.lstat()
    except OSError as error:
        raise WeightsError(f"{path} cannot be read: {error.strerror}.") from error
    if not stat.S_ISREG(status.st_mode):
        raise WeightsError(f"{path} is a link, a folder or a device; choose the file itself.")
    if status.st_size > LARGEST_FILE:
        raise WeightsError(f"{path.name} is too large for weights of this program; choose another file.")


def _copy(source: Path, target: Path) -> None:
    _require_file(source)
    try:
        content = source.read_bytes()
    except OSError as error:
        raise WeightsError(f"{source} cannot be read: {error.strerror}.") from error
    target.write_bytes(content)
