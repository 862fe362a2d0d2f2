"""Weights and the model cards that say what they are. Reading them executes nothing."""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..atomic import whole_file
from ..ct.ct_mask import InputForm
from ..errors import WeightsError

if TYPE_CHECKING:
    from torch import Tensor, nn

NetworkName = Literal["unet", "decovnet"]

_CARD_SCHEMA = "coviddetect-model-card-1"
_LARGEST_CARD = 1_000_000
LARGEST_FILE = 1_000_000_000
"""Bytes. The released UNet, the largest network that there is here, has a tenth of it."""
_OPTIONAL = {
    "slice_mm",
    "surroundings_mm",
    "full_heat",
    "decision_threshold",
    "operating_characteristics",
    "domain_file",
    "domain_sha256",
}
INPUT_EDGES = range(16, 2049)
"""Rows and columns that are believed; what is larger would only fill the memory."""


@dataclass(frozen=True)
class ModelCard:
    """Describes a set of weights: what it is, for whom, and how its input is made.

    Parameters
    ----------
    id, version, title
        Short name, version and what the user reads.
    network, variant
        ``"unet"`` or ``"decovnet"``; for DeCoVNet ``"paper"`` or ``"released"``.
    weights_file, sha256
        The safetensors file next to the card, and its checksum.
    input_size
        Rows and columns of the network's input.
    hu_window
        HU mapped to 0 and to 1.
    slice_mm, surroundings_mm
        As in ``InputForm``; None for weights that see slices and surroundings as they are.
    full_heat
        What a cell adds to the log-odds where the heat map is painted in full, at least; None for weights whose map is
        painted up to its own maximum in every CT.
    training_data, intended_use, licence, source
        In words.
    decision_threshold
        Probability from which the result counts as positive; None for a UNet.
    operating_characteristics
        Measured sensitivity and specificity with their cohort, or None where none were measured. They belong to
        these weights only.
    domain_file, domain_sha256
        Statistics of the training set next to the card, which tell foreign volumes (``domain.py``), and their SHA-256;
        None if there are none.
    path
        The card's own file.
    """

    id: str
    version: str
    title: str
    network: NetworkName
    variant: str
    weights_file: str
    sha256: str
    input_size: tuple[int, int]
    hu_window: tuple[float, float]
    training_data: str
    intended_use: str
    licence: str
    source: str
    slice_mm: float | None = None
    surroundings_mm: float | None = None
    full_heat: float | None = None
    decision_threshold: float | None = None
    operating_characteristics: Mapping[str, Any] | None = None
    domain_file: str | None = None
    domain_sha256: str | None = None
    path: Path = Path()

    @property
    def weights_path(self) -> Path:
        """The safetensors file."""
        return self.path.parent / self.weights_file

    @property
    def input_form(self) -> InputForm:
        """How the network's input is made."""
        return InputForm(self.input_size, self.hu_window, self.slice_mm, self.surroundings_mm)


def bundled_folder() -> Path:
    """Where the weights that come with the program lie: next to this package in Slicer, inside it from a wheel."""
    package = Path(__file__).parents[1]
    beside, inside = package.parent / "Resources" / "Weights", package / "Resources" / "Weights"
    return inside if inside.is_dir() else beside


def bundled_cards() -> list[ModelCard]:
    """The cards that come with the program, by file name."""
    return [read_card(path) for path in sorted(bundled_folder().glob("*.json"))]


def default_card(network: NetworkName) -> ModelCard:
    """The bundled weights of a network.

    Raises
    ------
    WeightsError
        If none are installed.
    """
    for card in bundled_cards():
        if card.network == network:
            return card
    raise WeightsError(f"No {network} weights are installed in {bundled_folder()}; install the extension again.")


def scoring_card(weights: ModelCard | None) -> ModelCard:
    """The card of the weights that score: these, or the bundled ones.

    Raises
    ------
    WeightsError
        If they are those of a UNet.
    """
    card = weights or default_card("decovnet")
    if card.network != "decovnet":
        raise WeightsError(f"{card.title} segments lungs and cannot score a CT; choose DeCoVNet weights.")
    return card


