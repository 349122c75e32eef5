"""Columns that are computed from others: found where they are, not where chance would do, made right."""

from __future__ import annotations

import datetime
import json
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from gansmith.errors import DataError, UsageError
from gansmith.tabular.constraints import Chain, read_constraints
from gansmith.tabular.constraints.derived import AbstractDerived
from gansmith.tabular.constraints.finding import find, settle
from gansmith.tabular.files import read_table
from gansmith.tabular.keyed import Keyed

N = 1_000
DAY = 86_400
START = 1_640_995_200
"""2022, in seconds."""


def rng(seed=0):
    return np.random.default_rng(seed)


def moments(seconds):
    return pa.array(np.asarray(seconds) * 10**6).cast(pa.timestamp("us"))


def days(seconds):
    return pa.array(np.asarray(seconds) // DAY).cast(pa.int32()).cast(pa.date32())


def rules(frame, **overrides):
    table = read_table(pa.table(frame), overrides=overrides or None)
    found = find(table.records, table.schema)
    return {rule.target.name: rule.to_json() for rule in found if isinstance(rule, AbstractDerived)}


def settled(frame):
    table = read_table(pa.table(frame))
    schema, _ = settle(table.records, table.schema, [], is_finding=True)
    return table, Chain.fit(table.records, schema, 2)


def shuffled(records):
    """Every column on its own: what a bad generator would make."""
    orders = {name: pa.array(rng(k).permutation(len(records))) for k, name in enumerate(records.column_names)}
    return pa.table({name: records.column(name).take(order) for name, order in orders.items()})


# --- Dates --------------------------------------------------------------------------------------------------


def ordered_at(seed=0):
    return START + rng(seed).integers(0, 900 * DAY, N)


@pytest.mark.parametrize(
    ("name", "of", "rule"),
    [
        ("year", lambda m: m.year, {"part": "year"}),
        ("month", lambda m: m.month, {"part": "month"}),
        ("weekday", lambda m: m.weekday(), {"part": "weekday"}),
        ("weekday", lambda m: m.isoweekday(), {"part": "weekday", "plus": 1}),
        ("weekday", lambda m: m.isoweekday() % 7 + 1, {"part": "Sunday weekday", "plus": 1}),
        ("week", lambda m: m.isocalendar().week, {"part": "week"}),
        ("quarter", lambda m: (m.month + 2) // 3, {"part": "quarter"}),
        ("hour", lambda m: m.hour, {"part": "hour"}),
        ("date", lambda m: m.date(), {"part": "date"}),
        ("time", lambda m: m.time(), {"part": "time"}),
        ("is_weekend", lambda m: m.weekday() >= 5, {"part": "weekend"}),
        ("month", lambda m: f"{m:%B}", {"format": "%B"}),
        ("weekday", lambda m: f"{m:%a}", {"format": "%a"}),
        ("quarter", lambda m: f"{m.year}-Q{(m.month + 2) // 3}", {"format": "%Y-Q%q"}),
        ("Wochentag", lambda m: ["Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"][m.weekday()], {"part": "weekday"}),
        ("season", lambda m: ["winter", "spring", "summer", "autumn"][m.month % 12 // 3], {"part": "month"}),
    ],
)
def test_parts_of_a_moment_are_found_and_made(name, of, rule):
    at = moments(ordered_at())
    frame = {"at": at, name: pa.array([of(moment) for moment in at.to_pylist()])}
    assert rules(frame)[name] == {"kind": "part", "column": name, "of": "at", **rule}
    table, chain = settled(frame)
    other = pa.table({"at": moments(ordered_at(7)), name: pa.nulls(N)})
    made = chain.restore(other, rng(), Keyed())
    assert made.column(name).to_pylist() == [of(moment) for moment in made.column("at").to_pylist()]
    assert chain.restore(chain.reduce(table.records), rng(), Keyed()).equals(table.records)


def test_a_rule_that_the_last_record_alone_breaks_is_none():
    at = moments(np.sort(ordered_at()))
    for of in (lambda moment: moment.month, lambda moment: f"{moment:%B}", lambda moment: moment.date()):
        cells = [of(moment) for moment in at.to_pylist()]
        assert "cell" in rules({"at": at, "cell": pa.array(cells)})
        assert "cell" not in rules({"at": at, "cell": pa.array([*cells[:-1], cells[0]])})


def age(born, then):
    return then.year - born.year - ((then.month, then.day) < (born.month, born.day))


def test_ages_between_two_dates_and_at_one_day_are_found():
    born, at = days(-rng().integers(0, 20_000, N) * DAY), moments(ordered_at())
    then = [moment.date() for moment in at.to_pylist()]
    one_day = datetime.date(2024, 2, 29)
    frame = {
        "born": born,
        "at": at,
        "age": [age(b, t) for b, t in zip(born.to_pylist(), then, strict=True)],
        "age now": [age(b, one_day) for b in born.to_pylist()],
    }
    found = rules(frame)
    assert found["age"] == {"kind": "elapsed", "column": "age", "start": "born", "end": "at", "unit": "years"}
    assert found["age now"]["date"] in ("2024-02-28", "2024-02-29", "2024-03-01")
    _, chain = settled(frame)
    made = chain.restore(
        chain.reduce(pa.table({**frame, "born": born.take(pa.array(rng().permutation(N)))})), rng(), Keyed()
    )
    assert made.column("age").to_pylist() == [
        age(b, t) for b, t in zip(made.column("born").to_pylist(), then, strict=True)
    ]


@pytest.mark.parametrize(
    ("unit", "of", "rule"),
    [
        ("days", lambda s: s // DAY, {}),
        ("hours", lambda s: np.round(s / 3600, 1), {"unit": "hours", "rounding": "nearest"}),
        ("minutes", lambda s: np.ceil(s / 60).astype(int), {"unit": "minutes", "rounding": "up"}),
        ("lasted", lambda s: pa.array(s * 10**6).cast(pa.duration("us")), {}),
    ],
)
def test_times_between_two_moments_are_found(unit, of, rule):
    start = ordered_at()
    took = rng(1).integers(0, 30 * DAY, N)
    frame = {"start": moments(start), "end": moments(start + took), unit: of(took)}
    assert rules(frame)[unit] == {"kind": "elapsed", "column": unit, "start": "start", "end": "end", **rule}


def test_seconds_since_1970_are_found():
    at = ordered_at()
    rule = {"kind": "elapsed", "column": "epoch", "end": "at", "date": "1970-01-01", "unit": "seconds"}
    assert rules({"at": moments(at), "epoch": at})["epoch"] == rule


# --- Numbers ------------------------------------------------------------------------------------------------


def shop(n=N):
    quantity, price = rng().integers(1, 9, n), rng(1).gamma(2, 20, n).round(2)
    discount, tax = rng(2).choice([0.0, 0.05, 0.1, 0.25], n), rng(3).choice([0, 7, 19], n)
    total = (quantity * price * (1 - discount)).round(2)
    return {
        "quantity": quantity,
        "price": price,
        "discount": discount,
        "tax rate": tax,
        "total": total,
        "gross": (total * (1 + tax / 100)).round(2),
        "tax": (total * tax / 100).round(2),
    }


def test_products_are_found_with_shares_and_percentages():
    found = rules(shop())
    assert found["total"] == {
        "kind": "product",
        "column": "total",
        "factors": ["quantity", "price"],
        "less": ["discount"],
    }
    assert found["gross"] in (
        {"kind": "product", "column": "gross", "factors": ["total"], "more": ["tax rate"], "percent": True},
        {"kind": "sum", "total": "gross", "parts": ["total", "tax"]},
    )
    assert found["tax"] == {
        "kind": "product",
        "column": "tax",
        "factors": ["tax rate", "total"],
        "times": 0.01,
    }
    assert not found.keys() & {"quantity", "price", "discount", "tax rate"}


def test_products_are_made_as_they_are_rounded():
    _, chain = settled(shop())
    records = chain.restore(shuffled(chain.reduce(pa.table(shop()))), rng(), Keyed())
    made = {name: np.array(cells) for name, cells in records.to_pydict().items()}
    wanted = made["quantity"] * made["price"] * (1 - made["discount"])
    assert np.abs(made["total"] - wanted).max() <= 0.005001
    assert np.abs(made["tax"] - made["total"] * made["tax rate"] / 100).max() <= 0.005001


def test_ratios_are_found():
    weight, height = rng().normal(70, 9, N).round(1), rng(1).normal(1.7, 0.1, N).round(2)
    part, whole = rng(2).integers(1, 50, N), rng(3).integers(60, 900, N)
    found = rules(
        {
            "weight": weight,
            "height": height,
            "bmi": (weight / height**2).round(1),
            "part": part,
            "whole": whole,
            "share": (100 * part / whole).round(1),
        }
    )
    assert found["bmi"]["divisors"] == ["height", "height"]
    assert found["share"] == {
        "kind": "product",
        "column": "share",
        "factors": ["part"],
        "divisors": ["whole"],
        "times": 100.0,
    }


@pytest.mark.parametrize(
    ("weight", "plus", "decimals"), [(-3, 0, 0), (-3, 7, 0), (1.8, 32, 1), (1 / 2.54, 0, 1), (0.19, 0, 2)]
)
def test_numbers_in_other_units_are_found(weight, plus, decimals):
    x = rng().integers(-30_000, 30_000, N) if decimals == 0 else rng().normal(80, 30, N).round(2)
    found = rules({"x": x, "y": (weight * x + plus).round(decimals)})["y"]
    assert found["weights"][0] == pytest.approx(weight, abs=1e-12)
    assert found.get("plus", 0) == plus


def test_a_column_that_lacks_more_cells_is_computed_where_it_is_there():
    x = rng().integers(0, 10_000, N)
    frame = {"x": x, "y": pa.array(2 * x + 1, mask=rng(1).random(N) < 0.2)}
    assert rules(frame)["y"]["may_be_missing"]
    table, chain = settled(frame)
    assert chain.reduced.column("y").kind == "boolean"
    assert chain.restore(chain.reduce(table.records), rng(), Keyed()).equals(table.records)
    asked, unsure = chain.conditions_for({"y": pa.nulls(1, pa.int64())})
    assert asked["y"].null_count == 1
    assert not unsure


def test_a_condition_on_a_multiple_is_one_on_what_it_is_of():
    x = rng().integers(0, 10_000, N)
    _, chain = settled({"x": x, "y": -3 * x})
    asked, unsure = chain.conditions_for({"y": pa.array([-30])})
    assert (asked["x"].to_pylist(), unsure) == ([10], {})
    with pytest.raises(UsageError, match="no record has y=-31: y = -3 \\* x"):
        chain.conditions_for({"y": pa.array([-31])})


# --- Texts --------------------------------------------------------------------------------------------------


def people():
    first = rng().choice(["Anna", "Bert", "Zoë", "Jörg", "Lena", "Max", "Rita", "Sven"], N)
    last = rng(1).choice(["Meier", "Schulz", "Weber", "Wagner", "Koch", "Bauer", "Klein", "Wolf"], N)
    plain = {"Zoë": "zoe", "Jörg": "jorg"}
    lower = [plain.get(name, name.lower()) for name in first]
    domain = rng(2).choice(["gmail.com", "gmx.de", "web.de"], N)
    return {
        "first": first,
        "last": last,
        "full": [f"{a} {b}" for a, b in zip(first, last, strict=True)],
        "mail": [f"{a}.{b.lower()}@{c}" for a, b, c in zip(lower, last, domain, strict=True)],
        "LAST": [b.upper() for b in last],
        "sign": [f"{a[0]}{b[0]}" for a, b in zip(first, last, strict=True)],
    }


def test_texts_that_are_made_of_others_are_found_and_made():
    found = rules(people())
    assert found["full"]["template"] == "{first} {last}"
    assert found["LAST"]["template"] == "{last:upper}"
    assert found["mail"]["template"].endswith("@{}")
    assert found["sign"]["template"] in ("{full:initials}", "{first:initial}{last:initial}")
    _, chain = settled(people())
    reduced = chain.reduce(read_table(pa.table(people())).records)
    for record in chain.restore(shuffled(reduced), rng(), Keyed()).to_pylist():
        assert record["full"] == f"{record['first']} {record['last']}"
        assert record["mail"].split("@")[0].endswith(f".{record['last'].lower()}")
        assert record["mail"].split("@")[1] in ("gmail.com", "gmx.de", "web.de")


def test_what_is_made_of_inventions_cannot_be_asked_for():
    table = read_table(pa.table(people()), overrides={"first": "first_name", "last": "last_name"})
    rule = {"kind": "text", "column": "full", "columns": ["first", "last"], "template": "{first} {last}"}
    schema, _ = settle(table.records, table.schema, [rule], is_finding=False)
    with pytest.raises(UsageError, match="made anew: it cannot be asked for"):
        Chain.fit(table.records, schema).conditions_for({"full": pa.array(["Anna Koch"])})


# --- Chance -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "n_tables"), [(200, 1), (2_000, 1), pytest.param(600, 30, marks=pytest.mark.slow)]
)
def test_random_tables_have_no_such_rules(n, n_tables):
    for seed in range(n_tables):
        draw = rng(seed)
        frame = {f"i{k}": draw.integers(0, 3 + 9 * k, n) for k in range(6)}
        frame |= {f"d{k}": draw.normal(5, 3, n).round(k) for k in range(4)}
        frame |= {f"z{k}": np.where(draw.random(n) < 0.97, 0, draw.integers(1, 4, n)) for k in range(3)}
        frame |= {f"t{k}": moments(START + draw.integers(0, 400 * DAY, n)) for k in range(2)}
        frame |= {f"day{k}": days(START + draw.integers(0, 9_000 * DAY, n)) for k in range(2)}
        frame |= {f"c{k}": draw.choice(list("abcdefgh")[: 2 + 2 * k], n) for k in range(3)}
        frame |= {"w": draw.choice(["an apple", "a pear", "one plum"], n), "b": draw.random(n) < 0.02}
        table = read_table(pa.table(frame))
        assert [rule.in_words() for rule in find(table.records, table.schema)] == []


# --- Written by hand ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def table():
    return read_table(
        pa.table(
            {
                "at": moments(ordered_at()),
                "n": rng(4).integers(0, 99, N),
                "m": rng(5).integers(0, 99, N),
                **people(),
            }
        )
    )


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"kind": "part", "column": "n", "of": "first", "part": "year"}, "Wanted: a date, a moment"),
        ({"kind": "part", "column": "n", "of": "at", "part": "yeer"}, "Did you mean 'year'"),
        ({"kind": "part", "column": "n", "of": "at"}, "either 'part' or 'format'"),
        ({"kind": "part", "column": "n", "of": "at", "part": "date"}, "Wanted: of type date32"),
        ({"kind": "part", "column": "n", "of": "at", "format": "%Y"}, "Wanted: a text"),
        ({"kind": "elapsed", "column": "n", "start": "at"}, "two of 'start', 'end' and 'date'"),
        ({"kind": "elapsed", "column": "n", "start": "at", "date": "tomorrow"}, "such as 2024-06-30"),
        ({"kind": "elapsed", "column": "n", "start": "m", "date": "2024-06-30"}, "a date or a moment"),
        ({"kind": "product", "column": "n", "factors": ["m"]}, "take the kind 'sum'"),
        ({"kind": "product", "column": "n", "factors": ["m", "n"]}, "twice"),
        ({"kind": "product", "column": "n", "factors": ["m", "first"]}, "Wanted: numbers"),
        ({"kind": "sum", "total": "n", "parts": ["m"], "weights": [1, 2]}, "one for each"),
        ({"kind": "sum", "total": "n", "parts": ["m"], "weights": [0]}, "Leave this part out"),
        (
            {"kind": "text", "column": "full", "columns": ["first"], "template": "{frist}"},
            "none of its columns",
        ),
        (
            {"kind": "text", "column": "full", "columns": ["first"], "template": "{first:loud}"},
            "asks for 'loud'",
        ),
        ({"kind": "text", "column": "full", "columns": ["first"], "template": "{first"}, "a brace too many"),
        ({"kind": "text", "column": "full", "columns": ["first"], "template": "{}{first}"}, "at the end"),
        ({"kind": "text", "column": "full", "columns": ["first"], "template": "first"}, "does not name"),
        ({"kind": "text", "column": "n", "columns": ["first"], "template": "{first}"}, "Wanted: texts"),
    ],
)
def test_what_is_not_right_is_refused(table, rule, message):
    with pytest.raises(DataError) as caught:
        read_constraints([rule], table.schema)
    assert message in str(caught.value)


