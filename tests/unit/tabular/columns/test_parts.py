"""Columns that are put together from parts: found, taken apart, put together, learnt."""

from __future__ import annotations

import json
import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import ean, luhn

from gansmith.errors import DataError, UsageError
from gansmith.modalities.table.codec import TableCodec
from gansmith.modalities.table.format import TableFormat
from gansmith.modalities.table.options import TableOptions
from gansmith.modalities.table.request import request_for
from gansmith.tabular.columns.base import parted
from gansmith.tabular.columns.patterns import in_short
from gansmith.tabular.files import read_table
from gansmith.tabular.parts import join, split
from gansmith.tabular.schema import Column, Schema, Table
from gansmith.tabular.suppressed import suppression_notes

N = 300


def _drawn() -> dict[str, list[str]]:
    rng = np.random.default_rng(0)

    def some(low: int, high: int) -> np.ndarray:
        return rng.integers(low, high, N)

    words = rng.choice(["red", "blue", "old"], N)
    dates = [f"20{y}{m:02}{d:02}" for y, m, d in zip(some(10, 25), some(1, 13), some(1, 29), strict=True)]
    heads = rng.choice(["PC ", "A/5 ", ""], N)
    letters = rng.choice(list("ABCDEF"), N)
    return {
        "place": [
            f"{a:.4f},{b:.4f}" for a, b in zip(rng.normal(42, 1, N), rng.normal(-72, 1, N), strict=True)
        ],
        "pressure": [f"{a}/{b}" for a, b in zip(some(90, 180), some(50, 110), strict=True)],
        "span": [f"{a}-{a + b}" for a, b in zip(some(1, 90), some(1, 30), strict=True)],
        "seat": [f"{a}{b}" for a, b in zip(some(1, 90), letters, strict=True)],
        "ticket": [f"{a}{b}" for a, b in zip(heads, some(10_000, 30_000), strict=True)],
        "order": [f"ORD-{a}-{b:06}" for a, b in zip(some(2018, 2025), rng.permutation(N), strict=True)],
        "link": [
            f"https://shop.example.com/p/{a}-shoe-{b}?ref=mail"
            for a, b in zip(words, some(1, 999), strict=True)
        ],
        "machine": [rng.bytes(6).hex("/") for _ in range(N)],
        "serial": [f"SN{a}{b}{c:04}" for a, b, c in zip(some(40, 60), letters, some(0, 9999), strict=True)],
        "file": [f"report_{a}_v{b}.pdf" for a, b in zip(dates, some(1, 9), strict=True)],
        "code": [f"{a:03} {b:02}" for a, b in zip(some(100, 999), some(10, 99), strict=True)],
        "data": [
            json.dumps(
                {"color": str(a), "size": {"n": int(b)}, "tags": ["x", "y"]} | ({"q": 1.5} if b % 3 else {})
            )
            for a, b in zip(words, some(1, 200), strict=True)
        ],
    }


DRAWN = _drawn()
IN_SHORT = {
    "place": "{number},{number_2}",
    "pressure": "{number}/{number_2}",
    "span": "{number}-{number_2}",
    "seat": "{number}{word}",
    "order": "ORD-{year}-{number}",
    "link": "https://shop.example.com/p/{word}-shoe-{number}?ref=mail",
    "machine": "{code}",
    "serial": "SN{number}{word}{code}",
    "file": "report_{date}_v{number}.pdf",
    "data": "{color, size, tags, q}",
}


def read(name: str, cells: list[str], kind: str = "") -> Table:
    kind = kind or {"seat": "pattern"}.get(name, "")
    return read_table(pa.table({name: cells}), overrides={name: kind} if kind else {})


def made(table: Table, n: int = N, min_count: int = 0) -> list[str]:
    """Records as a codec makes them from its own states."""
    more = Column("n", "integer")
    records = table.records.append_column("n", pa.array(np.arange(len(table)) % 7))
    whole = Table(records, Schema((*table.schema.columns, more)), "t")
    codec = TableCodec.fit(whole, TableOptions(min_count=min_count), 0)
    compact = codec.encode(whole, 0)[:n]
    state, tensors = codec.state()
    again = TableCodec.from_state(json.loads(json.dumps(state)), tensors)
    found = again.decode(compact, 0, 0).records.column(table.schema.names[0])
    assert found == codec.decode(compact, 0, 0).records.column(table.schema.names[0])
    return found.to_pylist()


