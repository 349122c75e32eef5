"""Rules of real tables: which are broken by fresh real records, too, and which only by faulty ones."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gansmith.modalities.table.format import TableFormat
from gansmith.modalities.table.rules import Rulebook
from gansmith.scorecard.validity import Defect, Rule, defects
from gansmith.tabular.features import common_types
from gansmith.tabular.files import read_table

ENDS = ("au", "berg", "dorf", "feld", "heim", "ingen", "ow", "stadt", "tal", "werder")
FORMAT = TableFormat()
PLACES = [f"{first}{last}" for first in ("Kal", "Lom", "Mir", "Nev", "Sun", "Tar") for last in ENDS]


def judged(fake: pd.DataFrame, train: pd.DataFrame, holdout: pd.DataFrame) -> list[Rule]:
    """A table by the rules of real ones."""
    known = read_table(train)
    ours, held = FORMAT.read_to_judge(fake, known), FORMAT.read_like(holdout, known)
    (real, fresh), schema = common_types([known.records, held.records], known.schema)
    return Rulebook(real, fresh, schema).judged(ours.records)


def found(fake: pd.DataFrame, train: pd.DataFrame, holdout: pd.DataFrame) -> list[Defect]:
    """The defects of a table."""
    return defects(judged(fake, train, holdout))


def soils(n: int, rng: np.random.Generator) -> pd.DataFrame:
    """One of thirty columns is 1, the later ones seldom."""
    shares = 1 / np.arange(1, 31) ** 1.5
    which = rng.choice(30, n, p=shares / shares.sum())
    return pd.DataFrame({f"soil_{place}": (which == place) * 1 for place in range(30)})


def towns(n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Each of many places lies in one district; pay is sometimes not known, hours are whole but for a few."""
    place = rng.zipf(1.6, n) % len(PLACES)
    hours = rng.integers(20, 41, n) + 0.5 * (rng.random(n) < 0.002)
    pay = np.where(rng.random(n) < 0.004, np.nan, rng.normal(2_000, 300, n).round())
    return pd.DataFrame(
        {
            "place": [PLACES[k] for k in place],
            "district": [PLACES[k % 7] for k in place],
            "hours": hours,
            "pay": pay,
        }
    )


@pytest.mark.parametrize("draw", [soils, towns])
def test_fresh_real_records_have_no_defects(draw):
    rng = np.random.default_rng(0)
    for _ in range(3):
        assert not found(draw(300, rng), draw(300, rng), draw(150, rng))


def test_faults_are_defects():
    rng = np.random.default_rng(0)
    fake, train, holdout = (soils(300, rng) for _ in range(3))
    fake.loc[:14, ["soil_0", "soil_1"]] = 1
    (defect,) = found(fake, train, holdout)
    assert "exactly one of" in defect.words
    fake, train, holdout = (towns(600, rng) for _ in range(3))
    moved = fake.assign(district=rng.permutation(fake["district"].to_numpy()))
    assert any(
        "district" in defect.columns and defect.level == "red" for defect in found(moved, train, holdout)
    )


def test_which_columns_a_rule_is_between_was_learnt_too():
    rng = np.random.default_rng(0)
    (rule,) = (one for one in judged(*(soils(300, rng) for _ in range(3))) if "exactly one" in one.words)
    assert rule.control is not None
    assert rule.control.n_hits > 0
