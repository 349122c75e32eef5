"""Which marginals are measured: one after the other, where the generator errs most.

First each column alone; then sets of two and three columns, each chosen by the exponential mechanism and
measured with Gaussian noise, and the generator learns from all measurements so far. Measurements begin with
much noise; where one is more noise than news, the next ones have half as much. The last takes what is left.

Sources:
    McKenna et al. 2022, "AIM: an adaptive and iterative mechanism for differentially private synthetic data"
    (arXiv:2201.12677), for the loop; the generator stands where a graphical model stands there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from typing import Final, final

import numpy as np
import torch
from jaxtyping import Float

from gansmith.engine.batches import Batch
from gansmith.engine.games.base import Progress
from gansmith.engine.games.marginals import MarginalsRules
from gansmith.engine.players import PlayerConfig
from gansmith.engine.processors import n_threads
from gansmith.engine.randomness import Randomness
from gansmith.modalities.table.private.curator import COLUMNS_SHARE, LOUD, Curator, Table
from gansmith.modalities.table.private.domain import Cells
from gansmith.nets.mixture import Columns, Measured, MixtureOfProducts
from gansmith.privacy import mechanisms as private

COMPONENTS: Final = (64, 512)
"""Products that are mixed, the fewest and the most."""
RECORDS_PER_COMPONENT: Final = 16
ROUNDS_PER_COLUMN: Final = 16
"""Measurements that the budget would be enough for if the noise stayed as it begins."""
MEASURING_SHARE: Final = 0.9
"""Of what a round costs; the rest is for the choice."""
MAX_TRIPLES: Final = 400
"""Sets of three columns that may be chosen; where there are more, these are drawn by the seed."""
LARGEST: Final = 4.0
"""A set of three is measured where its combinations, times this and the noise, are fewer than records."""
ANNEALING: Final = 4.0
"""How much more the next round costs where one taught less than its noise: half the noise."""
NEWS: Final = 2.0
"""A measurement whose mean squared difference from what was expected is below so many variances of its noise
was more noise than news; 1 is noise alone."""
FIRST_STEPS: Final = 150
STEPS: Final = 60
"""Of the generator after each measurement."""
FIRST_RATE: Final = 5e-2
RATE: Final = 3e-2
FINAL_SHARE: Final = 0.05
"""Of the learning rate at the end of each round."""


@final
class Learning:
    """The rounds, one after the other.

    Args:
        curator: Answers about the records.
        seed: Of everything that is no noise of the guarantee.
    """

    def __init__(self, curator: Curator, seed: int) -> None:
        self._curator, self._randomness = curator, Randomness(seed)
        n_components = int(np.clip(curator.n_records // RECORDS_PER_COMPONENT, *COMPONENTS))
        self.tables: dict[Columns, Table] = {}
        """What was measured."""
        self.n_records = 1.0
        """About how many records there are."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self._randomness.key("mixture", 0))  # noqa: TID251 - inside a fork
            self.mixture = MixtureOfProducts(curator.sizes, n_components)
        self._weights = self._answers_that_matter()
        self._n_rounds = 0

    def run(self) -> None:
        """Spend the budget."""
        with n_threads(1):
            self._look_at_columns()
            budget = self._curator.ledger.rho_left
            cost, is_last = budget / (ROUNDS_PER_COLUMN * len(self._curator.sizes)), len(self._weights) == 0
            while not is_last:
                left = self._curator.ledger.rho_left
                if is_last := left < 2 * cost:
                    cost = left
                if self._round(cost):
                    cost *= ANNEALING

    def cells(self) -> list[Cells]:
        """Of all columns; where nearly none are missing no missing cells are made."""
        found = list(self._curator.cells)
        for number, place in enumerate(self._curator.learnt):
            table = self.tables[(number,)]
            is_loud = table.counts[-1] > LOUD * math.sqrt(table.variances[-1])
            found[place] = replace(found[place], has_missing=bool(is_loud))
        return found

    def _look_at_columns(self) -> None:
        """Measure each column alone, and start from what was seen."""
        n = len(self._curator.sizes)
        rho = COLUMNS_SHARE * self._curator.ledger.rho_budget / n
        for place in range(n):
            self._add(self._curator.measured((place,), rho))
        self.n_records = max(_total([*self.tables.values()]), 1.0)
        with torch.no_grad():
            for place, logits in enumerate(self.mixture.logits.split(self.mixture.sizes, 1)):
                table = self.tables[(place,)]
                counts = np.maximum(table.counts, 0.1 * np.sqrt(table.variances))
                logits += torch.from_numpy(np.log(counts / counts.sum())).float()
        self._fit(FIRST_STEPS, FIRST_RATE)

    def _round(self, cost: float) -> bool:
        """Choose, measure, learn; whether what was measured was more noise than news."""
        measuring = MEASURING_SHARE * cost
        sigma = private.noise_scale(self._curator.ledger, measuring)
        noise = math.sqrt(2 / math.pi) * sigma
        most = self.n_records / (LARGEST * sigma)
        candidates = [
            one for one in self._weights if len(one) == 2 or self._curator.n_cells(one) <= max(most, 1)
        ]
        answers = self._answers(candidates)
        weights = np.array([self._weights[one] for one in candidates])
        chosen = self._curator.most_wrong(candidates, answers, weights, noise, cost - measuring)
        found = self._curator.measured(chosen, measuring)
        surprise = ((found.counts - answers[chosen]) ** 2 / found.variances).mean()
        self._add(found)
        self._fit(STEPS, RATE)
        return bool(surprise <= NEWS)

    def _add(self, table: Table) -> None:
        known = self.tables.get(table.columns)
        self.tables[table.columns] = table if known is None else known.together(table)

    @torch.no_grad()
    def _answers(self, asked: Sequence[Columns]) -> dict[Columns, Float[np.ndarray, " n_combinations"]]:
        """What the generator takes the counts for."""
        chances, weights = self.mixture.chances()
        pairs = (chances.T @ (weights[:, None] * chances)).numpy()
        starts, found = self.mixture.starts, dict[Columns, Float[np.ndarray, " n_combinations"]]()
        for columns in asked:
            if len(columns) == 2:
                first, second = (slice(starts[place], starts[place + 1]) for place in columns)
                answer = pairs[first, second].ravel()
            else:
                answer = self.mixture.marginal(chances, weights, columns).numpy()
            found[columns] = self.n_records * answer
        return found

    def _fit(self, n_steps: int, rate: float) -> None:
        tables = [(one.columns, one.counts, one.variances) for one in self.tables.values()]
        measured = Measured(self._curator.sizes, tables, self.n_records)
        player = PlayerConfig(rate, FINAL_SHARE * rate, beta1=0.9, beta2=0.99)
        n = len(self._curator.sizes)
        rules = MarginalsRules(batch_size=1, n_columns=n, generator=player, enough=0.0)
        game = rules.start({"generator": self.mixture, "measured": measured}, self._randomness)
        for step in range(n_steps):
            game.play(step, [Batch({}, 1)], Progress(step / n_steps))

    def _answers_that_matter(self) -> dict[Columns, float]:
        """Sets of two and three columns that may be chosen, and how much each says of all sets of three.

        All counts of three columns are wanted; a set matters by the columns that it shares with these.
        """
        n = len(self._curator.sizes)
        pairs, triples = (list(combinations(range(n), size)) for size in (2, 3))
        if len(triples) > MAX_TRIPLES:
            order = self._randomness.permutation(len(triples), "triples", 0)[:MAX_TRIPLES]
            triples = [triples[place] for place in sorted(order.tolist())]
        return {one: float(len(one)) for one in (*pairs, *triples)}


def _total(tables: Sequence[Table]) -> float:
    """The number of records, by the sums of tables, each by its precision."""
    precisions = np.array([1 / one.variances.sum() for one in tables])
    return float((precisions * np.array([one.counts.sum() for one in tables])).sum() / precisions.sum())
