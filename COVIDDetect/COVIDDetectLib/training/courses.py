"""A whole training, from the user's table to weights with a model card."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, cast

import torch

from ..atomic import forget_unfinished
from ..cohort.cases import Case, read_cases
from ..device import choose_device
from ..errors import DiskError, InputError, MaskError, WeightsError
from ..networks.decovnet import DeCoVNet, Variant, with_zero_sum_logits
from ..networks.unet import UNet
from ..weights.cards import ModelCard, NetworkName, build_network, default_card, load_network, read_card, save_weights
from ..weights.domain import fit_domain
from .audited import audit_once, what_the_audit_found
from .classifier_task import ClassifierTask
from .failed_masks import review_masks
from .loop import Settings, TrainingProgress, learn
from .lungs_task import LungsTask, confusion, intersection_over_union
from .preparation import SEEN, Prepared, Recipe, prepare
from .processes import Processes, joined_processes
from .results import (
    UNUSABLE,
    count_cases,
    new_card,
    write_predictions,
    write_review,
    write_split,
    write_unusable,
)
from .splits import Split, split_cases

_MOST_TOLD = 20
_ABANDONED_S = 24 * 3600.0  # another training may be writing into the same cache


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
    skip_unusable
        Whether CTs that cannot be used are left out instead of ending the training before it begins.
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
    skip_unusable: bool = False
    say: Callable[[str], None] = lambda _: None
    on_case: Callable[[int, int], None] = lambda done, total: None
    on_progress: Callable[[TrainingProgress], None] = lambda _: None


def train_classifier(course: Course, variant: Variant, lungs: str | ModelCard) -> ModelCard:
    """Train DeCoVNet on the labels of whole CTs.

    Parameters
    ----------
    lungs
        ``"unet"``, ``"threshold"`` or the card of another UNet: how lungs are found where the table gives no mask;
        analyze later with the same.

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
    start = _start(course, "decovnet", variant)
    with joined_processes(choose_device(course.device)) as processes:
        network = cast("DeCoVNet", _network("decovnet", variant, start, course).to(processes.device))
        prepared = _prepare(cases, Recipe("decovnet", course.input_size, lungs), course, processes)
        if len(prepared) < len(cases):
            split = _split([case for case in cases if case.name in prepared], course)
        task = ClassifierTask(
            network,
            [prepared[case.name] for case in split.training],
            [prepared[case.name] for case in split.tuning],
            course.settings.seed,
            processes.device,
        )
        plan = _plan(course, split, prepared, start, {"network": "decovnet", "variant": variant})
        learned_from = [*split.training, *split.tuning]

        def begin() -> None:
            course.say(write_split(course.folder, split))
            audit_once(learned_from, course.folder, course.table, course.say)

        best = learn(task, course.settings, course.folder, plan, processes, course.on_progress, begin)
        found = what_the_audit_found(learned_from, course.folder)
        data = f"{count_cases(split.training)}; lungs by {_title(lungs)} where not given; {found}"
        card = new_card(
            course.folder, course.table, "decovnet", variant, course.input_size, course.settings, best, data,
            start,
        )  # fmt: skip
        if processes.leads:
            card = save_weights(with_zero_sum_logits(best.network), card)
            card = _with_domain(card, [prepared[case.name] for case in split.training], course)
            figures = best.history[best.best_epoch]
            course.say(
                f"Best epoch {best.best_epoch + 1}: cross-entropy {figures['tuning_loss']:.3f}, ROC AUC "
                f"{figures['tuning_roc_auc']:.3f} on {len(split.tuning)} tuning cases"
            )
            for part, members in (("tuning", split.tuning), ("test", split.test)):
                if members:
                    written = write_predictions(
                        course.folder, part, card, [prepared[case.name] for case in members], processes.device
                    )
                    course.say(f"Written: {written}")
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
    cases = read_cases(course.table, labels="ignored")
    start = _start(course, "unet", "released")
    with joined_processes(choose_device(course.device)) as processes:
        network = cast("UNet", _network("unet", "released", start, course).to(processes.device))
        prepared = _prepare(cases, Recipe("unet", course.input_size, "threshold"), course, processes)
        review = review_masks(list(prepared.values()))
        kept = {one.case.name for one in review.kept}
        try:
            split = _split([case for case in cases if case.name in kept], course)
        except InputError:
            if processes.leads:
                course.say(write_review(course.folder, review))  # it shows why too few are left
            raise
        task = LungsTask(
            network,
            [prepared[case.name] for case in split.training],
            [prepared[case.name] for case in split.tuning],
            course.settings.seed,
            processes.device,
        )
        plan = _plan(course, split, prepared, start, {"network": "unet"})

        def begin() -> None:
            course.say(write_review(course.folder, review))
            course.say(write_split(course.folder, split))

        best = learn(task, course.settings, course.folder, plan, processes, course.on_progress, begin)
        given = sum(case.mask is not None for case in split.training)
        data = f"{len(split.training)} CTs, {given} of them with given masks, the others with unsupervised ones"
        card = new_card(
            course.folder, course.table, "unet", "released", course.input_size, course.settings, best, data,
            start,
        )  # fmt: skip
        if processes.leads:
            card = save_weights(best.network, card)
            mean = best.history[best.best_epoch]["tuning_mean_iou"]
            course.say(f"Best epoch {best.best_epoch + 1}: mean IoU {mean:.4f} on {len(split.tuning)} tuning cases")
            if split.test:
                network = cast("UNet", load_network(card, processes.device))
                with torch.inference_mode():
                    counts = [confusion(network, prepared[case.name], processes.device) for case in split.test]
                course.say(f"Mean IoU {intersection_over_union(counts)[0]:.4f} on {len(split.test)} test cases")
        return card


