"""What a report is made from: the record of an analysis, and what is known of it beyond that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ..analysis.follow_up import FollowUp
from ..analysis.opacity import OpacityBounds
from ..analysis.result_table import Scored
from ..analysis.width import number_text
from ..text import short_name
from ..weights.cards import ModelCard
from .german_notes import in_german
from .words import WORDS, Language, Words


@dataclass(frozen=True, eq=False)
class Reported:
    """A result to be reported.

    Parameters
    ----------
    record
        The content of ``analysis.json`` (``Docs/use/analysis-schema.md``).
    language
        Of the report.
    stale
        Why the result no longer holds, as a sentence; empty while it does.
    threshold
        The decision threshold that the user set; None for that of the weights.
    opacity_bounds
        ``OpacityBounds.levels`` in which the densities of the record were measured, in HU.
    card
        Of the weights; None if they are not installed here.
    follow_up
        What has changed since an earlier analysis of the same patient; None if there is none to compare with.
    identity
        What the patient or study is called; empty for a pseudonym made from the voxels of the CT.
    acquisition
        What the CT's files say of how it was scanned: name and value.
    history
        All scores of this CT, oldest first; empty if this is the only one that is known.
    """

    record: Mapping[str, Any]
    language: Language = "en"
    stale: str = ""
    threshold: float | None = None
    opacity_bounds: Sequence[float] = tuple(OpacityBounds().levels)
    card: ModelCard | None = None
    follow_up: FollowUp | None = None
    identity: str = ""
    acquisition: tuple[tuple[str, str], ...] = ()
    history: tuple[Scored, ...] = ()

    @property
    def words(self) -> Words:
        """The language's words."""
        return WORDS[self.language]

    @property
    def title(self) -> str:
        """What the study is called: by default the same pseudonym for the same voxels."""
        return short_name(self.identity) or self.record["input"]["sha256"][:12]

    @property
    def decision_threshold(self) -> float:
        """The one that counts."""
        return float(self.record["decision_threshold"] if self.threshold is None else self.threshold)

    @property
    def is_doubtful(self) -> bool:
        """Whether the CT is so unlike those of the training that the number says nothing."""
        return bool(self.record.get("domain")) and not self.record["domain"]["is_inside"]

    @property
    def probability(self) -> str:
        """Rounded as in the panel."""
        return self.words.spoken(number_text(self.record, self.decision_threshold))

    @property
    def side(self) -> str:
        """Where it lies, for a sentence on the threshold."""
        is_above = self.record["probability"] >= self.decision_threshold
        return self.words.above if is_above else self.words.below

    @property
    def doubts(self) -> list[str]:
        """What must be read before the number, the gravest first; empty if there is nothing."""
        stale = [self.words.stale.format(reason=self.sentence(self.stale))] if self.stale else []
        foreign = [self.record["domain"]["sentence"]] if self.is_doubtful else []
        notes = [note for note in self.record["notes"] if note not in foreign]
        return [*stale, *(self.sentence(note) for note in (*foreign, *notes))]

    def sentence(self, sentence: str) -> str:
        """A sentence of the core in the language of the report, as far as it is known there."""
        return in_german(sentence) if self.language == "de" else sentence

    def range_of(self, kind: str) -> str:
        """The densities of ``ground_glass``, ``consolidation`` or ``emphysema``, with the field's unit."""
        emphysema, low, middle, high = (self.words.number(level) for level in self.opacity_bounds)
        unit, to = ("HE", "bis") if self.language == "de" else ("HU", "to")
        ranges = {
            "ground_glass": f"{low} {to} {middle} {unit}",
            "consolidation": f"{middle} {to} {high} {unit}",
            "emphysema": f"{'unter' if self.language == 'de' else 'below'} {emphysema} {unit}",
        }
        return ranges[kind]

    def moment(self, time: str) -> str:
        """A time of a record as people write it."""
        when = datetime.fromisoformat(time).astimezone(UTC)
        return when.strftime("%d.%m.%Y, %H:%M UTC" if self.language == "de" else "%Y-%m-%d, %H:%M UTC")
