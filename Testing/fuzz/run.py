"""Damages inputs by a seed, each in a forked process, and sees that none ends in a wrong result without a word.

python -m Testing.fuzz.run COUNT [FIRST]      # `make fuzz` runs 5,000
"""

from __future__ import annotations

import os
import pickle
import random
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from COVIDDetectLib.errors import COVIDDetectError

from .damages import DAMAGES
from .inputs import Input, sound_inputs

LONGEST_S, MEMORY_BYTES = 60, 4 << 30
_MORE_SERIES = 7
"""DICOM has the most ways to be damaged: two of five seeds damage a series."""
RIGHT = ("refused", "equal", "named")


@dataclass(frozen=True)
class Outcome:
    """What became of one seed: ``refused``, ``equal`` or ``named`` are right."""

    seed: int
    kind: str
    damage: str
    outcome: str
    detail: str = ""

    def __str__(self) -> str:
        return f"seed {self.seed} {self.kind}: {self.damage} -> {self.outcome} {self.detail}"


def run_seed(seed: int, inputs: dict[str, Input], scratch: Path) -> Outcome:
    """Damage one input and read it, in a process of its own."""
    chance = random.Random(seed)
    kinds = [*sorted(inputs), *["series"] * _MORE_SERIES]
    kind = kinds[seed % len(kinds)]
    damage = chance.choice(DAMAGES[kind])
    folder = scratch / f"{seed}"
    folder.mkdir()
    path = inputs[kind].copied_to(folder)
    what = f"{damage.__name__}, {damage(path, chance)}"
    before = set(folder.rglob("*"))
    outcome, detail = _in_a_fork(inputs[kind], path)
    left = [file.name for file in set(folder.rglob("*")) - before if "imported" not in file.parts]
    if outcome in RIGHT and left:
        outcome, detail = "leftover", str(left)
    shutil.rmtree(folder)
    return Outcome(seed, kind, what, outcome, detail)


def _in_a_fork(one: Input, path: Path) -> tuple[str, str]:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES + _address_space(), resource.RLIM_INFINITY))
        answer = _judge(one, path)
        with os.fdopen(writing, "wb") as pipe:
            pickle.dump(answer, pipe)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        if not select.select([pipe], [], [], LONGEST_S)[0]:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return "too long", ""
        content = pipe.read()
    _, status = os.waitpid(child, 0)
    return pickle.loads(content) if content else ("crash", f"status {status}")


def _address_space() -> int:
    """Bytes that the parent has reserved already, which the child shares."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() if os.name == "posix" else 0


def _judge(one: Input, path: Path) -> tuple[str, str]:
    try:
        found = one.read(path)
    except COVIDDetectError as error:
        sentence = str(error)
        is_sound = sentence.isprintable() and sentence.endswith((".", ")"))
        return ("refused" if is_sound else "no sentence"), sentence
    except BaseException:  # noqa: BLE001 - whatever else comes out is what is looked for here
        return "traceback", traceback.format_exc(limit=-3)
    if found.is_as(one.expected):
        return "equal", ""
    said = [sentence for sentence in found.said if sentence not in one.expected.said]
    return ("named", "; ".join(said)) if said else ("wrong without a word", f"{found} instead of {one.expected}")


def run(count: int, first: int = 0) -> list[Outcome]:
    """So many seeds."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as temporary:
        folder = Path(temporary)
        (folder / "sound").mkdir()
        (folder / "damaged").mkdir()
        inputs = sound_inputs(folder / "sound")
        return [run_seed(seed, inputs, folder / "damaged") for seed in range(first, first + count)]


def main() -> None:
    """Print what became of the seeds; exit 1 if one went wrong."""
    count, first = (int(text) for text in (*sys.argv[1:], *("5000", "0")[len(sys.argv) - 1 :]))
    start = time.perf_counter()
    outcomes = run(count, first)
    wrong = [one for one in outcomes if one.outcome not in RIGHT]
    for one in wrong:
        print(one)
    for kind in sorted({one.kind for one in outcomes}):
        counted = Counter(one.outcome for one in outcomes if one.kind == kind)
        print(f"{kind:14} " + ", ".join(f"{counted[name]} {name}" for name in sorted(counted)))
    total = Counter(one.outcome for one in outcomes)
    told = ", ".join(f"{total[name]} {name}" for name in sorted(total))
    print(f"{len(outcomes)} seeds from {first} in {time.perf_counter() - start:.0f} s: {told}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
