"""Conversion of the checkpoints that the authors of DeCoVNet released; users fetch and load those themselves."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..ct.ct_mask import HU_WINDOW
from ..errors import WeightsError
from .cards import ModelCard, NetworkName, build_network, save_weights
from .checkpoint_file import load_checkpoint

if TYPE_CHECKING:
    from torch import Tensor

_SOURCE = "Checkpoint released by the authors of Zheng et al., medRxiv 2020.03.12.20027185, converted by the user"
AUTHORS_PAGE = "https://github.com/sydney0zq/covid-19-detection"
"""Where the authors say where to get their checkpoints."""
LICENCE = "CC BY-NC-SA 4.0"
"""Of the files that the authors released."""
_INTENDED_USE = "Research only. Not a medical device; not for diagnosis."

# Their prefixes (after "module.") and ours. The first match wins.
_UNET_NAMES = (
    (r"inc\.double_conv", "level1"),
    (r"down(\d)\.maxpool_conv\.1\.double_conv", lambda match: f"level{int(match[1]) + 1}.1"),
    (r"up(\d)\.conv\.double_conv", lambda match: f"up{5 - int(match[1])}.conv"),
    (r"outc\.conv", "output"),
)
_BRANCHES = {"a": "temporal", "b": "spatial", "c": "pointwise"}
_DECOVNET_NAMES = (
    (r"s1\.pathway0_stem\.conv", "stem.0"),
    (r"s1\.pathway0_stem\.bn", "stem.1"),
    (r"s([23])\.pathway0_res0\.branch1_bn", lambda match: f"block{int(match[1]) - 1}.projection_bn"),
    (r"s([23])\.pathway0_res0\.branch1", lambda match: f"block{int(match[1]) - 1}.projection"),
    (
        r"s([23])\.pathway0_res0\.branch2\.([abc])",
        lambda match: f"block{int(match[1]) - 1}.{_BRANCHES[match[2]]}",
    ),
    (r"head\.8", "classifier.convolutions.7"),  # theirs has a dropout of 0 in between
    (r"head\.", "classifier.convolutions."),
    (r"classifier\.", "classifier.output."),
)
_NEVER_USED = re.compile(r"s[45]\.")  # stages that the released network defines but its forward pass leaves out

PAPER_TABLE_2 = {
    "source": "Zheng et al. 2020, table 2, with its columns under their right names (sensitivity, specificity)",
    "cohort": "131 CT volumes of one hospital, 75 positive and 56 negative, taken after those of the training",
    "positives": 75,
    "negatives": 56,
    "roc_auc": 0.959,
    "by_threshold": [
        {"threshold": threshold, "accuracy": accuracy, "sensitivity": sensitivity, "specificity": specificity}
        for threshold, accuracy, sensitivity, specificity in (
            (0.1, 0.893, 0.933, 0.839),
            (0.2, 0.908, 0.880, 0.946),
            (0.3, 0.908, 0.867, 0.964),
            (0.4, 0.901, 0.840, 0.982),
            (0.5, 0.901, 0.840, 0.982),
            (0.6, 0.878, 0.800, 0.982),
            (0.7, 0.870, 0.787, 0.982),
            (0.8, 0.855, 0.760, 0.982),
            (0.9, 0.847, 0.733, 1.000),
        )
    ],
}


def import_checkpoint(path: str | Path, folder: str | Path) -> ModelCard:
    """Convert a checkpoint of the authors' UNet or DeCoVNet to safetensors with a model card.

    The file is read without executing anything that it holds (``weights_only``).

    Parameters
    ----------
    path
        The ``.pth`` file as released.
    folder
        Where the ``.safetensors`` file and the ``.json`` card are written.

    Raises
    ------
    WeightsError
        If the file cannot be read safely or is not one of the two checkpoints.
    """
    path = Path(path)
    released = _read_state(path)
    names = {name: name.removeprefix("module.") for name in released}
    if any(name.startswith("outc.") for name in names.values()):
        network: NetworkName = "unet"
        state = {_rename(name, _UNET_NAMES): released[old] for old, name in names.items()}
    else:
        network = "decovnet"
        state = {
            _rename(name, _DECOVNET_NAMES): released[old] for old, name in names.items() if not _NEVER_USED.match(name)
        }
    expected = build_network(network, "released").state_dict()
    if {name: _kind_of(tensor) for name, tensor in state.items()} != {
        name: _kind_of(tensor) for name, tensor in expected.items()
    }:
        raise WeightsError(
            f"{path.name} is not the UNet or DeCoVNet checkpoint that the authors released; choose one of those two."
        )
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return save_weights(state, _released_card(network, Path(folder), sha256))


def _read_state(path: Path) -> Mapping[str, Tensor]:
    import torch

    content = load_checkpoint(path)
    if isinstance(content, Mapping) and isinstance(content.get("state_dict"), Mapping):
        content = content["state_dict"]
    if not isinstance(content, Mapping) or not all(
        isinstance(name, str) and isinstance(value, torch.Tensor) for name, value in content.items()
    ):
        raise WeightsError(f"{path.name} does not contain the weights of a network; choose a released checkpoint.")
    return content


def _kind_of(tensor: Tensor) -> tuple[object, ...]:
    """What must be the same for one tensor to stand for another: a checkpoint can also hold sparse and empty ones."""
    return (
        tuple(tensor.shape),
        tensor.is_floating_point(),
        str(tensor.layout),
        tensor.device.type,
    )


def _rename(name: str, names: tuple[tuple[str, Any], ...]) -> str:
    for pattern, ours in names:
        renamed, count = re.subn("^" + pattern, ours, name)
        if count:
            return renamed
    return name


def _released_card(network: NetworkName, folder: Path, sha256: str) -> ModelCard:
    unet = network == "unet"
    return ModelCard(
        id=f"{network}-released",
        version="2020",
        title="Released UNet (Zheng et al. 2020)" if unet else "Released DeCoVNet (Zheng et al. 2020)",
        network=network,
        variant="released",
        weights_file=f"{network}-released.safetensors",
        sha256="",
        input_size=(368, 368) if unet else (224, 336),
        hu_window=HU_WINDOW,
        training_data="Unsupervised lung masks of the authors' CTs"
        if unet
        else "499 chest CTs of one hospital, Dec 2019 to 23 Jan 2020, labeled per volume",
        intended_use=_INTENDED_USE,
        licence=LICENCE,
        source=f"{_SOURCE} from {AUTHORS_PAGE}; SHA-256 of the checkpoint: {sha256}",
        decision_threshold=None if unet else 0.5,
        operating_characteristics=None if unet else PAPER_TABLE_2,
        path=folder / f"{network}-released.json",
    )
