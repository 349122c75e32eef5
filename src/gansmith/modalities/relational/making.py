"""How a database is made: table after table, family by family, column after column.

All chance of a database is drawn from its noise.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast, final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from gansmith.errors import UsageError
from gansmith.modalities.relational.encoding import NOT_THERE, parents_of, remembered, rows_by_path, seen_by
from gansmith.modalities.relational.matching import Pairs, Slots, acyclic, n_strata, rounded
from gansmith.modalities.relational.packing import Made, packed
from gansmith.modalities.relational.planning import Link, TablePlan
from gansmith.modalities.relational.records import NOBODY, Rows
from gansmith.modalities.relational.views import (
    MOST_PLACES,
    Levels,
    Place,
    States,
    TableView,
    category_name,
    count_name,
)

if TYPE_CHECKING:
    from gansmith.modalities.relational.codec import RelationalCodec
    from gansmith.modalities.relational.networks import RelationalGenerator, RowChances

MOST_AT_ONCE: Final = 8_192
"""Rows that a network looks at together."""
MOST_ROUNDS: Final = 200
"""How often root rows are made until all are what is asked for."""
LEAST_CHANCE: Final = 0.05
"""A state that is as many times less likely than it is on the whole is never drawn: networks that learn from
samples find nothing impossible."""
Bounds = Float[np.ndarray, "n_states 2"]
"""The lowest and the highest level that each state may have; none where they are in turn."""


@final
@dataclass(eq=False)
class _Making:
    """A database that is being made."""

    share: float
    rng: np.random.Generator
    allowed: dict[str, list[Bounds]]
    states: dict[str, States] = field(default_factory=dict[str, States])
    levels: dict[str, Levels] = field(default_factory=dict[str, Levels])
    links: dict[tuple[str, str], Rows] = field(default_factory=dict[tuple[str, str], Rows])


@final
class Making:
    """Makes databases with networks; see the module."""

    def __init__(self, codec: RelationalCodec) -> None:
        self.codec = codec
        self._parents = parents_of(codec)

    def __deepcopy__(self, memo: dict[int, Any]) -> Making:
        return self  # nothing of it changes

    def databases(self, network: RelationalGenerator, noise: Tensor, conditions: Tensor | None) -> Tensor:
        """A database for each row of noise, packed; those that are shorter are filled up with zeros."""
        bits = noise.detach().cpu().numpy().astype(np.float32).view(np.uint32)
        rows: list[np.ndarray] = []
        for number, key in enumerate(bits):
            asked = np.ones(1) if conditions is None else conditions[number].double().numpy()
            going = _Making(float(asked[0]), np.random.default_rng(key.tolist()), self._allowed(asked[1:]))
            made = self._one(network, going)
            rows.append(packed(self.codec.plan, self.codec.views, made))
        found = np.zeros((len(rows), max(map(len, rows), default=0)))
        for place, row in enumerate(rows):
            found[place, : len(row)] = row
        return torch.from_numpy(found)

    def _allowed(self, bounds: np.ndarray) -> dict[str, list[Bounds]]:
        """Which levels each state of root rows may have, by table, where not all may; see `request.py`."""
        found: dict[str, list[Bounds]] = {}
        for table in self.codec.plan.made if len(bounds) else ():
            if table.driving is None:
                sizes = [2 * one.n_states for one in self.codec.views[table.name].said]
                own, bounds = bounds[: sum(sizes)], bounds[sum(sizes) :]
                parts = np.split(own, np.cumsum(sizes)[:-1])
                if not (np.abs(own) == 1).all() or (own.reshape(-1, 2)[:, 0] > -1).any():
                    found[table.name] = [part.reshape(-1, 2) for part in parts]
        return found

    def _one(self, network: RelationalGenerator, going: _Making) -> Made:
        for table, chances in zip(self.codec.plan.made, network.tables, strict=True):
            self._table(table, cast("RowChances", chances), going)
        for table in self.codec.plan.tables:
            for link in table.of_role("late"):
                going.links[table.name, link.name] = self._late(table, link, going)
        return Made(going.states, going.levels, going.links, going.share)

    # --- One table ---

    def _table(self, table: TablePlan, chances: RowChances, going: _Making) -> None:
        """All rows of a table, family by family."""
        parents = self._hung_on(table, going)
        n, view = len(parents), self.codec.views[table.name]
        name, driving = table.name, table.driving
        going.states[name] = np.zeros((n, len(view.said)), np.int64)
        going.levels[name] = np.zeros((n, len(view.said)), np.float32)
        if driving is not None:
            going.links[name, driving.name] = parents
        choosing = _Choosing(self, table, n, going)
        is_first = np.ones(n, bool)
        is_first[1:] = (parents[1:] != parents[:-1]) | (parents[1:] < 0)
        places = np.arange(n) - np.maximum.accumulate(np.where(is_first, np.arange(n), 0)) if n else parents
        order = np.argsort(places, kind="stable")
        ends = np.searchsorted(places[order], np.arange(1, int(places.max(initial=-1)) + 2))
        begin = 0
        seen = np.full((n, len(chances.sizes)), NOT_THERE, np.int16)
        for place, end in enumerate(ends.tolist()):
            for first in range(begin, end, MOST_AT_ONCE):
                rows = order[first : min(end, first + MOST_AT_ONCE)]
                before = seen[rows - 1] if place else np.full((len(rows), seen.shape[1]), NOT_THERE)
                seen[rows] = self._rows(table, chances, rows, place, before, choosing, going)
                if table.name in going.allowed:
                    self._again(table, chances, rows, before, choosing, going)
            begin = end
        for link in table.of_role("matched"):
            going.links.setdefault((name, link.name), np.full(n, NOBODY))

    def _again(
        self,
        table: TablePlan,
        chances: RowChances,
        rows: np.ndarray,
        before: np.ndarray,
        choosing: _Choosing,
        going: _Making,
    ) -> None:
        """Make rows again that are not what is asked for.

        Raises:
            UsageError: They never are.
        """
        for _ in range(MOST_ROUNDS):
            states, levels = going.states[table.name][rows], going.levels[table.name][rows]
            will_do = np.ones(len(rows), bool)
            for place, bounds in enumerate(going.allowed[table.name]):
                low, high = bounds[states[:, place]].T
                will_do &= (
                    (low <= high) & (levels[:, place] >= low - 1e-6) & (levels[:, place] <= high + 1e-6)
                )
            if will_do.all():
                return
            rows, before = rows[~will_do], before[~will_do]
            self._rows(table, chances, rows, 0, before, choosing, going)
        raise UsageError(
            f"{len(rows):,} rows of {table.name!r} were made {MOST_ROUNDS} times and never were what is "
            "asked for: hardly any such rows were learnt from. Ask for less."
        )

    def _hung_on(self, table: TablePlan, going: _Making) -> Rows:
        """For each row that is to be made what it hangs on: families side by side, those of nobody last."""
        n_alone = int(rounded(np.array([self.codec.n_alone[table.name] * going.share]), going.rng)[0])
        if table.driving is None:
            return np.full(n_alone, NOBODY)
        counts = self.capacity(table, table.driving, going)
        return np.concatenate([np.repeat(np.arange(len(counts)), counts), np.full(n_alone, NOBODY)])

    def capacity(self, table: TablePlan, link: Link, going: _Making) -> np.ndarray:
        """How many rows want to point at each row of a parent."""
        parent = self.codec.plan[link.parent]
        if not parent.is_made:
            counts = self.codec.kept_counts.get(f"{table.name}/{link.name}", np.zeros(parent.n_rows))
            return rounded(counts * going.share, going.rng) if len(counts) else np.zeros(0, np.int64)
        view, name = self.codec.views[parent.name], count_name(table.name, link.name)
        counts = view.numbers(name, going.states[parent.name], going.levels[parent.name])
        return np.minimum(counts, 1) if link.is_single else counts

    def _rows(
        self,
        table: TablePlan,
        chances: RowChances,
        rows: np.ndarray,
        place: int,
        before: np.ndarray,
        choosing: _Choosing,
        going: _Making,
    ) -> np.ndarray:
        """Make the rows of one place in their families.

        Returns:
            Their sequences of states.
        """
        places, n_first = self.codec.sequences[table.name]
        found = np.full((len(rows), len(places)), NOT_THERE, np.int16)
        in_family = np.full(len(rows), min(place, MOST_PLACES - 1))
        context = torch.zeros(len(rows), chances.width)
        for number, columns in enumerate(_runs(places, n_first)):
            if number and not places[columns.start].path:
                here, level = self._said(table, chances, columns.start, context, rows, choosing, going)
            else:
                by_path = self._by_path(places[columns], table, rows, going)
                here, level = seen_by(
                    places[columns], table.name, going.states, going.levels, by_path, in_family
                )
            found[:, columns] = here
            added = torch.from_numpy(here.astype(np.int64)), torch.from_numpy(level.astype(np.float32))
            context = context + chances.seen(columns.start, *added)
            if not number:
                had = remembered(going.states[table.name], rows, place, chances.n_remembered)
                context = chances.context(
                    context, torch.from_numpy(before.astype(np.int64)), torch.from_numpy(had)
                )
        return found

    def _said(
        self,
        table: TablePlan,
        chances: RowChances,
        column: int,
        context: Tensor,
        rows: np.ndarray,
        choosing: _Choosing,
        going: _Making,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Draw one column of rows; its states and levels, side by side with nothing else."""
        said = self.codec.sequences[table.name][0][column].said
        view = self.codec.views[table.name]
        one, shares = view.said[said], chances.chances(context, column).numpy()
        shares[shares < LEAST_CHANCE * view.usual[said]] = 0
        shares[:, view.usual[said] == 0] = 0
        _without_never(shares, view, said, going.states[table.name][rows])
        shares = choosing.allowed(said, rows, shares)
        here = _drawn(shares, going.rng)
        is_open = here >= one.n_states - one.n_bins
        level = np.where(is_open, 2 * going.rng.random(len(rows)) - 1, 0).astype(np.float32)
        going.states[table.name][rows, said], going.levels[table.name][rows, said] = here, level
        choosing.chosen(said, rows, here)
        return here[:, None], level[:, None]

    def _by_path(
        self, places: tuple[Any, ...], table: TablePlan, rows: np.ndarray, going: _Making
    ) -> dict[tuple[str, ...], Rows]:
        own = {
            (table.name, link.name): going.links[table.name, link.name][rows]
            for link in table.of_role("driving", "matched")
            if (table.name, link.name) in going.links
        }
        return rows_by_path(places, table.name, going.links, self._parents, own)

    # --- Keys that come late ---

    def _late(self, table: TablePlan, link: Link, going: _Making) -> Rows:
        """Whom rows point at when all tables are made."""
        n_theirs = self.n_rows(link.parent, going)
        if not table.is_made:
            n = table.n_rows
            if not n_theirs:
                return np.full(n, NOBODY)
            return going.rng.permutation(np.resize(going.rng.permutation(n_theirs), n))
        n, view = len(going.states[table.name]), self.codec.views[table.name]
        has = np.ones(n, bool)
        if (place := view.index(f"has {link.name}")) >= 0:
            has = going.states[table.name][:, place] > 0
        capacity = self.capacity(table, link, going)
        if link.parent == table.name:
            return acyclic(has, capacity, going.rng)
        slots = Slots(capacity, np.ones(n_theirs, np.int64), int(has.sum()), going.rng)
        return slots.draw(has.astype(np.int64))

    def n_rows(self, table: str, going: _Making) -> int:
        """Of a table that is there already."""
        return len(going.states[table]) if table in going.states else self.codec.plan[table].n_rows


