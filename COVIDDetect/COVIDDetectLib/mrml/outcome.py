"""Writes into the scene what a job was answered with, if it still belongs there."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from typing import Any

import slicer
from slicer.i18n import tr as _

from ..analysis.map_checks import MapChecks
from ..analysis.registration import Alignment
from ..analysis.width import Width
from ..errors import Cancelled, COVIDDetectError
from ..lungs import LungMask
from .comparison import Comparison, begin_comparison
from .job import Job
from .nodes.lung_mask import segments_of
from .nodes.result import MASK_EDITED, MASK_MOVED, Result
from .scene import is_only_of, require_nodes, write_analysis_nodes, write_explanation, write_lungs
from .scored_masks import scored_masks
from .watch import Fingerprint, mask_difference, scene_watch


def show_lungs(job: Job, lung_mask: LungMask) -> Job:
    """Write the lungs that a job has found, while the rest is computed; returns the job with them.

    They become the mask of the result. Beside an earlier number they are written only together with the next one.
    """
    is_same_ct = job.ct_node.GetScene() is not None and Fingerprint.of(job.ct_node, None).ct == job.inputs.ct
    if not is_same_ct or Result.of(job.ct_node) is not None:
        return job
    with scene_watch().writing():
        return job.with_lungs(write_lungs(lung_mask, job.ct_node))


def take_back_lungs(job: Job | None) -> None:
    """Remove the lungs of a job that came to no end; what somebody has worked on since, or scored, stays."""
    node = job.lungs_in_scene if job else None
    if job and node and is_only_of(None, node) and segments_of(node) == job.inputs.segments:
        for one in (node.GetDisplayNode(), node):
            slicer.mrmlScene.RemoveNode(one)


def write_outcome(job: Job, value: Any) -> Any:
    """Write what somebody waits for; returns what ``finished`` hands out: the result, or what was only asked.

    Raises
    ------
    COVIDDetectError
        If CT, mask or result are no longer what the job began with.
    """
    with ExitStack() as if_it_fails:
        if_it_fails.callback(take_back_lungs, job)
        outcome = _write(job, value)
        if_it_fails.pop_all()
    return outcome


def _write(job: Job, value: Any) -> Any:
    if job.result is not None:
        require_nodes(job.result, job.scores)
    if job.kind in ("experiment", "correction"):
        return value
    if job.earlier is not None and job.result is not None:
        return _write_alignment(value, job, job.earlier)
    mask = job.lung_mask_node or job.lungs_in_scene
    inputs = Fingerprint.of(job.ct_node, mask)
    if job.kind == "analyze" and inputs.ct != job.inputs.ct:
        raise COVIDDetectError(_("The CT was changed during the analysis; analyze it again."))
    with scene_watch().writing():
        if job.result is not None:
            write_explanation(value, job.result)
            return job.result
        result = write_analysis_nodes(value, job.ct_node, mask)
        scored_masks().keep(result, value.lung_mask)
        if inputs != job.inputs and mask_difference(result):
            result.mark_stale(MASK_EDITED if inputs.place == job.inputs.place else MASK_MOVED)
        return result


def _write_alignment(alignment: Alignment, job: Job, earlier: Job) -> Comparison:
    assert job.result is not None and earlier.result is not None, "results are compared"
    require_nodes(earlier.result, earlier.scores)
    for one in (job, earlier):
        if Fingerprint.of(one.ct_node, one.lung_mask_node) != one.inputs:
            raise COVIDDetectError(_("A CT or its mask was changed during the comparison; compare again."))
    with scene_watch().writing():
        return begin_comparison(job.result, earlier.result, alignment)


def write_noted(job: Job, value: Width | MapChecks | COVIDDetectError) -> None:
    """Write what nobody waits for, how wide the number is and whether the map can be relied on.

    Of a result that no longer holds, nothing is written.
    """
    assert job.result is not None, "it is computed for a result"
    try:
        require_nodes(job.result, job.scores)
        if isinstance(value, COVIDDetectError):
            raise value
    except COVIDDetectError as error:
        if not isinstance(error, Cancelled):
            logging.info("COVIDDetect: the %s of a result is not known: %s", job.kind, error)
        return
    if not job.result.stale and Fingerprint.of(job.ct_node, job.lung_mask_node) == job.inputs:
        with scene_watch().writing():
            job.result.write_width(value) if isinstance(value, Width) else job.result.write_map_checks(value)
