"""Large blocks of memory are kept for the next layer instead of being given back to the system after each.

glibc maps every block above 32 MB anew: a network whose layers write tens of megabytes then waits for page faults
(``mallopt(3)``: M_MMAP_THRESHOLD, M_TRIM_THRESHOLD). Elsewhere than in glibc nothing is changed.
"""

from __future__ import annotations

import ctypes
import os
import sys

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h
_MAPPED_ABOVE_BYTES = 1 << 30
_TRIMMED_ABOVE_BYTES = (1 << 31) - 1


def keep_large_blocks() -> bool:
    """Keep freed memory in this process, up to 2 GB of it; to be called before the networks are loaded.

    Returns
    -------
    bool
        False where the C library is another one.
    """
    library = _glibc()
    if library is None:
        return False
    mapped = library.mallopt(_M_MMAP_THRESHOLD, ctypes.c_int(_MAPPED_ABOVE_BYTES))
    trimmed = library.mallopt(_M_TRIM_THRESHOLD, ctypes.c_int(_TRIMMED_ABOVE_BYTES))
    return bool(mapped and trimmed)


def keep_blocks_of(size: int) -> None:
    """Keep freed blocks of so many bytes: glibc learns from a larger one that is freed what to keep, up to 32 MB.

    Else it gives back what each slice of a CT took, and waits for page faults with the next.
    """
    bytearray(8 * size)


def give_back_memory() -> None:
    """Give what is free back to the system: for a process that waits."""
    library = _glibc()
    if library is not None:
        library.malloc_trim(ctypes.c_size_t(0))


def _glibc() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux"):
        return None
    try:
        os.confstr("CS_GNU_LIBC_VERSION")
    except (ValueError, OSError):
        return None
    return ctypes.CDLL(None)
