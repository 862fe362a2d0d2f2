"""Translates the fixed sentences of the core and the scene.

The core knows no Slicer, and what is kept in the scene must read the same whatever language it is opened in: both stay
English, and the panel translates what it shows. Sentences with values in them, such as errors, are shown as they are.
"""

from __future__ import annotations

import re

from slicer.i18n import tr as _


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
    }
    rank = re.match(r"Region (\d+) ", sentence)
    template = sentence.replace(rank[1], "{rank}", 1) if rank else sentence
    return known[template].format(rank=rank and rank[1]) if template in known else sentence