@pytest.mark.parametrize("name", DRAWN)
def test_cells_are_taken_apart_and_put_together_again(name):
    table = read(name, DRAWN[name])
    (column,) = table.schema.columns
    assert column.parts, column
    if name in IN_SHORT:
        assert parted(column).in_words(column) == IN_SHORT[name]
    flat = split(table.records, table.schema)
    assert flat.column_names == list(table.schema.flat.names)
    assert join(flat, table.schema).column(name).to_pylist() == DRAWN[name]
    again = Schema.from_json(json.loads(json.dumps(table.schema.to_json())))
    assert again == table.schema
    assert read_table(pa.table({name: DRAWN[name]}), schema=again).schema == again


@pytest.mark.parametrize("name", DRAWN)
def test_what_is_made_is_of_the_patterns(name):
    table = read(name, DRAWN[name])
    cells = made(table)
    (column,) = table.schema.columns
    again = parted(column).split(pa.array(cells), column)[column.parts[0].name]
    assert "" not in again.to_pylist()
    if name not in ("machine", "serial", "order"):  # nothing of these is made anew
        assert sum(a == b for a, b in zip(cells, DRAWN[name], strict=True)) > 0.8 * N
    assert len(set(DRAWN[name])) < N or name in ("place", "machine", "data") or len(set(cells)) == N


@pytest.mark.parametrize(("check", "digit", "start"), [("ean", ean, "40063"), ("luhn", luhn, "35")])
def test_check_digits_are_computed(check, digit, start):
    bodies = [f"{start}{n * 7919 % 10**7:07}{'' if check == 'ean' else '00'}" for n in range(200)]
    table = read("code", [body + digit.calc_check_digit(body) for body in bodies * 2])
    assert table.schema.columns[0].check == check
    cells = made(table, 400)
    assert all(map(digit.is_valid, cells))
    assert sorted(np.unique(cells, return_counts=True)[1]) == [2] * 200


