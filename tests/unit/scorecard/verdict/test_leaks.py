"""One rule for all attacks: surely beyond chance, all together, and much."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gansmith.scorecard.chance import CERTAIN, DOUBT
from gansmith.scorecard.features import Features, draws
from gansmith.scorecard.judge import Judge
from gansmith.scorecard.measures import Case
from gansmith.scorecard.score import CEILING, FLOOR, QUICK, Entry, Score
from gansmith.scorecard.verdict.evidence import Evidence
from gansmith.scorecard.verdict.leaks import ATTACKS, NEEDED, levels
from gansmith.scorecard.verdict.questions import verdict


def attacked(name: str, chance: float, value: float = 0.3, *, n: int = 1_000, floor: float = 0.0) -> Entry:
    score = Score(value, 0.02, n, "lower", chance=chance)
    return Entry(name, score, {FLOOR: replace(score, value=floor)}, {}, "private")


def level(entry: Entry, n_others: int = 0) -> str:
    others = [one.name for one in ATTACKS if one.name != entry.name][:n_others]
    entries = {name: attacked(name, 0.7) for name in others}
    return levels({**entries, entry.name: entry})[entry.name]


def test_red_is_surer_than_amber_and_much():
    assert level(attacked("linkability", 2 * DOUBT)) == "green"
    assert level(attacked("linkability", DOUBT / 2)) == "amber"
    assert level(attacked("linkability", CERTAIN / 2)) == "red"
    assert level(attacked("linkability", CERTAIN / 2, value=0.03)) == "amber"  # sure, and not much


def test_the_more_attacks_the_surer_each_has_to_be():
    assert level(attacked("linkability", DOUBT / 3), n_others=2) == "green"
    assert level(attacked("linkability", DOUBT / 3), n_others=1) == "amber"
    assert level(attacked("linkability", CERTAIN / 3), n_others=4) == "amber"


def test_what_independent_columns_reach_is_no_leak():
    assert level(attacked("inference", 1e-9, floor=0.29)) == "green"
    assert level(attacked("inference", 1e-9, floor=0.05)) == "red"
    assert level(attacked("rare_values", 1e-9, floor=0.29)) == "red"  # each of its columns is a copy


def test_few_unusual_records_can_be_judged_and_few_others_not():
    assert level(attacked("near_unusual", 1e-6, n=20)) == "red"
    assert level(attacked("linkability", 1e-6, n=20)) == "grey"


@pytest.mark.parametrize(("name", "usual"), [("copies", 0.0), ("near_copies", 0.0), ("nearer", 0.5)])
def test_shares_are_judged_by_chance_as_well(name: str, usual: float):
    def of(share: float, error: float = 0.01) -> str:
        own, real = (Score(one, error, 1_000, "lower") for one in (usual + share, usual))
        return levels({name: Entry(name, own, {CEILING: real}, {}, "private")})[name]

    assert (of(0.0), of(0.004, 0.005)) == ("green", "green")
    assert of(0.4) == "red"
    assert of(0.015 if name == "copies" else 0.09) == "amber"


def test_what_was_compared_is_said_of_copies():
    fine = {name: attacked(name, 0.7, 0.5 if "auc" in name else 0.0) for name in NEEDED}

    def said(share: float) -> str:
        scores = (Score(one, 0.01, 1_000, "lower") for one in (share, 0.16))
        copies = Entry("copies", next(scores), {CEILING: next(scores)}, {}, "private")
        return verdict(Evidence({**fine, "copies": copies}, n_compared=9))[3].text

    assert "No more than by chance equal a training record in all 9 columns compared: 160" in said(0.16)
    assert "40.0% of the records are copies of training records in all 9 columns compared" in said(0.4)


def _of_two_classes(share: float, seed: int) -> Features:
    rng = draws(seed)
    is_ill = rng.random(1_500) < share
    values = np.stack([rng.normal(size=1_500) + 3 * is_ill, is_ill * 1.0, rng.normal(size=1_500)], axis=1)
    return Features(("blood", "ill", "size"), values, np.array([False, True, False]))


def test_other_shares_of_a_class_are_no_leak():
    """1.8 % and 15 % are ill: independent columns tell training from hold-out as well as any others."""
    train, holdout, fake = (_of_two_classes(share, seed) for seed, share in enumerate((0.018, 0.15, 0.018)))
    judge = Judge(train, holdout, train.names, "ill", 0, QUICK)
    judge.measures = tuple(one for one in judge.measures if "membership_auc" in one.names)
    case = Case(fake, train, holdout, train.names, 0, QUICK, is_anchor=False)
    (entry, *_), _, _ = judge.measured(case, len(fake))
    assert entry.score.chance is not None
    assert entry.score.chance < DOUBT
    assert entry.anchors[FLOOR].value > 0.52
    assert levels({entry.name: entry})[entry.name] == "green"
