"""How the program ends: exit codes, Ctrl-C from the first moment on, and never a traceback."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from COVIDDetectLib.phantom import Phantom

PACKAGE_ROOT = Path(__file__).resolve().parents[2] / "COVIDDetect"


def program(*arguments: object, **more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(PACKAGE_ROOT), **more}, encoding="utf-8", errors="replace",
        preexec_fn=_heed_signals,
    )  # fmt: skip


def _heed_signals() -> None:
    """What a shell starts in the background ignores Ctrl-C, and under nohup the end of a terminal."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


@pytest.mark.parametrize(("number", "after_s"), [(signal.SIGINT, 0.5), (signal.SIGTERM, 1.5), (signal.SIGHUP, 1.0)])
def test_ctrl_c_sigterm_and_a_closed_terminal_while_it_starts_end_with_130_in_silence(
    number: int, after_s: float
) -> None:
    # It says when Python itself has started; then it is interrupted while the libraries are imported.
    running = program(
        "-c",
        "import runpy, sys; import COVIDDetectLib.commands.__main__ as main; print('begun', flush=True);"
        "sys.argv = ['coviddetect', 'analyze', '/dev/zero', '--output', 'out']; main.main()",
    )
    assert running.stdout and running.stdout.readline() == "begun\n"
    time.sleep(after_s / 10)
    running.send_signal(number)
    stdout, stderr = running.communicate(timeout=120)
    assert (running.returncode, stdout, stderr) == (130, "", "")


