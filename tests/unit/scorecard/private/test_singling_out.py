from __future__ import annotations

import numpy as np

from gansmith.scorecard.features import Features
from gansmith.scorecard.private.singling_out import (
    _distinct,
    coded,
    multivariate_singling_out,
    univariate_singling_out,
)


def one(values: list[float], *, category: bool = False) -> Features:
    return Features(("a",), np.array(values, dtype=np.float64)[:, None], np.array([category]))


def test_values_that_one_synthetic_record_has_are_asked_for():
    # 3 and missing stand alone; 1 is the lowest but there twice; "3 or more" is the question of the highest.
    fake = one([1, 1, 2, 2, 3, np.nan])
    train, holdout = one([3, 1, 1, 1, 1, 1]), one([3, 3, np.nan, 1, 1, 9])
    risk = univariate_singling_out(fake, train, holdout, seed=0).risk
    # Training: 3 once, 3 or more once, missing never. Hold-out: twice, three times, once.
    assert (risk.main.n, risk.main.value, risk.control.value) == (3, 2 / 3, 1 / 3)


def test_the_lowest_is_asked_for_as_well():
    fake = one([1, 2, 2, 3, 3])
    train, holdout = one([0, 3, 3, 3, 3]), one([0, 0.5, 3, 3, 3])
    risk = univariate_singling_out(fake, train, holdout, seed=0).risk
    assert (risk.main.n, risk.main.value, risk.control.value) == (2, 0.5, 0.0)


def test_categories_have_no_extremes():
    fake = one([0, 1, 1, 2, 2], category=True)
    risk = univariate_singling_out(fake, fake, fake, seed=0).risk
    assert (risk.main.n, risk.main.value) == (1, 1.0)


def test_where_nobody_stands_alone_nothing_is_shown():
    coin = one([0, 1] * 50, category=True)
    attack = univariate_singling_out(coin, coin, coin, seed=0)
    assert attack.score.value == 0.0
    assert attack.score.interval == (0.0, 1.0)
    assert "nothing to work with" in attack.score.caveat


def test_questions_about_all_columns_fit_the_record_they_were_made_from():
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(size=(200, 2)), rng.integers(0, 9, size=(200, 3))], axis=1)
    values[::7, 1] = values[::9, 3] = np.nan
    fake = Features(tuple("abcde"), values, np.array([False, False, True, True, True]))
    attack = multivariate_singling_out(fake, fake, fake.take(np.arange(200)[::-1]), seed=0)
    assert set(attack.parts) == {"2 columns", "4 columns", "5 columns"}
    for risk in attack.parts.values():
        # Each isolates one synthetic record, so exactly that one of its copies.
        assert risk.main.n > 20
        assert risk.main.value == risk.control.value == 1.0


def test_numbers_are_asked_for_on_the_side_where_they_lie():
    # "5 or more" and "-5 or less" hold for one record of training each; on the other side for nearly all.
    middle = np.linspace(-1.0, 1.0, 60)
    fake = np.stack([np.append(middle, [5.0, -5.0])] * 2, axis=1)
    beyond = np.stack([np.append(middle, [6.0, -6.0])] * 2, axis=1)
    parts = [Features(("a", "b"), part, np.array([False, False])) for part in (fake, beyond, beyond)]
    attack = multivariate_singling_out(*parts, seed=0)
    assert (attack.risk.main.n, attack.risk.main.value) == (2, 1.0)
    assert attack.risk.baseline is not None
    assert attack.risk.baseline.value < 0.2


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
        high = low + rng.integers(0, 3, size=columns.shape)
        predicates = np.stack([columns, low, high], axis=2)
        for part in (records, others):
            codes = part.codes[columns]  # (200, n_asked, n_records)
            is_yes = (codes >= low[:, :, None]) & (codes <= high[:, :, None])
            assert part.counts(predicates).tolist() == is_yes.all(axis=1).sum(axis=1).tolist()


def test_the_same_question_in_another_order_is_the_same():
    columns = np.array([[0, 2], [2, 0], [0, 2]])
    low = np.array([[1, 5], [5, 1], [1, 4]])
    found = _distinct(np.stack([columns, low, low], axis=2))
    assert (len(found), found[:, :, 1].tolist()) == (2, [[1, 5], [1, 4]])


def test_questions_about_one_record_count_once():
    """One training record is the extreme of every column: whoever asks, it is found."""
    rng = np.random.default_rng(0)

    def part(extreme: float) -> Features:
        values = rng.normal(size=(300, 4))
        values[0] = extreme
        return Features(tuple("abcd"), values, np.zeros(4, dtype=bool))

    fake, train, holdout = part(7.0), part(8.0), part(0.0)
    fake.values[1:] = np.round(fake.values[1:])  # few other questions isolate
    attack = multivariate_singling_out(fake, train, holdout, seed=0)
    pairs = attack.parts["2 columns"]
    assert pairs.main.value > pairs.control.value
    assert pairs.chance > 0.05
    assert pairs.low <= 0.0


def test_innocent_questions_are_accused_as_seldom_as_is_said():
    def part(seed: int) -> Features:
        values = np.random.default_rng([seed, 5]).standard_t(2.0, size=(150, 3))
        return Features(tuple("abc"), values + values[:, :1], np.zeros(3, dtype=bool))

    risks = [
        risk
        for seed in range(0, 180, 3)
        for risk in multivariate_singling_out(
            *(part(seed + place) for place in range(3)), seed=seed, n_max=100
        ).parts.values()
    ]
    assert np.mean([risk.chance < 0.1 for risk in risks]) < 0.12
    assert np.mean([risk.low > 0 for risk in risks]) < 0.04
