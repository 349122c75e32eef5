"""The scores of points against plain definitions, and the judge with an observer that learns nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import final

import numpy as np
import pytest
from scipy.linalg import sqrtm
from scipy.spatial.distance import cdist

from gansmith.errors import DataError
from gansmith.scorecard.embedded.judge import EmbeddedJudge, codes_of
from gansmith.scorecard.embedded.measures import MEASURES
from gansmith.scorecard.embedded.records import AbstractObserver, Embedded, Encoder, Target
from gansmith.scorecard.real.distances import _scaled, _squared_mmd
from gansmith.scorecard.score import CEILING, COPY, FLOOR, FULL, QUICK

TARGETS = (Target("side", ("left", "right")),)


@final
class Plain(AbstractObserver):
    """Points are the values; a class is told by the mean of the first place."""

    def encoder(self, learnt, unseen, targets, seed):
        return Encoder(lambda values: values.reshape(len(values), -1).astype(float), "0", "all")

    def classifier(self, values, codes, n_classes, seed):
        firsts = values[:, 0, 0]
        centres = [
            [
                firsts[codes[:, place] == one].mean() if (codes[:, place] == one).any() else 9
                for one in range(n)
            ]
            for place, n in enumerate(n_classes)
        ]

        def said(asked):
            gaps = [abs(asked[:, 0, 0][:, None] - np.array(one)) for one in centres]
            return [np.exp(-9 * gap) / np.exp(-9 * gap).sum(axis=1, keepdims=True) for gap in gaps]

        return said


def records(n: int, seed: int, off: float = 0.0) -> Embedded:
    """Of one channel and six places; the class decides the first one."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 2, (n, 1))
    values = rng.random((n, 1, 6)).astype(np.float32)
    values[:, 0, 0] = 0.3 + 0.4 * codes[:, 0] + 0.05 * rng.normal(size=n) + off
    keys = np.array([one.tobytes() for one in values], object)
    return Embedded(values, keys, codes)


@pytest.fixture(scope="module")
def judge() -> EmbeddedJudge:
    train, holdout = records(400, 0), records(200, 1)
    return EmbeddedJudge(train, holdout, TARGETS, Plain(), 0, FULL, known_keys=train.keys)


@pytest.fixture(scope="module")
def found(judge: EmbeddedJudge):
    fake = records(200, 2, off=0.05)
    entries, founds, skipped = judge.entries(fake, fake.keys)
    assert not skipped
    return fake, {entry.name: entry for entry in entries}, founds


def test_neighbourhoods_and_distances_are_what_their_definitions_say(judge: EmbeddedJudge, found):
    fake, entries, _ = found
    ours = fake.values.reshape(200, -1).astype(float)
    real = judge.holdout.values.reshape(200, -1).astype(float)
    within, across = cdist(real, real), cdist(real, ours)
    radii = np.sort(within, axis=1)[:, 5]
    assert entries["coverage"].score.value == pytest.approx((across.min(axis=1) <= radii).mean(), abs=1e-5)
    density = (across <= radii[:, None]).sum() / (5 * 200)
    assert entries["density"].score.value == pytest.approx(density, abs=1e-5)
    own = np.sort(cdist(ours, ours), axis=1)[:, 5]
    assert entries["precision"].score.value == pytest.approx((across <= radii[:, None]).any(axis=0).mean())
    assert entries["recall"].score.value == pytest.approx((across <= own).any(axis=1).mean())
    gap, both = ours.mean(axis=0) - real.mean(axis=0), [np.cov(side, rowvar=False) for side in (ours, real)]
    frechet = gap @ gap + np.trace(both[0] + both[1] - 2 * np.real(np.asarray(sqrtm(both[0] @ both[1]))))
    assert entries["fd_local"].score.value == pytest.approx(frechet, abs=1e-5)


def test_the_kernel_distance_is_what_its_definition_says():
    rng = np.random.default_rng(0)
    ours, real = _scaled(rng.normal(size=(30, 4)), rng.normal(0.3, 1, size=(25, 4)))

    def kernel(x: np.ndarray, y: np.ndarray) -> float:
        return float((x @ y / 4 + 1) ** 3)

    def mean(a: np.ndarray, b: np.ndarray, *, is_same: bool = False) -> float:
        return float(
            np.mean(
                [kernel(x, y) for i, x in enumerate(a) for j, y in enumerate(b) if not (is_same and i == j)]
            )
        )

    wanted = mean(ours, ours, is_same=True) + mean(real, real, is_same=True) - 2 * mean(ours, real)
    assert _squared_mmd(ours, real) == pytest.approx(wanted, abs=1e-5)


