"""Weights as a MONAI bundle: a network that runs without this program, on input that is made as its card says.

Format: https://docs.monai.io/en/stable/mb_specification.html
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..atomic import remember_names, unfinished, written_or_said
from ..errors import InputError
from .cards import ModelCard, load_network

if TYPE_CHECKING:
    from torch import nn

_SCHEMA = "https://github.com/Project-MONAI/MONAI-extra-test-data/releases/download/0.8.1/meta_schema_20240725.json"
_TRIED_WITH_MONAI = "1.6.1"
_INFERENCE = {
    "bundle_root": ".",
    "input_file": "input.npy",
    "output_file": "output.npy",
    "device": "$torch.device('cuda' if torch.cuda.is_available() else 'cpu')",
    "network_def": "$torch.jit.load(@bundle_root + '/models/model.ts', map_location=@device).eval()",
    "inferer": {"_target_": "SimpleInferer"},
    "input": "$torch.from_numpy(numpy.load(@input_file)).to(@device)",
    "run": ["$numpy.save(@output_file, @inferer(@input, @network_def).cpu().numpy())"],
}
_HOW_INPUT_IS_MADE = {
    "decovnet": """\
Input: float32 `(N, 2, T, {rows}, {columns})`, any number of slices T ≥ 2. Channel 0 is the CT, {low:g} to {high:g} HU
as 0 to 1; channel 1 the lung mask, 0 or 1. Both are cropped to the lungs and resampled, which stays the task of
COVIDDetect: `coviddetect.ct.ct_mask.make_ct_mask(ct, labels, card.input_form).tensor()`, of a CT and the labels of its
lung mask in axial order, and the card of these weights (`coviddetect.weights.cards.read_card`).

Output: logits `(N, 2)` of no COVID-19 and COVID-19; their softmax is the probability.""",
    "unet": """\
Input: float32 `(N, 1, H, W)`, axial slices of a CT, {low:g} to {high:g} HU as 0 to 1, H and W multiples of 16; the
network was trained at {rows} × {columns}.

Output: logits `(N, 2, H, W)` of background and lung. Sorting the voxels into right and left lung, and tidying up the
mask, stay the task of COVIDDetect (`coviddetect segment`).""",
}


def export_monai(card: ModelCard, folder: Path) -> None:
    """Write a bundle: ``configs``, ``docs`` and, as TorchScript, ``models/model.ts``.

    The network of any number of slices gives the same logits as the card's own.

    Raises
    ------
    WeightsError
        If the weights are not those of the card.
    InputError
        If something of that name is there, or it cannot be written; DiskError if the disk is full.
    """
    folder = folder.absolute()
    if folder.exists():
        raise InputError(f"{folder} is there already; give the name of a new folder.")
    model = _as_torch_script(load_network(card), card)
    texts = {
        "configs/inference.json": json.dumps(_INFERENCE, indent=2),
        "configs/metadata.json": json.dumps(_metadata(card), indent=2, ensure_ascii=False),
        "docs/README.md": _readme(card),
        "LICENSE": card.licence,
    }
    with written_or_said(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with unfinished(folder) as there:
            for name in ("configs", "docs", "models"):
                (there / name).mkdir(parents=True)
            for name, text in texts.items():
                (there / name).write_text(text + "\n", encoding="utf-8")
            (there / "models" / "model.ts").write_bytes(model)
            there.rename(folder)
            remember_names(folder.parent)


def _as_torch_script(network: nn.Module, card: ModelCard) -> bytes:
    """Traced: there is no branch in either network, and all sizes are followed."""
    import torch

    content = io.BytesIO()
    network.requires_grad_(False)
    traced = torch.jit.trace(
        network, torch.zeros(1, 1, 32, 32) if card.network == "unet" else torch.zeros(1, 2, 4, 32, 48)
    )
    torch.jit.save(traced, content)
    return content.getvalue()


def _metadata(card: ModelCard) -> dict[str, Any]:
    import numpy as np
    import torch

    rows, columns = card.input_size
    is_unet = card.network == "unet"
    channels = {"0": "CT"} if is_unet else {"0": "CT", "1": "lung mask"}
    classes = {"0": "background", "1": "lung"} if is_unet else {"0": "no COVID-19", "1": "COVID-19"}
    shape = ["16*n", "16*n"] if is_unet else ["*", rows, columns]
    return {
        "schema": _SCHEMA,
        "version": card.version,
        "changelog": {card.version: f"{card.id}, SHA-256 of the weights {card.sha256}"},
        "monai_version": _TRIED_WITH_MONAI,
        "pytorch_version": torch.__version__.split("+")[0],
        "numpy_version": np.__version__,
        "required_packages_version": {},
        "name": card.title,
        "task": "Segmentation of the lungs" if is_unet else "Classification of chest CTs",
        "description": f"{card.title}. Research use only, not a medical device.",
        "authors": card.source,
        "copyright": card.licence,
        "data_source": card.training_data,
        "data_type": "CT",
        "intended_use": card.intended_use,
        "references": ["doi:10.1109/TMI.2020.2995965"],
        "network_data_format": {
            "inputs": {
                "image": {
                    "type": "image",
                    "format": "hounsfield",
                    "modality": "CT",
                    "num_channels": len(channels),
                    "spatial_shape": shape,
                    "dtype": "float32",
                    "value_range": [0, 1],
                    "is_patch_data": False,
                    "channel_def": channels,
                }
            },
            "outputs": {
                "pred": {
                    "type": "logits",
                    "format": "segmentation" if is_unet else "classification",
                    "num_channels": 2,
                    "spatial_shape": shape if is_unet else [],
                    "dtype": "float32",
                    "value_range": [],
                    "is_patch_data": False,
                    "channel_def": classes,
                }
            },
        },
    }


def _readme(card: ModelCard) -> str:
    (rows, columns), (low, high) = card.input_size, card.hu_window
    how = _HOW_INPUT_IS_MADE[card.network].format(rows=rows, columns=columns, low=low, high=high)
    return f"""# {card.title}

{card.intended_use} Research use only, not a medical device.

    pip install monai fire
    python -m monai.bundle run --config_file configs/inference.json --input_file input.npy --output_file output.npy

{how}

Licence: {card.licence}

Trained on: {card.training_data}"""