@final
class _Choosing:
    """Whom the rows of a table point at by matched keys, and what may not come twice in a family."""

    def __init__(self, making: Making, table: TablePlan, n: int, going: _Making) -> None:
        codec = making.codec
        view, self._going, self._table = codec.views[table.name], going, table
        self._families = going.links.get((table.name, table.driving.name)) if table.driving else None
        self._slots: dict[int, tuple[Link, Slots]] = {}
        self._pairs: dict[int, Pairs] = {}
        self._used: dict[int, set[tuple[int, int]]] = {}
        alone = exclusive(codec, table)
        for index, key in enumerate(view.wanted):
            link = table.link(key)
            theirs = codec.views.get(link.parent)
            n_theirs = making.n_rows(link.parent, going)
            kinds = np.ones(n_theirs, np.int64)
            if theirs is not None and (place := theirs.index(f"kind for {table.name}.{key}")) >= 0:
                kinds = going.states[link.parent][:, place]
            capacity = making.capacity(table, link, going)
            self._slots[index] = link, Slots(capacity, kinds, n, going.rng, n_strata(table))
            going.links[table.name, key] = np.full(n, NOBODY)
            if key in alone:
                self._pairs[index] = Pairs(n_theirs)
        for link in table.of_role("category"):
            place = view.index(category_name(link.name))
            if link.name in alone and place >= 0:
                self._used[place] = set()

    def allowed(self, index: int, rows: np.ndarray, shares: np.ndarray) -> np.ndarray:
        """Chances of states, without those that cannot be, or that the family has already."""
        if index in self._slots and not self._slots[index][0].has_nobody:
            shares[:, 0] = 0
        used = self._used.get(index)
        if not used or self._families is None:
            return shares
        for place, family in enumerate(self._families[rows].tolist()):
            for state in range(shares.shape[1]):
                if (family, state) in used:
                    shares[place, state] = 0
        lost = shares.sum(1) <= 0
        shares[lost] = 1
        return shares

    def chosen(self, index: int, rows: np.ndarray, states: np.ndarray) -> None:
        """Remember what was drawn, and find rows of the kinds that are wanted."""
        if index in self._used and self._families is not None:
            self._used[index] |= set(zip(self._families[rows].tolist(), states.tolist(), strict=True))
        if index not in self._slots:
            return
        link, slots = self._slots[index]
        families = self._families[rows] if self._families is not None else rows
        if index in self._pairs:
            found = self._pairs[index].drawn(slots, states, families)
        else:
            found = slots.draw(states)
        self._going.links[self._table.name, link.name][rows] = found


