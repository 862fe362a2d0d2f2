"""A whole training, from the user's table to weights with a model card."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, cast

import torch

from ..analysis import score_ct_mask
from ..ct_mask import HU_WINDOW
from ..device import choose_device
from ..errors import InputError, WeightsError
from ..evaluation.files import write_together
from ..networks.decovnet import DeCoVNet, Variant
from ..networks.unet import UNet
from ..weights import ModelCard, NetworkName, build_network, load_network, read_card, save_weights
from .cases import Case, read_cases
from .checkpoints import State
from .classifier_task import ClassifierTask
from .failed_masks import contact_sheet, review_masks
from .loop import Progress, Settings, learn
from .lungs_task import LungsTask, confusion, intersection_over_union
from .preparation import Prepared, Recipe, prepare
from .processes import Processes, joined_processes
from .splits import TUNING_SHARE, Split, split_cases

_INTENDED_USE = (
    "Research only. Not a medical device; not for diagnosis. Measure it on your own cases before you trust it."
)
_LICENCE = "Not stated; it is for whoever trained these weights to say"


@dataclass(frozen=True)
class Course:
    """What both trainings need to know.

    Parameters
    ----------
    table
        CSV file of the cases.
    folder
        For everything that is made.
    settings
        Of the loop.
    input_size
        Rows and columns.
    test_after, test_share
        How test cases are chosen, if they are.
    cache
        Where prepared cases are kept; ``folder/cache`` if None.
    device
        ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
    start
        Model card of weights to start from; fresh ones if None.
    say
        Told one sentence at a time.
    on_case
        Told after each case that was prepared: how many, of how many.
    on_progress
        Told after each step.
    """

    table: Path
    folder: Path
    settings: Settings
    input_size: tuple[int, int]
    test_after: date | None = None
    test_share: float | None = None
    cache: Path | None = None
    device: str = "auto"
    start: Path | None = None
    say: Callable[[str], None] = lambda _: None
    on_case: Callable[[int, int], None] = lambda done, total: None
    on_progress: Callable[[Progress], None] = lambda _: None


def train_classifier(course: Course, variant: Variant, lungs: str) -> ModelCard:
    """Train DeCoVNet on the labels of whole CTs.

    Parameters
    ----------
    lungs
        ``"unet"`` or ``"threshold"``: how lungs are found where the table gives no mask; analyze later with the same.

    Returns
    -------
    ModelCard
        Of the weights of the best epoch; process 0 wrote it, with ``split.csv`` and ``predictions-tuning.csv`` and
        ``predictions-test.csv``, which ``coviddetect evaluate`` reads.

    Raises
    ------
    COVIDDetectError
        With the sentence that the user reads.
    """
    cases = read_cases(course.table)
    split = _split(cases, course)
    with joined_processes(choose_device(course.device)) as processes:
        prepared = _prepare(cases, Recipe("decovnet", course.input_size, lungs), course, processes)
        network = cast("DeCoVNet", _network("decovnet", variant, course).to(processes.device))
        task = ClassifierTask(
            network,
            [prepared[case.name] for case in split.training],
            [prepared[case.name] for case in split.tuning],
            course.settings.seed,
            processes.device,
        )
        plan = _plan(course, split, prepared, {"network": "decovnet", "variant": variant, "lungs": lungs})
        if processes.leads:
            _write_split(course, split)
        best = learn(task, course.settings, course.folder, plan, processes, course.on_progress)
        figures = best.history[best.best_epoch]
        card = _card(course, "decovnet", variant, best, f"{_count(split.training)}; lungs by {lungs} where not given")
        if not processes.leads:
            return card
        card = save_weights(best.network, card)
        course.say(
            f"Best epoch {best.best_epoch + 1}: cross-entropy {figures['tuning_loss']:.3f}, ROC AUC "
            f"{figures['tuning_roc_auc']:.3f} on {len(split.tuning)} tuning cases"
        )
        network = cast("DeCoVNet", load_network(card, processes.device))
        for part, members in (("tuning", split.tuning), ("test", split.test)):
            if members:
                lines = ["case,probability,label"]
                for case in members:
                    score, _ = score_ct_mask(network, prepared[case.name].ct_mask(), processes.device)
                    lines.append(f"{_quoted(case.name)},{score.probability!r},{case.label}")
                name = f"predictions-{part}.csv"
                write_together(course.folder, {name: "\n".join(lines) + "\n"})
                course.say(f"Written: {course.folder / name}")
        return card


def train_lungs(course: Course) -> ModelCard:
    """Train the UNet on unsupervised masks without the failed ones, or on masks that the table gives.

    Returns
    -------
    ModelCard
        Of the weights of the best epoch; process 0 wrote it, with ``split.csv``, ``masks.csv`` and the pictures
        ``masks-kept.png`` and ``masks-dropped.png``.

    Raises
    ------
    COVIDDetectError
        With the sentence that the user reads.
    """
    cases = read_cases(course.table, labels_needed=False)
    with joined_processes(choose_device(course.device)) as processes:
        prepared = _prepare(cases, Recipe("unet", course.input_size, "threshold"), course, processes)
        review = review_masks(list(prepared.values()))
        if processes.leads:
            lines = ["case,lungs_ml,kept"]
            for name, members in (("kept", review.kept), ("dropped", review.dropped)):
                lines += [f"{_quoted(one.case.name)},{one.lungs_ml:.0f},{int(name == 'kept')}" for one in members]
                sheet = course.folder / f"masks-{name}.png"
                with suppress(FileNotFoundError):
                    sheet.unlink()
                if members:
                    contact_sheet(members, sheet)
            write_together(course.folder, {"masks.csv": "\n".join(lines) + "\n"})
            course.say(
                f"{len(review.kept)} masks kept, {len(review.dropped)} dropped as failed (median "
                f"{review.median_ml / 1000:.2f} L); look at the pictures masks-*.png in {course.folder}"
            )
        kept = {one.case.name for one in review.kept}
        split = _split([case for case in cases if case.name in kept], course)
        network = cast("UNet", _network("unet", "released", course).to(processes.device))
        task = LungsTask(
            network,
            [prepared[case.name] for case in split.training],
            [prepared[case.name] for case in split.tuning],
            course.settings.seed,
            processes.device,
        )
        plan = _plan(course, split, prepared, {"network": "unet"})
        if processes.leads:
            _write_split(course, split)
        best = learn(task, course.settings, course.folder, plan, processes, course.on_progress)
        given = sum(case.mask is not None for case in split.training)
        what = f"{len(split.training)} CTs, {given} of them with given masks, the others with unsupervised ones"
        card = _card(course, "unet", "released", best, what)
        if not processes.leads:
            return card
        card = save_weights(best.network, card)
        mean = best.history[best.best_epoch]["tuning_mean_iou"]
        course.say(f"Best epoch {best.best_epoch + 1}: mean IoU {mean:.4f} on {len(split.tuning)} tuning cases")
        if split.test:
            network = cast("UNet", load_network(card, processes.device))
            with torch.inference_mode():
                counts = [confusion(network, prepared[case.name], processes.device) for case in split.test]
            course.say(f"Mean IoU {intersection_over_union(counts)[0]:.4f} on {len(split.test)} test cases")
        return card


def _split(cases: Sequence[Case], course: Course) -> Split:
    return split_cases(cases, seed=course.settings.seed, test_after=course.test_after, test_share=course.test_share)


def _prepare(cases: Sequence[Case], recipe: Recipe, course: Course, processes: Processes) -> dict[str, Prepared]:
    """All cases by name; each process makes its share, then all find them in the cache."""
    cache = course.cache or course.folder / "cache"
    share = processes.share(list(cases))
    for number, case in enumerate(share):
        prepare(case, recipe, cache, processes.device)
        course.on_case(number + 1, len(share))
    processes.wait()
    prepared = {case.name: prepare(case, recipe, cache, processes.device) for case in cases}
    same: dict[str, str] = {}
    for name, one in prepared.items():
        if same.setdefault(one.ct_sha256, name) != name:
            raise InputError(f"Cases '{same[one.ct_sha256]}' and '{name}' are the same CT; keep one of them.")
    return prepared


def _network(name: NetworkName, variant: str, course: Course) -> torch.nn.Module:
    torch.manual_seed(course.settings.seed)
    if course.start is None:
        return build_network(name, variant)
    card = read_card(course.start)
    if (card.network, card.variant) != (name, variant):
        raise WeightsError(
            f"{card.title} is a {card.network} of the {card.variant} variant; start a {name} of the {variant} variant "
            "from weights of its own kind."
        )
    return load_network(card)


def _plan(course: Course, split: Split, prepared: dict[str, Prepared], more: dict[str, Any]) -> dict[str, Any]:
    """What a training must have in common with its continuation."""
    rows = sorted((part, case.name, str(case.label), prepared[case.name].key) for part, case in split.parts())
    return {
        **more,
        "size": list(course.input_size),
        "start": read_card(course.start).sha256 if course.start else "fresh weights",
        "cases": hashlib.sha256(repr(rows).encode()).hexdigest(),
    }


def _write_split(course: Course, split: Split) -> None:
    lines = ["case,part,patient,label,date"]
    for part, case in split.parts():
        label = "" if case.label is None else case.label
        lines.append(f"{_quoted(case.name)},{part},{_quoted(case.patient)},{label},{case.date or ''}")
    write_together(course.folder, {"split.csv": "\n".join(lines) + "\n"})
    sizes = f"{len(split.training)} cases to learn from, {len(split.tuning)} to tune on, {len(split.test)} for the test"
    course.say(f"{sizes}, {len(split.left_out)} left out (earlier CTs of test patients)" if split.left_out else sizes)


def _card(course: Course, network: NetworkName, variant: str, best: State, training_data: str) -> ModelCard:
    title = {"decovnet": "DeCoVNet", "unet": "UNet"}[network]
    figures = ", ".join(
        f"{name.replace('_', ' ')} {value:.4f}" for name, value in best.history[best.best_epoch].items()
    )
    how = f"Adam {course.settings.rate:g}, best epoch {best.best_epoch + 1} ({figures}), seed {course.settings.seed}"
    return ModelCard(
        id=f"{network}-{course.folder.resolve().name}",
        version="1",
        title=f"{title} trained on {course.table.name}",
        network=network,
        variant=variant,
        weights_file=f"{network}.safetensors",
        sha256="",
        input_size=course.input_size,
        hu_window=HU_WINDOW,
        training_data=f"{course.table.name}: {training_data}; {TUNING_SHARE:.0%} of the patients beside them chose the epoch",
        intended_use=_INTENDED_USE,
        licence=_LICENCE,
        source=f"coviddetect train {'classifier' if network == 'decovnet' else 'lungs'}: {how}",
        decision_threshold=0.5 if network == "decovnet" else None,
        path=course.folder / f"{network}.json",
    )


def _count(cases: Sequence[Case]) -> str:
    positive = sum(case.label == 1 for case in cases)
    dates = sorted(case.date for case in cases if case.date)
    span = f", {dates[0]} to {dates[-1]}" if dates else ""
    return f"{positive} CTs with COVID-19 and {len(cases) - positive} without{span}"


def _quoted(text: str) -> str:
    """A value of a CSV file."""
    return '"' + text.replace('"', '""') + '"' if set(text) & set(',"\n\r') else text
