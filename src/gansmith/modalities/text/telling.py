"""How well texts are told apart by what stands in them, by judges that learn it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from scipy.sparse import csr_matrix, vstack
from sklearn.model_selection import StratifiedKFold

from gansmith.errors import DataError
from gansmith.modalities.text.statistics import hashed, linear
from gansmith.modalities.text.tokens import Vocabulary
from gansmith.scorecard.features import draws
from gansmith.scorecard.learners import auc_and_error

N_PLAYED: Final = 500
"""Texts on each side by which a game is judged while it is played."""


def told_by_ngrams(
    fakes: Sequence[str], reals: Sequence[str], n: int, n_folds: int, seed: int, judge: Callable[[int], Any]
) -> tuple[float, float]:
    """How well texts are told apart by their n-grams: the AUC of folds, and its error.

    Raises:
        DataError: Fewer than four texts on a side.
    """
    if n < 4:
        raise DataError("fewer than 4 texts on a side")
    rng = draws(seed)
    orders = [rng.permutation(len(side))[:n].tolist() for side in (fakes, reals)]
    pairs = zip((fakes, reals), orders, strict=True)
    sides = [[str(side[place]) for place in order] for side, order in pairs]
    rows = csr_matrix(vstack([hashed(side) for side in sides]))
    is_fake = np.arange(2 * n) < n
    folds = StratifiedKFold(max(2, min(n_folds, n // 2)), shuffle=True, random_state=seed % (1 << 32))
    found = list[tuple[float, float]]()
    for learnt, asked in folds.split(np.zeros(2 * n), is_fake):
        said = judge(seed).fit(rows[learnt], is_fake[learnt]).decision_function(rows[asked])
        found.append(auc_and_error(said[is_fake[asked]], said[~is_fake[asked]]))
    values, errors = np.array(found).T
    return float(values.mean()), float(np.sqrt((errors**2).mean() / len(found)) * 1.5)


def played_score(vocabulary: Vocabulary, seed: int) -> Callable[[Any, Any], float]:
    """What chooses the model of a game: 1 where n-grams cannot tell its texts from held-out ones."""

    def score(fake: Any, heldout: Any) -> float:
        sides = [[vocabulary.decode(row) for row in side.long().tolist()] for side in (fake, heldout)]
        n = min(N_PLAYED, *map(len, sides))
        if n < 4:
            return 0.0
        auc, _ = told_by_ngrams(sides[0], sides[1], n, 3, seed, linear)
        return 1 - 2 * abs(auc - 0.5)

    return score
