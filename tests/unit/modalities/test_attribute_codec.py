"""Attributes as conditions and back; what is kept of them; what can be asked of a column."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gansmith.errors import DataError, ModelFileError, UsageError
from gansmith.modalities.attribute_codec import AttributeCodec
from gansmith.modalities.attributes import Attributes
from gansmith.tabular.where import terms_of


def texts(*values) -> np.ndarray:
    return np.array(values, object)


def faces(n: int = 1200) -> Attributes:
    """Who is old is often grey; the glasses of some are not known; most have no scars."""
    rng = np.random.default_rng(0)
    age = rng.integers(18, 91, n).astype(float)
    hair = np.where(rng.random(n) < age / 100, "grey", np.where(rng.random(n) < 0.3, "red", "black"))
    glasses = np.where(rng.random(n) < 0.4, "yes", "no").astype(object)
    glasses[rng.random(n) < 0.1] = None
    scars = np.where(rng.random(n) < 0.7, 0.0, rng.exponential(2, n))
    light = rng.normal(0, 1, n)
    light[rng.random(n) < 0.2] = np.nan
    columns = {"age": age, "hair": hair.astype(object), "glasses": glasses, "scars": scars, "light": light}
    return Attributes({**columns, "kind": texts(*["face"] * n)})


@pytest.fixture(scope="module")
def codec() -> AttributeCodec:
    return AttributeCodec.fit(faces())


def asked(codec: AttributeCodec, *where: str):
    """What these conditions on one column leave of it."""
    terms = terms_of(where, codec.names)
    return {terms[0].column: codec.columns[codec.index(terms[0].column)].asked(terms)}


def same(one: Attributes, other: Attributes) -> bool:
    return one.names == other.names and all(
        np.allclose(one.columns[name], other.columns[name], equal_nan=True, rtol=1e-5, atol=1e-6)
        if one.columns[name].dtype.kind == "f"
        else one.columns[name].tolist() == other.columns[name].tolist()
        for name in one.names
    )


WORDS = st.sampled_from(["a", "b", "Köln", "  x", "1.0", None])
NUMBERS = st.one_of(st.just(float("nan")), st.floats(-100, 100), st.integers(-5, 5).map(float))


@given(st.lists(st.tuples(WORDS, NUMBERS, WORDS), min_size=2, max_size=60))
def test_decoding_undoes_encoding(rows):
    one, two, three = zip(*rows, strict=True)
    drawn = Attributes({"one": texts(*one), "two": np.array(two, float), "three": texts(*three)})
    codec = AttributeCodec.fit(drawn)
    encoded = codec.encode(drawn)
    assert encoded.shape == (len(rows), codec.n_conditions)
    known = Attributes({name: drawn.columns[name] for name in codec.names})
    assert codec.is_empty or codec.decode(encoded).names == codec.names
    for name in codec.names:
        found, wanted = codec.decode(encoded).columns[name], known.columns[name]
        if name == "two":
            np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4)
        else:
            assert found.tolist() == wanted.tolist()
    state, tensors = codec.state()
    again = AttributeCodec.from_state(json.loads(json.dumps(state)), tensors)
    assert torch.equal(again.encode(drawn), encoded)
    if not codec.is_empty:
        drawn = (one.draw(20, np.random.default_rng(0)) for one in (codec, again))
        assert same(*drawn)


def test_what_a_generator_is_told():
    codec = AttributeCodec.fit(Attributes({"a": texts("y", "x", None), "n": np.array([1.0, 3.0, np.nan])}))
    assert codec.n_conditions == 4
    told = codec.encode(Attributes({"a": texts("y", None, "new"), "n": np.array([1.0, np.nan, 5.0])}))
    assert told.tolist() == [[0, 1, -1, 1], [0, 0, 0, 0], [0, 0, 3, 1]]
    assert codec.encode(Attributes({"a": texts("x")})).tolist() == [[1, 0, 0, 0]]
    assert codec.decode(torch.tensor([[0.2, 0.7, 0.0, 0.4]])).columns["a"].tolist() == ["y"]


def test_columns_that_tell_nothing_are_left_out_and_named(codec):
    assert codec.names == ("age", "hair", "glasses", "scars", "light")
    assert "the same of all records" in codec.remarks(faces())[0]
    names = Attributes({"name": texts(*map(str, range(1001))), "none": texts(*[None] * 1001)})
    codec = AttributeCodec.fit(names)
    assert codec.is_empty
    assert [("1,001 values" in text) for text in codec.remarks(names)] == [True, False]
    assert AttributeCodec.fit(Attributes()).is_empty
    assert AttributeCodec.from_state(*AttributeCodec.fit(Attributes()).state()).is_empty


def test_wrong_types_and_sizes_are_refused(codec):
    with pytest.raises(DataError, match="'age' holds texts"):
        codec.encode(Attributes({"age": texts("old")}))
    with pytest.raises(DataError, match="'hair' holds numbers"):
        codec.encode(Attributes({"hair": np.array([1.0])}))
    with pytest.raises(DataError, match="no attributes"):
        codec.encode(Attributes())
    with pytest.raises(DataError, match="'n': inf is too large"):
        AttributeCodec.fit(Attributes({"n": np.array([1.0, np.inf])}))
    with pytest.raises(DataError, match="257 attributes"):
        AttributeCodec.fit(Attributes({str(k): texts("a", "b") for k in range(257)}))


def test_what_is_drawn_is_like_what_was_learnt(codec):
    real, drawn = faces(), codec.draw(20_000, np.random.default_rng(0))
    for name in ("hair", "glasses"):
        for value in {*real.columns[name]}:
            shares = [
                np.mean([one == value for one in each.columns[name].tolist()]) for each in (real, drawn)
            ]
            assert shares[0] == pytest.approx(shares[1], abs=0.015), (name, value)
    for name in ("age", "scars", "light"):
        one, other = (each.columns[name] for each in (real, drawn))
        assert np.nanmean(other) == pytest.approx(np.nanmean(one), abs=0.06 * float(np.nanstd(one)))
        assert np.nanstd(other) == pytest.approx(np.nanstd(one), rel=0.08)
        assert np.isnan(other).mean() == pytest.approx(np.isnan(one).mean(), abs=0.01)
    assert (drawn.columns["age"] % 1 == 0).all()
    assert (drawn.columns["scars"] == 0).mean() == pytest.approx(0.7, abs=0.03)
    ages = [
        np.mean(each.columns["age"][each.columns["hair"] == "grey"]) - np.mean(each.columns["age"])
        for each in (real, drawn)
    ]
    assert ages[0] == pytest.approx(ages[1], abs=1.0)
    assert ages[0] > 5


@pytest.mark.parametrize(
    ("where", "holds"),
    [
        (["age>=65"], lambda v: v >= 65),
        (["age>64.5", "age<67"], lambda v: v in (65, 66)),
        (["age<=20", "age!=19"], lambda v: v in (18, 20)),
        (["age=33"], lambda v: v == 33),
        (["age=33", "age=70"], lambda v: v in (33, 70)),
        (["age=40.5"], lambda v: v == 40.5),
        (["scars!=0"], lambda v: v > 0),
        (["scars>0", "scars<0.5"], lambda v: 0 < v < 0.5),
        (["scars=0"], lambda v: v == 0),
        (["light>=0.1", "light<=0.1"], lambda v: v == 0.1),
        (["light>1.5"], lambda v: v > 1.5),
        (["light="], np.isnan),
        (["light!="], lambda v: not np.isnan(v)),
        (["light=", "light=0.5"], lambda v: np.isnan(v) or v == 0.5),
        (["hair=red"], lambda v: v == "red"),
        (["hair=red", "hair=grey"], lambda v: v in ("red", "grey")),
        (["hair!=red"], lambda v: v in ("black", "grey")),
        (["glasses="], lambda v: v is None),
        (["glasses!=yes", "glasses!="], lambda v: v == "no"),
    ],
)
def test_what_is_asked_for_always_holds(codec, where, holds):
    evidence = asked(codec, *where)
    drawn = codec.draw(400, np.random.default_rng(0), evidence)
    assert all(holds(value) for value in drawn.columns[next(iter(evidence))].tolist())
    assert set(drawn.names) == set(codec.names)


def test_a_part_of_a_bin_counts_as_a_part():
    """Of whole numbers from 0 to 99 those from 93 on are asked: of each there is as much."""
    known = Attributes({"n": np.arange(2000.0) % 100})
    codec = AttributeCodec.fit(known)
    drawn = codec.draw(7000, np.random.default_rng(0), asked(codec, "n>=93")).columns["n"]
    assert np.bincount(drawn.astype(int))[93:] / 1000 == pytest.approx(1, abs=0.15)
    assert codec.given(asked(codec, "n>=93")).probability == pytest.approx(0.07, abs=0.002)


def test_alternatives_are_as_frequent_as_they_were(codec):
    drawn = codec.draw(5000, np.random.default_rng(0), asked(codec, "hair=red", "hair=grey"))
    real = faces().columns["hair"]
    wanted = np.mean(real == "grey") / np.mean((real == "grey") | (real == "red"))
    assert np.mean(drawn.columns["hair"] == "grey") == pytest.approx(wanted, abs=0.02)


@pytest.mark.parametrize(
    ("where", "message"),
    [
        (["hair=gray"], "had 'gray'. Did you mean 'grey'"),
        (["hair>red"], "no order"),
        (["hair=red", "hair!=red"], "nothing that was learnt is hair=red and hair!=red"),
        (["hair="], "'hair' was known of all"),
        (["age>90"], "age>90. Learnt were values from 18 to 90"),
        (["age=91"], "91 was not learnt. Learnt were values from 18 to 90"),
        (["age=old"], "'old' is none"),
        (["age>="], "needs a number"),
        (["age>30", "age<31"], "nothing that was learnt is"),
        (["age>=nan"], "'nan' is none"),
    ],
)
def test_what_cannot_be_is_refused(codec, where, message):
    with pytest.raises(UsageError) as error:
        asked(codec, *where)
    assert message in str(error.value)


def test_few_numbers_are_values():
    codec = AttributeCodec.fit(Attributes({"legs": np.array([2.0, 4, 6, 4, 4, 2])}))
    assert set(codec.draw(100, np.random.default_rng(0)).columns["legs"]) == {2, 4, 6}
    with pytest.raises(UsageError, match=r"3 was not learnt\. Learnt were 2, 4, 6"):
        asked(codec, "legs=3")
    assert set(codec.draw(100, np.random.default_rng(0), asked(codec, "legs>2")).columns["legs"]) == {4, 6}


def test_no_record_is_kept():
    """Records that share all states and pairs of states along the tree leave the same, whoever they are."""
    rng = np.random.default_rng(0)
    columns = rng.integers(0, 2, (3, 4000))
    one = {str(k): column.astype(str).astype(object) for k, column in enumerate(columns)}
    codec = AttributeCodec.fit(Attributes(one))
    state, tensors = codec.state()
    assert sum(tensor.numel() for tensor in tensors.values()) == 3 * 2 + 2 * 4
    order = rng.permutation(4000)
    shuffled = Attributes({name: column[order] for name, column in one.items()})
    again, others = AttributeCodec.fit(shuffled).state()
    assert again == state
    assert torch.equal(others["counts"], tensors["counts"])
    numbers = Attributes({"x": rng.normal(size=4000), "y": rng.normal(size=4000)})
    kept = json.dumps(AttributeCodec.fit(numbers).state()[0])
    inner = sorted(numbers.columns["x"])[1:-1]
    assert sum(repr(value) in kept for value in inner) == 0


def damages():
    def change(path, value):
        def damage(state, tensors):
            *way, last = path
            for key in way:
                state = state[key]
            state[last] = value

        return damage

    def count(tensors):
        tensors["counts"] = tensors["counts"][:-1]

    def sums(tensors):
        tensors["counts"] = tensors["counts"].clone()
        tensors["counts"][-1] += 1

    return {
        "more": change(["more"], 1),
        "columns": change(["columns"], "all"),
        "kind": change(["columns", 1, "kind"], "texts"),
        "order": change(["columns", 1, "values"], ["red", "grey", "black"]),
        "value": change(["columns", 1, "values", 0], 7),
        "many": change(["columns", 1, "values"], [f"{k:05}" for k in range(1001)]),
        "name": change(["columns", 1, "name"], "age"),
        "mean": change(["columns", 0, "mean"], float("nan")),
        "deviation": change(["columns", 0, "deviation"], 0.0),
        "decimals": change(["columns", 0, "decimals"], 40),
        "points": change(["columns", 0, "edges"], [2.0, 1.0]),
        "edge": change(["columns", 0, "edges"], [2.0]),
        "huge": change(["columns", 0, "edges", -1], 1e300),
        "circle": change(["edges", 0], [3, 3]),
        "no edge": change(["edges"], []),
        "far": change(["edges", 0], [0, 99]),
        "truth": change(["edges", 0], [False, True]),
        "counts": lambda state, tensors: count(tensors),
        "sums": lambda state, tensors: sums(tensors),
        "type": lambda state, tensors: tensors.update(counts=tensors["counts"].int()),
        "none": lambda state, tensors: tensors.clear(),
    }


@pytest.mark.parametrize("name", damages())
def test_a_damaged_state_is_refused(codec, name):
    state, tensors = codec.state()
    state, tensors = json.loads(json.dumps(state)), dict(tensors)
    damages()[name](state, tensors)
    with pytest.raises(ModelFileError):
        AttributeCodec.from_state(state, tensors)


@pytest.mark.parametrize("axis", [0, 1])
def test_pairs_that_do_not_add_up_to_their_column_are_refused(codec, axis):
    """A count that is moved along one axis leaves the sums along the other as they were."""
    state, tensors = codec.state()
    table = codec.tree.pairs[-1].copy()
    place = list(np.unravel_index(table.argmax(), table.shape))
    table[tuple(place)] -= 1
    place[axis] -= 1
    table[tuple(place)] += 1
    counts = torch.cat([tensors["counts"][: -table.size], torch.from_numpy(table.ravel())])
    with pytest.raises(ModelFileError, match="do not add up"):
        AttributeCodec.from_state(state, {"counts": counts})


def test_a_description_has_a_row_for_each(codec):
    rows = {row["attribute"]: row["learnt"] for row in codec.describe()}
    assert list(rows) == list(codec.names)
    assert rows["age"].startswith("about 19 to 89, ")
    assert "unknown of" in rows["glasses"]


def test_drawing_is_quick():
    rng = np.random.default_rng(0)
    columns = {str(k): rng.integers(0, 20, 3000).astype(str).astype(object) for k in range(7)}
    codec = AttributeCodec.fit(Attributes({**columns, **{c: rng.normal(size=3000) for c in "xyz"}}))
    seconds = []
    for seed in range(5):
        start = time.perf_counter()
        codec.draw(10_000, np.random.default_rng(seed))
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.2


def test_what_new_records_have_that_was_not_learnt_is_said():
    codec = AttributeCodec.fit(Attributes({"kind": np.array(["a", "b", "a", None], object)}))
    new = Attributes({"kind": np.array(["a", "c", "c", "mia"], object), "more": np.arange(4.0)})
    said = "\n".join(codec.unknown(new))
    assert "'kind': values that were not learnt count as unknown: c, 1 more" in said
    assert "'more' was not learnt" in said
    assert codec.unknown(Attributes()) == ("attribute 'kind' is not there: it counts as unknown",)
