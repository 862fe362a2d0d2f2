"""Where ``coviddetect`` begins: from the first moment on neither Ctrl-C nor an error ends in a traceback."""

from __future__ import annotations

import os
import signal
import sys
from typing import NoReturn

_BAD_MACHINE, _INTERRUPTED = 3, 130


def _leave(*_: object) -> NoReturn:
    os._exit(_INTERRUPTED)


# While the libraries are imported, which takes seconds, there is nothing to clean up yet. What a shell starts in the
# background ignores Ctrl-C, and goes on doing so.
for _number in (getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)):
    if signal.getsignal(_number) is not signal.SIG_IGN:
        signal.signal(_number, _leave)


def main() -> None:
    """Entry point of the installed command."""
    try:
        from ..allocator import keep_large_blocks
        from .app import app
        from .sentences import run
    except (ImportError, OSError) as error:  # numpy or SimpleITK, without which there are no sentences either
        print(f"coviddetect: A package cannot be loaded ({error}); install it again.", file=sys.stderr)
        sys.exit(_BAD_MACHINE)
    keep_large_blocks()
    run(app)


if __name__ == "__main__":
    main()
