"""The authors' checkpoints are converted by name and shape; everything else is refused without being executed."""

import os
import zipfile
from pathlib import Path

import pytest
import torch
from COVIDDetectLib.errors import WeightsError
from COVIDDetectLib.weights.cards import load_network, read_card, read_checked
from COVIDDetectLib.weights.checkpoint_file import check_torch, load_checkpoint
from COVIDDetectLib.weights.released import import_checkpoint


def released_state(network: str) -> dict[str, torch.Tensor]:
    """Random tensors under the names and shapes of the released checkpoint."""
    generator = torch.Generator().manual_seed(0)
    state = {}
    for line in (Path(__file__).parent / f"released_{network}_checkpoint_keys.txt").read_text().splitlines():
        name, shape = line.split()
        if shape == "scalar":
            state[name] = torch.tensor(7)
        else:
            state[name] = torch.rand([int(edge) for edge in shape.split("x")], generator=generator)
    return state


@pytest.mark.parametrize(
    ("network", "pairs"),
    [
        (
            "unet",
            {
                "module.inc.double_conv.0.weight": "level1.0.weight",
                "module.down4.maxpool_conv.1.double_conv.4.running_var": "level5.1.4.running_var",
                "module.up1.conv.double_conv.3.bias": "up4.conv.3.bias",
                "module.up4.conv.double_conv.0.weight": "up1.conv.0.weight",
                "module.outc.conv.bias": "output.bias",
            },
        ),
        (
            "decovnet",
            {
                "module.s1.pathway0_stem.conv.weight": "stem.0.weight",
                "module.s1.pathway0_stem.bn.running_mean": "stem.1.running_mean",
                "module.s2.pathway0_res0.branch1.weight": "block1.projection.weight",
                "module.s3.pathway0_res0.branch2.a_bn.bias": "block2.temporal_bn.bias",
                "module.s3.pathway0_res0.branch2.b.weight": "block2.spatial.weight",
                "module.s3.pathway0_res0.branch2.c_bn.num_batches_tracked": "block2.pointwise_bn.num_batches_tracked",
                "module.head.8.weight": "classifier.convolutions.7.weight",
                "module.classifier.1.weight": "classifier.output.1.weight",
            },
        ),
    ],
)
def test_every_tensor_of_a_released_checkpoint_finds_its_place(
    network: str, pairs: dict[str, str], tmp_path: Path
) -> None:
    released = released_state(network)
    torch.save(released, tmp_path / "checkpoint.pth")

    card = import_checkpoint(tmp_path / "checkpoint.pth", tmp_path / "weights")

    ours = load_network(read_card(card.path)).state_dict()
    used = [name for name in released if not name.startswith(("module.s4.", "module.s5."))]
    assert len(ours) == len(used)
    for theirs, name in pairs.items():
        torch.testing.assert_close(ours[name], released[theirs])
    assert card.variant == "released"


def test_figures_of_the_paper_come_with_the_released_weights_under_their_right_names(tmp_path: Path) -> None:
    torch.save(released_state("decovnet"), tmp_path / "checkpoint.pth")
    characteristics = import_checkpoint(tmp_path / "checkpoint.pth", tmp_path).operating_characteristics
    assert characteristics is not None
    at_half = next(row for row in characteristics["by_threshold"] if row["threshold"] == 0.5)
    assert at_half["sensitivity"] == pytest.approx(63 / 75, abs=5e-4)
    assert at_half["specificity"] == pytest.approx(55 / 56, abs=5e-4)
    assert not any("pv" in name for row in characteristics["by_threshold"] for name in row)


class Trap:
    """Unpickling this would make a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple:
        return os.mkdir, (str(self.folder),)


def test_a_hostile_file_is_refused_and_nothing_in_it_runs(tmp_path: Path) -> None:
    torch.save({"module.outc.conv.weight": Trap(tmp_path / "owned")}, tmp_path / "hostile.pth")
    with pytest.raises(WeightsError, match="nothing in it was executed"):
        import_checkpoint(tmp_path / "hostile.pth", tmp_path / "weights")
    assert not (tmp_path / "owned").exists()
    assert not (tmp_path / "weights").exists()


@pytest.mark.parametrize(
    "content", [{"layer.weight": torch.zeros(3)}, {"module.outc.conv.weight": torch.zeros(2, 16, 1, 1)}, [1, 2], {}]
)
def test_another_network_is_refused(content: object, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "other.pth")
    with pytest.raises(WeightsError, match="other.pth"):
        import_checkpoint(tmp_path / "other.pth", tmp_path / "weights")


@pytest.mark.parametrize("kind", ["sparse", "empty", "whole numbers"])
def test_tensors_that_no_network_has_are_refused(kind: str, tmp_path: Path) -> None:
    state = released_state("unet")
    name = next(name for name, tensor in state.items() if tensor.dim() == 4)
    state[name] = {
        "sparse": lambda tensor: tensor.to_sparse(),
        "empty": lambda tensor: tensor.to("meta"),
        "whole numbers": lambda tensor: tensor.long(),
    }[kind](state[name])
    torch.save(state, tmp_path / "odd.pth")
    with pytest.raises(WeightsError, match="odd.pth"):
        import_checkpoint(tmp_path / "odd.pth", tmp_path / "weights")
    assert not (tmp_path / "weights").exists()


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    torch.save(released_state("unet"), tmp_path / "cut.pth")
    content = (tmp_path / "cut.pth").read_bytes()
    (tmp_path / "cut.pth").write_bytes(content[: len(content) // 2])
    with pytest.raises(WeightsError, match="cut.pth"):
        import_checkpoint(tmp_path / "cut.pth", tmp_path / "weights")
    with pytest.raises(WeightsError, match="cannot be read"):
        import_checkpoint(tmp_path / "absent.pth", tmp_path / "weights")


def test_a_checkpoint_that_unpacks_to_more_than_weights_have_is_refused(tmp_path: Path) -> None:
    with (
        zipfile.ZipFile(tmp_path / "bomb.pth", "w", zipfile.ZIP_DEFLATED) as packed,
        packed.open("archive/data/0", "w", force_zip64=True) as entry,
    ):
        for _ in range(1100):
            entry.write(bytes(1_000_000))
    with pytest.raises(WeightsError, match="has 1.1 GB, more than weights"):
        import_checkpoint(tmp_path / "bomb.pth", tmp_path / "out")


def test_pipes_and_devices_are_no_weights(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "card.json")
    for read in (read_card, load_checkpoint, lambda path: read_checked(path, "")):
        for path in (tmp_path / "card.json", Path("/dev/zero")):
            with pytest.raises(WeightsError, match="no file|not a file|a device or a pipe"):
                read(path)


@pytest.mark.parametrize(("version", "is_safe"), [("2.9.1+cpu", False), ("2.10.0", True), ("2.13.0+cu130", True)])
def test_a_torch_with_a_hole_in_its_reader_is_refused(version: str, is_safe: bool) -> None:
    if is_safe:
        check_torch(version)
        return
    with pytest.raises(WeightsError, match="update it to 2.10"):
        check_torch(version)
