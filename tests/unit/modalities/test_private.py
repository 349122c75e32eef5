"""Tables under differential privacy: what is released, what is refused, what is made."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from gansmith import Synthesizer
from gansmith.errors import DataError, UsageError
from gansmith.modalities.registry import find_modality, recognise
from gansmith.modalities.table.private import PrivateOptions
from gansmith.modalities.table.private.codec import PrivateCodec
from gansmith.modalities.table.private.curator import opened
from gansmith.modalities.table.private.domain import Cells, Public, public_of
from gansmith.modalities.table.private.reading import RawColumn
from gansmith.modalities.table.private.request import request_for
from gansmith.privacy.auditing import neighbour_faults
from gansmith.privacy.guarantee import Guarantee
from gansmith.privacy.ledger import Ledger
from gansmith.tabular.conditions import conditions_of
from gansmith.tabular.schema import Column, Schema
from gansmith.tasks.model import load_model
from gansmith.tasks.runs.fit import FitConfig, resume, start

FORMAT = find_modality("private").format


def _people(n: int = 3000, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    team = rng.choice(["red", "blue", "green"], n, p=[0.5, 0.3, 0.2])
    age = np.clip(rng.normal(40 + 8 * (team == "red"), 9), 18, 90).astype(int)
    pay = np.round(100 * age + rng.normal(0, 300, n), 2)
    since = np.datetime64("2015-01-01") + rng.integers(0, 3000, n)
    return pd.DataFrame({
        "team": team,
        "age": age.astype(str),
        "pay": [f"{one:.2f}" for one in pay],
        "since": np.datetime_as_string(since, unit="D"),
        "member": np.where(age > 45, "yes", "no"),
        "email": [f"person{place}@example.org" for place in range(n)],
    })  # fmt: skip


def _opened(table: pd.DataFrame, ledger: Ledger, **options):
    chosen = PrivateOptions(epsilon=ledger.guarantee.epsilon, **options)
    return opened(FORMAT.read(pa.Table.from_pandas(table), chosen), chosen, ledger)


@pytest.fixture(scope="module")
def codec():
    options = PrivateOptions(epsilon=8.0, insecure_seed=True)
    return PrivateCodec.fit(FORMAT.read(pa.Table.from_pandas(_people(800)), options), options, 0)


# --- What is asked for --------------------------------------------------------------------------------------


def test_who_wants_a_guarantee_gets_the_kind_that_has_one():
    assert recognise("people.csv", {"epsilon": 3.0}).kind == "private"
    assert recognise("people.csv", {"epsilon": 0.0}).kind == "private"  # to be refused there
    assert recognise("people.csv", {}).kind == "table"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"epsilon": 0.0}, "epsilon must be more than 0"),
        ({"epsilon": -1.0}, "epsilon must be more than 0"),
        ({"epsilon": 1e6}, "promises nothing"),
        ({"epsilon": 3.0, "delta": 0.5}, "delta must be less than 0.01"),
        ({"epsilon": 3.0, "min_count": 1}, "min_count 1 does not go with epsilon"),
        ({"delta": 1e-7}, "give --epsilon"),
        ({"epsilon": 3.0, "unit": "nobody"}, "no column 'nobody' to tell units by"),
        ({"epsilon": 3.0, "constraints": [{"kind": "inequality", "low": "a", "high": "b"}]}, "constraints"),
        ({"epsilon": 3.0, "columns": {"teem": "category"}}, "Did you mean 'team'"),
        ({"epsilon": 3.0, "columns": {"team": "categorie"}}, "Did you mean 'category'"),
        ({"epsilon": 3.0, "domain": {"age": {"low": 90, "high": 17}}}, "domain of column 'age'"),
        ({"epsilon": 3.0, "domain": {"team": "text"}, "columns": {"team": "category"}}, "Say it once"),
        ({"epsilon": 3.0, "delta": 0.009}, "more than one in"),
        ({"epsilon": 3.0, "schema": "x.json"}, "schema"),
    ],
)
def test_what_cannot_be_promised_is_refused(options, said, tmp_path):
    config = FitConfig(kind="private")
    with pytest.raises(UsageError, match=said):
        start(_people(400), config, options=options, folder=tmp_path / "run")
    assert not (tmp_path / "run" / "config.json").exists()
    assert (tmp_path / "run").exists() == (said == "more than one in")  # about how many was charged for


def test_a_model_without_a_guarantee_is_no_start_for_one_with(tmp_path):
    plain = Synthesizer(samples_seen=500, verbose=False).fit(_people(300)[["team", "member"]], min_count=1)
    with pytest.raises(UsageError, match="cannot be fine-tuned under one"):
        Synthesizer(verbose=False).fit(_people(300)[["team", "member"]], start_from=plain, epsilon=3.0)


# --- What is released ---------------------------------------------------------------------------------------


def test_one_record_moves_no_answer_more_than_was_charged():
    table = _people(400)
    odd = {"team": "alone", "age": "n/a", "pay": "1e300", "since": "soon", "member": "-", "email": "x"}
    more = pd.concat([table, pd.DataFrame([odd])], ignore_index=True)

    def run(ledger, data):
        curator = _opened(data, ledger)
        rho = 0.01 * ledger.rho_budget
        answers = {pair: np.zeros(curator.n_cells(pair)) for pair in curator.pairs()}
        chosen = curator.most_wrong([*answers], answers, np.full(len(answers), 2.0), 1.0, rho)
        curator.measured(chosen, rho)
        curator.measured((0,), rho)

    for guarantee in (PrivateOptions(epsilon=1.0).guarantee, PrivateOptions(epsilon=10.0).guarantee):
        assert not [*neighbour_faults(run, guarantee, table, more)]


def test_a_person_with_many_records_moves_no_answer_more_than_was_charged():
    table = _people(400)
    hers = pd.DataFrame([dict.fromkeys(table.columns, "odd")] * 50).assign(email="she")
    more = pd.concat([table, hers], ignore_index=True)

    def run(ledger, data):
        curator = _opened(data, ledger, unit="email", unit_records=3)
        curator.measured((0,), 0.01 * ledger.rho_budget)

    guarantee = PrivateOptions(epsilon=2.0, unit="email", unit_records=3).guarantee
    assert not [*neighbour_faults(run, guarantee, table, more)]


def test_nothing_of_a_single_record_is_in_the_file(codec, tmp_path):
    state, _ = codec.state()
    held = json.dumps(state)
    assert "person" not in held.replace("persons", "")
    assert {one["column"]["name"] for one in state["cells"]} == set(_people(2).columns)
    assert codec.cells[-1].is_made_anew  # e-mail addresses
    spent = state["ledger"]["spent"]
    assert spent["epsilon"] <= 8.0 + 1e-9
    assert spent["delta"] <= 1e-6 + 1e-12
    assert state["ledger"]["voids"]  # the noise came from a seed


def test_kinds_come_out_of_votes_and_odd_cells_are_missing(codec):
    kinds = {one.column.name: (one.column.kind, one.column.decimals) for one in codec.cells}
    assert kinds["age"] == ("integer", 0)
    assert kinds["pay"][0] == "decimal"
    assert kinds["since"] == ("date", 0)
    assert kinds["team"] == kinds["member"] == ("category", 0)
    cells = pa.chunked_array([["17", "20", "soon", None, "?"]])
    read = RawColumn("age", cells, ()).read(Public("integer"), lambda scores: 0)
    assert read.values[:2].tolist() == [17, 20]
    assert np.isnan(read.values[2:]).all()


def test_few_records_vote_with_more_of_the_budget_so_that_kinds_are_no_chance():
    shares = list[float]()
    for n_records in (400, 10_000):
        ledger = Ledger(Guarantee(epsilon=3.0))
        _opened(_people(n_records), ledger)
        spent = sum(charge.rho for charge in ledger.charges if charge.on.endswith("kind"))
        shares.append(spent / ledger.rho_budget)
    assert shares == pytest.approx([0.1, 0.008])


def test_types_that_a_reader_found_in_values_are_not_taken_for_public(tmp_path):
    table = pd.DataFrame({"a": [1, 2, 3], "b": [1, 2, 3]}).astype({"a": object})
    table.to_json(tmp_path / "t.jsonl", orient="records", lines=True)
    options = PrivateOptions(epsilon=1.0)
    of_frame = FORMAT.read(table, options).records.schema
    of_lines = FORMAT.read(tmp_path / "t.jsonl", options).records.schema
    assert [str(one) for one in of_frame.types] == ["string", "int64"]
    assert [str(one) for one in of_lines.types] == ["string", "string"]


def test_public_domains_are_not_paid_for():
    domain = {"team": ["red", "blue"], "age": {"low": 18, "high": 90}, "email": "key"}
    options = PrivateOptions(epsilon=1.0, domain=domain, columns={"pay": "text", "since": "text"})
    ledger = Ledger(options.guarantee)
    curator = opened(FORMAT.read(pa.Table.from_pandas(_people(300)), options), options, ledger)
    assert curator.cells[0].values == ("red", "blue")
    assert curator.cells[1].edges[0] == 18
    assert curator.cells[1].edges[-1] == 91
    paid = {charge.on for charge in ledger.charges}
    assert not {"team", "team: kind", "age", "age: kind"} & paid
    assert dict(ledger.public).keys() >= {"team", "age", "email"}


# --- What is made -------------------------------------------------------------------------------------------


def test_conditions_are_fulfilled_by_every_record(codec):
    request = request_for(codec, ["team=red", "age>=50", "since<2018-01-01"], "")
    assert request.allowed.shape == (1, sum(codec.sizes))
    assert 0 < request.allowed.sum() < sum(codec.sizes)
    with pytest.raises(UsageError, match="nothing that was learnt"):
        request_for(codec, {"team": "purple"}, "")
    with pytest.raises(UsageError, match="made anew"):
        request_for(codec, {"email": "x"}, "")


def test_values_lie_in_their_bins():
    cells = Cells(Column("n", "integer", "int64"), edges=(0.0, 1.0, 10.0), grain=1.0)
    lots = np.linspace(0, 0.999, 200)
    assert set(cells.decoded(np.zeros(200, int), lots).to_pylist()) == {0}
    assert set(cells.decoded(np.ones(200, int), lots).to_pylist()) == set(range(1, 10))
    assert cells.decoded(np.array([2]), lots[:1]).to_pylist() == [None]
    assert cells.codes(np.array([0.0, 1.0, 9.0, 99.0, -5.0, np.nan])).tolist() == [0, 1, 1, 1, 0, 2]


def test_numbers_are_moved_to_what_is_asked_of_them():
    cells = Cells(Column("n", "decimal", "double", decimals=2), edges=(0.0, 100.0, 200.0), grain=0.01)
    condition = conditions_of(Schema((cells.column,)), ["n>=99.5", "n<100.5"])["n"]
    assert cells.allowed(condition).tolist() == [1, 1, 0]
    codes, lots = np.zeros(50, int), np.random.default_rng(0).random((50, 16))
    met = cells.met(cells.decoded(codes, lots[:, 0]), codes, condition, lots)
    assert condition.holds(met).all()


def test_domains_say_what_they_want():
    assert public_of({"a": ["x", True], "b": "key"})["a"].values == ("x", "true")
    days = public_of({"d": {"kind": "date", "low": "1970-01-02", "high": "1970-01-03"}})["d"]
    assert days.ends == (1.0, 2.0)
    for bad in ({"a": []}, {"a": 3}, {"a": {"low": 1}}, {"a": {"low": "x", "high": "y"}}, {"a": ["x", "x"]}):
        with pytest.raises(UsageError, match="domain of column 'a'"):
            public_of(bad)


# --- The whole way ------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_private_model_makes_what_is_asked_for_and_tells_what_it_cost(tmp_path):
    model = Synthesizer(verbose=False, seed=1).fit(_people(), target="member", epsilon=5.0)
    made = model.sample(500, where=["age>=50"])
    assert list(made.columns) == list(_people(2).columns)
    assert (made["age"] >= 50).all()
    assert made["email"].is_unique
    assert made["member"].eq("yes").mean() > 0.9  # those above 45
    model.save(tmp_path / "people.gan")
    ledger = load_model(tmp_path / "people.gan").manifest["ledger"]
    assert ledger["spent"]["epsilon"] <= 5.0
    assert not ledger["voids"]
    assert abs(load_model(tmp_path / "people.gan").manifest["data"]["n_records"] - 3000) < 300
    balanced = model.sample(90, balance="team")["team"].value_counts()
    assert set(balanced) == {30}


@pytest.mark.slow
def test_a_run_that_was_killed_while_it_paid_pays_nothing_twice(tmp_path, monkeypatch):
    table, options = _people(800), {"epsilon": 4.0}
    folder = tmp_path / "run"
    measured = PrivateCodec.paid.__func__.__globals__["Curator"].measured
    calls: list[int] = []

    def killed(self, columns, rho):
        calls.append(1)
        if len(calls) == 12:
            raise KeyboardInterrupt
        return measured(self, columns, rho)

    monkeypatch.setattr("gansmith.modalities.table.private.curator.Curator.measured", killed)
    with pytest.raises(KeyboardInterrupt):
        start(table, FitConfig(kind="private"), options=options, folder=folder)
    before = (folder / "ledger.jsonl").read_text()
    monkeypatch.undo()
    with pytest.raises(DataError, match="other data or with other options"):
        start(_people(801), FitConfig(kind="private"), options=options, folder=folder)
    run = start(table, FitConfig(kind="private"), options=options, folder=folder)
    after = (folder / "ledger.jsonl").read_text()
    assert after.startswith(before)
    codec = run.prepared.codec
    assert isinstance(codec, PrivateCodec)
    assert codec.ledger["spent"]["epsilon"] <= 4.0
    first = next(iter(run))
    again = resume(table, folder)  # the budget is spent: what it bought is taken from the folder
    assert (folder / "ledger.jsonl").read_text() == after
    assert first.step == 1
    codec_again = again.prepared.codec
    assert isinstance(codec_again, PrivateCodec)
    for mine, theirs in zip(codec.tables, codec_again.tables, strict=True):
        assert np.array_equal(mine.counts, theirs.counts)
