"""Starting a real 3D Slicer from outside. ``make test-slicer`` says which one; without it these tests are skipped."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RunSlicer = Callable[..., str]

SCRIPT = """
import sys, traceback
import qt, slicer

def main():
    code = 1
    try:
        run()
        sys.path.append({root!r})
        from Testing.panel.host import log_warnings
        heard = [line for line in log_warnings() if {whose!r} in line]
        assert heard == [], heard
        code = 0
    except BaseException:
        traceback.print_exc()
    slicer.util.exit(code)

def run():
    {body}

{start}
"""
WITHIN_THE_EVENT_LOOP, AT_ONCE = "qt.QTimer.singleShot(0, main)", "main()"


@pytest.fixture
def run_slicer(tmp_path: Path) -> RunSlicer:
    """Runs Python in a Slicer with fresh settings and returns what was printed.

    ``run_slicer(code, module_paths, environment, options, seconds, whose)``; fails when the code does, and when a
    warning or an error in Slicer's log has the text ``whose``. Without a main window Slicer has no event loop either:
    the code runs at once.
    """
    program = os.environ.get("SLICER")
    if not program:
        pytest.skip("starts a real 3D Slicer: make test-slicer")
    # Where the Slicer of ../shared/slicer keeps itself must not follow the fresh HOME.
    slicer_home = os.environ.get("SLICER_HOME") or str(Path.home() / ".cache" / "slicer-5.13")

    def run(
        code: str,
        module_paths: list[Path],
        environment: dict[str, str] | None = None,
        options: tuple[str, ...] = (),
        seconds: float = 240,
        whose: str = "",
    ) -> str:
        script = tmp_path / "script.py"
        start = AT_ONCE if "--no-main-window" in options else WITHIN_THE_EVENT_LOOP
        body = "\n    ".join(code.strip().splitlines())
        script.write_text(SCRIPT.format(body=body, start=start, root=str(ROOT), whose=whose))
        home = tmp_path / "home"
        home.mkdir(exist_ok=True)
        screen = [] if os.environ.get("DISPLAY") else ["xvfb-run", "-a", "-s", "-screen 0 1600x1000x24 +extension GLX"]
        command = [
            "timeout", "--kill-after=10", str(seconds), *screen, program, "--no-splash", *options,
            *(["--additional-module-paths", *map(str, module_paths)] if module_paths else []),
            "--python-script", str(script),
        ]  # fmt: skip
        variables = os.environ | {"HOME": str(home), "SLICER_HOME": slicer_home} | (environment or {})
        done = subprocess.run(command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        shutil.rmtree(home, ignore_errors=True)
        assert done.returncode == 0, done.stdout
        return done.stdout

    return run
