"""Writes into the scene what a job was answered with, if it still belongs there."""

from __future__ import annotations

import logging
from typing import Any

from slicer.i18n import tr as _

from ..analysis.width import Width
from ..errors import Cancelled, COVIDDetectError
from .job import Job
from .nodes.result import MASK_EDITED, MASK_MOVED
from .scene import require_nodes, write_analysis_nodes, write_explanation
from .watch import Fingerprint, mask_difference, scene_watch


def write_outcome(job: Job, value: Any) -> Any:
    """Write what somebody waits for; returns what ``finished`` hands out: the result, or what experiments gave.

    Raises
    ------
    COVIDDetectError
        If CT, mask or result are no longer what the job began with.
    """
    if job.result is not None:
        require_nodes(job.result, job.scores)
    if job.kind == "experiment":
        return value
    inputs = Fingerprint.of(job.ct_node, job.lung_mask_node)
    if job.kind == "analyze" and inputs.ct != job.inputs.ct:
        raise COVIDDetectError(_("The CT was changed during the analysis; analyze it again."))
    with scene_watch().writing():
        if job.result is not None:
            write_explanation(value, job.result)
            return job.result
        result = write_analysis_nodes(value, job.ct_node, job.lung_mask_node)
        if inputs != job.inputs and mask_difference(result):
            result.mark_stale(MASK_EDITED if inputs.place == job.inputs.place else MASK_MOVED)
        return result


def write_width(job: Job, width: Width | COVIDDetectError) -> None:
    """Write how wide the number is, for which nobody waits: of a result that no longer holds, nothing is written."""
    assert job.result is not None, "it is read again for a result"
    try:
        require_nodes(job.result, job.scores)
        if isinstance(width, COVIDDetectError):
            raise width
    except COVIDDetectError as error:
        if not isinstance(error, Cancelled):
            logging.info("COVIDDetect: how wide the number is, is not known: %s", error)
        return
    if not job.result.stale and Fingerprint.of(job.ct_node, job.lung_mask_node) == job.inputs:
        with scene_watch().writing():
            job.result.write_width(width)