def exclusive(codec: RelationalCodec, table: TablePlan) -> frozenset[str]:
    """Keys that together with what a row hangs on tell rows apart: none may come twice in a family."""
    schema, driving = codec.schema[table.name], table.driving
    if driving is None:
        return frozenset()
    found: set[str] = set()
    for columns in (schema.primary_key, *schema.unique):
        rest = set(columns) - set(schema.key_of(driving.name).columns)
        for link in table.of_role("matched", "category"):
            if rest and rest <= set(schema.key_of(link.name).columns):
                found.add(link.name)
    return frozenset(found)


def _without_never(shares: np.ndarray, view: TableView, said: int, states: States) -> None:
    """Take away the chances of states that never come together with what was drawn before."""
    for (first, second), never in view.never.items():
        if second == said:
            left = np.where(never[states[:, first]], 0, shares)
            able = left.sum(1) > 0
            shares[able] = left[able]


def _runs(places: tuple[Place, ...], n_first: int) -> list[slice]:
    """What is known more at a time: all seen first, a drawn column, all that is seen of a chosen row."""
    found = [slice(0, n_first)]
    for column in range(n_first, len(places)):
        last = found[-1]
        if last.start and places[column].path and places[column].path == places[last.start].path:
            found[-1] = slice(last.start, column + 1)
        else:
            found.append(slice(column, column + 1))
    return found


def _drawn(shares: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A state for each row, as likely as it is said to be."""
    upto = np.cumsum(shares, 1)
    aims = rng.random(len(shares)) * upto[:, -1]
    return np.minimum((upto <= aims[:, None]).sum(1), shares.shape[1] - 1)