def _title(lungs: str | ModelCard) -> str:
    return default_card("unet").title if lungs == "unet" else lungs if isinstance(lungs, str) else lungs.title


def _with_domain(card: ModelCard, training: Sequence[Prepared], course: Course) -> ModelCard:
    """The card with what an analysis needs to tell CTs of another kind, where there are patients enough."""
    try:
        return fit_domain(card, ((one.case.patient, one.case.label == 0, one.ct_mask()) for one in training))
    except WeightsError as error:
        course.say(f"Foreign CTs will not be told apart with these weights: {error}")
        return card


def _split(cases: Sequence[Case], course: Course) -> Split:
    return split_cases(cases, seed=course.settings.seed, test_after=course.test_after, test_share=course.test_share)


def _prepare(cases: Sequence[Case], recipe: Recipe, course: Course, processes: Processes) -> dict[str, Prepared]:
    """All cases that can be used, by name; each process makes its share, then all find them in the cache.

    Raises
    ------
    InputError
        If some cannot and are not to be left out; it names them.
    """
    cache = course.cache or course.folder / "cache"
    if processes.leads:
        for folder in (cache, cache / SEEN):
            forget_unfinished(folder, _ABANDONED_S)
    share = processes.share(list(cases))
    for number, case in enumerate(share):
        _prepared_or_why_not(case, recipe, cache, processes.device)
        course.on_case(number + 1, len(share))
    processes.wait()
    found = {case.name: _prepared_or_why_not(case, recipe, cache, processes.device) for case in cases}
    prepared = {name: one for name, one in found.items() if isinstance(one, Prepared)}
    unusable = {name: str(one) for name, one in found.items() if not isinstance(one, Prepared)}
    if processes.leads:
        written = write_unusable(course.folder, unusable)
        if unusable and course.skip_unusable:
            course.say(f"{len(unusable)} of {len(cases)} CTs cannot be used and are left out: {written}")
    if unusable and not course.skip_unusable:
        raise InputError(_about(unusable, len(cases)))
    same: dict[str, str] = {}
    for name, one in prepared.items():
        if same.setdefault(one.ct_sha256, name) != name:
            raise InputError(f"Cases '{same[one.ct_sha256]}' and '{name}' are the same CT; keep one of them.")
    return prepared


def _prepared_or_why_not(case: Case, recipe: Recipe, cache: Path, device: str) -> Prepared | InputError | MaskError:
    """A case that cannot be used must not hide the next one; a full disk ends all."""
    try:
        return prepare(case, recipe, cache, device)
    except DiskError:
        raise
    except (InputError, MaskError) as error:
        return error


def _about(unusable: Mapping[str, str], count: int) -> str:
    """What is wrong with which CTs, and what to do."""
    told = " ".join(list(unusable.values())[:_MOST_TOLD])
    if len(unusable) == 1:
        return f"{told} Correct the table, or leave the CT out with --skip-unusable."
    more = f" All of them are in {UNUSABLE}." if len(unusable) > _MOST_TOLD else ""
    return (
        f"{len(unusable)} of {count} CTs cannot be used; correct the table, or leave them out with --skip-unusable. "
        f"{told}{more}"
    )


def _network(name: NetworkName, variant: str, start: ModelCard | None, course: Course) -> torch.nn.Module:
    torch.manual_seed(course.settings.seed)
    return load_network(start) if start else build_network(name, variant)


def _start(course: Course, name: NetworkName, variant: str) -> ModelCard | None:
    """The card of the weights to start from, read before the training: it may be gone after."""
    if course.start is None:
        return None
    card = read_card(course.start)
    if (card.network, card.variant) != (name, variant):
        raise WeightsError(
            f"{card.title} is a {card.network} of the {card.variant} variant; start a {name} of the {variant} variant "
            "from weights of its own kind."
        )
    return card


def _plan(
    course: Course, split: Split, prepared: dict[str, Prepared], start: ModelCard | None, more: dict[str, Any]
) -> dict[str, Any]:
    """What a training must have in common with its continuation."""
    rows = sorted((part, case.name, str(case.label), prepared[case.name].key) for part, case in split.parts())
    return {
        **more,
        "size": list(course.input_size),
        "start": start.sha256 if start else "fresh weights",
        "cases": hashlib.sha256(repr(rows).encode()).hexdigest(),
    }
