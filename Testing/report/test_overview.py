"""The overview picture: planes as radiologists read them, at the right place, with the heat map only in the lungs."""

from dataclasses import replace
from itertools import permutations, product
from pathlib import Path

import numpy as np
import pytest
from COVIDDetectLib.analysis.analyze import Analysis, Score
from COVIDDetectLib.analysis.attention import Attention
from COVIDDetectLib.analysis.evidence import Evidence
from COVIDDetectLib.analysis.heat_map import HeatMap
from COVIDDetectLib.ct.geometry import Geometry, Reorientation
from COVIDDetectLib.ct.volume import CTVolume
from COVIDDetectLib.lungs import LEFT, RIGHT, LungMask
from COVIDDetectLib.report.overview import overview
from COVIDDetectLib.report.planes import Scene
from COVIDDetectLib.weights.cards import ModelCard
from matplotlib.image import imread

SHAPE, SPACING_MM, ORIGIN_LPS = (40, 96, 128), (2.5, 2.5, 6.0), (-160.0, -120.0, 900.0)
GEOMETRY = Geometry.axial(SPACING_MM, ORIGIN_LPS)
FOCUS_KJI = (26, 60, 36)
"""In the right lung, above its middle and behind it."""


def labels() -> np.ndarray:
    """Two boxes: the patient's right lung at small columns, its top at large slices."""
    array = np.zeros(SHAPE, np.uint8)
    array[6:34, 24:72, 20:56] = RIGHT
    array[6:34, 24:72, 72:108] = LEFT
    return array


def ct() -> CTVolume:
    hu = np.full(SHAPE, 40, np.int16)
    hu[labels() > 0] = -850
    return CTVolume(hu, GEOMETRY)


def attention(focus_kji: tuple[int, int, int] | None = FOCUS_KJI) -> Attention:
    """A focus on a grid of half the slices and an eighth of the pixels; without a focus an empty map."""
    geometry = Geometry.axial((20.0, 20.0, 12.0), ORIGIN_LPS)
    values = np.zeros((20, 12, 16), np.float32)
    if focus_kji is None:
        return Attention(values, geometry, 0.0)
    k, j, i = np.indices(values.shape)
    distance = ((k - focus_kji[0] / 2) ** 2 + (j - focus_kji[1] / 8) ** 2 + (i - focus_kji[2] / 8) ** 2) / 3
    values[:] = np.exp(-distance)
    return Attention(values / values.max(), geometry, 0.02)


def analysis(probability: float = 0.87, heat: Attention | None = None) -> Analysis:
    card = ModelCard(
        id="test", version="1", title="Weights of a test", network="decovnet", variant="paper",
        weights_file="test.safetensors", sha256="0" * 64, input_size=(192, 288), hu_window=(-1200.0, 600.0),
        training_data="none", intended_use="test", licence="none", source="none", decision_threshold=0.5,
    )  # fmt: skip
    lung_mask = LungMask(labels(), GEOMETRY)
    return Analysis(
        score=Score(probability, (0.0, 1.9)), decision_threshold=0.5, lung_mask=lung_mask,
        evidence=Evidence(0.0, 0.0, ()), heat_map=HeatMap.of(heat or attention(), lung_mask), regions=(), opacity=(),
        card=card, lungs_card=None, lungs_method="threshold", device="CPU",
        seconds={"lungs": 1.0}, ct_name="Anna Example", ct_sha256="1" * 64, lung_mask_sha256="2" * 64,
        time="2026-01-02T03:04:05+00:00", software={},
    )  # fmt: skip


@pytest.fixture
def scene() -> Scene:
    return Scene.of(ct(), LungMask(labels(), GEOMETRY), attention())


def test_the_right_lung_is_on_the_left_of_axial_and_coronal_pictures(scene: Scene) -> None:
    for plane in (scene.cut("axial", 20), scene.cut("coronal", 48)):
        assert plane.edges[:2] == ("R", "L")
        right_half = plane.labels.shape[1] // 2
        assert set(np.unique(plane.labels[:, :right_half])) == {0, RIGHT}
        assert set(np.unique(plane.labels[:, right_half:])) == {0, LEFT}


def test_the_head_is_on_top_and_the_chest_to_the_left_of_the_sagittal_picture(scene: Scene) -> None:
    plane = scene.cut("sagittal", FOCUS_KJI[2])
    row, column = np.unravel_index(plane.attention.argmax(), plane.attention.shape)
    assert plane.edges == ("A", "P", "S", "I")
    assert row < plane.attention.shape[0] / 2
    assert column > plane.attention.shape[1] / 2


def test_planes_go_through_the_focus(scene: Scene) -> None:
    assert scene.hottest_index("axial") == FOCUS_KJI[0]
    assert scene.hottest_index("coronal") == pytest.approx(FOCUS_KJI[1], abs=4)
    assert scene.hottest_index("sagittal") == pytest.approx(FOCUS_KJI[2], abs=4)
    upper, middle, lower = scene.axial_indices()
    assert 34 > upper >= 24 > middle >= 15 > lower >= 6


