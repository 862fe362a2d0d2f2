"""``python -m coviddetect`` is the command line."""

from .commands.__main__ import main

if __name__ == "__main__":
    main()
