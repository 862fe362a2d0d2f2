"""Compressed pixels of DICOM files, decoded in a process of their own: a crash there costs one sentence."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import BinaryIO

import numpy as np

from ..errors import DiskError, InputError
from . import decoder
from .codestreams import codestream_size, is_sound_jpeg_2000
from .dicom_image import DicomImage, PixelFormat
from .dicom_values import WHAT_DAMAGE_RAISES

_RLE = "1.2.840.10008.1.2.5"
_FAMILIES = ("1.2.840.10008.1.2.4.", _RLE)
"""Transfer syntaxes of the JPEG family, and run lengths."""
_UNDEFINED_LENGTH = 0xFFFFFFFF
_END_OF_IMAGE, _END_OF_SEQUENCE = b"\xff\xd9", b"\xfe\xff\xdd\xe0"
_LONGEST_S = 60.0
"""For one slice, which takes a hundredth of a second."""
_MOST_PROCESSES, _FRAMES_A_PROCESS = 4, 24
"""To start one takes as long as to decode so many frames."""
_NO_ROOM = (
    "The folder for temporary files cannot be written, which compressed slices need; make room there, or let TMPDIR "
    "name another folder."
)


class Decoder:
    """Other processes, started when they are first needed, that decode some frames at once.

    Parameters
    ----------
    frames
        How many will be asked for: for a few it does not pay to start several.

    Example
    -------
    >>> with Decoder(len(images)) as decoder:
    ...     stored = [frame.result() for frame in decoder.frames(stream, length, image, pixels)]
    """

    def __init__(self, frames: int) -> None:
        self.at_once = max(1, min(_MOST_PROCESSES, os.cpu_count() or 1, frames // _FRAMES_A_PROCESS))
        self._all = [_Process() for _ in range(self.at_once)]
        self._idle: queue.SimpleQueue[_Process] = queue.SimpleQueue()
        for process in self._all:
            self._idle.put(process)
        self._threads = ThreadPoolExecutor(self.at_once)

    def __enter__(self) -> Decoder:
        return self

    def __exit__(self, *error: object) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        for process in self._all:  # whoever waits for an answer has none then
            process.end()
        self._threads.shutdown()
        for process in self._all:  # one may have been started in between
            process.close()

    def frames(
        self, stream: BinaryIO, length: int, image: DicomImage, pixels: PixelFormat
    ) -> Iterator[Future[np.ndarray]]:
        """Stored numbers of each frame ``[row, column]`` of encapsulated Pixel Data, as they will be.

        Parameters
        ----------
        stream
            At the value of Pixel Data.
        length
            That the element declares.

        Raises
        ------
        InputError
            If the pixels are not whole, of another size than the header declares, or (their result) cannot be decoded.
        """
        for content in _whole_codestreams(stream, length, image, pixels):
            yield self._threads.submit(self._decoded, content, image, pixels)

    def _decoded(self, content: bytes, image: DicomImage, pixels: PixelFormat) -> np.ndarray:
        kind = np.dtype(f"<{'i' if pixels.signed else 'u'}{pixels.bits_allocated // 8}")
        request = {
            "rows": image.rows,
            "columns": image.columns,
            "allocated": pixels.bits_allocated,
            "stored": pixels.bits_stored,
            "signed": pixels.signed,
            "syntax": pixels.transfer_syntax,
            "bytes": len(content),
        }
        process = self._idle.get()
        try:
            answer = process.ask(
                json.dumps(request).encode() + b"\n" + content, image.rows * image.columns * kind.itemsize
            )
        finally:
            self._idle.put(process)
        if answer is None:
            raise InputError(f"The pixels of {image.name} cannot be decoded; export the series again, uncompressed.")
        return np.frombuffer(answer, dtype=kind).reshape(image.rows, image.columns)


class _Process:
    """One of them, asked for one frame after the other."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def end(self) -> None:
        if process := self._process:
            process.kill()

    def close(self) -> None:
        if self._process:
            self._process.kill()
            self._process.communicate()
        if self._folder:
            self._folder.cleanup()

    def ask(self, request: bytes, size: int) -> bytes | None:
        """The answer, or None if the process refused, died or took too long; the next frame has a new one then.

        Raises
        ------
        DiskError
            If there is no room for temporary files.
        """
        if self._process is None:
            self._process = self._started()
        process = self._process
        assert process.stdin and process.stdout
        too_long = threading.Timer(_LONGEST_S, process.kill)
        too_long.start()
        try:
            process.stdin.write(request)
            process.stdin.flush()
            verdict = process.stdout.read(1)
            if verdict == decoder.NO_ROOM:
                raise DiskError(_NO_ROOM)
            answer = process.stdout.read(size) if verdict == decoder.DECODED else b""
        except BrokenPipeError:
            answer = b""
        finally:
            too_long.cancel()
        if len(answer) == size:
            return answer
        process.kill()
        process.communicate()
        self._process = None
        return None

    def _started(self) -> subprocess.Popen[bytes]:
        if self._folder:
            self._folder.cleanup()
        try:
            self._folder = tempfile.TemporaryDirectory(prefix="coviddetect-decoder-")
        except OSError as error:
            raise DiskError(_NO_ROOM) from error
        return subprocess.Popen(
            [sys.executable, "-P", decoder.__file__, self._folder.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )


def _whole_codestreams(stream: BinaryIO, length: int, image: DicomImage, pixels: PixelFormat) -> list[bytes]:
    """What encapsulated Pixel Data hold of each frame, still compressed; parameters and errors as for ``frames``."""
    if not pixels.transfer_syntax.startswith(_FAMILIES) or length != _UNDEFINED_LENGTH:
        raise InputError(
            f"{image.name} is encoded in a way that is not known here ({pixels.transfer_syntax}); export the series "
            "uncompressed."
        )
    found = _codestreams(stream, image)
    if pixels.transfer_syntax != _RLE:
        for content in found:
            _check_codestream(content, image)
    else:  # run lengths have no end of their own; what was read last is that of the element
        stream.seek(-len(_END_OF_SEQUENCE), 1)
        if stream.read(len(_END_OF_SEQUENCE)) != _END_OF_SEQUENCE:
            raise InputError(f"{image.name} ends within its pixels; copy or export the series again.")
    return found


def _codestreams(stream: BinaryIO, image: DicomImage) -> list[bytes]:
    from pydicom.encaps import generate_frames

    try:
        found = list(generate_frames(stream, number_of_frames=len(image.frames)))
    except WHAT_DAMAGE_RAISES as error:
        raise InputError(f"{image.name} has damaged pixels; copy or export the series again.") from error
    if len(found) != len(image.frames):
        raise InputError(f"{image.name} holds {len(found)} of {len(image.frames)} frames; export the series again.")
    return found


def _check_codestream(content: bytes, image: DicomImage) -> None:
    if not is_sound_jpeg_2000(content):
        raise InputError(f"{image.name} has damaged pixels; copy or export the series again.")
    if not content.rstrip(b"\0").endswith(_END_OF_IMAGE):
        raise InputError(f"{image.name} ends within its pixels; copy or export the series again.")
    size = codestream_size(content)
    if size != (image.rows, image.columns):
        held = f"{size[0]} × {size[1]}" if size else "something else"
        raise InputError(
            f"{image.name} declares {image.rows} × {image.columns} pixels and holds {held}; export the series again."
        )
