"""The curator: the only one who sees the records, and answers about them noisily, for a price.

Everything here that looks at true values hands out what a mechanism of `gansmith.privacy` made of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Final, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float, Int

from gansmith.errors import UsageError, did_you_mean
from gansmith.modalities.table.private import TAKEN_AS_PUBLIC, PrivateOptions
from gansmith.modalities.table.private.domain import Cells, Public, public_of
from gansmith.modalities.table.private.reading import Read, check_kinds, columns_of, voting
from gansmith.modalities.table.private.records import PrivateRecords
from gansmith.nets.mixture import Columns
from gansmith.privacy import mechanisms as private
from gansmith.privacy import ranges
from gansmith.privacy.ledger import Ledger
from gansmith.tabular.files.raw import RawTable

COUNTING_SHARE: Final = 0.002
"""Of the budget, for about how many records there are."""
VOTING_SHARE: Final = 0.008
"""For the kinds of columns, where neither a type nor a person says them, ..."""
MOST_VOTING_SHARE: Final = 0.1
"""... and at most, where there are few records."""
SURE: Final = 60.0
"""How many times the noise of a vote all records together should be."""
RANGE_SHARE: Final = 0.015
"""For the ranges of numbers that are not public."""
CELLS_SHARE: Final = 0.05
"""For bins and categories."""
COLUMNS_SHARE: Final = 0.05
"""For the first look at how often each cell occurs."""
MAX_BINS: Final = 32
NOISY_BINS: Final = 20
"""Bins where epsilon is below 2: counts of many would be noise."""
MAX_LEVELS: Final = 24
LEVELS: Final = 16
"""Halvings of a range of numbers that are multiples of nothing."""
LOUD: Final = 3.0
"""Standard deviations of its noise that a count of missing cells must reach for any to be made."""
LEAST_KNOWN: Final = 0.5
"""Share of the records below which released categories are no categories, but free text."""


@final
@dataclass(frozen=True)
class Table:
    """A noisy table of counts."""

    columns: Columns
    counts: Float[np.ndarray, " n_combinations"]
    variances: Float[np.ndarray, " n_combinations"]

    def together(self, other: Table) -> Table:
        """Two measurements of the same, each by its precision."""
        first, second = 1 / self.variances, 1 / other.variances
        counts = (first * self.counts + second * other.counts) / (first + second)
        return Table(self.columns, counts, 1 / (first + second))


@final
class Curator:
    """Records as cells, and the ledger that all answers about them are charged to.

    Args:
        ledger: Of the guarantee.
        cells: Of each column; public, or released.
        codes: In which cells each record is; private.
        n_records: About how many there are.
        notes: What the user should know.
    """

    def __init__(
        self,
        ledger: Ledger,
        cells: Sequence[Cells],
        codes: Int[np.ndarray, "n d"],
        n_records: int,
        notes: tuple[str, ...],
    ) -> None:
        self.ledger, self.cells, self.notes = ledger, tuple(cells), notes
        self.n_records = n_records
        self.learnt = [place for place, one in enumerate(cells) if not one.is_made_anew]
        """Columns that are learnt; the numbers of columns in tables are places in this list."""
        self.sizes = [cells[place].n_cells for place in self.learnt]
        self._codes = codes[:, self.learnt]
        self._true: dict[Columns, Float[np.ndarray, " n_combinations"]] = {}

    def n_cells(self, columns: Columns) -> int:
        """Combinations of cells of some columns."""
        return int(np.prod([self.sizes[place] for place in columns]))

    def measured(self, columns: Columns, rho: float) -> Table:
        """How often each combination of cells occurs, about."""
        sizes = [self.sizes[place] for place in columns]
        counts = private.noisy_marginal(
            self.ledger, [self._codes[:, place] for place in columns], sizes, rho, self._named(columns)
        )
        variance = private.noise_scale(self.ledger, rho) ** 2
        return Table(columns, counts.ravel().astype(float), np.full(counts.size, variance))

    def most_wrong(
        self,
        candidates: Sequence[Columns],
        answers: Mapping[Columns, Float[np.ndarray, " n_combinations"]],
        weights: Float[np.ndarray, " n_candidates"],
        allowance: float,
        rho: float,
    ) -> Columns:
        """One of some sets of columns whose answers are far from the truth, by the exponential mechanism.

        Args:
            candidates: Sets of columns.
            answers: What somebody takes the counts for, by set.
            weights: How much each matters; what one record may move a score by.
            allowance: What the noise of a measurement would add to the difference in each cell: a large
            table is
                not worth measuring for that alone.
            rho: What the choice may cost.

        Source:
            McKenna et al. 2022, "AIM" (arXiv:2201.12677), equation 1 for the score.
        """
        scores = [
            weight
            * (
                float(np.abs(self._counted(one) - answers[one].astype(np.float64)).sum())
                - allowance * self.n_cells(one)
            )
            for one, weight in zip(candidates, weights.tolist(), strict=True)
        ]
        sensitivity = float(weights.max())
        number = private.select(self.ledger, np.array(scores), rho, "where the generator errs", sensitivity)
        return candidates[number]

    def _counted(self, columns: Columns) -> Float[np.ndarray, " n_combinations"]:
        """True counts; private."""
        if columns not in self._true:
            sizes = [self.sizes[place] for place in columns]
            found = private.true_marginal([self._codes[:, place] for place in columns], sizes)
            self._true[columns] = found.ravel().astype(np.float64)
        return self._true[columns]

    def _named(self, columns: Columns) -> str:
        return " x ".join(self.cells[self.learnt[place]].column.name for place in columns)

    def pairs(self) -> list[Columns]:
        """All pairs of columns that are learnt."""
        return [*combinations(range(len(self.sizes)), 2)]


def opened(records: PrivateRecords, options: PrivateOptions, ledger: Ledger) -> Curator:
    """A curator of records, who knows what is public.

    Raises:
        UsageError: See `introduced`; or what is public is said twice.
    """
    public = public_of(options.domain)
    if twice := sorted(public.keys() & options.columns.keys()):
        raise UsageError(f"column {twice[0]!r} stands in --domain and in --column. Say it once.")
    public |= {name: Public(kind) for name, kind in options.columns.items()}
    return introduced(records.raw, public, options.missing, ledger)


def introduced(raw: RawTable, public: dict[str, Public], marks: tuple[str, ...], ledger: Ledger) -> Curator:
    """A curator of a table: which columns it has, of which kinds, with which cells; all of it paid for.

    Raises:
        UsageError: Something public is not so, a column cannot be learnt, or delta is too large.
    """
    names: list[str] = raw.columns.column_names
    unit = ledger.guarantee.unit
    if unit and unit not in names:
        raise UsageError(f"there is no column {unit!r} to tell units by. {did_you_mean(unit, names)}")
    check_kinds(names, public)
    if unit:
        public = {**public, unit: Public("key")}
        kept = private.bounded_rows(ledger, _units(raw.columns.column(unit)))
        raw = replace(raw, columns=raw.columns.take(pa.array(kept)))
    columns = columns_of(raw, marks)
    ledger.declare_public("the table", TAKEN_AS_PUBLIC)
    for name, said in public.items():
        if said.in_words and name != unit:
            ledger.declare_public(name, said.in_words)
    budget = ledger.rho_budget
    n_records = private.noisy_n_rows(ledger, raw.columns.num_rows, COUNTING_SHARE * budget)
    ledger.guarantee.check_size(n_records)
    wanted = (SURE / max(n_records, 1)) ** 2 / 2  # the scale of the noise is one over the root of two rho
    least, most = (share * budget / len(columns) for share in (VOTING_SHARE, MOST_VOTING_SHARE))
    vote = min(max(wanted, least), most)
    read = [one.read(public.get(one.name, Public()), voting(ledger, vote, one.name)) for one in columns]
    asking = _Asking(ledger, read, n_records)
    cells = [asking.cells(one, public.get(one.column.name, Public())) for one in read]
    if all(one.is_made_anew for one in cells):
        raise UsageError(
            "nothing of this table can be learnt within the guarantee: no category is frequent "
            "enough to come "
            "out. Give public categories and ranges (--domain), or a larger --epsilon."
        )
    codes = [
        np.zeros(raw.columns.num_rows, np.int64) if one.is_made_anew else one.codes(each.values)
        for one, each in zip(cells, read, strict=True)
    ]
    return Curator(ledger, cells, np.stack(codes, 1), n_records, tuple(asking.notes))


@final
class _Asking:
    """Finds the cells of columns."""

    def __init__(self, ledger: Ledger, read: Sequence[Read], n_records: int) -> None:
        self._ledger, self._n_records = ledger, n_records
        n_numbers = sum(not one.is_made_anew and one.values.dtype != object for one in read)
        n_texts = sum(not one.is_made_anew and one.values.dtype == object for one in read)
        self._for_range = RANGE_SHARE * ledger.rho_budget / max(n_numbers, 1)
        self._for_cells = CELLS_SHARE * ledger.rho_budget / max(n_numbers + n_texts, 1)
        self._delta = ledger.guarantee.delta_of_thresholds / max(n_texts, 1)
        self._n_bins = MAX_BINS if ledger.guarantee.epsilon >= 2 else NOISY_BINS
        self.notes: list[str] = []

    def cells(self, read: Read, public: Public) -> Cells:
        """The cells of a column."""
        if read.is_made_anew:
            return Cells(read.column)
        if read.values.dtype != object:
            return self._binned(read, public)
        if public.values:
            return Cells(read.column, public.values)
        if read.known:
            return Cells(read.column, read.known)
        return self._categories(read)

    def _binned(self, read: Read, public: Public) -> Cells:
        name, grain = read.column.name, read.grain
        ends = public.ends or ranges.noisy_range(self._ledger, read.values, self._for_range, name)
        n_levels = LEVELS
        if grain:
            n_levels = int(np.clip(np.ceil(np.log2((ends[1] - ends[0]) / grain + 1)), 1, MAX_LEVELS))
        bins = ranges.noisy_bins(
            self._ledger,
            read.values,
            ends,
            self._for_cells,
            name,
            n_levels=n_levels,
            grain=grain,
            max_bins=self._n_bins,
        )
        return Cells(read.column, edges=bins.edges, grain=grain)

    def _categories(self, read: Read) -> Cells:
        name = read.column.name
        found = private.categories(self._ledger, read.values, self._for_cells, self._delta, name)
        if sum(found.values()) < LEAST_KNOWN * self._n_records:
            self.notes.append(
                f"column {name!r}: too few records share a value for the guarantee to let it out, so "
                "it is made "
                f"anew. Say {name!r} in --domain, where its categories are public."
            )
            return Cells(replace(read.column, kind="text"))
        return Cells(read.column, tuple(found), has_others=True)


def _units(column: pa.ChunkedArray) -> np.ndarray:
    """Whose each record is, as numbers; of a record that says nothing nobody else's."""
    codes = pc.dictionary_encode(column).combine_chunks().indices
    found = np.array(pc.fill_null(codes, -1))
    return np.where(found < 0, len(found) + np.arange(len(found)), found)
