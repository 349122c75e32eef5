"""What is in a group beside what is in it among real records: the target, and every other column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final

import numpy as np
from jaxtyping import Bool, Float, Int

from gansmith.scorecard.chance import DOUBT, KINDS, adjusted, chance_unlike
from gansmith.scorecard.features import Features
from gansmith.scorecard.groups.cells import Cell, Groups, cells_of, places_in
from gansmith.scorecard.naming import Naming

MAX_NAMED: Final = 3
TARGET_OFF: Final = 0.1
"""Share of a group's records with another target than real ones that matters."""
COLUMN_OFF: Final = 0.15
"""The same of any other column."""
_SIMPLER: Final = 0.8
"""Of what a group by two columns tells: one by a single column is named first when it tells as much."""
_FULL: Final = 10
"""Records of a cell that is compared by itself."""
_CHUNK: Final = 20_000


@final
@dataclass(frozen=True)
class Deviation:
    """Something about a group, or a column, that is not as in real data."""

    text: str
    columns: tuple[str, ...]
    effect: float
    """How large it is, in the unit of what looked for it."""
    chance: float
    """Of a deviation like this on honest data, anywhere in the answer that it belongs to."""


@final
@dataclass(frozen=True, eq=False)
class Sides:
    """Groups of synthetic and of real records."""

    groups: Groups
    fake: Features
    real: Features
    fake_members: Bool[np.ndarray, "n_groups n_fake"]
    real_members: Bool[np.ndarray, "n_groups n_real"]

    @classmethod
    def of(cls, groups: Groups, fake: Features, real: Features) -> Sides:
        """All records of both sides."""
        return cls(groups, fake, real, groups.of(fake), groups.of(real))

    def without(self, group: int) -> Sides:
        """All records but those of a group."""
        ours, theirs = ~self.fake_members[group], ~self.real_members[group]
        parts = self.fake.take(np.flatnonzero(ours)), self.real.take(np.flatnonzero(theirs))
        return Sides(self.groups, *parts, self.fake_members[:, ours], self.real_members[:, theirs])


def target_off(sides: Sides, target: str, naming: Naming) -> list[Deviation]:
    """Groups in which the target is not as in real records, beyond what is so in all of them.

    The group that tells most is named; its records are left out, and those that are left are looked at
    again: what only repeats it is not named. Three at most.

    Returns:
        The most telling first, each with the share of its records that have another target than real ones:
        a total variation distance, 0 to 1.
    """
    cells = cells_of(naming, target)
    found: list[Deviation] = []
    while len(found) < MAX_NAMED:
        seen = _compared(sides, cells, TARGET_OFF)
        told = [group for group, chance in adjusted(seen.chances).items() if KINDS * chance < DOUBT]
        if not told:
            break
        group = max(told, key=lambda one: float(seen.told[one]))
        chance = KINDS * adjusted(seen.chances)[group]
        columns = (*sides.groups.columns[group], target)
        found.append(Deviation(seen.words(group), columns, float(seen.effects[group]), chance))
        sides = sides.without(group)
    return found


def columns_off(sides: Sides, names: Sequence[str], naming: Naming) -> list[Deviation]:
    """Columns that are not as in real records within a group, beyond what is so in all records.

    Returns:
        The most telling first, three at most, each of other columns; effects as those of `target_off`.
    """
    seen = {name: _compared(sides, cells_of(naming, name), COLUMN_OFF) for name in names}
    chances = {(name, group): one for name, own in seen.items() for group, one in own.chances.items()}
    fair = {key: KINDS * chance for key, chance in adjusted(chances).items()}
    told = [key for key, chance in fair.items() if chance < DOUBT]
    found: list[Deviation] = []
    for name, group in sorted(told, key=lambda key: -float(seen[key[0]].told[key[1]])):
        columns = (*sides.groups.columns[group], name)
        is_new = all(not ({*columns} <= {*one.columns} or {*one.columns} <= {*columns}) for one in found)
        if is_new and len(found) < MAX_NAMED:
            effect = float(seen[name].effects[group])
            found.append(Deviation(seen[name].words(group), columns, effect, fair[name, group]))
    return found


