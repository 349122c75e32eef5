"""A database that is made as one long row of numbers: what networks hand to the codec."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float

from gansmith.errors import DataError
from gansmith.modalities.relational.planning import Plan
from gansmith.modalities.relational.records import Links, Rows
from gansmith.modalities.relational.views import Levels, States, TableView


@final
@dataclass(frozen=True, eq=False)
class Made:
    """The rows of tables that are made, as states, and where their keys point."""

    states: Mapping[str, States]
    levels: Mapping[str, Levels]
    links: Links
    """Of driving and matched keys of tables that are made, and of all late ones."""
    share: float
    """How large it is beside the data."""


def linked(plan: Plan) -> list[tuple[str, str]]:
    """The keys whose targets are packed: by table and name."""
    return [
        (table.name, link.name)
        for table in plan.tables
        for link in table.of_role("driving", "matched", "late")
    ]


def packed(plan: Plan, views: Mapping[str, TableView], made: Made) -> Float[np.ndarray, " n"]:
    """All of it, one after the other: the share, the length of each table, states, levels, keys."""
    parts = [np.array([made.share])]
    for table in plan.made:
        parts.append(np.array([len(made.states[table.name])]))
        parts += [made.states[table.name].ravel(), made.levels[table.name].ravel()]
    for name in linked(plan):
        parts += [np.array([len(made.links[name])]), made.links[name]]
    return np.concatenate([part.astype(np.float64) for part in parts])


def unpacked(plan: Plan, views: Mapping[str, TableView], numbers: Float[np.ndarray, " n"]) -> Made:
    """The inverse of `packed`; what follows it is left out.

    Raises:
        DataError: They are too few.
    """
    place = 1
    states: dict[str, States] = {}
    levels: dict[str, Levels] = {}
    links: dict[tuple[str, str], Rows] = {}

    def following(n: int) -> np.ndarray:
        nonlocal place
        place += n
        if place > len(numbers):
            raise DataError("a database of states is not whole. Make it again.")
        return numbers[place - n : place]

    for table in plan.made:
        n, width = int(following(1)[0]), len(views[table.name].said)
        states[table.name] = following(n * width).reshape(n, width).astype(np.int64)
        levels[table.name] = following(n * width).reshape(n, width).astype(np.float32)
    for name in linked(plan):
        links[name] = following(int(following(1)[0])).astype(np.int64)
    return Made(states, levels, links, float(numbers[0]))