def test_an_empty_heat_map_shows_the_middle_of_the_lungs() -> None:
    assert Scene.of(ct(), LungMask(labels(), GEOMETRY), attention(None)).hottest_index("coronal") == 48


def test_positions_are_those_that_a_slice_viewer_shows(scene: Scene) -> None:
    assert scene.cut("axial", 10).position_mm == pytest.approx(900 + 10 * 6)
    assert scene.cut("coronal", 30).position_mm == pytest.approx(-(-120 + 30 * 2.5))
    assert scene.cut("sagittal", 100).title == "Sagittal   L +90.0 mm"


def test_thick_slices_keep_their_height(scene: Scene) -> None:
    plane = scene.cut("coronal", 48)
    left, right, bottom, top = plane.extent_mm
    assert (top - bottom) / plane.hu.shape[0] == pytest.approx(6.0)
    assert (right - left) / plane.hu.shape[1] == pytest.approx(2.5)


def test_the_heat_map_lies_where_its_geometry_says(scene: Scene) -> None:
    plane = scene.cut("axial", FOCUS_KJI[0])
    row, column = np.unravel_index(plane.attention.argmax(), plane.attention.shape)
    left, _, _, top = plane.extent_mm
    assert top / 2.5 + 0.5 + row == pytest.approx(FOCUS_KJI[1], abs=4)
    assert left / 2.5 + 0.5 + column == pytest.approx(FOCUS_KJI[2], abs=4)


def test_the_picture_is_the_same_for_every_order_of_storage(tmp_path: Path) -> None:
    overview(ct(), analysis(), tmp_path / "axial.png")
    expected = imread(tmp_path / "axial.png")
    for number, axes in enumerate(permutations(range(3))):
        order = Reorientation(axes, list(product((False, True), repeat=3))[number + 1])
        geometry = GEOMETRY.reoriented(order, SHAPE)
        stored = CTVolume(np.ascontiguousarray(order.apply(ct().hu)), geometry)
        mask = LungMask(np.ascontiguousarray(order.apply(labels())), geometry)
        overview(stored, replace(analysis(), lung_mask=mask), tmp_path / "stored.png")
        assert np.abs(imread(tmp_path / "stored.png") - expected).max() < 0.02


def test_the_heat_map_changes_the_lungs_and_nothing_else_in_the_slices(tmp_path: Path) -> None:
    overview(ct(), analysis(), tmp_path / "focus.png")
    overview(ct(), analysis(heat=replace(attention(), values=attention().values * 0.1)), tmp_path / "faint.png")
    focus, faint = imread(tmp_path / "focus.png")[..., :3], imread(tmp_path / "faint.png")[..., :3]

    changed = np.abs(focus - faint).max(axis=-1) > 0.02
    assert np.count_nonzero(changed) > 2000
    # Soft tissue is near white in the lung window; only the smoothed edge of the lungs may be bright.
    assert np.mean(faint[changed].min(axis=-1) > 0.6) < 0.03


def test_no_name_gets_into_the_picture(tmp_path: Path) -> None:
    overview(ct(), analysis(), tmp_path / "named.png")
    overview(ct(), replace(analysis(), ct_name="Somebody Else"), tmp_path / "other.png")
    assert np.array_equal(imread(tmp_path / "named.png"), imread(tmp_path / "other.png"))
    assert b"Anna" not in (tmp_path / "named.png").read_bytes()


@pytest.mark.parametrize("probability", [0.0, 0.5, 1.0])
def test_every_probability_and_an_empty_heat_map_can_be_drawn(probability: float, tmp_path: Path) -> None:
    overview(ct(), analysis(probability, attention(None)), tmp_path / "overview.png")
    height, width, _ = imread(tmp_path / "overview.png").shape
    assert width > 1500 and height > 900


def test_what_must_be_known_of_the_number_is_written_under_it(tmp_path: Path) -> None:
    """Long notes take lines of their own and push the planes down; nothing else of the picture changes its place."""
    overview(ct(), analysis(), tmp_path / "plain.png")
    note = "The lungs are cut off at the upper end of the CT; choose a series of the whole chest. " * 3
    overview(ct(), replace(analysis(), notes=(note,)), tmp_path / "noted.png")
    plain, noted = (imread(tmp_path / name)[..., :3] for name in ("plain.png", "noted.png"))
    assert plain.shape == noted.shape
    rows = slice(int(0.07 * len(plain)), int(0.11 * len(plain)))
    orange = np.abs(noted[rows] - (1.0, 0.718, 0.302)).max(axis=-1) < 0.1
    assert orange.sum() > 500
    title = slice(0, int(0.06 * len(plain)))
    assert np.array_equal(plain[title], noted[title])


def test_a_number_next_to_the_threshold_is_not_rounded_to_its_other_side(tmp_path: Path) -> None:
    overview(ct(), analysis(0.497), tmp_path / "below.png")
    overview(ct(), analysis(0.5), tmp_path / "at.png")
    below, at = (imread(tmp_path / name)[:100, :180] for name in ("below.png", "at.png"))
    assert not np.array_equal(below, at)
