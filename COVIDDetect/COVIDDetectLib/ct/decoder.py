"""The process that decodes compressed pixels: it may crash on damaged ones, and nothing else does then.

Run as a file of its own with a folder for what it decodes, which it removes when it can be asked no more. Each request
on standard input is a line of JSON (rows, columns, allocated, stored, signed, syntax, bytes) and so many bytes; each
answer on standard output a byte that says whether it went well, and then the numbers, rows by columns, little endian.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any, BinaryIO

DECODED, REFUSED = b"+", b"-"
_MEMORY_BYTES = 4 << 30


def main() -> None:
    """Answer until there are no more requests."""
    _limit_memory()
    folder, answers = Path(sys.argv[1]), sys.stdout.buffer
    try:
        while line := sys.stdin.buffer.readline():
            request = json.loads(line)
            numbers = _decode(request, sys.stdin.buffer.read(request["bytes"]), folder / "frame.dcm")
            answers.write(REFUSED if numbers is None else DECODED + numbers)
            answers.flush()
    finally:  # whoever asked may have been killed, and a patient's slice would stay
        shutil.rmtree(folder, ignore_errors=True)


def _decode(request: dict[str, Any], content: bytes, file: Path) -> bytes | None:
    """GDCM reads files only, and applies a rescale where it finds one: so it is given a file without any."""
    import numpy as np
    import SimpleITK as sitk

    with file.open("wb") as stream:
        _write_plain_image(stream, request, content)
    try:
        numbers = sitk.GetArrayFromImage(sitk.ReadImage(str(file)))
    except RuntimeError:
        return None
    finally:
        file.unlink(missing_ok=True)
    if numbers.size != request["rows"] * request["columns"]:
        return None
    kind = np.dtype(f"<{'i' if request['signed'] else 'u'}{request['allocated'] // 8}")
    return numbers.astype(kind).tobytes()


def _write_plain_image(stream: BinaryIO, request: dict[str, Any], content: bytes) -> None:
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.encaps import encapsulate
    from pydicom.uid import UID, SecondaryCaptureImageStorage

    image = Dataset()
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = UID(request["syntax"])
    image.file_meta.MediaStorageSOPClassUID = image.SOPClassUID = SecondaryCaptureImageStorage
    image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID = UID("2.25.1")
    image.Rows, image.Columns = request["rows"], request["columns"]
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.BitsAllocated, image.BitsStored, image.HighBit = (
        request["allocated"], request["stored"], request["stored"] - 1,
    )  # fmt: skip
    image.PixelRepresentation = int(request["signed"])
    image.PixelData = encapsulate([content])
    image["PixelData"].VR = "OB"
    image.save_as(stream, enforce_file_format=True)


def _limit_memory() -> None:
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))


if __name__ == "__main__":
    main()
