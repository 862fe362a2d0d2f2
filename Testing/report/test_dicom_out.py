"""Results as DICOM objects: read back, they hold the same voxels and numbers, in whatever order the CT is stored."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from COVIDDetectLib.analysis.analyze import Analysis
from COVIDDetectLib.analysis.attention import normalized
from COVIDDetectLib.analysis.heat_map import HeatMap
from COVIDDetectLib.analysis.opacity import opacity_labels
from COVIDDetectLib.analysis.regions import region_voxels
from COVIDDetectLib.commands.app import app
from COVIDDetectLib.ct.geometry import Geometry
from COVIDDetectLib.errors import InputError
from COVIDDetectLib.lungs import LungMask
from COVIDDetectLib.phantom import Phantom, thorax
from COVIDDetectLib.phantom.ideal import analysis_of
from COVIDDetectLib.report.assessment import Assessment
from COVIDDetectLib.report.dicom_out.export import FILES, Additions, dicom_objects, tracking_uids
from COVIDDetectLib.report.dicom_out.source import read_source
from COVIDDetectLib.report.files import write_analysis_files
from COVIDDetectLib.report.reading import Reading
from COVIDDetectLib.report.results import Results
from PIL import Image
from pydicom import Dataset, dcmread
from typer.testing import CliRunner

from Testing.dicom_series import write_ct, write_enhanced, write_series
from Testing.lungs.drawn_lobes import lobes_in

hd = pytest.importorskip("highdicom")

DOUBT = (
    "The lungs are cut off at the lower end of the CT; choose a series of the whole chest, or trust the result less."
)
SIZE: dict[str, Any] = {"seed": 5, "shape": (16, 64, 64), "spacing": (5.4, 5.4, 17.0), "disease": "covid"}


@pytest.fixture(scope="module")
def made() -> Phantom:
    return thorax(**SIZE)


@pytest.fixture(scope="module")
def analysis(made: Phantom) -> Analysis:
    """With a heat map as coarse as a network's."""
    matrix = made.ct.geometry.ijk_to_lps.copy()
    matrix[:3, 3] = (matrix @ [0.0, 0.0, 0.5, 1.0])[:3]
    matrix[:3, :3] *= (4.0, 4.0, 2.0)
    lesions = made.lesions.reshape(8, 2, 16, 4, 16, 4).mean(axis=(1, 3, 5)).astype(np.float32)
    attention = normalized(lesions, Geometry.from_ijk_to_lps(matrix))
    mask = LungMask(made.lung_mask, made.ct.geometry)
    return analysis_of(made.ct, mask, attention, 0.4, findings=[DOUBT])


@pytest.fixture(scope="module")
def results(analysis: Analysis) -> Results:
    assert len(analysis.regions) > 1
    return Results(analysis.to_record(), analysis.lung_mask, analysis.attention)


def write_in_order(folder: Path, orientation: str) -> None:
    """The phantom's CT as DICOM whose columns, rows and slices run along other axes of the patient."""
    stored = thorax(**SIZE, orientation=orientation).ct
    matrix, spacing = stored.geometry.ijk_to_lps, stored.geometry.spacing
    axes = matrix[:3, :3] / spacing

    def place(image: Dataset, index: int) -> None:
        image.ImageOrientationPatient = [*axes[:, 0], *axes[:, 1]]
        image.ImagePositionPatient = list((matrix @ [0, 0, index, 1])[:3])

    write_series(folder, stored.hu, spacing_mm=spacing, change=place)