def read_card(path: str | Path) -> ModelCard:
    """Read a model card.

    Raises
    ------
    WeightsError
        If the file is missing, is not a model card, or lacks an entry.
    """
    path = Path(path)
    try:
        status = path.stat()
    except OSError as error:
        raise WeightsError(f"The model card {path} cannot be read: {error.strerror}.") from error
    if not stat.S_ISREG(status.st_mode):
        raise WeightsError(f"{path} is not a file; choose the .json file next to the weights.")
    return _read_card(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=64)
def _read_card(path: Path, modified_ns: int, size: int) -> ModelCard:
    """The card in a file as it was written then: the panel asks for all cards many times a second."""
    try:
        if size > _LARGEST_CARD:
            raise ValueError("too large")
        entries = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise WeightsError(f"The model card {path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise WeightsError(f"{path.name} is not a model card; choose the .json file next to the weights.") from error
    if not isinstance(entries, dict) or entries.pop("schema", None) != _CARD_SCHEMA:
        raise WeightsError(
            f"{path.name} is not a model card of this program; choose the .json file next to the weights."
        )
    known = {field.name for field in fields(ModelCard)} - {"path"}
    required = known - _OPTIONAL
    if missing := required - entries.keys():
        raise WeightsError(f"The model card {path.name} lacks {', '.join(sorted(missing))}; get the card again.")
    if unknown := entries.keys() - known:
        raise WeightsError(
            f"The model card {path.name} has entries that this version does not know ({', '.join(sorted(unknown))}); "
            "update the program."
        )
    if wrong := [name for name in sorted(entries) if not _is_as_expected(name, entries[name])]:
        raise WeightsError(f"The model card {path.name} has no valid {_in_words(wrong[0])}; get the card again.")
    card = ModelCard(
        **{**entries, "input_size": tuple(entries["input_size"]), "hu_window": tuple(entries["hu_window"])}, path=path
    )
    _check_card(card)
    return card


def write_card(card: ModelCard) -> None:
    """Write a card to its path.

    Raises
    ------
    InputError
        If the place cannot be written; a card that was there stays.
    """
    entries = {key: value for key, value in asdict(card).items() if key != "path"}
    with whole_file(card.path) as file:
        file.write((json.dumps({"schema": _CARD_SCHEMA, **entries}, indent=2) + "\n").encode())


def save_weights(state: Mapping[str, Tensor], card: ModelCard) -> ModelCard:
    """Write weights and their card into one folder; the checksum is filled in.

    Returns
    -------
    ModelCard
        The card with the checksum of the file as written.

    Raises
    ------
    InputError
        If the place cannot be written.
    """
    from safetensors.torch import save

    content = save({name: tensor.detach().cpu().contiguous() for name, tensor in state.items()})
    with whole_file(card.weights_path) as file:
        file.write(content)
    # The statistics of a training set are in terms of the weights: those of earlier weights do not hold.
    card = replace(card, sha256=hashlib.sha256(content).hexdigest(), domain_file=None, domain_sha256=None)
    write_card(card)
    return card


def load_network(card: ModelCard, device: str = "cpu") -> nn.Module:
    """The card's network with its weights, in evaluation mode on ``device``.

    Raises
    ------
    WeightsError
        If the file is missing, its checksum is not the card's, or its tensors are not those of the network.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    content = read_checked(card.weights_path, card.sha256)
    network = build_network(card.network, card.variant)
    try:
        network.load_state_dict(load(content))
    except (SafetensorError, RuntimeError, KeyError) as error:  # KeyError: a type of number that torch does not have
        raise WeightsError(
            f"{card.weights_file} does not contain the weights of {card.title}; get it again."
        ) from error
    return network.eval().to(device)


def read_checked(path: Path, sha256: str | None) -> bytes:
    """The content of a file that a model card describes.

    Raises
    ------
    WeightsError
        If the file is missing or its checksum is another.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST_FILE:
            raise WeightsError(f"{path} is no file, or too large for weights of this program; get it again.")
        content = path.read_bytes()
    except OSError as error:
        raise WeightsError(f"The weights {path} cannot be read: {error.strerror}.") from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise WeightsError(
            f"{path.name} is not the file that its model card describes (the checksum differs); get both again."
        )
    return content


def build_network(network: NetworkName, variant: str) -> nn.Module:
    """A network of the given architecture with random weights."""
    if network == "unet":
        from ..networks.unet import UNet

        return UNet()
    from ..networks.decovnet import DeCoVNet

    return DeCoVNet("released" if variant == "released" else "paper")


def _check_card(card: ModelCard) -> None:
    variants = {"unet": ("released",), "decovnet": ("paper", "released")}
    if card.network not in variants or card.variant not in variants[card.network]:
        raise WeightsError(
            f"The model card {card.path.name} names a network that this version does not have "
            f"({card.network}, {card.variant}); update the program."
        )
    if not all(map(_is_file_beside, (card.weights_file, card.domain_file or card.weights_file))):
        raise WeightsError(
            f"The model card {card.path.name} names weights that are not a .safetensors file in the same folder; keep "
            "both together."
        )
    if card.network == "decovnet" and card.decision_threshold is None:
        raise WeightsError(f"The model card {card.path.name} has no decision threshold; get the card again.")


def _is_file_beside(name: str) -> bool:
    return name.endswith(".safetensors") and name.isprintable() and not set(name) & set('/\\:*?"<>|')


def _is_as_expected(name: str, value: Any) -> bool:
    """Whether an entry has the expected type and range: a card can come from anywhere."""
    if name == "input_size":
        return (
            isinstance(value, list)
            and len(value) == 2
            and all(type(edge) is int and edge in INPUT_EDGES for edge in value)
        )
    if name == "hu_window":
        return isinstance(value, list) and len(value) == 2 and all(map(_is_number, value)) and value[0] < value[1]
    if name == "full_heat":
        return value is None or (_is_number(value) and 0 < value <= 10)
    if name in ("slice_mm", "surroundings_mm"):
        return value is None or (_is_number(value) and 0.5 <= value <= 100)
    if name == "decision_threshold":
        return value is None or _is_share(value)
    if name == "operating_characteristics":
        return value is None or _is_measured(value)
    if value is None:
        return name in ("domain_file", "domain_sha256")
    return _is_line(
        value, _LONGEST_PROSE if name in ("training_data", "intended_use", "licence", "source") else _LONGEST_NAME
    )


_LONGEST_NAME, _LONGEST_PROSE = 200, 4000


def _is_line(value: Any, longest: int) -> bool:
    """Text that a terminal and a small window can show: one line, without control characters."""
    return isinstance(value, str) and value.isprintable() and len(value) <= longest


def _is_measured(value: Any) -> bool:
    """Cohort and counts, and sensitivity and specificity at each threshold: what the panel says of the weights."""
    return (
        isinstance(value, dict)
        and _is_line(value.get("cohort"), _LONGEST_NAME)
        and all(type(value.get(count)) is int and 0 < value[count] < _LARGEST for count in ("positives", "negatives"))
        and isinstance(value.get("by_threshold"), list)
        and len(value["by_threshold"]) > 0
        and all(
            isinstance(row, dict)
            and all(_is_share(row.get(key)) for key in ("threshold", "sensitivity", "specificity"))
            for row in value["by_threshold"]
        )
    )


_LARGEST = 1e9
"""Of counts and of numbers in HU; JSON also holds integers that no float can."""


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and -_LARGEST < value < _LARGEST


def _is_share(value: Any) -> bool:
    return _is_number(value) and 0 <= value <= 1


def _in_words(name: str) -> str:
    return {"hu_window": "HU window", "sha256": "checksum", "domain_sha256": "checksum"}.get(
        name, name.replace("_", " ")
    )
