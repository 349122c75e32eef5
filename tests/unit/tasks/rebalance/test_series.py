"""A contest on series, and more of the rare ones."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gansmith.modalities.series import recipe
from gansmith.scorecard.contest.card import GENERATED
from gansmith.tasks.rebalance.case import case_of
from gansmith.tasks.rebalance.contest import contest_of
from gansmith.tasks.rebalance.more import write_more
from gansmith.tasks.rebalance.settings import RebalanceConfig

pytestmark = pytest.mark.usefixtures("small_contests")
CONFIG = RebalanceConfig(kind="series", samples_seen=64, folds=2, repetitions=1)


def accounts(n: int = 60, n_rare: int = 8, seed: int = 0) -> pd.DataFrame:
    """Payments of accounts; those of the rare ones that are fraud are large and come in a burst."""
    rng, rows = np.random.default_rng(seed), []
    for number in range(n):
        length, is_rare = int(rng.integers(6, 12)), number < n_rare
        gaps, amount = rng.exponential(90_000, length), rng.gamma(2, 20, length)
        gaps[2:5] /= 500 if is_rare else 1
        amount[2:5] *= 2 if is_rare else 1
        when = np.datetime64("2024-01-01", "s") + np.cumsum(gaps).astype(int)
        rows.append(
            pd.DataFrame({"account": 100 + number, "when": when, "amount": amount.round(2), "fraud": is_rare})
        )
    return pd.concat(rows, ignore_index=True)


@pytest.fixture(scope="module", autouse=True)
def _quick():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recipe, "ATTRIBUTES_SEEN", 500)
        patch.setattr(recipe, "N_EVALUATIONS", 1)
        yield


@pytest.fixture(scope="module")
def case():
    return case_of(accounts(), "fraud", CONFIG, {"entity": "account", "time": "when"})


@pytest.mark.slow
def test_a_contest_of_series_has_scores_and_more_of_the_rare_ones_can_be_written(case, tmp_path):
    assert (case.minority, case.n_rare) == ("true", 8)
    contest = contest_of(case, CONFIG, generates=False)
    found = contest.to_dict()
    assert set(found["learners"]) == {"linear", "trees"}
    assert found["learners"]["linear"]["methods"][0]["pr_auc"] > 0.5
    path = tmp_path / "more.csv"
    assert write_more(case, CONFIG, contest, GENERATED, path, 5, with_real=True) == 5
    written = pd.read_csv(path)
    assert written["account"].nunique() == 65
    made = written[written["synthetic"]]
    assert made["account"].nunique() == 5
    assert made["fraud"].all()
    real = written[~written["synthetic"]]
    assert real["amount"].tolist() == accounts()["amount"].tolist()
