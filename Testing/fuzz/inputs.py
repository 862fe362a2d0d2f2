"""Sound inputs, made once from the project's own phantom, and what a damaged one may become."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
import SimpleITK as sitk
from COVIDDetectLib.analysis.attention import place_attention
from COVIDDetectLib.ct.geometry import Geometry
from COVIDDetectLib.ct.reading import read_ct
from COVIDDetectLib.ct.volume import CTVolume
from COVIDDetectLib.errors import COVIDDetectError
from COVIDDetectLib.evaluation.predictions import read_predictions
from COVIDDetectLib.lungs import LungMask, lung_mask_sha256
from COVIDDetectLib.lungs.anatomy_checks import check_ct
from COVIDDetectLib.phantom import thorax
from COVIDDetectLib.phantom.ideal import analysis_of
from COVIDDetectLib.weights.cards import bundled_folder, read_card, read_checked
from COVIDDetectLib.worker.exchange import (
    at_once,
    load_answer,
    load_ct,
    load_lung_mask,
    store_analysis,
    store_ct,
    store_lung_mask,
    unusable_folder,
)
from COVIDDetectLib.worker.protocol import PROTOCOL, LineReader, Message, encode, failure
from pydicom.uid import generate_uid

from Testing.dicom_series import write_ct, write_enhanced

SEED, SHAPE, SPACING_MM = 1, (20, 64, 64), (5.8, 5.8, 14.0)


ENTRIES_THAT_COUNT = (
    "network", "variant", "weights_file", "input_size", "hu_window", "decision_threshold"
)  # fmt: skip


@dataclass(frozen=True)
class Read:
    """What became of an input: the same content has the same words, and a grid within 1 % and 1 degree."""

    content: str
    grid: Geometry | None = None
    said: tuple[str, ...] = ()

    def is_as(self, other: Read) -> bool:
        """Whether nothing that matters differs."""
        if self.content != other.content or (self.grid is None) != (other.grid is None):
            return False
        if self.grid is None or other.grid is None:
            return True
        same_size = np.allclose(self.grid.spacing, other.grid.spacing, rtol=0.01)
        return same_size and bool(np.allclose(self.grid.direction, other.grid.direction, atol=0.02))


def read_and_check(path: Path) -> Read:
    """A CT as an analysis would take it, and all that is said of it."""
    ct = read_ct(path)
    findings = check_ct(ct)
    for finding in findings:
        if not finding.computable:
            raise COVIDDetectError(finding.sentence)
    said = (*ct.notes, *([ct.also_there] if ct.also_there else []), *(finding.sentence for finding in findings))
    axial, _ = ct.axial()
    return Read(hashlib.sha256(axial.hu.tobytes()).hexdigest(), axial.geometry, said)


def read_table(path: Path) -> Read:
    """Probabilities and labels of a cohort; a case may have any name."""
    cohort = read_predictions(path)
    return Read(repr((cohort.probabilities.tolist(), cohort.labels.tolist())))


def read_a_card(path: Path) -> Read:
    """What a model card says that is computed with; titles and other words may be any."""
    card = read_card(path)
    read_checked(bundled_folder() / card.weights_file, card.sha256)
    return Read(repr([getattr(card, name) for name in ENTRIES_THAT_COUNT]))


def read_checkpoint(path: Path) -> Read:
    """The weights in a checkpoint of the authors."""
    from COVIDDetectLib.weights.released import import_checkpoint

    return Read(import_checkpoint(path, path.parent / "imported").sha256)


def _messages(path: Path) -> Iterator[Message]:
    """What a panel or a worker hears: its lines, and then the other's end."""
    yield from LineReader().feed(path.read_bytes())
    raise COVIDDetectError("The computing process ended unexpectedly.")


def read_request(path: Path) -> Read:
    """What a worker takes from a line before it computes."""
    message = next(one for one in _messages(path) if one["type"] == "explain")
    try:
        ct, lung_mask = load_ct(message["ct"]), at_once(load_lung_mask(message["lungs"]))
    except OSError as error:
        raise unusable_folder(error) from error
    digest = hashlib.sha256(ct.hu.tobytes() + lung_mask.labels.tobytes()).hexdigest()
    return Read(repr((digest, lung_mask.geometry, message["method"], message["device"])), ct.geometry)


def read_answer(path: Path) -> Read:
    """What the panel makes of what a worker says until it is done."""
    message = next(one for one in _messages(path) if one["type"] in ("done", "failed"))
    if message["type"] == "failed":
        raise failure(message)
    try:
        analysis = at_once(load_answer("analyze", message["value"], None))
    except OSError as error:
        raise unusable_folder(error) from error
    return Read(repr((analysis.to_record(), lung_mask_sha256(analysis.lung_mask), analysis.attention.values.sum())))


