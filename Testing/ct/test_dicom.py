"""DICOM that is odd or damaged: read rightly, refused in a sentence that names the file, or read with a note."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from COVIDDetectLib.ct.reading import read_ct
from COVIDDetectLib.errors import InputError
from COVIDDetectLib.phantom import Phantom
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    JPEGLSNearLossless,
    generate_uid,
)

from Testing.dicom_series import SPACING_MM, write_enhanced, write_series


@pytest.fixture(scope="module")
def hu(small_phantom: Phantom) -> np.ndarray:
    """Ten slices through the lungs, small enough to be written often."""
    return np.ascontiguousarray(small_phantom.ct.hu[8:18, ::2, ::2])


def raw(keyword: str, text: str) -> Callable[[Dataset, int], None]:
    """Puts text that is no number into one element of slice 4."""

    def change(image: Dataset, index: int) -> None:
        if index == 4:
            tag = pydicom.tag.Tag(keyword)
            content = text.encode() + b" " * (len(text) % 2)
            image._dict[tag] = RawDataElement(tag, image[keyword].VR, len(content), content, 0, False, True)

    return change


def setting(slices: object = (4,), **elements: object) -> Callable[[Dataset, int], None]:
    """Other values of elements of some slices; None removes an element."""

    def change(image: Dataset, index: int) -> None:
        for keyword, value in elements.items():
            if index not in slices:  # type: ignore[operator]
                continue
            if value is None:
                delattr(image, keyword)
            else:
                setattr(image, keyword, value)

    return change


def table_for_rescale(image: Dataset, index: int) -> None:
    """Every stored number has its own value, which need not be HU."""
    table = Dataset()
    table.LUTDescriptor, table.ModalityLUTType, table.LUTData = (
        [4096, 0, 16],
        "US",
        np.arange(4096, dtype="<u2").tobytes(),
    )
    table["LUTData"].VR = "OW"
    image.ModalityLUTSequence = [table]
    del image.RescaleSlope, image.RescaleIntercept


@pytest.mark.parametrize(
    ("order", "intercept"),
    [
        (range(10), lambda k: -1024),
        (np.random.default_rng(0).permutation(10).tolist(), lambda k: -1024),
        (range(10), lambda k: -1024 if k % 5 == 0 else -1000),
    ],
)
def test_frames_of_an_enhanced_ct_are_sorted_and_rescaled_each(
    tmp_path: Path, hu: np.ndarray, order: list[int], intercept: Callable[[int], int]
) -> None:
    write_enhanced(tmp_path / "ct.dcm", hu, order, intercept=intercept)
    ct = read_ct(tmp_path)
    np.testing.assert_array_equal(ct.hu, hu)
    assert ct.geometry.spacing == pytest.approx(SPACING_MM)
    assert ct.notes == ()


def test_an_enhanced_ct_in_two_files_is_one_volume(tmp_path: Path, hu: np.ndarray) -> None:
    series = generate_uid()
    write_enhanced(tmp_path / "1.dcm", hu, range(5, 10), series_uid=series)
    write_enhanced(tmp_path / "2.dcm", hu, range(5), series_uid=series)
    np.testing.assert_array_equal(read_ct(tmp_path).hu, hu)


@pytest.mark.parametrize(
    ("order", "sentence"),
    [([k for k in range(10) if k != 4], "4.0 to 8.0 mm apart"), ([*range(10), *range(10)], "several images at one")],
)
def test_an_enhanced_ct_with_missing_or_doubled_frames_is_refused(
    tmp_path: Path, hu: np.ndarray, order: list[int], sentence: str
) -> None:
    write_enhanced(tmp_path / "ct.dcm", hu, order)
    with pytest.raises(InputError, match=sentence):
        read_ct(tmp_path)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (raw("ImagePositionPatient", ""), "ct004.dcm has no position"),
        (raw("ImagePositionPatient", "a\\b\\c"), r"ct004.dcm has a position that is no number \(a\\b\\c\)"),
        (raw("ImagePositionPatient", "0\\0"), "ct004.dcm has an impossible position"),
        (raw("ImagePositionPatient", "0\\0\\nan"), "ct004.dcm has an impossible position"),
        (raw("ImageOrientationPatient", "1\\0\\0\\0\\1"), "ct004.dcm has an impossible slice direction"),
        (raw("ImageOrientationPatient", "1\\0\\0\\1\\0\\0"), "not perpendicular"),
        (raw("PixelSpacing", "0,8\\0,9"), "ct004.dcm has a pixel spacing that is no number"),
        (raw("PixelSpacing", "0\\0.9"), "ct004.dcm has an impossible pixel spacing"),
        (setting(PixelSpacing=None), "ct004.dcm has no pixel spacing"),
        (setting(PixelSpacing=[1.5, 1.5]), "ct004.dcm has pixels of 1.5 × 1.5 mm where the others have 0.8 × 0.9 mm"),
        (setting(range(5, 10), PixelSpacing=[1.5, 1.5]), "so that the slices are no one volume"),
        (setting(RescaleIntercept=None), "ct004.dcm has no rescale intercept"),
        (setting(RescaleIntercept=None, RescaleSlope=None), "ct004.dcm has no rescale slope and intercept, unlike"),
        (setting(RescaleIntercept=-900), "ct004.dcm has another rescale"),
        (setting(RescaleIntercept=-3024), "ct004.dcm has another rescale"),
        (setting(RescaleSlope=2), "ct004.dcm has another rescale"),
        (setting(range(10), RescaleSlope=0), "has the rescale slope 0"),
        (raw("RescaleSlope", "nan"), "ct004.dcm has an impossible rescale slope"),
        (raw("RescaleSlope", "abc"), "ct004.dcm has a rescale slope that is no number"),
        (table_for_rescale, "has a table .Modality LUT. in the place of a rescale"),
        (setting(RescaleType="MGML"), "ct004.dcm has values that are not Hounsfield units"),
        (setting(PhotometricInterpretation="MONOCHROME1"), "ct004.dcm is stored with black and white exchanged"),
        (setting(Rows=32), "ct004.dcm has 32 × 64 pixels where the others have 64 × 64"),
        (setting(range(10), Rows=32), r"declares 32 × 64 pixels, which are 4096 bytes, and holds 8192"),
        (setting(range(10), Columns=None), "has no number of columns"),
        (setting(range(10), Rows=65535), "claims 65535 rows"),
        (setting(BitsAllocated=32), "ct004.dcm declares 64 × 64 pixels"),
        (setting(BitsStored=8, HighBit=7), "ct004.dcm has pixels that need more than the 8 bits"),
        (setting(ImagePositionPatient=[35.0, -7.0, 16.0]), r"up to 40.0 mm beside the others \(ct004.dcm\)"),
    ],
)
def test_one_damaged_header_is_named(
    tmp_path: Path, hu: np.ndarray, change: Callable[[Dataset, int], None], sentence: str
) -> None:
    write_series(tmp_path, hu, names="ct", change=change)
    with pytest.raises(InputError, match=sentence) as caught:
        read_ct(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("change", "share"), [("shorter", 0.5), ("cut", 0.5), ("cut", 0.05), ("no pixels", 1.0)])
def test_pixels_that_are_not_all_there_are_refused(tmp_path: Path, hu: np.ndarray, change: str, share: float) -> None:
    write_series(tmp_path, hu, names="ct")
    victim = tmp_path / "ct004.dcm"
    image = pydicom.dcmread(victim)
    if change == "cut":
        content = victim.read_bytes()
        victim.write_bytes(content[: -int(share * len(image.PixelData))])
    else:
        image.PixelData = image.PixelData[: int(share * len(image.PixelData))]
        if change == "no pixels":
            del image.PixelData
        image.save_as(victim)
    with pytest.raises(InputError, match="ct004.dcm (declares|ends within|holds no pixels)"):
        read_ct(tmp_path)


@pytest.mark.parametrize("damage", ["empty", "short", "nested", "deflated", "swallowed"])
def test_files_that_cannot_be_read_are_counted_and_said(tmp_path: Path, hu: np.ndarray, damage: str) -> None:
    write_series(tmp_path, hu, names="ct")
    for name in ("ct000.dcm", "ct001.dcm"):
        content = (tmp_path / name).read_bytes()
        nested = b"\x08\x00\x40\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff" * 500
        meta = 144 + int.from_bytes(content[140:144], "little")
        patient = content.index(b"\x10\x00\x20\x00LO\x02\x00") + 6
        to_pixels = content.rindex(b"\xe0\x7f\x10\x00") - patient - 2
        (tmp_path / name).write_bytes(
            {
                "empty": b"",
                "short": content[:200],
                "nested": content[:meta] + nested + content[meta:],
                "swallowed": content[:patient] + to_pixels.to_bytes(2, "little") + content[patient + 2 :],
                "deflated": content.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.1.99"),
            }[damage]
        )
    ct = read_ct(tmp_path)
    np.testing.assert_array_equal(ct.hu, hu[2:])
    assert ct.notes[0].startswith("2 of 10 files could not be read (ct000.dcm, ct001.dcm; the first ")


def test_a_link_to_nothing_counts_where_it_is_named_as_slices_are(tmp_path: Path, hu: np.ndarray) -> None:
    write_series(tmp_path, hu, names="ct")
    (tmp_path / "notes.txt").symlink_to("gone.txt")
    assert read_ct(tmp_path).notes == ()
    (tmp_path / "ct009.dcm").unlink()
    (tmp_path / "ct009.dcm").symlink_to("../annex/gone.dcm")
    (note,) = read_ct(tmp_path).notes
    assert note.startswith("1 of 10 files could not be read (ct009.dcm is a link to a file that is not there)")


def test_what_could_not_be_read_is_said_with_a_refusal_too(tmp_path: Path, hu: np.ndarray) -> None:
    write_series(tmp_path, hu, names="ct")
    (tmp_path / "ct004.dcm").write_bytes(b"")
    with pytest.raises(InputError, match="as if some were missing; .* 1 of 10 files could not be read"):
        read_ct(tmp_path)


def test_other_files_of_the_folder_are_no_slices(tmp_path: Path, hu: np.ndarray) -> None:
    write_series(tmp_path, hu, names="ct")
    (tmp_path / "notes.txt").write_text("nothing")
    (tmp_path / ".DS_Store").write_bytes(b"\0" * 20)
    (tmp_path / "DICOMDIR").write_bytes(b"")
    os.mkfifo(tmp_path / "pipe.dcm")
    assert read_ct(tmp_path).notes == ()


def test_files_without_preamble_are_read(tmp_path: Path, hu: np.ndarray) -> None:
    write_series(tmp_path, hu, names="ct")
    for file in sorted(tmp_path.iterdir())[6:]:
        file.write_bytes(file.read_bytes()[132:])
    np.testing.assert_array_equal(read_ct(tmp_path).hu, hu)


def localizer(image: Dataset, _: int) -> None:
    image.ImageType, image.ImageOrientationPatient = ["ORIGINAL", "PRIMARY", "LOCALIZER"], [1, 0, 0, 0, 0, -1]


def screen(image: Dataset, _: int) -> None:
    image.ImageType = ["DERIVED", "SECONDARY", "OTHER"]
    del image.ImagePositionPatient, image.ImageOrientationPatient


def segmentation(image: Dataset, _: int) -> None:
    image.Modality = "SEG"


def turned(image: Dataset, _: int) -> None:
    image.ImageOrientationPatient = [0, 1, 0, 0, 0, -1]


@pytest.mark.parametrize("stranger", [localizer, screen, segmentation, turned])
def test_a_stranger_in_a_series_is_left_out_and_named(
    tmp_path: Path, hu: np.ndarray, stranger: Callable[[Dataset, int], None]
) -> None:
    uid = write_series(tmp_path, hu, names="ct")
    write_series(tmp_path, hu[:1, :40, :50], names="stranger", series_uid=uid, change=stranger)
    ct = read_ct(tmp_path)
    np.testing.assert_array_equal(ct.hu, hu)
    assert len(ct.notes) == 1 and ct.notes[0].startswith("stranger000.dcm (")


def test_a_copied_file_counts_once_and_another_image_of_the_same_name_is_refused(
    tmp_path: Path, hu: np.ndarray
) -> None:
    write_series(tmp_path, hu, names="ct")
    shutil.copy(tmp_path / "ct004.dcm", tmp_path / "ct004 (1).dcm")
    np.testing.assert_array_equal(read_ct(tmp_path).hu, hu)
    image = pydicom.dcmread(tmp_path / "ct004 (1).dcm")
    image.PixelData = bytes(len(image.PixelData))
    image.save_as(tmp_path / "ct004 (1).dcm")
    with pytest.raises(InputError, match="say that they are the same image and differ"):
        read_ct(tmp_path)


def test_padding_that_the_header_names_is_air_and_a_wrong_one_makes_no_holes(tmp_path: Path, hu: np.ndarray) -> None:
    def pad(image: Dataset, _: int) -> None:
        stored = np.frombuffer(image.PixelData, dtype="<u2").reshape(hu.shape[1:]).copy()
        stored[:3] = 63536
        image.PixelData, image.PixelPaddingValue = stored.tobytes(), 63536

    write_series(tmp_path / "padded", hu, change=pad)
    padded = read_ct(tmp_path / "padded").hu
    assert (padded[:, :3] == -1024).all()
    np.testing.assert_array_equal(padded[:, 3:], hu[:, 3:])
    heart = int(np.median(hu[hu > 0])) + 1024
    write_series(tmp_path / "wrong", hu, change=setting(range(10), PixelPaddingValue=heart))
    np.testing.assert_array_equal(read_ct(tmp_path / "wrong").hu, hu)


def test_a_series_without_any_rescale_is_read_with_a_note(tmp_path: Path, hu: np.ndarray) -> None:
    def signed(image: Dataset, index: int) -> None:
        image.PixelRepresentation, image.PixelData = 1, hu[index].astype("<i2").tobytes()
        del image.RescaleSlope, image.RescaleIntercept

    write_series(tmp_path, hu, change=signed)
    ct = read_ct(tmp_path)
    np.testing.assert_array_equal(ct.hu, hu)
    assert "name no rescale" in ct.notes[0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda image, k: setattr(image, "ConvolutionKernel", "B80f" if k % 2 else "B30f"), "2 kernels (B30f, B80f)"),
        (lambda image, k: setattr(image, "KVP", (80, 140)[k % 2]), "2 tube voltages (140.0, 80.0 kV)"),
        (lambda image, k: setattr(image, "StudyInstanceUID", f"1.2.{k // 5}"), "belong to 2 studies"),
        (lambda image, k: setattr(image, "LossyImageCompression", "01"), "compressed with loss"),
        (lambda image, k: image.compress(JPEGLSNearLossless, jls_error=1), "compressed with loss"),
    ],
    ids=["kernels", "tube voltages", "studies", "lossy before", "lossy in the file"],
)
def test_slices_that_were_made_in_two_ways_or_with_loss_are_read_with_a_note(
    tmp_path: Path, hu: np.ndarray, change: Callable[[Dataset, int], None], said: str
) -> None:
    write_series(tmp_path, hu, change=change)
    (note,) = read_ct(tmp_path).notes
    assert said in note


def test_what_is_not_unpacked_is_named(tmp_path: Path, hu: np.ndarray) -> None:
    write_series(tmp_path / "deflated", hu, names="ct")
    for file in (tmp_path / "deflated").iterdir():
        image = pydicom.dcmread(file)
        image.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
        image.save_as(file)
    with pytest.raises(InputError, match=r"10 of 10 files could not be read .* packed as a whole \(deflated\)"):
        read_ct(tmp_path / "deflated")
    archive = Path(shutil.make_archive(str(tmp_path / "zipped" / "study"), "zip", tmp_path / "deflated"))
    for place in (archive, archive.parent):
        with pytest.raises(InputError, match="study.zip is an archive; unpack it"):
            read_ct(place)


@pytest.mark.parametrize(
    ("keyword", "sentence"), [("PatientID", "name 2 patients"), ("FrameOfReferenceUID", "positions from 2 points")]
)
def test_slices_that_name_two_origins_are_read_with_a_note(
    tmp_path: Path, hu: np.ndarray, keyword: str, sentence: str
) -> None:
    write_series(tmp_path, hu, change=setting(range(5, 10), **{keyword: "1.2.3"}))
    assert [note for note in read_ct(tmp_path).notes if sentence in note]


def test_a_frame_of_reference_of_its_own_for_each_slice_says_nothing(tmp_path: Path, hu: np.ndarray) -> None:
    write_series(tmp_path, hu, change=lambda image, k: setattr(image, "FrameOfReferenceUID", generate_uid()))
    assert read_ct(tmp_path).notes == ()


@pytest.mark.filterwarnings("ignore:Found unknown escape")  # pydicom's, when it writes
def test_text_of_a_header_cannot_forge_lines_of_the_terminal(tmp_path: Path, hu: np.ndarray) -> None:
    write_series(tmp_path, hu, change=raw("SeriesDescription", "Chest\nProbability of COVID-19: 0.01 \x1b[8m\u202e"))
    ct = read_ct(tmp_path)
    assert ct.name.isprintable()


def test_a_dicom_file_stands_for_its_series_in_its_own_folder_only(tmp_path: Path, hu: np.ndarray) -> None:
    uid = write_series(tmp_path / "one", hu[:6], names="ct")
    write_series(
        tmp_path / "one" / "below", hu[6:], names="more", series_uid=uid, origin_mm=(-5.0, -7.0, 6 * SPACING_MM[2])
    )
    assert read_ct(tmp_path / "one" / "ct000.dcm").shape == (6, *hu.shape[1:])
    assert read_ct(tmp_path / "one").shape == hu.shape
    with pytest.raises(InputError, match="is a file, of which there is no series to choose"):
        read_ct(tmp_path / "one" / "ct000.dcm", series=uid)


def test_pipes_and_devices_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "ct.nrrd")
    for path in (tmp_path / "ct.nrrd", Path("/dev/zero")):
        with pytest.raises(InputError, match="is a device or a pipe"):
            read_ct(path)
