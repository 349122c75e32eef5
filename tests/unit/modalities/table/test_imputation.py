"""Gaps are filled and what is there stays, also where a generator would leave the gaps."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import torch

from gansmith.errors import DataError
from gansmith.modalities.capabilities import Origins
from gansmith.modalities.table.codec import TableCodec
from gansmith.modalities.table.format import TableFormat
from gansmith.modalities.table.imputation import ROUNDS
from gansmith.modalities.table.options import TableOptions
from gansmith.modalities.table.recipe import TableRecipe
from gansmith.tabular.files import read_table
from gansmith.tabular.schema import Table

SIZE = 64
FORMAT, RECIPE = TableFormat(), TableRecipe()


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng(0)
    n = 600
    return read_table(
        pa.table(
            {
                "age": pa.array(rng.integers(18, 90, n), mask=rng.random(n) < 0.2),
                "city": pa.array(rng.choice(["Rome", "Oslo"], n), mask=rng.random(n) < 0.5),
                "grade": rng.integers(0, 4, n),
                "note": pa.array(
                    [f"a story number {k}, long and odd" for k in range(n)], mask=rng.random(n) < 0.5
                ),
                "code": [f"C{k:05}" for k in range(n)],
                "land": ["here"] * n,
            }
        )
    )


FRESH = Origins(torch.zeros(SIZE, 1), torch.zeros(SIZE, dtype=torch.long))


@pytest.fixture(scope="module")
def learnt(people):
    return TableCodec.fit(people, TableOptions(min_count=1), 0)


def _partial(learnt, source, keep_missing=False):
    return RECIPE.partial(learnt, source, TableOptions(), keep_missing=keep_missing)


def _completed(learnt, partial, answer, n=None):
    n = len(partial) if n is None else n
    block = partial.block(SIZE, 0, n, 5)
    n_rounds = 0
    while not block.is_done:
        conditions = block.ask(FRESH).condition
        layout = learnt.layout
        is_conditioned = conditions[:, : layout.n_columns][:, layout.column_of_value]
        made = torch.lerp(layout.expand(answer(n_rounds)), conditions[:, layout.n_columns :], is_conditioned)
        block.take(layout.compact(made))
        n_rounds += 1
    records = Table(learnt.decode_rows(block.compact[:n], np.random.default_rng(0)), learnt.schema, "made")
    return block.settled(records).records, n_rounds


def _all_missing(learnt):
    return lambda k: torch.zeros(SIZE, learnt.layout.n_compact)


def _real(learnt, people):
    encoded = learnt.encode_rows(people.records, np.random.default_rng(0))
    return lambda k: encoded[k * SIZE : (k + 1) * SIZE]


GAPPY = {
    "age": [30, None, 50],
    "city": ["Rome", None, None],
    "grade": [None, 2, 3],
    "code": ["C00007", None, "x"],
}


def test_what_is_there_stays_and_the_rest_is_filled(learnt, people):
    partial = _partial(learnt, pa.table(GAPPY))
    records, _ = _completed(learnt, partial, _real(learnt, people))
    assert (len(partial), partial.n_gaps) == (3, 5 + 3 + 3)
    assert records.column_names == list(learnt.schema.names)
    for name, given in GAPPY.items():
        for have, wanted in zip(records.column(name).to_pylist(), given, strict=True):
            assert have is not None
            assert wanted is None or have == wanted
    assert all(column.null_count == 0 for column in records.columns)
    assert set(records.column("land").to_pylist()) == {"here"}


def test_a_generator_that_leaves_gaps_is_asked_a_few_times(learnt):
    partial = _partial(learnt, pa.table(GAPPY))
    records, n_rounds = _completed(learnt, partial, _all_missing(learnt))
    assert n_rounds == ROUNDS
    assert all(column.null_count == 0 for column in records.columns)


def test_gaps_may_stay_on_request(learnt):
    partial = _partial(learnt, pa.table(GAPPY), keep_missing=True)
    records, n_rounds = _completed(learnt, partial, _all_missing(learnt))
    assert n_rounds == 1
    assert records.column("age").to_pylist() == GAPPY["age"]
    assert records.column("city").to_pylist() == GAPPY["city"]
    assert records.column("grade").null_count == 0  # there it was never missing


def test_whole_records_need_no_answer(learnt, people):
    partial = _partial(learnt, people.records.drop_null().slice(0, 20))
    records, n_rounds = _completed(learnt, partial, _all_missing(learnt))
    assert n_rounds == 0
    assert records.equals(people.records.drop_null().slice(0, 20).combine_chunks())


def test_the_first_records_do_not_depend_on_how_many_are_wanted(learnt, people):
    table = pa.table({"age": [None, 30, None] * 10, "city": [None, "Rome", "Oslo"] * 10})
    whole, _ = _completed(learnt, _partial(learnt, table), _real(learnt, people))
    few, _ = _completed(learnt, _partial(learnt, table), _real(learnt, people), 7)
    assert few.equals(whole.slice(0, 7).combine_chunks())


def test_what_the_model_does_not_know_is_kept_and_told(learnt, people):
    odd = pa.table({"age": [999, 30], "city": ["Atlantis", None], "grade": [7, 1]})
    partial = _partial(learnt, odd)
    assert [note.split(":")[0] for note in partial.notes] == [
        "column 'age'",
        "column 'city'",
        "column 'grade'",
    ]
    assert (
        "such as 'Atlantis'. They are kept; the rest of their records is made without them"
        in partial.notes[1]
    )
    assert "for the nearest" in partial.notes[0]
    block = partial.block(SIZE, 0, 2, 0)
    conditions = block.ask(FRESH).condition
    assert conditions is not None
    asked = conditions[0, : learnt.layout.n_columns]
    held = {learnt.schema.names[learnt.rows.playing[place]] for place in torch.nonzero(asked)[:, 0].tolist()}
    assert held == {"age", "grade"}
    records, _ = _completed(learnt, partial, _real(learnt, people))
    assert records.column("age").to_pylist()[0] == 999
    assert records.column("city").to_pylist()[0] == "Atlantis"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (pa.table({"aeg": [3]}), "column 'aeg' is not one of the model's. Did you mean 'age'?"),
        (pa.table({"age": ["old"]}), "'age'"),
        (pa.table({"age": pa.array([], pa.int64())}), "no records"),
        (pa.table({"age": [[3]]}), "'age'"),
    ],
)
def test_what_cannot_be_read_is_refused(learnt, source, said):
    with pytest.raises(DataError, match=said.replace("?", r"\?")):
        _partial(learnt, source)