def _write_lines(folder: Path, ct: CTVolume, mask: LungMask) -> None:
    """A request and an answer, as panel and worker write them; the files that they name stay where they are."""
    for name in ("arrays", "request", "answer"):
        (folder / name).mkdir()
    request = {
        "type": "explain",
        "id": 3,
        "folder": str(folder / "arrays"),
        "ct": at_once(store_ct(ct, folder / "arrays" / "ct.npy")),
        "lungs": at_once(store_lung_mask(mask, folder / "arrays" / "given.npy")),
        "device": "cpu",
        "weights": None,
        "method": "integrated-gradients",
    }
    lines = [{"type": "warm", "device": "cpu"}, request, {"type": "cancel", "id": 2}]
    (folder / "request" / "lines.jsonl").write_bytes(b"".join(encode(line) for line in lines))
    attention = place_attention(np.ones((10, 8, 8), dtype=np.float32), ct.geometry)
    found = at_once(store_lung_mask(mask, folder / "arrays" / "lungs.npy"))
    value = store_analysis(analysis_of(ct, mask, attention, 1.0, lungs_method="threshold"), folder / "arrays", found)
    steps = [{"type": "progress", "id": 3, "stage": "lungs", "done": done, "total": 20} for done in (5, 20)]
    lungs, done = {"type": "lungs", "id": 3, "value": found}, {"type": "done", "id": 3, "value": value}
    answer = [{"type": "ready", "protocol": PROTOCOL}, *steps, lungs, done]
    (folder / "answer" / "lines.jsonl").write_bytes(b"".join(encode(line) for line in answer))


@dataclass(frozen=True)
class Input:
    """A sound input and how it is read."""

    path: Path
    read: Callable[[Path], Read]
    expected: Read

    def copied_to(self, folder: Path) -> Path:
        """A copy to be damaged."""
        target = folder / self.path.name
        if self.path.is_dir():
            return Path(shutil.copytree(self.path, target))
        for file in self.path.parent.glob(f"{self.path.stem.split('.')[0]}.*"):
            shutil.copy(file, folder)
        return target


def _make_repeatable(files: list[Path]) -> None:
    """Names and UIDs are made by chance: a seed is to damage the same byte each time."""
    for file in files:
        image = pydicom.dcmread(file)
        number = image.get("InstanceNumber", 0)
        for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID"):
            setattr(image, keyword, generate_uid(entropy_srcs=[keyword]))
        image.SOPInstanceUID = generate_uid(entropy_srcs=["image", str(number)])
        image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
        file.unlink()
        image.save_as(file.with_name(f"{number:03}.dcm"), enforce_file_format=True)


def sound_inputs(folder: Path) -> dict[str, Input]:
    """All inputs by their kind."""
    import torch

    phantom = thorax(seed=SEED, shape=SHAPE, spacing=SPACING_MM)
    ct = phantom.ct
    _write_lines(folder, ct, LungMask.from_labels(phantom.lung_mask, ct.geometry))
    write_ct(folder / "series", ct)
    write_enhanced(folder / "enhanced" / "ct.dcm", ct.hu, range(len(ct.hu)), spacing_mm=SPACING_MM)
    _make_repeatable([*(folder / "series").iterdir()])
    _make_repeatable([folder / "enhanced" / "ct.dcm"])
    image = sitk.GetImageFromArray(ct.hu)
    ct.geometry.apply_to(image)
    for name in ("plain.nii", "packed.nii.gz", "plain.nrrd", "pair.nhdr", "plain.mha", "pair.mhd"):
        target = folder / name.replace(".", "_") / name
        target.parent.mkdir()
        sitk.WriteImage(image, str(target), useCompression=name.startswith("packed"))
    for name, file in (("packed_nrrd", "packed.nrrd"), ("packed_mha", "packed.mha")):
        (folder / name).mkdir()
        sitk.WriteImage(image, str(folder / name / file), useCompression=True)
    (folder / "table").mkdir()
    rows = [f"case {number},{number / 20:.3f},{number % 2}" for number in range(20)]
    (folder / "table" / "table.csv").write_text("\n".join(["case,probability,label", *rows, ""]))
    (folder / "card").mkdir()
    shutil.copy(bundled_folder() / "decovnet-demonstration.json", folder / "card" / "card.json")
    (folder / "checkpoint").mkdir()
    keys = Path(__file__).parents[1] / "weights" / "released_decovnet_checkpoint_keys.txt"
    generator = torch.Generator().manual_seed(0)
    state = {}
    for line in keys.read_text().splitlines():
        name, shape = line.split()
        size = [] if shape == "scalar" else [int(edge) for edge in shape.split("x")]
        state[name] = torch.rand(size, generator=generator) if size else torch.tensor(7)
    torch.save({"state_dict": state}, folder / "checkpoint" / "released.pth")
    paths = {
        "series": (folder / "series", read_and_check),
        "enhanced": (folder / "enhanced", read_and_check),
        "plain.nii": (folder / "plain_nii" / "plain.nii", read_and_check),
        "packed.nii.gz": (folder / "packed_nii_gz" / "packed.nii.gz", read_and_check),
        "plain.nrrd": (folder / "plain_nrrd" / "plain.nrrd", read_and_check),
        "packed.nrrd": (folder / "packed_nrrd" / "packed.nrrd", read_and_check),
        "pair.nhdr": (folder / "pair_nhdr" / "pair.nhdr", read_and_check),
        "plain.mha": (folder / "plain_mha" / "plain.mha", read_and_check),
        "packed.mha": (folder / "packed_mha" / "packed.mha", read_and_check),
        "pair.mhd": (folder / "pair_mhd" / "pair.mhd", read_and_check),
        "table": (folder / "table" / "table.csv", read_table),
        "card": (folder / "card" / "card.json", read_a_card),
        "checkpoint": (folder / "checkpoint" / "released.pth", read_checkpoint),
        "request": (folder / "request" / "lines.jsonl", read_request),
        "answer": (folder / "answer" / "lines.jsonl", read_answer),
    }
    return {kind: Input(path, read, read(path)) for kind, (path, read) in paths.items()}