def placed(volume: Any, made: Phantom) -> np.ndarray:
    """An object's segments ``[slice, row, column, segment]`` in axial order on the whole grid of the phantom."""
    geometry = Geometry.from_ijk_to_lps(volume.affine[:, [2, 1, 0, 3]])
    order = geometry.reorientation_to_axial()
    voxels = np.stack([order.apply(one) for one in np.moveaxis(volume.array, 3, 0)], axis=-1)
    corner = geometry.reoriented(order, volume.array.shape[:3]).origin
    at = np.rint((np.linalg.inv(made.ct.geometry.ijk_to_lps) @ [*corner, 1])[2::-1]).astype(int)
    whole = np.zeros((*made.ct.hu.shape, voxels.shape[3]), dtype=voxels.dtype)
    whole[tuple(slice(start, start + size) for start, size in zip(at, voxels.shape[:3], strict=True))] = voxels
    return whole


def segments(file: Path, made: Phantom) -> dict[str, np.ndarray]:
    """The segments of a file by label, each as ``placed``."""
    read = hd.seg.segread(file)
    whole = placed(read.get_volume(), made) > 0
    labels = [read.get_segment_description(number).SegmentLabel for number in read.segment_numbers]
    return {label: whole[..., number] for number, label in enumerate(labels)}


def saved(objects: dict[str, Dataset], folder: Path) -> Path:
    for name, one in objects.items():
        one.save_as(folder / name, enforce_file_format=True)
    return folder


