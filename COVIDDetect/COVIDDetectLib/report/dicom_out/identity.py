"""What all DICOM objects of a result have in common: who made them, by which algorithm, and codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from highdicom import AlgorithmIdentificationSequence
    from highdicom.sr import AlgorithmIdentification, CodedConcept

SCHEME = "99COVIDDETECT"
"""For what no standard code says; a private scheme begins with 99 (PS3.16, 8)."""

MANUFACTURER = "COVIDDetect contributors"
MODEL = "COVIDDetect"

_PRIVATE = {
    "score": "Score of the whole CT by a network",
    "probability": "Probability of COVID-19 by the network",
    "decision-threshold": "Decision threshold",
    "region": "Region of a network's heat map",
    "ground_glass": "Lung of ground-glass density",
    "consolidation": "Lung of consolidation density",
    "emphysema": "Lung of emphysema-like density",
    "ground_glass_percent": "Share of lung of ground-glass density",
    "consolidation_percent": "Share of lung of consolidation density",
    "emphysema_percent": "Share of lung of emphysema-like density",
    "peak": "Largest value of the heat map, relative to its full scale",
    "distance_to_pleura": "Distance from the peak to the nearest surface of the lung",
    "assessment": "Assessment of a result by its reader",
    "assessed-result": "Result that is assessed",
    "verdict": "Verdict on the result",
    "accepted": "Result accepted",
    "rejected": "Result rejected",
    "modified": "Result accepted with a corrected lung mask",
    "region-verdict": "Verdict on the region",
    "region-yes": "Region confirmed",
    "region-no": "Region rejected",
    "region-unsure": "Region uncertain",
    "reading-before": "Reading before the result was opened",
    "reading-after": "Reading after the result was opened",
}


def private(name: str) -> CodedConcept:
    """A code of our own."""
    from highdicom.sr import CodedConcept

    return CodedConcept(name, SCHEME, _PRIVATE[name])


def standard(value: str, scheme: str, meaning: str) -> CodedConcept:
    """A code of a standard."""
    from highdicom.sr import CodedConcept

    return CodedConcept(value, scheme, meaning)


def lung_code(side: str) -> CodedConcept:
    """SNOMED CT's right or left lung."""
    return {
        "right": standard("3341006", "SCT", "Right lung"),
        "left": standard("44029006", "SCT", "Left lung"),
    }[side]


def lobe_code(lobe: str) -> CodedConcept:
    """SNOMED CT's upper, middle or lower lobe of a lung, without its side."""
    return {
        "upper": standard("45653009", "SCT", "Upper lobe of lung"),
        "middle": standard("72481006", "SCT", "Middle lobe of right lung"),
        "lower": standard("90572001", "SCT", "Lower lobe of lung"),
    }[lobe]


def equipment(record: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of every object: the program that made it."""
    version = record["software"]["coviddetect"]
    return {
        "manufacturer": MANUFACTURER,
        "manufacturer_model_name": MODEL,
        "software_versions": version,
        "device_serial_number": record["weights"]["sha256"][:16],
    }


def algorithm(record: Mapping[str, Any], what: str) -> AlgorithmIdentificationSequence:
    """Which algorithm made a segment or a map.

    Parameters
    ----------
    what
        ``"lungs"`` or ``"regions"``.
    """
    from highdicom import AlgorithmIdentificationSequence

    name, version, parameters = _described(record, what)
    artificial = standard("123110", "DCM", "Artificial Intelligence")
    return AlgorithmIdentificationSequence(name, artificial, version, MANUFACTURER, parameters)


def reported_algorithm(record: Mapping[str, Any], what: str) -> AlgorithmIdentification:
    """The same for a structured report."""
    from highdicom.sr import AlgorithmIdentification

    name, version, parameters = _described(record, what)
    return AlgorithmIdentification(name, version, [f"{key}: {value}" for key, value in parameters.items()])


def _described(record: Mapping[str, Any], what: str) -> tuple[str, str, dict[str, str]]:
    weights = record["lungs"]["weights"] if what == "lungs" else record["weights"]
    if weights is None:
        return f"COVIDDetect lungs ({record['lungs']['method']})", record["software"]["coviddetect"], {}
    parameters = {"weights": weights["id"], "weights SHA-256": weights["sha256"]}
    return f"COVIDDetect {weights['title']}"[:64], weights["version"], parameters
