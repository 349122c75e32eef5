"""The scorecards of generated series: numbers for the judge, and what only the user's series know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, final

import numpy as np
import pyarrow as pa
from jaxtyping import Bool

from gansmith.errors import DataError
from gansmith.modalities.series.records import SeriesSet
from gansmith.scorecard.card import Scorecard
from gansmith.scorecard.features import Features, draws
from gansmith.scorecard.holdout import Overlap, overlap
from gansmith.scorecard.measuring import Progress, unheard
from gansmith.scorecard.private.risk import Tally
from gansmith.scorecard.score import CEILING, COPY, FLOOR, Effort, Entry, Score
from gansmith.scorecard.sequences.judge import SequenceJudge
from gansmith.scorecard.sequences.observer import AbstractRecurrentJudge
from gansmith.scorecard.sequences.plots import Views
from gansmith.scorecard.sequences.records import Clock, Sequences
from gansmith.scorecard.sequences.rules import Rulebook
from gansmith.scorecard.validity import Rule, defects, valid_share
from gansmith.scorecard.verdict.evidence import Evidence
from gansmith.scorecard.verdict.questions import verdict
from gansmith.tabular.cells import cells_of, codes_of
from gansmith.tabular.features import table_features
from gansmith.tabular.schema import Column, Schema

FEW_SERIES: Final = 20
"""Of fewer real series than these, pieces are looked at."""
N_PIECES: Final = 150
"""About so many of the training series, ..."""
PIECE_STEPS: Final = (12, 168)
"""... each as long as that, unless the user has said how long windows are."""
_AS_REAL: Final = (
    "Lengths, gaps, levels, memory, changes and categories of series, and how attributes go with them, are "
    "as in real data."
)
_LIMITS: Final = {
    "Are the numbers right?": "Numbers that say what each series is like are compared, one by one and in "
    "pairs. What only whole stretches show is seen by the classifier above.",
    "Is it useful?": "It is useful for predicting what was predicted here, by boosted trees from the last "
    "steps. Another question needs another test.",
    "Does it give anybody away?": "Whole series are attacked, by what they are like and by stretches that "
    "come again at another time or scale. Other attacks may find more; only differential privacy bounds "
    "them.",
    "Is it valid?": "Order and grid of times, ranges, decimals, known categories, missing cells and what is "
    "constant within a series are checked. Rules between the columns of a step are not.",
}


def score_series(
    fakes: Sequence[SeriesSet],
    train: SeriesSet,
    holdout: SeriesSet,
    target: str | None,
    seed: int,
    effort: Effort,
    progress: Progress = unheard,
) -> Iterator[Scorecard]:
    """Score generated series against held-out ones, each score beside its anchors.

    Few long series are cut into pieces: what is made is compared with stretches of the time that was learnt
    from, and what is learnt from it is tried on the hold-out, which is later time.

    Args:
        fakes: Generated series, of the columns of the real ones.
        train: What the generator learnt from.
        holdout: Series that it never saw, or later steps of the same ones.
        target: An attribute, or a column of steps, to be predicted; None: the next step of each column.
        seed: Of everything drawn.
        effort: How many series and repetitions.
        progress: Told what is being measured.

    Yields:
        The card of each set.

    Raises:
        DataError: Too few series, or no column that all have.
    """
    named = [name for name in _compared(train) if all(name in fake.steps.column_names for fake in fakes)]
    train_numbers, holdout_numbers, *numbers = as_sequences([train, holdout, *fakes], named)
    is_whole = train.form.shape != "single" and len(train) >= FEW_SERIES
    length = 0 if is_whole else _piece_steps(train, [train_numbers, holdout_numbers, *numbers])
    cut = [one.pieces(length) if length else one for one in (train_numbers, holdout_numbers, *numbers)]
    judge = SequenceJudge(
        cut[0],
        cut[1],
        is_whole=is_whole,
        target=target or "",
        seed=seed,
        effort=effort,
        recurrent=_recurrent() if effort.is_full else None,
    )
    compared = _Compared(judge, train, holdout, target, length)
    for fake, ours in zip(fakes, cut[2:], strict=True):
        yield compared.card(fake, ours, progress)


@final
@dataclass(frozen=True, eq=False)
class _Compared:
    """The real side of some cards."""

    judge: SequenceJudge
    train: SeriesSet
    holdout: SeriesSet
    target: str | None
    length: int
    """Steps of pieces; 0: series are whole."""

    def card(self, fake: SeriesSet, ours: Sequences, progress: Progress) -> Scorecard:
        """The card of a synthetic set."""
        judge, target = self.judge, self.target or ""
        if len(ours) < 2:
            raise DataError(f"{fake.name}: {len(ours)} series or pieces of them to score. Wanted: 2 or more.")
        case = judge.case(ours)
        entries, founds, skipped = judge.measured(case, len(ours), progress)
        rules = self._rules(fake, ours)
        entries.append(self._validity(rules, len(ours)))
        if not target:
            skipped.pop("tstr", None)
        known = {entry.name: entry for entry in entries}
        unlike = judge.unlike(ours)
        is_attribute = target in judge.train.attributes.names
        told = known if is_attribute or "next_step" not in known else {**known, "tstr": known["next_step"]}
        evidence = Evidence(
            entries=told if judge.is_whole or "c2st" not in told else {**told, "c2st": _half(told["c2st"])},
            columns=case.joined(ours).names,
            unlike=unlike,
            slack=(1 / len(ours) + 1 / len(judge.real)) ** 0.5,
            as_real=_AS_REAL,
            defects=defects(rules),
            target=target,
            lacks_target=bool(target) and target not in fake.steps.column_names,
            lacking=[name for name in _compared(self.train) if name not in fake.steps.column_names],
            needed=("membership_auc",) if judge.is_whole else (),
            overlap=self._overlap() if judge.is_whole else None,
        )
        views = Views(case, founds, unlike, judge.plan)
        return Scorecard(
            title=f"Scores of {len(fake):,} synthetic series",
            entries=tuple(entries),
            verdict=verdict(evidence, _LIMITS),
            skipped=skipped,
            plots=views.plots(),
            real_records=views.real_records(),
            name=fake.name,
            n_records=len(fake),
            notes=(*fake.notes, *self._notes(ours)),
        )

    def _rules(self, fake: SeriesSet, ours: Sequences) -> list[Rule]:
        book = Rulebook(self.judge.train.above(self.judge.holdout))
        return [*book.judged(ours), *_of_attributes(fake, self.train, ours)]

    def _validity(self, rules: Sequence[Rule], n: int) -> Entry:
        train, holdout, rng = self.judge.train, self.judge.holdout, draws(self.judge.seed)
        book = Rulebook(train)
        score, details = _valid(rules, n)
        anchors = {
            CEILING: _valid(book.judged(holdout), len(holdout))[0],
            FLOOR: _valid(book.judged(train.dealt(train.n_together, rng)), len(train))[0],
            COPY: _valid(book.judged(train), len(train))[0],
        }
        return Entry("valid", score, anchors, details, "valid")

    def _overlap(self) -> Overlap:
        train, holdout = self.judge.train, self.judge.holdout
        independent = train.dealt(1, draws(self.judge.seed)).keys()[: len(holdout)]
        return overlap(train.keys(), holdout.keys(), independent)

    def _notes(self, ours: Sequences) -> tuple[str, ...]:
        judge = self.judge
        n = f"{len(ours):,} synthetic, {len(judge.train):,} training and {len(judge.holdout):,} held-out"
        season = (f"a season of {judge.plan.season} steps was found in the real series",) * bool(
            judge.plan.season
        )
        if judge.is_whole:
            return (f"compared: {n} series, each as one observation", *season)
        pieces = (
            f"compared: {n} pieces of {self.length} steps, for the real series are few; synthetic pieces "
            "stand beside stretches of the training time, predictions are tried on the hold-out"
        )
        return (pieces, *season)


def _half(entry: Entry) -> Entry:
    """The AUC of pieces for the verdict, one half at the least.

    Stretches of both sides lie beside each other in time, so that it may fall below: that says nothing.
    """
    anchors = {name: replace(one, value=max(one.value, 0.5)) for name, one in entry.anchors.items()}
    return replace(entry, score=replace(entry.score, value=max(entry.score.value, 0.5)), anchors=anchors)


def _valid(rules: Sequence[Rule], n: int) -> tuple[Score, dict[str, float]]:
    score, details = valid_share(n, {rule.words: rule.is_broken for rule in rules})
    meaning = "Share of the series that break no rule: order and grid of times, ranges, decimals, categories."
    return replace(score, label="valid series", meaning=meaning), details


def _compared(of: SeriesSet) -> list[str]:
    """The columns that are looked at: those of steps and attributes."""
    return [name for name in of.form.schema.names if name not in (of.form.entity, of.form.time)]


def as_sequences(sets: Sequence[SeriesSet], named: Sequence[str]) -> list[Sequences]:
    """Series as numbers that can be compared: one code book for all sets.

    Args:
        sets: The first is the one that code books are made from.
        named: The columns that all of them have.

    Raises:
        DataError: There is no column of steps, or it is of types that cannot be compared.
    """
    form = sets[0].form
    steps = [column for column in form.measures if column.name in named]
    known = [form.schema.column(name) for name in form.attributes if name in named]
    if not steps:
        raise DataError(
            f"{sets[0].name}: there is no column of steps to compare. Give one beside entity and time."
        )
    of_steps = table_features([one.steps for one in sets], Schema(tuple(steps)))
    of_series = _of_series(sets, known)
    times, clock = _times(sets, form.schema.column(form.time) if form.time else None)
    return [
        Sequences(
            steps=part,
            starts=one.starts,
            attributes=attributes,
            times=when,
            clock=clock,
            origins=np.arange(len(one)),
            time=form.time or "time",
        )
        for one, part, attributes, when in zip(sets, of_steps, of_series, times, strict=True)
    ]


def _of_series(sets: Sequence[SeriesSet], columns: Sequence[Column]) -> list[Features]:
    """The attributes, a row for each series."""
    if not columns:  # tables of Arrow forget how many rows they have without a column
        return [Features((), np.zeros((len(one), 0)), np.zeros(0, bool)) for one in sets]
    names = [column.name for column in columns]
    rows = [one.steps.select(names).take(pa.array(one.starts[:-1])) for one in sets]
    return table_features(rows, Schema(tuple(columns)))


def _times(sets: Sequence[SeriesSet], column: Column | None) -> tuple[list[np.ndarray], Clock]:
    """When each step was, and what that counts."""
    if column is not None and all(column.name in one.steps.column_names for one in sets):
        found = table_features([one.steps for one in sets], Schema((column,)))
        if found[0].names == (column.name,) and not found[0].is_category[0]:
            scale = found[0].scales.get(column.name)
            clock: Clock = scale if scale in ("days", "seconds") else "ticks"
            return [one.values[:, 0] for one in found], clock
    return [np.full(one.steps.num_rows, np.nan) for one in sets], ""


def _piece_steps(train: SeriesSet, sets: Sequence[Sequences]) -> int:
    """Steps of the pieces that few series are cut into."""
    if train.form.window:
        return train.form.window
    usual = int(np.clip(sets[0].n_steps // N_PIECES, *PIECE_STEPS))
    return max(2, min(usual, *(int(np.median(one.lengths)) for one in sets)))


def _of_attributes(fake: SeriesSet, train: SeriesSet, ours: Sequences) -> Iterator[Rule]:
    """What holds of what is known of whole series: it is constant within each, and keys are unique."""
    for name in train.form.attributes:
        if name not in fake.steps.column_names:
            continue
        codes = codes_of(cells_of(fake.steps, name))
        firsts = codes[fake.starts[:-1]]
        changes = np.bincount(fake.owners[codes != firsts[fake.owners]], minlength=len(fake)) > 0
        yield Rule(f"{name!r} is constant within a series", (name,), _by_piece(changes, ours), None)
        if train.form.schema.column(name).is_unique:
            again = np.bincount(firsts)[firsts] > 1
            n, n_real = len(fake), len(train)
            pairs = Tally(int(again.sum()), max(n * (n - 1) // 2, 1))
            control = Tally(0, max(n_real * (n_real - 1) // 2, 1))
            words = f"{name!r} is unique"
            yield Rule(words, (name,), _by_piece(again, ours), control, pairs)


def _by_piece(mask: Bool[np.ndarray, " n"], ours: Sequences) -> Bool[np.ndarray, " n_pieces"]:
    return mask[ours.origins]


def _recurrent() -> AbstractRecurrentJudge:
    from gansmith.modalities.series.recurrent_judge import RecurrentJudge  # it imports what learns

    return RecurrentJudge()
