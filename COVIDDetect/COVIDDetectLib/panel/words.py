"""Translates the fixed sentences of the core and the scene.

The core knows no Slicer, and what is kept in the scene must read the same whatever language it is opened in: both stay
English, and the panel translates what it shows. Of sentences with values in them, reports know the German ones.
"""

from __future__ import annotations

import re

from slicer.i18n import tr as _

from ..report.german_notes import in_german


def in_users_language(sentence: str) -> str:
    """A sentence of the core or of the scene as the panel shows it; one that is not known here stays as it is."""
    known = {
        "The lung mask was edited after scoring.": _("The lung mask was edited after scoring."),
        "The lung mask was moved after scoring.": _("The lung mask was moved after scoring."),
        "The lung mask was removed after scoring.": _("The lung mask was removed after scoring."),
        "The CT was changed after scoring.": _("The CT was changed after scoring."),
        "Another lung mask was chosen after scoring.": _("Another lung mask was chosen after scoring."),
        "Other weights were chosen after scoring.": _("Other weights were chosen after scoring."),
        "The weights of this score are not installed on this computer.": _(
            "The weights of this score are not installed on this computer."
        ),
        "Right lung only": _("Right lung only"),
        "Left lung only": _("Left lung only"),
        "Region {rank} replaced by healthy-looking lung": _("Region {rank} replaced by healthy-looking lung"),
        # analysis.map_checks.MEANINGS
        "Do not read places from this map: it looks the same with weights that know nothing.": _(
            "Do not read places from this map: it looks the same with weights that know nothing."
        ),
        "Do not take hot places for what decided: others, made healthy, lower the number as much.": _(
            "Do not take hot places for what decided: others, made healthy, lower the number as much."
        ),
        "Do not rely on single hot places: they move when scan and mask are nudged.": _(
            "Do not rely on single hot places: they move when scan and mask are nudged."
        ),
        "Most of the heat lies outside the lungs: it says little about what is in them.": _(
            "Most of the heat lies outside the lungs: it says little about what is in them."
        ),
    }
    rank = re.match(r"Region (\d+) ", sentence)
    template = sentence.replace(rank[1], "{rank}", 1) if rank else sentence
    if template in known:
        return known[template].format(rank=rank and rank[1])
    return in_german(sentence) if _("language") == "Deutsch" else sentence


def with_minus(text: str) -> str:
    """Numbers with the sign that is as wide as a digit, not with a hyphen, which a line may end after."""
    return re.sub(r"(?<![\w-])-(?=\d)", "\N{MINUS SIGN}", text)