@pytest.fixture(scope="module")
def written(results: Results, made: Phantom, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The CT and the objects, in two folders."""
    folder, output = tmp_path_factory.mktemp("ct"), tmp_path_factory.mktemp("objects")
    write_ct(folder, made.ct)
    return folder, saved(dicom_objects(results, read_source(folder)), output)


def test_slices_with_a_frame_of_reference_each_are_exported_into_the_first(
    results: Results, made: Phantom, tmp_path: Path
) -> None:
    """As in LIDC-IDRI, whose anonymization gave every slice another one."""

    def anonymize(image: Dataset, index: int) -> None:
        image.FrameOfReferenceUID = f"1.2.3.{index}"

    write_series(
        tmp_path, made.ct.hu, spacing_mm=made.ct.geometry.spacing, origin_mm=made.ct.geometry.origin, change=anonymize
    )
    source = read_source(tmp_path)
    objects = dicom_objects(results, source)
    assert {one.FrameOfReferenceUID for one in objects.values() if "FrameOfReferenceUID" in one} == {
        source.frame_of_reference_uid
    }


@pytest.mark.parametrize("orientation", ["RAI", "PSL"])
def test_voxels_read_back_are_the_same_in_whatever_order_the_ct_is_stored(
    results: Results, analysis: Analysis, made: Phantom, tmp_path: Path, orientation: str
) -> None:
    write_in_order(tmp_path / "ct", orientation)
    source = read_source(tmp_path / "ct")
    saved(dicom_objects(results, source), tmp_path)
    mask = analysis.lung_mask
    lungs = segments(tmp_path / "lungs.dcm", made)
    assert np.array_equal(lungs["Right lung"], mask.labels == 1) and np.array_equal(
        lungs["Left lung"], mask.labels == 2
    )
    densities = list(segments(tmp_path / "densities.dcm", made).values())
    labels = opacity_labels(made.ct, mask)
    assert np.array_equal(densities, [labels == label for label in np.unique(labels) if label])
    heat_map = HeatMap.of(analysis.attention, mask)
    regions = segments(tmp_path / "regions.dcm", made)
    for region in analysis.regions:
        assert np.array_equal(regions[f"Region {region.rank}"], region_voxels(heat_map, mask, region))


def test_a_multi_frame_ct_is_referred_to_as_well(results: Results, made: Phantom, tmp_path: Path) -> None:
    file = tmp_path / "ct" / "enhanced.dcm"
    order = np.random.default_rng(0).permutation(len(made.ct.hu)).tolist()
    x, y, z = made.ct.geometry.origin

    write_enhanced(file, made.ct.hu, order, spacing_mm=made.ct.geometry.spacing)
    enhanced = dcmread(file)
    for frame, k in zip(enhanced.PerFrameFunctionalGroupsSequence, order, strict=True):
        frame.PlanePositionSequence[0].ImagePositionPatient = [x, y, z + made.ct.geometry.spacing[2] * k]
    enhanced.save_as(file)
    saved(dicom_objects(results, read_source(tmp_path / "ct")), tmp_path)
    lungs = segments(tmp_path / "lungs.dcm", made)
    assert np.array_equal(lungs["Right lung"], made.lung_mask == 1)
    report = dcmread(tmp_path / "report.dcm")
    assert str(enhanced.SOPInstanceUID) in report.to_json()


def test_objects_belong_to_the_study_of_the_ct(written: tuple[Path, Path]) -> None:
    ct = dcmread(next(written[0].iterdir()))
    uids = {str(dcmread(file).SOPInstanceUID) for file in written[0].iterdir()}
    files = sorted(written[1].iterdir())
    assert {file.name for file in files} == set(FILES) - {"overview.dcm", "assessment.dcm"}
    for file in files:
        one = dcmread(file)
        assert (one.StudyInstanceUID, one.PatientName) == (ct.StudyInstanceUID, ct.PatientName)
        assert one.SeriesInstanceUID != ct.SeriesInstanceUID
        if file.name != "report.dcm":
            assert one.FrameOfReferenceUID == ct.FrameOfReferenceUID
    lungs = dcmread(written[1] / "lungs.dcm")
    referenced = lungs.ReferencedSeriesSequence[0]
    assert referenced.SeriesInstanceUID == ct.SeriesInstanceUID
    assert {str(one.ReferencedSOPInstanceUID) for one in referenced.ReferencedInstanceSequence} <= uids


def test_the_heat_map_keeps_its_values_and_has_what_dcmqi_asks_for(
    written: tuple[Path, Path], analysis: Analysis
) -> None:
    one = dcmread(written[1] / "heat-map.dcm")
    values = np.frombuffer(one.FloatPixelData, dtype="<f4").reshape(analysis.attention.values.shape)
    assert np.array_equal(values, analysis.attention.values)
    heights = [frame.PlanePositionSequence[0].ImagePositionPatient[2] for frame in one.PerFrameFunctionalGroupsSequence]
    expected = analysis.attention.geometry.origin[2] + np.arange(len(values)) * analysis.attention.geometry.spacing[2]
    assert heights == pytest.approx(expected)
    assert one.ContentLabel == "HEATMAP"
    shared = one.SharedFunctionalGroupsSequence[0]
    mapping = shared.RealWorldValueMappingSequence[0]
    assert (mapping.RealWorldValueSlope, mapping.RealWorldValueIntercept) == (1.0, 0.0)
    assert mapping.QuantityDefinitionSequence[0].ConceptCodeSequence[0].CodeValue == "130402"
    assert shared.FrameAnatomySequence[0].AnatomicRegionSequence[0].CodeValue == "39607008"
    volume = hd.imread(written[1] / "heat-map.dcm").get_volume()
    assert np.array_equal(volume.array[::-1] if volume.affine[2, 0] < 0 else volume.array, values)


def test_the_report_has_the_numbers_and_points_to_the_segments(written: tuple[Path, Path], results: Results) -> None:
    record = results.record
    report = hd.sr.srread(written[1] / "report.dcm")
    content = report.content
    (score,) = content.get_image_measurement_groups()
    assert score.finding_type.value == "score", "a disease would be read as found"
    found = {one.name.value: one.value for one in score.get_measurements()}
    assert found["probability"] == pytest.approx(record["probability"])
    assert found["decision-threshold"] == record["decision_threshold"]
    groups = {one.tracking_uid: one for one in content.get_volumetric_roi_measurement_groups()}
    uids = tracking_uids(record)
    for name, measured in [
        *((lung["side"], lung) for lung in record["opacity"]),
        *((f"region {region['rank']}", region) for region in record["regions"]),
    ]:
        group = groups[uids[name]]
        numbers = {one.name.meaning: one.value for one in group.get_measurements()}
        assert numbers["Volume"] == measured["volume_ml"]
        assert numbers["Attenuation Coefficient"] == measured["mean_hu"]
        file = written[1] / ("regions.dcm" if name.startswith("region") else "lungs.dcm")
        segmentation = hd.seg.segread(file)
        (image,) = [item for item in group[0].ContentSequence if item.ValueType == "IMAGE"]
        referenced = image.ReferencedSOPSequence[0]
        assert referenced.ReferencedSOPInstanceUID == segmentation.SOPInstanceUID
        described = segmentation.get_segment_description(referenced.ReferencedSegmentNumber)
        assert described.tracking_uid == uids[name]
    assert record["weights"]["sha256"] in report.to_json()
    comments = [item.TextValue for item in score[0].ContentSequence if item.name.meaning == "Comment"]
    assert comments[0] == DOUBT and "not a medical device" in comments[1]


def test_the_same_result_is_tracked_by_the_same_uids_and_another_one_is_not(results: Results) -> None:
    again = tracking_uids(results.record)
    assert again == tracking_uids(results.record)
    edited = {**results.record, "lungs": {**results.record["lungs"], "sha256": "0" * 64}}
    assert not set(again.values()) & set(tracking_uids(edited).values())


def test_a_result_without_regions_has_no_file_of_them(results: Results, written: tuple[Path, Path]) -> None:
    bare = Results({**results.record, "regions": []}, results.lung_mask, results.attention)
    assert "regions.dcm" not in dicom_objects(bare, read_source(written[0]))


READING = Reading(
    *("0123456789ab", "2026-01-02T03:04:05+00:00", "2026-01-02T03:05:00+00:00", "2026-01-02T03:05:01+00:00"),
    *("CO-RADS 4", "high", 0.4, 0.5, "0" * 64),
)


def meanings(items: Any) -> dict[str, Any]:
    """What content items say, by their names."""
    said = {}
    for item in items:
        value = getattr(item, "value", None)
        said[item.name.meaning] = value.meaning if hasattr(value, "meaning") else value
    return said


PICTURES = [Image.new("RGB", (40, 30), color) for color in ("red", "blue")]


@pytest.fixture(scope="module")
def added(results: Results, written: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The objects with a verdict and two key images."""
    assessment = Assessment("modified", "Müller-Ngo\u0303", {1: "yes", 2: "no", 99: "yes"}, READING)
    additions = Additions(assessment=assessment, key_images=PICTURES)
    return saved(dicom_objects(results, read_source(written[0]), additions), tmp_path_factory.mktemp("added"))


def test_a_verdict_points_to_the_report_and_is_read_by_three_libraries(results: Results, added: Path) -> None:
    read = hd.sr.srread(added / "assessment.dcm")
    (root,) = read.content
    items = root.ContentSequence
    said = meanings(items)
    assert said["Person Observer Name"] == "Müller-Ngo\u0303"
    assert said["Verdict on the result"] == "Result accepted with a corrected lung mask"
    assert said["Reading before the result was opened"] == "CO-RADS 4, sure: high"
    assert "Reading after the result was opened" not in said
    report = dcmread(added / "report.dcm")
    (pointer,) = (item for item in items if item.ValueType == "COMPOSITE")
    assert pointer.referenced_sop_instance_uid == report.SOPInstanceUID
    uids = tracking_uids(results.record)
    regions = [meanings(item.ContentSequence) for item in items if item.ValueType == "CONTAINER"]
    assert {one["Tracking Unique Identifier"]: one["Verdict on the region"] for one in regions} == {
        uids["region 1"]: "Region confirmed",
        uids["region 2"]: "Region rejected",
    }, "a region that the result does not have is left out"
    plain = dcmread(added / "assessment.dcm")
    assert plain.StudyInstanceUID == report.StudyInstanceUID and plain.PatientName == report.PatientName
    assert (plain.VerificationFlag, plain.PreliminaryFlag) == ("UNVERIFIED", "PRELIMINARY")
    dsrdump = shutil.which("dsrdump")
    if dsrdump:
        done = subprocess.run([dsrdump, str(added / "assessment.dcm")], capture_output=True, text=True, check=False)
        assert done.returncode == 0 and "accepted with a corrected lung mask" in done.stdout, done.stderr
        assert "E: " not in done.stderr, done.stderr


def test_lobes_stand_in_the_report_with_their_sides(made: Phantom, written: tuple[Path, Path], tmp_path: Path) -> None:
    mask = LungMask.from_lobes(lobes_in(made.lung_mask), made.ct.geometry)
    attention = normalized(made.lesions.astype(np.float32), made.ct.geometry)
    analysis = analysis_of(made.ct, mask, attention, 0.4)
    known = Results(analysis.to_record(), mask, attention)
    saved(dicom_objects(known, read_source(written[0])), tmp_path)
    groups = hd.sr.srread(tmp_path / "report.dcm").content.get_image_measurement_groups()
    uids = tracking_uids(known.record)
    by_uid = {group.tracking_uid: group for group in groups}
    assert len(known.record["lobes"]) == 5 and len(groups) == 6
    for lobe in known.record["lobes"]:
        group = by_uid[uids[f"{lobe['side']} {lobe['lobe']}"]]
        numbers = {one.name.meaning: one.value for one in group.get_measurements()}
        assert numbers["Volume"] == lobe["volume_ml"]
        assert numbers["Share of lung of consolidation density"] == lobe["consolidation_percent"]
        assert lobe["lobe"] in group.finding_type.meaning.lower()
        assert lobe["side"] in group.finding_sites[0].value.meaning.lower()


def test_key_images_are_one_series_of_pictures(added: Path) -> None:
    first, second = (dcmread(added / f"key-image-{number}.dcm") for number in (1, 2))
    assert first.SeriesInstanceUID == second.SeriesInstanceUID and first.SOPInstanceUID != second.SOPInstanceUID
    assert (first.InstanceNumber, second.InstanceNumber) == (1, 2)
    assert np.array_equal(second.pixel_array, np.asarray(PICTURES[1]))


def test_another_ct_is_refused(results: Results, tmp_path: Path) -> None:
    write_ct(tmp_path, thorax(**{**SIZE, "seed": 6}).ct)
    with pytest.raises(InputError, match="not the CT that was analyzed"):
        dicom_objects(results, read_source(tmp_path))


def test_the_command_writes_all_objects_and_needs_dicom(
    analysis: Analysis, made: Phantom, written: tuple[Path, Path], tmp_path: Path
) -> None:
    write_analysis_files(made.ct, analysis, tmp_path / "results")

    def export(source: Path, verdict: str = "rejected") -> Any:
        places = ["--source", str(source), "--output", str(tmp_path / "out")]
        return CliRunner().invoke(
            app, ["export", str(tmp_path / "results"), *places, "--verdict", verdict, "--reader", "Doe"]
        )

    done = export(written[0])
    assert done.exit_code == 0, done.output
    assert {file.name for file in (tmp_path / "out").iterdir()} == set(FILES)
    (assessment,) = hd.sr.srread(tmp_path / "out" / "assessment.dcm").content
    said = meanings(assessment.ContentSequence)
    assert (said["Verdict on the result"], said["Person Observer Name"]) == ("Result rejected", "Doe")
    assert export(written[0], "perhaps").exit_code == 2
    overview = dcmread(tmp_path / "out" / "overview.dcm")
    assert (overview.Modality, overview.PhotometricInterpretation) == ("OT", "RGB")
    refused = export(tmp_path / "results" / "lungs.nrrd")
    assert refused.exit_code == 2 and "Traceback" not in refused.stderr
