"""Texts as a detector of odd ones sees them: what each is like, in numbers, as a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, final

import numpy as np
from jaxtyping import Float
from torch import Tensor, nn

from gansmith.disclosure import usual_min_count
from gansmith.engine.corruption import AbstractCorruptor
from gansmith.errors import DataError
from gansmith.modalities.rows.numbers import table_of
from gansmith.modalities.rows.sight import RowSight
from gansmith.modalities.sight import AbstractSight, MovedPart, Others, Parts, View
from gansmith.modalities.text.records import Texts
from gansmith.modalities.text.statistics import Profiler
from gansmith.tabular.schema import Table

FEWEST: Final = 10
"""Usual texts, with fewer of which nobody knows what is usual."""


@final
@dataclass(frozen=True, eq=False)
class TextSight(AbstractSight[Texts]):
    """See the base class; the parts of a text are the numbers of its profile."""

    is_made_again: ClassVar[bool] = False
    n_samples: ClassVar[int] = 60_000
    most_numbers: ClassVar[int] = 1_000_000
    rows: RowSight
    profiler: Profiler

    @classmethod
    def fit(cls, records: Texts) -> TextSight:
        if len(records) < FEWEST:
            raise DataError(
                f"{records.name}: {len(records):,} usual texts: with fewer than {FEWEST} nobody knows what "
                "is usual. Give more."
            )
        profiler = Profiler.of(records.texts, usual_min_count(len(records)))
        return cls(RowSight.fit(_table(records, profiler)), profiler)

    def seen(self, records: Texts) -> View:
        """See the base class: shape `(n, n_parts, 2)`, as rows are seen."""
        return self.rows.seen(_table(records, self.profiler))

    def players(self) -> tuple[AbstractCorruptor, nn.Module]:
        return self.rows.players()

    def margins(self, view: View) -> Parts | None:
        return self.rows.margins(view)

    def points(self, view: View) -> Float[np.ndarray, "n d"]:
        return self.rows.points(view)

    def neighbours(self, view: View, oddness: Parts, usual: Others, n: int) -> np.ndarray:
        return self.rows.neighbours(view, oddness, usual, n)

    def moved(self, view: View, other: Others) -> Sequence[MovedPart]:
        return self.rows.moved(view, other)

    def texts(self, records: Texts) -> Sequence[Mapping[str, str]]:
        return self.rows.texts(_table(records, self.profiler))

    def odd_parts(self, oddness: Parts) -> Sequence[Sequence[str]]:
        return self.rows.odd_parts(oddness)

    def reasons(self, records: Texts, oddness: Parts, usual: Texts, neighbours: np.ndarray) -> Sequence[str]:
        ours, theirs = (_table(one, self.profiler) for one in (records, usual))
        return self.rows.reasons(ours, oddness, theirs, neighbours)

    def state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        rows, tensors = self.rows.state()
        frequent, known = (sorted(one) for one in (self.profiler.frequent, self.profiler.known))
        return {"rows": rows, "frequent": frequent, "known": known}, tensors

    @classmethod
    def from_state(cls, state: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> TextSight:
        profiler = Profiler(*(frozenset(map(str, state[name])) for name in ("frequent", "known")))
        return cls(RowSight.from_state(state["rows"], tensors), profiler)


def _table(records: Texts, profiler: Profiler) -> Table:
    """Profiles as a table with a row for each text."""
    return table_of(profiler.rows(records), records.name)