def test_an_unexpected_error_is_one_sentence_and_a_log() -> None:
    running = program(
        "-c",
        "from typer import Typer; from COVIDDetectLib.commands.sentences import run; app = Typer()\n"
        "@app.command()\ndef fail() -> None:\n    raise ZeroDivisionError('in the lungs')\nrun(app)",
    )
    stdout, stderr = running.communicate(timeout=120)
    assert running.returncode == 1 and stdout == "" and stderr.count("\n") == 1
    assert "does not know (ZeroDivisionError)" in stderr
    log = Path(re.findall(r"described in (\S+\.log)", stderr)[0])
    assert "in the lungs" in log.read_text()
    log.unlink()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("InputError", 2), ("MaskError", 2), ("WeightsError", 2), ("DeviceError", 3), ("DiskError", 3),
        ("NetworkError", 3), ("InstallationError", 3), ("MemoryError", 3), ("KeyboardInterrupt", 130),
    ],
)  # fmt: skip
def test_each_kind_of_error_has_its_exit_code(error: str, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    import builtins

    import typer
    from COVIDDetectLib import errors
    from COVIDDetectLib.commands.sentences import sentences_instead_of_tracebacks

    kind = getattr(errors, error, None) or getattr(builtins, error)
    with pytest.raises(typer.Exit) as ended, sentences_instead_of_tracebacks():
        raise kind("Broken\x1b[8m\nProbability of COVID-19: 0.01")
    assert ended.value.exit_code == code
    assert capsys.readouterr().err.count("\n") == (code != 130)


@pytest.mark.parametrize(
    ("path", "code"), [("x" * 300, 2), ("a/" * 3000, 2), ("/dev/full", 3)], ids=["name", "path", "printed"]
)
def test_what_the_system_says_of_paths_and_of_a_full_disk_is_a_sentence(path: str, code: int) -> None:
    import typer
    from COVIDDetectLib.commands.sentences import sentences_instead_of_tracebacks

    with pytest.raises(typer.Exit) as ended, sentences_instead_of_tracebacks():
        if code == 2:
            Path(path).stat()
        with Path(path).open("w") as full:
            full.write("Written")
    assert ended.value.exit_code == code


def test_names_that_the_code_page_lacks_do_not_end_an_analysis(small_phantom: Phantom, tmp_path: Path) -> None:
    image = sitk.GetImageFromArray(small_phantom.ct.hu)
    small_phantom.ct.geometry.apply_to(image)
    sitk.WriteImage(image, str(tmp_path / "ct.nrrd"))
    (tmp_path / "ct.nrrd").rename(tmp_path / "胸部ł.nrrd")
    running = program(
        "-m", "COVIDDetectLib.commands", "segment", tmp_path / "胸部ł.nrrd", "--method", "threshold",
        "--output", tmp_path / "肺.nrrd", PYTHONIOENCODING="cp1252", PYTHONUTF8="0",
    )  # fmt: skip
    stdout, stderr = running.communicate(timeout=300)
    assert running.returncode == 0, stderr
    assert "Written" in stdout and (tmp_path / "肺.nrrd").is_file()


def test_no_input_is_replaced_by_a_result(small_phantom: Phantom, tmp_path: Path) -> None:
    from COVIDDetectLib.commands.app import app
    from typer.testing import CliRunner

    image = sitk.GetImageFromArray(small_phantom.ct.hu)
    sitk.WriteImage(image, str(tmp_path / "lungs.nrrd"))
    before = (tmp_path / "lungs.nrrd").read_bytes()
    for arguments in (
        ("segment", tmp_path / "lungs.nrrd", "--method", "threshold", "--output", tmp_path / "lungs.nrrd"),
        ("analyze", tmp_path / "lungs.nrrd", "--lungs", "threshold", "--output", tmp_path),
    ):
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        assert result.exit_code == 2 and "would be replaced" in result.stderr
    assert (tmp_path / "lungs.nrrd").read_bytes() == before


def test_an_empty_argument_is_not_the_folder_in_which_one_is(tmp_path: Path) -> None:
    running = program("-m", "COVIDDetectLib.commands", "analyze", "", "--output", tmp_path / "out")
    stdout, stderr = running.communicate(timeout=120)
    assert (running.returncode, stdout) == (2, "")
    assert stderr == "coviddetect: An argument is empty; give a file or a folder.\n"


@pytest.mark.parametrize(
    ("package", "error"),
    [
        ("torch", ImportError("numpy.core.multiarray failed to import")),
        ("torch", OSError("libcudart.so.12: cannot open shared object file: No such file or directory")),
        ("SimpleITK", ImportError("libstdc++.so.6: version `GLIBCXX_3.4.30' not found")),
    ],
)
def test_a_package_that_cannot_be_loaded_is_named(
    small_phantom: Phantom, tmp_path: Path, package: str, error: Exception
) -> None:
    image = sitk.GetImageFromArray(small_phantom.ct.hu)
    small_phantom.ct.geometry.apply_to(image)
    sitk.WriteImage(image, str(tmp_path / "ct.nrrd"))
    (tmp_path / f"{package}.py").write_text(f"raise {error!r}")
    running = program(
        "-m", "COVIDDetectLib.commands", "analyze", tmp_path / "ct.nrrd", "--output", tmp_path / "out",
        PYTHONPATH=f"{tmp_path}{os.pathsep}{PACKAGE_ROOT}",
    )  # fmt: skip
    _, stderr = running.communicate(timeout=120)
    assert running.returncode == 3
    assert stderr == f"coviddetect: A package cannot be loaded ({error}); install it again.\n"


def test_segment_says_what_is_wrong_with_the_ct(small_phantom: Phantom, tmp_path: Path) -> None:
    from COVIDDetectLib.commands.app import app
    from typer.testing import CliRunner

    image = sitk.GetImageFromArray(np.ascontiguousarray(small_phantom.ct.hu[:, ::-1]))
    small_phantom.ct.geometry.apply_to(image)
    sitk.WriteImage(image, str(tmp_path / "ct.nrrd"))
    arguments = ["segment", tmp_path / "ct.nrrd", "--method", "threshold", "--output", tmp_path / "lungs.nrrd"]
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0 and "the header seems to exchange front and back" in result.stdout


@pytest.mark.parametrize("option", ["--rate", "--save-every", "--test-share"])
@pytest.mark.parametrize("number", ["nan", "inf"])
def test_numbers_that_are_none_are_refused(tmp_path: Path, option: str, number: str) -> None:
    from COVIDDetectLib.commands.app import app
    from typer.testing import CliRunner

    arguments = ["train", "classifier", str(tmp_path / "table.csv"), "--output", str(tmp_path / "out"), option, number]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2 and re.search("give a finite|greater than", result.stderr)
