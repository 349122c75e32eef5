from __future__ import annotations

import numpy as np

from gansmith.scorecard.features import Features
from gansmith.scorecard.private.singling_out import Predicates, coded


def _some(n: int, seed: int) -> Features:
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 6, size=(n, 4)).astype(float)
    values[rng.random((n, 4)) < 0.1] = np.nan
    return Features(tuple("abcd"), values, np.zeros(4, dtype=bool))


def test_codes_are_places_among_all_values():
    first = Features(("a",), np.array([[5.0], [np.nan], [-1.0]]), np.array([False]))
    second = Features(("a",), np.array([[7.0], [5.0]]), np.array([False]))
    (ours, theirs), highest = coded(first, second)
    assert ours.codes.tolist() == [[2, 0, 1]]
    assert theirs.codes.tolist() == [[3, 2]]
    assert highest.tolist() == [3]


def test_counts_agree_with_looking_at_everything():
    (records, others), _ = coded(_some(300, 0), _some(50, 1))
    rng = np.random.default_rng(2)
    for n_asked in (1, 2, 4):
        columns = rng.random((200, 4)).argsort(axis=1)[:, :n_asked]
        low = rng.integers(0, 6, size=columns.shape)
        predicates = Predicates(columns, low, low + rng.integers(0, 3, size=columns.shape))
        for part in (records, others):
            codes = part.codes[columns]  # (200, n_asked, n_records)
            is_yes = (codes >= low[:, :, None]) & (codes <= predicates.high[:, :, None])
            assert part.counts(predicates).tolist() == is_yes.all(axis=1).sum(axis=1).tolist()


def test_the_same_question_in_another_order_is_the_same():
    columns = np.array([[0, 2], [2, 0], [0, 2]])
    low = np.array([[1, 5], [5, 1], [1, 4]])
    found = Predicates(columns, low, low).distinct()
    assert (len(found), found.low.tolist()) == (2, [[1, 5], [1, 4]])
