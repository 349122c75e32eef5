"""The card of a translation: every method beside the anchors, and what there is to see."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, final

import numpy as np
from scipy.stats import t as student

from gansmith.errors import UsageError, did_you_mean
from gansmith.scorecard.score import Score, finite

BY_RANK: Final = ("dice", "psnr_y", "psnr")
"""Scores by which records are called good or bad, the most telling first."""
_ABSENT: Final = "–"


@final
@dataclass(frozen=True, repr=False)
class Measured:
    """What one method reaches."""

    name: str
    scores: Mapping[str, Score]
    by_record: Mapping[str, Sequence[float]] = field(default_factory=dict[str, Sequence[float]])
    """Of the scores that each record has for itself, in the order of the records."""
    meaning: str = ""
    """What the method is, in a few words."""
    is_anchor: bool = False
    """Whether it is only there to be compared with."""

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON can hold it."""
        return {
            "name": self.name,
            "meaning": self.meaning,
            "is_anchor": self.is_anchor,
            "scores": {name: score.to_dict() for name, score in self.scores.items()},
            "by_record": {name: [finite(one) for one in values] for name, values in self.by_record.items()},
        }


@final
@dataclass(frozen=True, repr=False)
class Example:
    """A record as a page shows it."""

    name: str
    mark: str
    """Why it is shown: "worst", "typical", or nothing."""
    pictures: Mapping[str, str]
    """By what it is, "input", the name of a method, "truth": a `data:` address."""
    scores: Mapping[str, Mapping[str, float]]
    """By method, the scores of this record."""

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON can hold it."""
        scores = {
            method: {name: finite(value) for name, value in values.items()}
            for method, values in self.scores.items()
        }
        return {"name": self.name, "mark": self.mark, "pictures": dict(self.pictures), "scores": scores}


@final
@dataclass(frozen=True, repr=False)
class TranslationCard:
    """Records that were made of others, on trial; see `measuring.translation_card`."""

    title: str
    n_records: int
    methods: tuple[Measured, ...]
    """Ours first, the anchors last."""
    ceilings: Mapping[str, Score] = field(default_factory=dict[str, Score])
    """Of scores of realism: of one half of the real records against the other."""
    stated: tuple[str, ...] = ()
    """How was measured: luminance or all channels, borders, kernels."""
    skipped: Mapping[str, str] = field(default_factory=dict[str, str])
    """Scores that could not be taken, and why."""
    examples: tuple[Example, ...] = ()
    notes: tuple[str, ...] = ()
    made: tuple[tuple[str, str], ...] = ()
    """How the card was made: versions, seed, time."""

    @property
    def ours(self) -> Measured:
        """The method that counts: the first that is no anchor, or the first."""
        return next((one for one in self.methods if not one.is_anchor), self.methods[0])

    @property
    def names(self) -> tuple[str, ...]:
        """Of all scores, in the order of the card."""
        return tuple(dict.fromkeys(name for one in self.methods for name in one.scores))

    def __getitem__(self, name: str) -> Measured:
        """The method of that name.

        Raises:
            UsageError: There is none.
        """
        found = {one.name: one for one in self.methods}
        if name not in found:
            raise UsageError(f"There is no method {name!r} on this card. {did_you_mean(name, found)}")
        return found[name]

    def gain(self, name: str, of: str, over: str) -> Score:
        """How much higher a score is than that of another method, record by record.

        Args:
            name: Of a score that each record has for itself: "psnr_y", "psnr", "ssim", "dice", ...
            of: A method.
            over: Another.

        Raises:
            UsageError: There is no such method, or records have no such score.
        """
        sides = [self[one].by_record for one in (of, over)]
        for side in sides:
            if name not in side:
                raise UsageError(f"Records have no score {name!r} of their own. {did_you_mean(name, side)}")
        each = np.array(sides[0][name], np.float64) - np.array(sides[1][name], np.float64)
        score = self[of].scores[name]
        meaning = f"How much higher it is than of {over}, record by record."
        return mean_score(each, score.direction, label=f"gain of {score.label}", meaning=meaning)

    def sentences(self) -> tuple[str, ...]:
        """The findings in words, the most important first."""
        return tuple(filter(None, (self._fidelity(), self._realism())))

    def _fidelity(self) -> str:
        name = next((one for one in BY_RANK if one in self.ours.scores), "")
        if not name:
            return ""
        score = self.ours.scores[name]
        label, _, unit = score.label.partition(", ")
        unit = f" {unit}" if unit else ""
        has_own = name in self.ours.by_record
        beside = [self._beside(name, rival, unit) for rival in self._rivals(name) if has_own]
        value = f"“{self.ours.name}” reaches a {label} of {with_error(score)}{unit}"
        return f"{value}: {'; '.join(beside)}." if beside else f"{value}."

    def _rivals(self, name: str) -> list[Measured]:
        """The best of the anchors by some score, and the best of our other methods."""
        others = [one for one in self.methods if one is not self.ours and name in one.by_record]
        groups = ([one for one in others if one.is_anchor is is_anchor] for is_anchor in (True, False))
        return [max(group, key=lambda one: one.scores[name].value) for group in groups if group]

    def _beside(self, name: str, rival: Measured, unit: str) -> str:
        gain = self.gain(name, self.ours.name, rival.name)
        low, high = gain.interval
        if not (low > 0 or high < 0):  # with NaN, too
            return f"not surely nearer to or further from the truth than “{rival.name}”"
        side = "nearer to" if low > 0 else "further from"
        return f"{with_error(gain, is_size=True)}{unit} {side} the truth than “{rival.name}”"

    def _realism(self) -> str:
        told = [one for one in self.methods if "patch_auc" in one.scores]
        if not told:
            return ""
        all_of_them = ", ".join(f"“{one.name}” {with_error(one.scores['patch_auc'])}" for one in told)
        ceiling = self.ceilings.get("patch_auc")
        beside = f"; two halves of the real {with_error(ceiling)}" if ceiling else ""
        return f"AUC of telling patches from real ones (0.5: not at all, 1: always): {all_of_them}{beside}."

    def __str__(self) -> str:
        return self.as_text()

    def __repr__(self) -> str:
        return f"<TranslationCard of {self.n_records} records: {', '.join(self.sentences())}>"

    def as_text(self) -> str:
        """A table for a terminal, with the findings above it and how was measured below."""
        names = self.names
        score_of = {
            name: next(one.scores[name] for one in self.methods if name in one.scores) for name in names
        }
        rows = [["", *(score_of[name].label for name in names)]]
        rows += [
            [one.name + (" (anchor)" if one.is_anchor else ""), *(_cell(one.scores, name) for name in names)]
            for one in self.methods
        ]
        if self.ceilings:
            rows.append(["real, two halves", *(_cell(self.ceilings, name) for name in names)])
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        table = [
            "  ".join(
                cell.rjust(width) if place else cell.ljust(width)
                for place, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in rows
        ]
        skipped = [f"{name}: not measured. {why}" for name, why in self.skipped.items()]
        parts = ([self.title], list(self.sentences()), table, [*self.stated, *skipped, *self.notes])
        return "\n\n".join("\n".join(part) for part in parts if part)

    def to_dict(self) -> dict[str, Any]:
        """The card as JSON can hold it, less its examples."""
        return {
            "title": self.title,
            "n_records": self.n_records,
            "ours": self.ours.name,
            "sentences": list(self.sentences()),
            "methods": [one.to_dict() for one in self.methods],
            "ceilings": {name: score.to_dict() for name, score in self.ceilings.items()},
            "stated": list(self.stated),
            "skipped": dict(self.skipped),
            "notes": list(self.notes),
            "made": [list(pair) for pair in self.made],
        }

    def report(self, *, with_real_records: bool = False) -> dict[str, Any]:
        """What `gansmith.report` makes a page of; examples, which are real, only where they are asked for."""
        examples = [one.to_dict() for one in self.examples] if with_real_records else []
        return {"holds_real_records": with_real_records, **self.to_dict(), "examples": examples}

    def to_html(self, path: str | Path, *, with_real_records: bool = False) -> None:
        """Write the report: one page that needs no network, and its JSON twin beside it.

        Args:
            path: Of the page.
            with_real_records: Whether records are shown before and after. Both files say so then, and nobody
                but their owner may read them.

        Raises:
            DataError: When it cannot be written.
        """
        from gansmith.report.translation import write_translation  # heavy: only for those who want a page

        write_translation(self.report(with_real_records=with_real_records), Path(path))


def mean_score(
    values: np.ndarray, direction: Any, *, label: str, meaning: str, source: str = "", bounds: Any = None
) -> Score:
    """The mean over records, with its standard error and Student's interval of 95 %; NaN is left out.

    Args:
        values: Shape `(n_records,)`, one number at least.
        direction: Which way is good.
        label: See `Score`.
        meaning: Likewise.
        source: Likewise.
        bounds: Between what the score lies in any case.

    Returns:
        Of one record alone the error is NaN: it says nothing of the next one.
    """
    known = values[~np.isnan(values)]
    n, value = len(known), float(known.mean())
    error = float(known.std(ddof=1) / math.sqrt(n)) if n > 1 else math.nan
    reach = float(student.ppf(0.975, n - 1)) * error if n > 1 else math.nan
    return Score(
        value=value,
        error=error,
        n=n,
        direction=direction,
        source=source,
        label=label,
        meaning=meaning,
        bounds=(value - reach, value + reach),
        limits=bounds or (-math.inf, math.inf),
        caveat="" if n > 1 else "One record: nobody knows how far the next one would lie.",
    )


def with_error(score: Score, *, is_size: bool = False) -> str:
    """A score and its standard error in two digits; the number alone where that is not known.

    An error below .001 is rounded up to it.

    Example:
        >>> with_error(Score(28.4293, 1.204, 5, "higher")), with_error(Score(-0.5, 0.0, 5, "higher"))
        ('28.4 ± 1.2', '-0.500')
    """
    value = abs(score.value) if is_size else score.value
    if not math.isfinite(value):
        return _ABSENT
    if not score.error > 0:  # NaN, too
        return f"{value:.{2 if abs(value) >= 10 else 3}f}"
    error = max(score.error, 0.001)
    n_digits = min(3, max(0, 1 - math.floor(math.log10(error))))
    return f"{value:.{n_digits}f} ± {error:.{n_digits}f}"


def _cell(scores: Mapping[str, Score], name: str) -> str:
    return with_error(scores[name]) if name in scores else _ABSENT