def test_anchors_stand_where_they_should(judge: EmbeddedJudge, found):
    _, entries, _ = found
    for name in ("c2st", "coverage", "fd_local", "spectrum", "class_kl", "tstr"):
        assert {CEILING, FLOOR, COPY} == set(entries[name].anchors), name
    assert entries["copies"].anchor(COPY, 0) == entries["near_copies"].anchor(COPY, 0) == 1
    assert entries["copies"].anchor(CEILING, 1) == entries["copies"].anchor(FLOOR, 1) == 0
    assert entries["trtr"].score == replace(
        entries["tstr"].anchors[CEILING], label=entries["trtr"].score.label
    )
    assert entries["tstr"].score.value > 0.9


def test_what_taught_the_encoder_is_compared_with_nothing():
    seen: list[int] = []

    @final
    class Watched(AbstractObserver):
        def encoder(self, learnt, unseen, targets, seed):
            seen.extend((len(learnt), len(unseen)))
            taught = {one.tobytes() for one in learnt.values}

            def points(values):  # what was learnt from lies far away
                known = np.array([one.tobytes() in taught for one in values])
                return values.reshape(len(values), -1) + 1000.0 * known[:, None]

            return Encoder(points, "0", "half")

        classifier = Plain.classifier

    train, holdout, fake = records(200, 0), records(100, 1), records(100, 2)
    judge = EmbeddedJudge(train, holdout, TARGETS, Watched(), 0, QUICK, known_keys=train.keys)
    assert seen == [100, 100]
    entries = {entry.name: entry for entry in judge.entries(fake, fake.keys)[0]}
    assert entries["fd_local"].anchors[CEILING].value < 1
    assert entries["membership_auc"].score.value < 0.7
    assert entries["nearer"].score.value < 0.7


def test_a_lost_class_and_a_class_that_comes_too_often(judge: EmbeddedJudge):
    fake = records(300, 5)
    lost = fake.take(np.flatnonzero(fake.codes[:, 0] == 0))
    entries = {entry.name: entry for entry in judge.entries(lost, lost.keys)[0]}
    assert entries["class_kl"].score.value > 1
    assert next(iter(entries["class_kl"].details)) in ("side = left", "side = right")


def test_copies_of_what_is_often_in_training_are_near_copies():
    rng = np.random.default_rng(0)
    once = records(60, 7)
    train = once.take(np.repeat(np.arange(60), np.where(np.arange(60) < 10, 8, 1)))
    judge = EmbeddedJudge(train, records(100, 8), TARGETS, Plain(), 0, QUICK, known_keys=train.keys)
    paler = replace(once.first(10), values=0.8 * once.first(10).values)
    found = judge.entries(paler, rng.permutation(10).astype(str).astype(object))[1]["near_copies"]
    assert found.score.value == 1
    likeness, _ = found.matter
    assert np.array_equal(train.values[judge.order[likeness.which]], once.values[:10])


def test_only_channels_that_show_the_whole_record_are_looked_at_for_copies():
    train = records(60, 7)
    both = replace(train, values=np.concatenate([train.values, records(60, 8).values], axis=1), n_whole=1)
    assert np.array_equal(both.whole, train.values)
    assert np.array_equal(train.whole, train.values)


def test_the_widest_gap_of_a_name_counts(judge: EmbeddedJudge):
    """Waves of 46/32 and of 46/33 places are both called "1.4 px"."""
    real = np.random.default_rng(0).random((30, 1, 56, 46)).astype(np.float32)
    board = np.clip(real + 0.1 * (np.indices((56, 46)).sum(axis=0) % 2), 0, 1).astype(np.float32)
    sides = [
        Embedded(values, np.arange(30).astype(object), np.zeros((30, 1), int)) for values in (board, real)
    ]
    case = replace(judge.anchor_case("train", CEILING, 30), fake=sides[0], holdout=sides[1])
    measure = next(one for one in MEASURES if one.names == ("spectrum",))
    details = measure.take(case)[0].details
    assert next(iter(details.items())) == ("patterns of 1.4 px", max(details.values()))


def test_codes():
    columns = [["left", None, "up"], []]
    targets = (*TARGETS, Target("far", ("no", "yes")))
    assert codes_of(columns, targets, 3).tolist() == [[0, -1], [-1, -1], [-1, -1]]


def test_too_few_real_records():
    train = records(3, 0)
    with pytest.raises(DataError, match="3 training and 9 held-out records"):
        EmbeddedJudge(train, records(9, 1), TARGETS, Plain(), 0, QUICK, known_keys=train.keys)
