"""COVID-19 detection on chest CT with a weakly supervised 3D network.

The same files serve 3D Slicer (imported as ``COVIDDetectLib``) and a plain Python (``pip install coviddetect``,
imported as ``coviddetect``). Only ``mrml`` and ``panel`` import slicer and vtk; only ``panel``, ``worker`` and
``events`` import Qt.

For scripts it offers ``read_ct``, ``segment``, ``analyze`` and, for cohorts, ``Case``, ``Scoring`` and ``score_case``
(``Docs/use/python.md``). They are imported when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .analysis.analyze import analyze
    from .cohort.cases import Case
    from .cohort.score import Scoring, score_case
    from .ct.reading import read_ct
    from .lungs import segment_lungs as segment

__version__ = "0.1.0"
__all__ = ["Case", "Scoring", "analyze", "read_ct", "score_case", "segment"]

_PLACES = {
    "Case": ("cohort.cases", "Case"),
    "Scoring": ("cohort.score", "Scoring"),
    "analyze": ("analysis.analyze", "analyze"),
    "read_ct": ("ct.reading", "read_ct"),
    "score_case": ("cohort.score", "score_case"),
    "segment": ("lungs", "segment_lungs"),
}


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _PLACES[name]
    return getattr(import_module(f".{module}", __name__), attribute)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