def test_a_key_repeats_as_often_as_in_the_data():
    cells = [f"C{10_000 + k // 3}" for k in range(600)]
    table = read("customer_id", cells)
    assert table.schema.columns[0].kind == "key"
    found = made(table, 600)
    assert all(re.fullmatch("C[0-9]{5}", cell) for cell in found)
    assert sorted(np.unique(found, return_counts=True)[1]) == [3] * 200
    numbers = read("customer_id", [str(10_000 + k // 3) for k in range(600)], "key")
    assert numbers.schema.columns[0].type == "int64"
    assert len(set(made(numbers, 600))) == 200


def test_a_number_that_counts_on_behind_a_date_is_an_identifier():
    texts = [
        f"ORD-{2018 + k * 7 // 3000}-{2000 + 3 * k:06}" for k in range(3000)
    ]  # too long to be looked at whole
    table = read("order_id", texts)
    assert [part.kind for part in table.schema.flat.columns] == ["category", "integer", "identifier"]
    found = made(table, 3000)
    assert len(set(found)) == 3000
    assert not {text[-6:] for text in found} & {text[-6:] for text in texts}
    years = [np.unique([text[4:8] for text in some], return_counts=True)[1] for some in (found, texts)]
    assert years[0] == pytest.approx(years[1], rel=0.2)


def test_random_letters_and_digits_are_one_pattern_of_what_stands_at_each_place():
    rng = np.random.default_rng(0)
    shades = [f"#{rng.bytes(3).hex()}" for _ in range(2500)]
    passports = [
        rng.choice(list("CFGHJK")) + "".join(rng.choice(list("0123456789CFGHJKLMNPRTVWXYZ"), 8))
        for _ in range(2500)
    ]
    assert read("shade", shades).schema.columns[0].pattern == ("#(?P<code>[0-9a-f]{6})",)
    expected = "(?P<code>[CF-HJK][0-9CF-HJ-NPRTV-Z]{8})"
    assert read("passport", passports).schema.columns[0].pattern == (expected,)


def test_what_a_key_decides_goes_with_it_and_keys_repeat_as_those_of_all_records():
    rng = np.random.default_rng(0)
    numbers = (500 * rng.random(2000) ** 1.6).astype(int)
    tiers = [("bronze", "silver", "gold")[number * number % 7 % 3] for number in numbers]
    cells = {
        "customer_id": [f"C{10_000 + 7 * n}" for n in numbers],
        "tier": tiers,
        "n": rng.normal(size=2000),
    }
    table = read_table(pa.table(cells))
    codec = TableCodec.fit(table.take(rng.permutation(2000)[:1600]), TableOptions(), 0)
    compact = codec.encode(table, 0)
    found = codec.decode(compact, 0, 0).records
    counts = [
        some.column("customer_id").value_counts().field("counts").to_numpy()
        for some in (table.records, found)
    ]
    assert len(counts[1]) == pytest.approx(len(counts[0]), rel=0.05)
    assert (counts[1] == 1).mean() == pytest.approx((counts[0] == 1).mean(), abs=0.08)
    assert (
        len(pc.unique(found.column("customer_id")))
        == found.group_by(["customer_id", "tier"]).aggregate([]).num_rows
    )
    assert found.column("tier").equals(table.records.column("tier"))  # it stays as it is learnt
    again = TableCodec.from_state(*codec.state())
    assert again.decode(compact, 0, 0).records.equals(found)
    assert codec.decode(compact[:60], 0, 0).records.equals(found.slice(0, 60))


def test_nothing_that_hardly_anybody_has_comes_out():
    cells = [f"{'AB'[n % 2]}X-{n * 37 % 9000 + 1000}" for n in range(N)]
    cells[7], cells[8] = "ZQ-4444", "secret/17"
    table = read("ticket", cells)
    assert "1 cells have none of its patterns" in table.notes[0]
    found = made(table, min_count=5)
    notes = suppression_notes(TableCodec.fit(table, TableOptions(min_count=5), 0).rows, table.schema, "")
    assert not any(
        "nothing varies any more" in note for note in notes
    )  # of cells of no pattern there is nothing to say
    assert not any(cell.startswith(("ZQ", "secret")) for cell in found)
    assert all(re.fullmatch("[AB]X-[0-9]{4}", cell) for cell in found)
    assert "secret" not in json.dumps(table.schema.to_json())


def test_free_text_and_what_has_no_pattern_stay_what_they_are():
    rng = np.random.default_rng(0)
    words = ["the", "cat", "sat", "on", "mats", "and", "looked", "at", "great", "joy"]
    texts = [" ".join(rng.choice(words, rng.integers(2, 9))) for _ in range(N)]
    assert read("note", texts).schema.columns[0].kind == "text"
    titles = [f"{a} {b}" for a, b in zip(rng.permutation(N), rng.permutation(N), strict=True)]
    names = ["".join(chr(97 + int(c)) for c in str(t).replace(" ", "9")) for t in titles]
    assert (
        read("note", [f"the {a} of {b}" for a, b in zip(names, reversed(names), strict=True)])
        .schema.columns[0]
        .kind
        == "text"
    )


def codec_of(**columns: list[str]) -> TableCodec:
    table = TableFormat().read(pa.table(columns), TableOptions())
    return TableCodec.fit(table, TableOptions(), 0)


def test_parts_and_whole_cells_can_be_asked_for():
    codec = codec_of(pressure=DRAWN["pressure"], ticket=DRAWN["ticket"], order=DRAWN["order"])
    pattern = next(one for one in codec.schema.column("ticket").pattern if one.startswith("PC"))
    asked = request_for(codec, [f"ticket.pattern={pattern}", "pressure.number>=150"])
    assert len(asked.wanted.columns) == 2
    number = next(one.name for one in codec.schema.column("ticket").parts if one.name.endswith("_3"))
    (by_part,) = [one for one in request_for(codec, [f"{number}>=1"]).wanted.columns if one.name != number]
    assert (by_part.name, len(by_part.choices)) == ("ticket.pattern", 1)
    whole = request_for(codec, {"pressure": DRAWN["pressure"][0]})
    assert [one.name for one in whole.wanted.columns] == ["pressure.number", "pressure.number_2"]
    for where, told in (
        (["ticket=XX"], "has no value 'XX'. Wanted: "),
        ([f"ticket={DRAWN['ticket'][0]}", "ticket=PC 1"], "one value can be asked"),
        ([f"order={DRAWN['order'][0]}"], "its values cannot be asked for"),
    ):
        with pytest.raises(UsageError, match=re.escape(told)):
            request_for(codec, where)
    with pytest.raises(UsageError, match=r"Balance one of them: ticket.pattern"):
        request_for(codec, [], "ticket")


def test_rules_between_parts_and_columns_are_found_and_kept():
    years = [cell[4:8] for cell in DRAWN["order"]]
    tickets = [cell if n % 9 else "" for n, cell in enumerate(DRAWN["ticket"])]
    codec = codec_of(span=DRAWN["span"], order=DRAWN["order"], year=years, ticket=tickets)
    found = {rule.in_words() for rule in codec.rows.chain.constraints}
    assert found == {"span.number <= span.number_2", "year = order.year"}  # none within a column
    bound = TableFormat().read(
        pa.table({"code": DRAWN["code"]}),
        TableOptions(constraints=({"kind": "format", "column": "code", "pattern": "[0-9]{3} [0-9]{2}"},)),
    )
    assert bound.schema.columns[0].kind == "text"


def test_a_person_overrules_what_is_found():
    given = Schema((Column("x", "pattern", pattern=(r"(?P<area>[A-Z]{2})-\d{4}",)),))
    cells = [f"{'ABC'[n % 3]}B-{n * 7919 % 10_000:04}" for n in range(N)]
    table = read_table(pa.table({"x": cells}), schema=given)
    (column,) = table.schema.columns
    assert [part.name for part in column.parts] == ["x.pattern", "x.area", "x.part_1"]
    assert in_short(column.pattern[0]) == "{area}-{part_1}"
    with pytest.raises(DataError, match="column 'x', record 2: 'nothing' is not of the wanted kind pattern"):
        read_table(pa.table({"x": [cells[0], "nothing"]}), schema=given)
    for wrong, told in (
        ({"kind": "text", "pattern": "a"}, "Give it the kind 'pattern'"),
        ({"kind": "pattern", "pattern": "(?=a)"}, "column 'x': the pattern"),
        ({"kind": "pattern", "pattern": "(?P<a>b)(?P<a>c)"}, "two groups of one name"),
        (
            {"kind": "pattern", "pattern": "(?P<a>[bc])", "parts": [{"name": "x.b", "kind": "text"}]},
            "its parts are",
        ),
        ({"kind": "key", "pattern": ["a", "b"]}, "wanted one 'pattern'"),
        ({"kind": "json", "parts": [{"name": "b", "kind": "text"}]}, "wanted 'parts'"),
    ):
        with pytest.raises(DataError, match=re.escape(told)):
            Schema.from_json({"columns": [{"name": "x", **wrong}]})


def test_a_provider_of_faker_makes_what_a_person_wants():
    cells = [f"some {n} plate" for n in range(30)]
    given = Schema((Column("plate", "invented", provider="license_plate"),))
    found = made(read_table(pa.table({"plate": cells}), schema=given), 30)
    assert all(re.fullmatch("[0-9A-Z -]{3,12}", cell) for cell in found)
    wrong = Schema((Column("plate", "invented", provider="licence_plate"),))
    with pytest.raises(UsageError, match="column 'plate': Faker has no provider 'licence_plate'"):
        made(read_table(pa.table({"plate": cells}), schema=wrong), 30)


def test_missing_cells_stay_missing():
    cells = [cell if n % 5 else "" for n, cell in enumerate(DRAWN["pressure"])]
    found = made(read("pressure", cells))
    assert [cell is None for cell in found] == [not cell for cell in cells]


@settings(max_examples=15)
@given(
    st.lists(
        st.fixed_dictionaries(
            {"a": st.integers(-99, 99), "b": st.sampled_from(["x", "ü y", '"']), "c": st.booleans()},
            optional={"d": st.lists(st.sampled_from(["p", "q"]), min_size=1, max_size=3), "e": st.none()},
        ),
        min_size=2,
        max_size=8,
    ),
    st.booleans(),
)
def test_objects_come_back(objects, is_compact):
    separators = (",", ":") if is_compact else (", ", ": ")
    objects = objects * 2  # what one record alone has never comes out
    cells = [json.dumps(one, separators=separators) for one in objects]
    table = read_table(pa.table({"x": cells, "y": cells}), overrides={"x": "json", "y": "text"})
    again = join(split(table.records, table.schema), table.schema).column("x").to_pylist()
    assert [{k: v for k, v in json.loads(one).items() if v is not None} for one in again] == [
        {k: v for k, v in one.items() if v is not None} for one in objects
    ]


@settings(max_examples=15)
@given(st.lists(st.from_regex(r"\A(?:A[0-9]{1,4}|[0-9]{2}-[xyz]|Q)\Z"), min_size=3, max_size=12))
def test_cells_of_given_patterns_come_back(cells):
    column = Column("x", "pattern", pattern=("A(?P<n>[0-9]{1,4})", "(?P<m>[0-9]{2})-(?P<w>[xyz])", "Q"))
    if len(set(cells)) < 2:
        return
    table = read_table(pa.table({"x": cells}), schema=Schema((column,)))
    assert join(split(table.records, table.schema), table.schema).column("x").to_pylist() == cells