@final
@dataclass(frozen=True, eq=False)
class _Compared:
    """A column within every group."""

    groups: Groups
    cells: Sequence[Cell]
    fake: Int[np.ndarray, "n_groups n_cells"]
    real: Int[np.ndarray, "n_groups n_cells"]
    effects: Float[np.ndarray, " n_groups"]
    told: Float[np.ndarray, " n_groups"]
    """Chi squared, by which the most telling is found."""
    lost: Float[np.ndarray, "n_groups n_cells"]
    """Share of the group in each cell, less that of real records, given what is so in all of them."""
    chances: Mapping[int, float]
    """By group, of all that were compared."""

    def words(self, group: int) -> str:
        """What is so in the group: "sex = female: active = yes 71 % of records, real 34 %"."""
        cell = int(np.abs(self.lost[group, : len(self.cells)]).argmax())
        ours, theirs = (float(side[group, cell] / side[group].sum()) for side in (self.fake, self.real))
        return (
            f"{self.groups.labels[group]}: {self.cells[cell].label} {ours:.0%} of records, real {theirs:.0%}"
        )


def _compared(sides: Sides, cells: Sequence[Cell], limit: float) -> _Compared:
    """A column within every group that it does not make, tested where it is further off than `limit`."""
    column = cells[0].column
    counts: list[np.ndarray] = []
    for part, members in ((sides.fake, sides.fake_members), (sides.real, sides.real_members)):
        places = places_in(cells, part.values[:, part.position(column)])
        everybody = np.ones((1, len(part)), dtype=bool)
        counts.append(_counts(np.concatenate([members, everybody]), places, len(cells) + 1))
    fake, real = counts
    weights = _weights(fake[-1], real[-1])
    fake, real = fake[:-1], real[:-1]
    known = (weights > 0) * fake  # (n_groups, n_cells)
    expected = weights * real
    sizes = np.square(expected.sum(axis=1)) / np.maximum((weights * expected).sum(axis=1), 1e-300)
    ours, theirs = (one / np.maximum(one.sum(axis=1, keepdims=True), 1e-300) for one in (known, expected))
    n = known.sum(axis=1)
    both = (n[:, None] * ours + sizes[:, None] * theirs) / np.maximum(n + sizes, 1)[:, None]
    lost = ours - theirs
    told = (np.square(lost) / np.where(both > 0, both, 1)).sum(axis=1) * n * sizes / np.maximum(n + sizes, 1)
    told *= [1.0 if len(one) == 1 else _SIMPLER for one in sides.groups.columns]
    effects = np.abs(lost).sum(axis=1) / 2
    matched = np.rint(theirs * sizes[:, None]).astype(np.int64)  # as many records as the weighted ones weigh
    chances = {
        group: chance_unlike(*_folded(known[group], matched[group])) if effects[group] > limit else 1.0
        for group, columns in enumerate(sides.groups.columns)
        if column not in columns and min(n[group], sizes[group]) >= 1
    }
    return _Compared(sides.groups, cells, fake, real, effects, told, lost, chances)


def _folded(fake: np.ndarray, real: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Counts in cells, those with fewer than ten records of both sides made one: their tails are long."""
    is_large = fake + real >= _FULL
    ours, theirs = (np.append(one[is_large], one[~is_large].sum()) for one in (fake, real))
    return ours, theirs


def _weights(fake: np.ndarray, real: np.ndarray) -> np.ndarray:
    """What each real record counts by its cell, so that all have the synthetic shares; 0: left out."""
    is_both = (fake > 0) & (real > 0)
    shares = fake / max(1, fake.sum()) / np.maximum(real / max(1, real.sum()), 1e-300)
    return np.where(is_both, shares, 0.0)


def _counts(
    members: Bool[np.ndarray, "n_groups n_records"], places: Int[np.ndarray, " n_records"], n_cells: int
) -> Int[np.ndarray, "n_groups n_cells"]:
    """Records of each group in each cell."""
    counts = np.zeros((len(members), n_cells))
    for start in range(0, len(places), _CHUNK):
        rows = slice(start, start + _CHUNK)
        inside = (places[rows, None] == np.arange(n_cells)).astype(np.float32)
        counts += members[:, rows].astype(np.float32) @ inside
    return np.rint(counts).astype(np.int64)
