"""How private tables are learnt: a budget is spent once, and what it bought is learnt from freely."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Final, final

import torch
from torch import nn

from gansmith.engine.batches import Dataset, TensorDataset
from gansmith.engine.games import AbstractRules
from gansmith.engine.games.marginals import MarginalsRules
from gansmith.errors import UsageError
from gansmith.modalities.charging import Paid
from gansmith.modalities.recipe import AbstractCodec, AbstractRecipe, Plan
from gansmith.modalities.table.private import PrivateOptions
from gansmith.modalities.table.private.codec import PrivateCodec
from gansmith.modalities.table.private.learning import COMPONENTS
from gansmith.modalities.table.private.records import PrivateRecords
from gansmith.modalities.table.private.request import PrivateRequest, request_for
from gansmith.nets.mixture import Measured, MixtureOfProducts
from gansmith.settings import settings
from gansmith.tabular.where import Where

BATCH_SIZE: Final = 1
STEPS: Final = 200
"""Of the generator when the budget is spent, with all that was measured."""
REGENERATED: Final = "made anew"


@final
@settings(kw_only=True)
class PrivateNetworks:
    """The size of the generator."""

    n_components: int = COMPONENTS[-1]
    """Products of independent columns that are mixed."""


@final
class PrivateRecipe(AbstractRecipe[PrivateCodec]):
    """Rows and columns, under differential privacy."""

    codec: ClassVar[type[AbstractCodec[Any, Any]]] = PrivateCodec
    networks: ClassVar[type[Any]] = PrivateNetworks
    presets: ClassVar[Mapping[str, str]] = {
        "default": "a mixture of products, fitted to noisy marginals chosen where it errs most"
    }

    def paid(self, records: PrivateRecords, options: PrivateOptions, ledger: Path | None, seed: int) -> Paid:
        """See `Charging`."""
        codec = PrivateCodec.paid(records, options, ledger, seed)
        return Paid(codec, max(round(codec.n_records), 1), codec.ledger)

    def n_heldout(self, n_records: int, preset: str) -> int:
        """None: records that choose a model would have to be paid for."""
        return 0

    def plan(self, codec: PrivateCodec, n_records: int, preset: str, seconds: float = 0.0) -> Plan:
        rules = MarginalsRules(batch_size=BATCH_SIZE, n_columns=len(codec.learnt))
        return Plan(PrivateNetworks(n_components=len(codec.draft["weights"])), rules, STEPS * BATCH_SIZE)

    def build(
        self, codec: PrivateCodec, networks: PrivateNetworks, rules: AbstractRules
    ) -> dict[str, nn.Module]:
        """See the base class: the generator begins where it was when the budget was spent."""
        if not isinstance(rules, MarginalsRules):
            raise UsageError(f"private tables have no networks for the game {rules.name!r}.")
        mixture = MixtureOfProducts(codec.sizes, networks.n_components, codec.makes)
        if not mixture.weights.is_meta:
            mixture.load_state_dict({**codec.draft, "makes": mixture.makes})
        tables = [(one.columns, one.counts, one.variances) for one in codec.tables]
        with torch.device("cpu"):
            measured = Measured(codec.sizes, tables, codec.n_records)
        return {"generator": mixture, "measured": measured}

    def dataset(self, codec: PrivateCodec, records: PrivateRecords, seed: int) -> Dataset:
        """Nothing of the records: as many empty samples as there are about."""
        return TensorDataset({"real": torch.zeros(max(round(codec.n_records), 1), codec.n_values)})

    def held_out_score(self, codec: PrivateCodec, n_heldout: int, seed: int) -> str:
        """What the game reads: no record is held out."""
        return "match"

    def remarks(self, codec: PrivateCodec, records: PrivateRecords, target: str) -> tuple[str, ...]:
        """What the guarantee kept back, and what it is not about.

        Raises:
            UsageError: Nothing is learnt of the target.
        """
        if target and codec.cells[codec.schema.names.index(target)].is_made_anew:
            raise UsageError(
                f"target {target!r} is made anew, so it cannot be predicted. Say it in --domain."
            )
        return (*codec.notes, UNCHOSEN)

    def fine_tuning_options(
        self, codec: PrivateCodec, own: PrivateOptions, given: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """See the base class: nothing is fine-tuned.

        Raises:
            UsageError: Always.
        """
        raise UsageError(
            "a model with a guarantee is not fine-tuned: other records would be another release, "
            "with a budget of "
            "its own. Learn them anew with --epsilon."
        )

    def request(self, codec: PrivateCodec, where: Where, balance: str) -> PrivateRequest | None:
        """See `Conditional`."""
        return request_for(codec, where, balance) if where or balance else None

    def describe(self, codec: PrivateCodec) -> list[dict[str, str]]:
        found: list[dict[str, str]] = []
        for one in codec.cells:
            told = f"{len(one.values)} categories" if one.values else f"{one.n_known} bins"
            if one.edges:
                told += f" from {one.edges[0]:g} to {one.edges[-1]:g}"
            told += ", others are not made" if one.has_others else ""
            told = REGENERATED if one.is_made_anew else told
            found.append({"column": one.column.name, "kind": one.column.kind, "learnt": told})
        return found


UNCHOSEN: Final = (
    "no records are held out, no score is taken and no rules are looked for: each would cost a part of the "
    "budget. `gansmith score` compares with real records, outside the guarantee: keep its report to yourself"
)
