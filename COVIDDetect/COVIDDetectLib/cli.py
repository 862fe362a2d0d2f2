"""The name under which scripts start the command line: ``python -m COVIDDetectLib.cli``."""

from .commands.__main__ import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
