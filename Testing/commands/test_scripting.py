"""What those rely on who call the command line from scripts and shells."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from COVIDDetectLib.commands.app import app
from typer.testing import CliRunner

PACKAGE_ROOT = Path(__file__).resolve().parents[2] / "COVIDDetect"


def commands(group: object, *names: str) -> Iterator[tuple[str, set[str]]]:
    """Each command with its options."""
    for name, command in getattr(group, "commands", {}).items():
        if hasattr(command, "commands"):
            yield from commands(command, *names, name)
        else:
            yield " ".join((*names, name)), {option for parameter in command.params for option in parameter.opts}


COMMANDS = dict(commands(typer.main.get_command(app)))


def test_whatever_writes_files_has_the_short_output_option_and_can_be_quiet() -> None:
    assert len(COMMANDS) > 15
    writing = {name for name, options in COMMANDS.items() if "--output" in options}
    assert {"analyze", "report", "export", "compare", "train lungs", "weights import"} <= writing
    assert [name for name in writing if not {"-o", "--quiet"} <= COMMANDS[name]] == []
    assert all("--quiet" in COMMANDS[f"weights {name}"] for name in ("add", "remove", "verify"))


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_explains_itself_with_h(name: str) -> None:
    shown = CliRunner().invoke(app, [*name.split(), "-h"])
    assert shown.exit_code == 0 and "-h, --help" in shown.stdout


def test_verifying_quietly_says_only_what_is_wrong() -> None:
    assert CliRunner().invoke(app, ["weights", "verify", "decovnet-demonstration", "--quiet"]).output == ""
    assert CliRunner().invoke(app, ["weights", "verify", "none", "--quiet"]).stderr.startswith("coviddetect: ")


def test_the_shell_completes_what_was_installed_by_the_module(tmp_path: Path) -> None:
    """Also where it was started as ``python -m``: the shell completes after the name ``coviddetect``."""
    environment = {**os.environ, "HOME": str(tmp_path), "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    (tmp_path / "coviddetect").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m COVIDDetectLib "$@"\n')
    (tmp_path / "coviddetect").chmod(0o755)
    done = subprocess.run(
        ["bash", "-c", f'"{sys.executable}" -m COVIDDetectLib --install-completion && . "$HOME/.bashrc" && '
         'COMP_WORDS=(coviddetect analyze --dev) && COMP_CWORD=2 && '
         '"$(complete -p coviddetect | grep -o "_[a-z_]*")" coviddetect && echo "completed: ${COMPREPLY[*]}"'],
        cwd=PACKAGE_ROOT, env=environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1:] == ["completed: --device"], done.stdout + done.stderr
