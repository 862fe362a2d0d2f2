"""The command lines and Python examples of the documents: where they stand, and how each is run by a test.

A test's folder holds files under the very names that the documents use (``CT``, ``cohort.csv``, ``scans/A-18.nii.gz``),
so that a command runs as it is written; ``more`` only makes it small.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / ".github").rglob("*.md")),
    *sorted((ROOT / "Docs").rglob("*.md")),
    ROOT / "Testing" / "slicer-api.md",
]

_WORD = (
    r"(?:[A-Z_]+=[^\s`]+ )*"
    r"(?:coviddetect|make|pip|python|git|torchrun|tensorboard|\.venv/bin/[^\s`]+|tools/[^\s`]+|Testing/slicer/[^\s`]+)"
)
_LINE = re.compile(rf"^(?: {{4}}|\$ ){_WORD}(?: |$)")
_SPAN = re.compile(rf"`({_WORD} [^`]+)`")
_OPTIONS_OF_TRAINING = ("--epochs", "1", "--size", "32", "48")


@dataclass(frozen=True)
class Run:
    """A command that a test runs.

    Parameters
    ----------
    more
        Options that make it small.
    instead
        Words of the command and what stands for them in a test.
    at_root
        Run in the repository instead of the folder with the inputs.
    """

    more: tuple[str, ...] = ()
    instead: tuple[tuple[str, str], ...] = ()
    at_root: bool = False


@dataclass(frozen=True)
class Exists:
    """A command that no test can run; ``check`` ends with 0 where it exists.

    Parameters
    ----------
    why
        Why it is not run.
    check
        What is run instead.
    """

    why: str
    check: str


_RUN = Run()
_TRAIN = Run(_OPTIONS_OF_TRAINING)
_BATCH = Run(("--lungs", "threshold", "--part", "1/3"))  # three of eight CTs, of both labels
_BY_TEST_PUBLIC = "Testing/cohort/test_public.py runs these commands on a part of the archive"
_THAT_TEST = "test -f Testing/cohort/test_public.py"
_RUNS_ALL_TESTS = "it runs this test"

COMMANDS: dict[str, Run | Exists] = {
    # README.md
    "make run": Exists("Testing/viewer/test_run.py runs what it starts", "make -n run"),
    "make run CT=/path/to/ct": Exists("Testing/viewer/test_run.py runs what it starts", "make -n run CT=CT"),
    "make test": Exists(_RUNS_ALL_TESTS, "make -n test"),
    "pip install .": Run(("--dry-run", "--no-deps", "--no-build-isolation", "--quiet"), at_root=True),
    "coviddetect analyze CT --output results": _RUN,
    "coviddetect segment CT --method threshold --output lungs.nrrd": _RUN,
    "coviddetect batch CASES.csv --output cohort": _BATCH,
    "coviddetect weights list": _RUN,
    "coviddetect weights import FILE.pth --output weights --accept-licence": _RUN,
    "coviddetect audit CASES.csv --output audit": _RUN,
    "coviddetect train classifier CASES.csv --output training": _TRAIN,
    "coviddetect evaluate PREDICTIONS.csv --output evaluation": _RUN,
    "coviddetect calibrate PREDICTIONS.csv --npv 0.8 --ppv 0.8": _RUN,
    "coviddetect evaluate-attention --output attention": Exists(
        "Testing/evaluation/test_attention.py runs it on two cases, which takes long enough",
        "coviddetect evaluate-attention --help",
    ),
    "git clone https://github.com/coviddetect/SlicerCOVIDDetect.git": Exists("it needs the network", "git --version"),
    "cd SlicerCOVIDDetect": Exists("it is where the clone is", "true"),
    # CONTRIBUTING.md
    "make lint": Exists("continuous integration runs it besides the tests", "make -n lint"),
    "make setup": Exists("it installs, and has run before any test", "make -n setup"),
    ".venv/bin/pre-commit install": Exists("it changes the hooks of the clone", ".venv/bin/pre-commit install --help"),
    # Docs/use/troubleshooting.md
    "pip wheel . --wheel-dir wheels": Exists("it downloads gigabytes", "python -m pip wheel --help"),
    "pip install --no-index --find-links wheels coviddetect": Exists(
        "it installs what the command before has made", "python -m pip install --help"
    ),
    # Docs/use/demonstration-weights.md
    "python -m coviddetect.training.demonstration all --real PATH/lung-dx-a0001 PATH/lidc-idri-0001 …": Exists(
        "more than an hour", "python -m coviddetect.training.demonstration --help"
    ),
    # Docs/use/training.md
    "coviddetect audit cohort.csv --output audit": _RUN,
    'pip install ".[train]"': Run(("--dry-run", "--no-deps", "--no-build-isolation", "--quiet"), at_root=True),
    "coviddetect train classifier cohort.csv --output trained --test-after 2020-01-23": _TRAIN,
    "coviddetect train classifier cohort.csv --output tuned --start trained/decovnet.json "
    "--test-after 2020-01-23": _TRAIN,
    "coviddetect evaluate trained/predictions-test.csv --output trained/figures": _RUN,
    "coviddetect analyze scans/A-18.nii.gz --output result --weights trained/decovnet.json": _RUN,
    "coviddetect train lungs cohort.csv --output lungs --patience 10": Run(("--epochs", "8", "--size", "48", "48")),
    "coviddetect train classifier cohort.csv --output paper --lungs lungs/unet.json --test-after 2020-01-23": _TRAIN,
    "coviddetect analyze scans/A-18.nii.gz --output result --lungs lungs/unet.json --weights paper/decovnet.json": _RUN,
    "torchrun --nproc-per-node 4 -m coviddetect.commands train classifier cohort.csv --output faster": Run(
        _OPTIONS_OF_TRAINING,
        (("4", "1"),),  # Testing/training/test_training.py lets two learn together
    ),
    "tensorboard --logdir trained/tensorboard": Run(("--inspect",)),
    # Docs/use/cohorts.md
    "coviddetect batch cohort.csv --output scored": _BATCH,
    "coviddetect batch cohort.csv --output scored --part $SLURM_ARRAY_TASK_ID/8 --skip overview": Run(
        ("--lungs", "threshold"), (("$SLURM_ARRAY_TASK_ID/8", "2/8"),)
    ),
    "coviddetect evaluate scored/predictions.csv --output figures": _RUN,
    # Docs/use/public-cohort.md
    'pip install ".[cohort]"': Run(("--dry-run", "--no-deps", "--no-build-isolation", "--quiet"), at_root=True),
    "coviddetect cohort list": Exists(_BY_TEST_PUBLIC, _THAT_TEST),
    "coviddetect cohort fetch midrc-ricord-1a midrc-ricord-1b --output ricord --accept-licence": Exists(
        _BY_TEST_PUBLIC, _THAT_TEST
    ),
    "coviddetect audit ricord/cohort.csv --output ricord/audit": Exists(_BY_TEST_PUBLIC, _THAT_TEST),
    "coviddetect train classifier ricord/cohort.csv --output ricord/trained --test-share 0.2 --skip-unusable": Exists(
        _BY_TEST_PUBLIC, _THAT_TEST
    ),
    "coviddetect evaluate ricord/trained/predictions-test.csv --output ricord/figures": Exists(
        _BY_TEST_PUBLIC, _THAT_TEST
    ),
    "coviddetect weights add ricord/trained/decovnet.json": Exists(_BY_TEST_PUBLIC, _THAT_TEST),
    "coviddetect cohort table mosmed COVID19_1110 --output mosmed.csv": Exists(
        "Testing/cohort/test_layouts.py runs it on a replica", "test -f Testing/cohort/test_layouts.py"
    ),
    'coviddetect analyze CT --output results --lungs "my-lungs --input {ct} --output {mask}"': Exists(
        "there is no such program; Testing/report/test_lungs_by_command.py runs others",
        "test -f Testing/report/test_lungs_by_command.py",
    ),
    "coviddetect cohort nnunet cohort.csv --output Dataset501_Lungs": _RUN,
    # Docs/use/reports.md
    "coviddetect report results --format text --language de": _RUN,
    "coviddetect report results --format html --source CT": _RUN,
    "coviddetect report results --format pdf --source CT": _RUN,
    "coviddetect report results --format csv": _RUN,
    'pip install ".[dicom]"': Run(("--dry-run", "--no-deps", "--no-build-isolation", "--quiet"), at_root=True),
    "coviddetect export results --source CT --output dicom": _RUN,
    # Docs/use/follow-up.md
    "coviddetect compare earlier/results later/results": _RUN,
    "coviddetect compare earlier/results later/results --sources earlier/CT later/CT --output follow-up": _RUN,
    # Docs/develop/translation.md
    ".venv/bin/python tools/update_translations.py": Exists(
        "it writes into the tree; Testing/test_translations.py compares with what it would write",
        ".venv/bin/python -m py_compile tools/update_translations.py",
    ),
    # Docs/use/own-weights.md
    "coviddetect weights show decovnet-demonstration": _RUN,
    "coviddetect weights verify": _RUN,
    "coviddetect weights add mine/decovnet.json": _RUN,
    "coviddetect weights export decovnet-demonstration --format monai --output bundle": _RUN,
    "coviddetect weights add https://example.org/decovnet.json --sha256 0123…": Exists(
        "it needs the network; Testing/weights/test_download.py downloads from this computer",
        "coviddetect weights add --help",
    ),
    "coviddetect weights import covid.pth --accept-licence": _RUN,
    "coviddetect weights remove decovnet-released": _RUN,
}
"""Every command that stands in a code block, as it is written there."""


def block_commands(document: str) -> list[str]:
    """The commands in the code blocks of a document, in order, without comments; ``a && b`` are two."""
    found = []
    for line in document.splitlines():
        if _LINE.match(line):
            found += re.sub(r"\s+#.*", "", line).removeprefix("$ ").strip().split(" && ")
    return found


def python_blocks(document: str) -> list[str]:
    """The Python examples of a document: its code blocks that are fenced as ``python``."""
    return re.findall(r"^```python\n(.*?)^```$", document, re.MULTILINE | re.DOTALL)


def inline_commands(document: str) -> list[str]:
    """The commands with at least one word behind them that a document names within its text."""
    return [" ".join(span.split()) for span in _SPAN.findall(document)]
