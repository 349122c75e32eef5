"""Rows as a detector sees them: normal scores, codes, gaps; and what is changed of them."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import norm

from gansmith.errors import DataError
from gansmith.modalities.rows.cell_critic import CellCorruptor, CellCritic
from gansmith.modalities.rows.sight import RowSight
from gansmith.scorecard.features import draws
from gansmith.tabular.files import read_table

N = 1_000


def frame(n: int = N, seed: int = 0) -> pd.DataFrame:
    rng = draws(seed)
    return pd.DataFrame(
        {
            "mass": rng.gamma(2.0, 3.0, n),
            "dose": np.where(rng.random(n) < 0.2, np.nan, rng.normal(50, 10, n)),
            "city": rng.choice(["Ulm", "Rom", "Oslo"], n, p=[0.6, 0.3, 0.1]),
            "key": [f"k{seed}-{number:05}" for number in range(n)],
            "land": "here",
        }
    )


@pytest.fixture(scope="module")
def usual():
    return read_table(frame())


@pytest.fixture(scope="module")
def sight(usual) -> RowSight:
    return RowSight.fit(usual)


def seen(sight: RowSight, usual, **cells: list[Any]) -> np.ndarray:
    """Usual rows but for these cells, as `(n, n_columns, 2)`."""
    n = len(next(iter(cells.values())))
    keys = [f"new {number}" for number in range(n)]
    plain = {"mass": [6.0] * n, "dose": [50.0] * n, "city": ["Ulm"] * n, "key": keys, "land": ["here"] * n}
    rows = pd.DataFrame(plain | cells).astype({"mass": float, "dose": float})
    return sight.seen(read_table(rows, schema=usual.schema, n_min=1)).numpy()


# --- Cells --------------------------------------------------------------------------------------------------


def test_a_number_is_seen_as_the_normal_score_of_its_rank(sight, usual):
    mass = frame()["mass"].to_numpy()
    found = sight.seen(usual).numpy()[:, 0, 0]
    wanted = norm.ppf((np.argsort(np.argsort(mass)) + 0.5) / N)
    inner = np.abs(wanted) < 2.5
    assert found[inner] == pytest.approx(wanted[inner], abs=1e-4)
    assert np.array_equal(np.argsort(found, kind="stable"), np.argsort(mass, kind="stable"))


def test_equal_numbers_share_the_middle_of_their_ranks():
    some = read_table(pd.DataFrame({"n": [0.5] * 60 + [1.5] * 30 + [2.25] * 10}))
    sight = RowSight.fit(some)
    assert not sight.columns[0].is_category
    found = sight.seen(some).numpy()[[0, 60, 90], 0, 0]
    assert found == pytest.approx(norm.ppf([0.30, 0.75, 0.95]), abs=1e-6)


def test_beyond_the_usual_ends_scores_grow_and_stay_finite(sight, usual):
    values = [60.0, 120.0, 1e3, 1e6, 1e12, 1e300]
    found = seen(sight, usual, mass=[*values, *(-value for value in values)])[:, 0, 0]
    above, below = found[:6], found[6:]
    assert np.isfinite(found).all()
    assert (np.diff(above) > 0).all()
    assert (np.diff(below) < 0).all()
    assert 3 < above[0] < above[3] < 40
    assert above[5] < 1_000


def test_a_missing_number_is_a_gap_in_the_middle(sight, usual):
    found = seen(sight, usual, dose=[np.nan, 50.0])[:, 1]
    assert found[0].tolist() == [0.0, 1.0]
    assert found[1, 1] == 0
    assert sight.columns[1].shares == pytest.approx([0.8, 0.2], abs=0.03)


def test_a_new_category_is_one_of_the_others_and_rare(sight, usual):
    assert sight.columns[2].categories == ("=Ulm", "=Rom", "=Oslo")
    found = seen(sight, usual, city=["Ulm", "Rom", "Oslo", "Bonn"])
    assert found[:, 2, 0].tolist() == [0, 1, 2, 3]
    margins = sight.margins(torch.from_numpy(found))[:, 2]
    counts = frame()["city"].value_counts()
    wanted = [-math.log(counts[city] / N) for city in ("Ulm", "Rom", "Oslo")]
    assert margins[:3] == pytest.approx(wanted, abs=0.01)
    assert margins[3] == pytest.approx(math.log(N), abs=0.01)


def test_a_missing_category_is_a_category_and_not_the_word(sight):
    city = ["Ulm"] * 60 + ["missing"] * 30 + [None] * 30
    both = read_table(pd.DataFrame({"city": city, "n": range(120)}))
    found = RowSight.fit(both)
    assert set(found.columns[0].categories) == {"=Ulm", "=missing", "missing"}


def test_of_identifiers_only_gaps_are_looked_at(sight, usual):
    assert sight.columns[3].categories == ("there",)
    found = seen(sight, usual, key=["never seen", None])[:, 3]
    assert found.tolist() == [[0.0, 0.0], [1.0, 0.0]]


def test_constants_have_one_category_and_any_other_is_odd(sight, usual):
    assert seen(sight, usual, mass=[1.0, 2.0])[:, 4].tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert sight.margins(torch.tensor([[[0.0, 0], [0, 0], [0, 0], [0, 0], [1, 0]]]))[0, 4] > 6


def test_margins_are_chances_of_a_number_as_far_out(sight, usual):
    nats = sight.margins(sight.seen(usual))
    assert nats.min() >= 0
    scores = sight.seen(usual).numpy()[:, 0, 0].astype(float)
    assert nats[:, 0] == pytest.approx(-norm.logsf(np.abs(scores)) - math.log(2), abs=2e-3)
    is_gap = frame()["dose"].isna().to_numpy()
    assert nats[is_gap, 1] == pytest.approx(-math.log(0.2), abs=0.2)


def test_every_kind_of_column_is_seen(table):
    sight = RowSight.fit(table)
    view = sight.seen(table)
    assert view.shape == (len(table), len(table.schema.columns), 2)
    assert torch.isfinite(view).all()
    assert np.isfinite(sight.margins(view)).all()
    assert np.isfinite(sight.points(view)).all()
    assert torch.isfinite(sight.players()[1](view)).all()


# --- What is kept of it -------------------------------------------------------------------------------------


def test_a_sight_goes_round(table):
    sight = RowSight.fit(table)
    plain, tensors = sight.state()
    again = RowSight.from_state(json.loads(json.dumps(plain)), tensors)
    assert torch.equal(again.seen(table), sight.seen(table))
    assert np.array_equal(again.margins(again.seen(table)), sight.margins(sight.seen(table)))


def test_what_only_few_records_have_is_not_kept(sight):
    rare = frame()
    rare.loc[:1, "city"] = ["Atlantis", "Avalon"]
    rare.loc[0, "mass"] = 1e9
    found = RowSight.fit(read_table(rare))
    assert "=Atlantis" not in found.columns[2].categories
    assert found.columns[0].knots.max() < 100
    assert "Atlantis" not in json.dumps(found.state()[0])


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("0/knots", lambda value: value.flip(0)),
        ("0/knots", lambda value: value[:-1]),
        ("0/shares", lambda value: -value),
        ("0/shares", lambda value: value[:1]),
        ("2/shares", lambda value: value[:-1]),
    ],
)
def test_a_state_that_came_from_no_sight_is_refused(sight, name, change):
    plain, tensors = sight.state()
    with pytest.raises(DataError, match="does not fit together"):
        RowSight.from_state(plain, {**tensors, name: change(tensors[name])})


# --- Rows by themselves -------------------------------------------------------------------------------------


def test_a_row_is_seen_alone_as_among_others(sight, usual):
    critic, order = sight.players()[1], draws(1).permutation(100)
    whole = sight.seen(usual.take(np.arange(100)))
    assert torch.equal(sight.seen(usual.take(order)), whole[torch.from_numpy(order)])
    alone = torch.cat([sight.seen(usual.take(np.array([row]))) for row in range(20)])
    assert torch.equal(alone, whole[:20])
    with torch.no_grad():
        told = critic(whole)
        assert torch.allclose(critic(whole[order]), told[order], atol=1e-5)
        assert torch.allclose(
            torch.cat([critic(whole[row : row + 1]) for row in range(100)]), told, atol=1e-5
        )


def test_neighbours_are_alike_where_a_row_is_not_odd(sight, usual):
    """The odd cell is not looked at; the nearest row in all others is found."""
    odd = frame(seed=0).iloc[[7]].assign(mass=1e6)
    view = sight.seen(read_table(odd, schema=usual.schema, n_min=1))
    oddness = np.array([[9.0, 0.0, 0.0, 0.0, 0.0]])
    near = sight.neighbours(view, oddness, sight.seen(usual), 3)
    assert near.shape == (1, 3)
    assert near[0, 0] == 7


# --- What perturbs and what tells ---------------------------------------------------------------------------


def test_exactly_what_differs_is_said_to_be_changed(sight, usual):
    view, corruptor = sight.seen(usual), CellCorruptor(sight.n_categories)
    changed, is_changed = corruptor(view, torch.Generator().manual_seed(0))
    assert torch.equal((changed != view).any(2), is_changed)
    assert torch.equal(changed, corruptor(view, torch.Generator().manual_seed(0))[0])
    assert not torch.equal(changed, corruptor(view, torch.Generator().manual_seed(1))[0])
    assert torch.isfinite(changed).all()
    assert 0.05 < is_changed[:, 0].float().mean() < 0.6
    assert not is_changed[:, 4].any() or sight.n_categories[4] > 1


def test_changed_categories_are_codes_and_changed_gaps_are_those_of_rows(sight, usual):
    view = sight.seen(usual)
    changed, _ = CellCorruptor(sight.n_categories)(view, torch.Generator().manual_seed(0))
    for place, size in enumerate(sight.n_categories):
        codes, gaps = changed[:, place].unbind(1)
        assert set(gaps.unique().tolist()) <= {0.0, 1.0}
        if size:
            assert torch.equal(codes, codes.round())
            assert codes.min() >= 0
            assert codes.max() < size
            assert not gaps.any()


def test_a_table_of_categories_and_one_of_numbers_have_a_critic():
    for sizes in ((3, 2), (0, 0), (0, 4), (1,)):
        view = torch.zeros(5, len(sizes), 2)
        assert CellCritic(sizes)(view).shape == (5, len(sizes))
        assert CellCorruptor(sizes)(view, torch.Generator().manual_seed(0))[0].shape == view.shape


# --- What has moved -----------------------------------------------------------------------------------------


def test_what_moved_is_said_by_column(sight, usual):
    other = frame(seed=1).assign(mass=lambda rows: rows["mass"] * 1.5)
    other.loc[other["city"] == "Oslo", "city"] = "Rom"
    moved = {
        part.name: part
        for part in sight.moved(sight.seen(usual), sight.seen(read_table(other, schema=usual.schema)))
    }
    assert tuple(moved) == usual.schema.names
    assert max(moved["mass"].chance, moved["city"].chance) < 1e-6
    assert min(moved[name].chance for name in ("dose", "key", "land")) > 0.001
    assert moved["city"].effect == pytest.approx(0.1, abs=0.05)
    assert moved["mass"].words.startswith("median ")
    assert "Rom" in moved["city"].words or "Oslo" in moved["city"].words


def test_more_gaps_are_a_move(sight, usual):
    other = frame(seed=1)
    other.loc[: N // 2, "dose"] = np.nan
    view = sight.seen(read_table(other, schema=usual.schema))
    (dose,) = (part for part in sight.moved(sight.seen(usual), view) if part.name == "dose")
    assert dose.chance < 1e-6
    assert dose.words.startswith(("missing", "present"))


def test_what_is_odd_within_a_part_of_a_cell_counts():
    rng = draws(0)
    cells = [f"{a}/{b}" for a, b in zip(rng.integers(100, 160, N), rng.integers(60, 100, N), strict=True)]
    usual = read_table(pd.DataFrame({"pressure": cells, "mass": rng.gamma(2.0, 3.0, N)}))
    sight = RowSight.fit(usual)
    state, tensors = sight.state()
    again = RowSight.from_state(json.loads(json.dumps(state)), tensors)
    some = pd.DataFrame({"pressure": ["130/80", "130/12", "130"], "mass": [6.0] * 3})
    rows = read_table(some, schema=usual.schema, n_min=1)
    oddness = again.margins(again.seen(rows))
    assert np.array_equal(oddness, sight.margins(sight.seen(rows)))
    assert again.odd_parts(oddness)[1] == ["pressure.number_2"]
    assert oddness[1].max() > oddness[0].max() + 1
    assert oddness[2].max() > oddness[0].max() + 2  # of no pattern
    neighbours = np.zeros((3, 2), np.int64)
    assert "12 where" in again.reasons(rows, oddness, usual, neighbours)[1]
    assert again.texts(rows)[1]["pressure"] == "130/12"
    with pytest.raises(DataError, match="does not fit the schema"):
        RowSight.from_state({**state, "columns": state["columns"][1:]}, tensors)