def test_names_of_a_hostile_model_are_refused():
    at = moments(ordered_at())
    names = [["w", "s", "u", "a"][moment.month % 12 // 3] for moment in at.to_pylist()]
    _, chain = settled({"at": at, "season": names})
    state = json.loads(json.dumps(chain.state()))
    assert Chain.from_state(state, chain.schema).state() == state
    for change in ({"names": ["w"]}, {"numbers": [1] * 12}, {"names": [None] * 12}, {"numbers": "x"}):
        with pytest.raises(DataError, match="constraint 1"):
            Chain.from_state([{**state[0], **change}], chain.schema)


def test_names_that_too_few_records_have_do_not_come_out():
    at = ordered_at()
    at[3] = START - 200 * DAY
    names = [f"{moment.year} secret" for moment in moments(at).to_pylist()]
    table = read_table(pa.table({"at": moments(at), "called": names, "x": rng().random(N)}))
    rule = {"kind": "part", "column": "called", "of": "at", "part": "year"}
    schema, _ = settle(table.records, table.schema, [rule], is_finding=False)
    assert "2021 secret" not in json.dumps(Chain.fit(table.records, schema, 2).state())


def test_a_time_of_day_may_be_cut_to_minutes():
    rng = np.random.default_rng(0)
    moments = [
        datetime.datetime(2024, 3, 1) + datetime.timedelta(seconds=int(s))
        for s in rng.integers(0, 10**7, 300)
    ]
    records = pa.table({"at": moments, "time": [f"{one:%H:%M}" for one in moments]})
    table = read_table(records)
    rules = find(table.records, table.schema)
    assert [rule.in_words() for rule in rules] == ["time is the time of at"]
    chain = Chain.fit(table.records, replace(table.schema, constraints=(rules[0].to_json(),)))
    made = chain.restore(chain.reduce(table.records), rng, Keyed())
    assert made.column("time").equals(table.records.column("time"))
