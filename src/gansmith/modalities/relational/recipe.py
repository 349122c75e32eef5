"""How databases are learnt: sizes, the game, its length, what can be asked for."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final, final

import numpy as np
from torch import nn

from gansmith.engine.batches import Dataset, Samples
from gansmith.engine.games import AbstractRules
from gansmith.engine.games.likelihood import LikelihoodRules
from gansmith.engine.players import PlayerConfig
from gansmith.errors import UsageError
from gansmith.modalities.recipe import AbstractCodec, AbstractRecipe, Plan
from gansmith.modalities.relational import RelationalOptions
from gansmith.modalities.relational.codec import RelationalCodec
from gansmith.modalities.relational.encoding import RowsToLearn
from gansmith.modalities.relational.networks import RelationalNetworks, networks_for
from gansmith.modalities.relational.records import Database
from gansmith.modalities.relational.request import SCALE, RelationalRequest, request_for
from gansmith.tabular.suppressed import suppression_notes
from gansmith.tabular.where import Where

BATCH_SIZE: Final = 512
USUAL_EPOCHS: Final = 6
"""Times that each row is seen."""
FEWEST_SEEN: Final = 200_000
MOST_SEEN: Final = 4_000_000
HIDDEN_OF_ONE: Final = 20.0
"""Share of the context that is hidden, times the root of the number of families: few are known by it."""
MOST_EPOCHS: Final = 100
N_JUDGED: Final = 4_096
"""Rows that the held-out likelihood is taken of."""
FEWEST_TO_HOLD_OUT: Final = 100
MOST_HELD_OUT: Final = 1_000


@final
class RelationalRecipe(AbstractRecipe[RelationalCodec]):
    """Tables that point at each other."""

    codec: ClassVar[type[AbstractCodec[Any, Any]]] = RelationalCodec
    networks: ClassVar[type[Any]] = RelationalNetworks
    presets: ClassVar[Mapping[str, str]] = {"default": "parents first, then their children, row after row"}

    def n_heldout(self, n_records: int, preset: str) -> int:
        return 0 if n_records < FEWEST_TO_HOLD_OUT else min(n_records // 10, MOST_HELD_OUT)

    def plan(self, codec: RelationalCodec, n_records: int, preset: str, seconds: float = 0.0) -> Plan:
        n_rows = sum(one.n_rows for one in codec.plan.made)
        usual = int(np.clip(USUAL_EPOCHS * n_rows, min(FEWEST_SEEN, MOST_EPOCHS * n_rows), MOST_SEEN))
        rules = LikelihoodRules(
            batch_size=BATCH_SIZE,
            generator=PlayerConfig(3e-3, 0.0, beta1=0.9, beta2=0.99, average_half_life_samples=20_000),
        )
        networks = RelationalNetworks(
            (1,), (1,), context_share=min(0.5, HIDDEN_OF_ONE / math.sqrt(max(1, n_records)))
        )
        return Plan(networks, rules, usual, 2 * usual, n_evaluations=20, n_judged=N_JUDGED)

    def build(
        self, codec: RelationalCodec, networks: RelationalNetworks, rules: AbstractRules
    ) -> dict[str, nn.Module]:
        return networks_for(codec, networks, rules)

    def dataset(self, codec: RelationalCodec, records: Any, seed: int) -> Dataset:
        return RowsToLearn(codec, records)

    def held_out_score(
        self, codec: RelationalCodec, n_heldout: int, seed: int
    ) -> Callable[[Samples, Samples], float] | str:
        """What the game reads: how likely held-out rows are."""
        return "likelihood"

    def request(self, codec: RelationalCodec, where: Where, balance: str) -> RelationalRequest | None:
        """See `Conditional`: how large the database is, and what its root rows are."""
        if balance:
            raise UsageError("rows of a database are not balanced: ask for them with --where.")
        return request_for(codec, where) if where else None

    def asked(self, options: RelationalOptions) -> tuple[str, ...]:
        """See `AskingByOption`: how large the database is."""
        return (f"{SCALE}={options.scale!r}",) if options.scale != 1 else ()

    def n_records(self, codec: RelationalCodec, options: RelationalOptions, n: int | None) -> int:
        """See `Sizing`: so many parts.

        Raises:
            UsageError: A number of records is given, which a database does not go by.
        """
        if n is not None:
            raise UsageError("-n counts records of one table. Of a database say --scale, such as --scale 2.")
        return codec.n_blocks(options.scale)

    def counted(self, codec: RelationalCodec, options: RelationalOptions, n: int) -> str:
        """See `Sizing`."""
        written = [one for one in codec.plan.tables if not options.table or one.name in options.table]
        n_rows = sum(one.n_rows * (options.scale if one.is_made else 1) for one in written)
        tables = "1 table" if len(written) == 1 else f"{len(written):,} tables"
        return f"about {n_rows:,.0f} rows in {tables}"

    def of_sample(self, codec: RelationalCodec, seed: int) -> RelationalCodec:
        """See `Inventing`."""
        return codec.of_sample(seed)

    def describe(self, codec: RelationalCodec) -> list[dict[str, str]]:
        """One row for each table: how it is made, and what of it is learnt."""
        found: list[dict[str, str]] = []
        for table in codec.plan.tables:
            view = codec.views.get(table.name)
            rules = (
                []
                if view is None or view.rows is None
                else [one.in_words() for one in view.rows.chain.constraints]
            )
            rules += (
                []
                if view is None
                else [f"{one.column} = {'/'.join(one.path)}.{one.source}" for one in view.copies]
            )
            rules += (
                []
                if view is None
                else [f"{one.column} = sum of {one.child}.{' * '.join(one.factors)}" for one in view.totals]
            )
            keys = [f"{one.name} → {one.parent} ({one.role})" for one in table.links]
            found.append(
                {
                    "table": table.name,
                    "rows": f"{table.n_rows:,}",
                    "is": table.way,
                    "keys": "; ".join(keys),
                    "rules": "; ".join(rules),
                }
            )
        return found

    def remarks(self, codec: RelationalCodec, records: Database, target: str) -> tuple[str, ...]:
        """See the base class."""
        found: list[str] = []
        for name, view in codec.views.items():
            if view.rows is not None:
                found += [f"{name}: {note}" for note in suppression_notes(view.rows, view.rows.schema, "")]
        return tuple(found)
