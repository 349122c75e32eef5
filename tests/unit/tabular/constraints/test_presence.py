"""One of several columns is there: found where it always holds, and kept."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from gansmith.errors import UsageError
from gansmith.tabular.constraints.finding import settle
from gansmith.tabular.constraints.presence import OnePresent
from gansmith.tabular.files import read_table
from gansmith.tabular.rows import RowCodec

N = 300
RNG = np.random.default_rng(0)
PLACES = RNG.integers(0, 3, N)
AMOUNTS = np.round(RNG.uniform(10, 3000, N), 2)


def table_of(n_columns, *, has_none=False):
    """A table of amounts, each in one of some columns; in a third of the records in none where wanted."""
    places = PLACES % n_columns if not has_none else PLACES
    cells = {
        f"c{place}": pa.array(AMOUNTS, mask=places != place).cast(pa.float64()) for place in range(n_columns)
    }
    return read_table(pa.table({**cells, "k": [n % 4 for n in range(N)]}))


@pytest.mark.parametrize(("n_columns", "has_none"), [(2, False), (3, False), (2, True)])
def test_one_of_them_is_there_and_stays_so(n_columns, has_none):
    table = table_of(n_columns, has_none=has_none)
    schema, notes = settle(table.records, table.schema, (), is_finding=True)
    names = [f"c{place}" for place in range(n_columns)]
    optional = {"optional": True} if has_none else {}
    assert schema.constraints == ({"kind": "one_present", "columns": names, **optional},)
    assert f"{'at most' if has_none else 'exactly'} one of {', '.join(names)} is present" in notes[0]
    codec = RowCodec.fit(type(table)(table.records, schema, "x"), 0, 0)
    rng = np.random.default_rng(1)
    codes, levels = codec.encode(table.records, rng)
    drawn = np.stack([column[rng.integers(N, size=2000)] for column in codes.T], 1)
    made = codec.decode(drawn, rng.uniform(-1, 1, (2000, levels.shape[1])).astype(np.float32), rng)
    there = np.stack([made[name].is_valid().to_numpy() for name in names], 1)
    assert (there.sum(1) <= 1).all()
    assert has_none or (there.sum(1) == 1).all()
    assert there.any(0).all()
    again = codec.decode(codes, levels, rng)
    assert [again[name].is_valid().to_pylist() for name in names] == [
        table.records[name].is_valid().to_pylist() for name in names
    ]


def test_gaps_that_meet_by_chance_are_no_rule():
    mask = RNG.random((2, N)) < 0.5
    cells = {f"c{place}": pa.array(AMOUNTS, mask=mask[place]) for place in range(2)}
    table = read_table(pa.table({**cells, "k": [n % 4 for n in range(N)]}))
    assert settle(table.records, table.schema, (), is_finding=True)[0].constraints is None


def test_asking_for_one_leaves_the_others_out():
    table = table_of(3)
    rule = OnePresent(tuple(table.schema.column(f"c{place}") for place in range(3)))
    asked, unsure = rule.conditions_for({"c1": pa.array([5.0]), "k": pa.array([1])})
    assert {name: cell[0].as_py() for name, cell in asked.items()} == {"c0": None, "c1": 5.0, "k": 1}
    assert unsure == {}
    with pytest.raises(UsageError, match="no record has both 'c0' and 'c1'"):
        rule.conditions_for({"c0": pa.array([5.0]), "c1": pa.array([5.0])})
