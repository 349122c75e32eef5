"""Each check finds what is wrong, and nothing in a table that is as it should be."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest

from gansmith.findings import FEW_OF_A_CLASS, MAX_FINDINGS, SPOILS, Finding, worst_first
from gansmith.tabular.audit import CHECKS, audit
from gansmith.tabular.audit.columns import folded
from gansmith.tabular.audit.records import few
from gansmith.tabular.audit.subject import Subject
from gansmith.tabular.constraints.finding import settle
from gansmith.tabular.files import read_table
from gansmith.tabular.schema import Table

CITIES = ["Rome", "Oslo", "Lima", "New York"]


def people(n: int = 600, seed: int = 0) -> pd.DataFrame:
    """A table that is as it should be: mixed columns, some of which go together, in no order."""
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 90, n)
    pay = np.round(rng.gamma(2, 1000, n) + 20 * age, 2)
    return pd.DataFrame(
        {
            "age": age,
            "pay": pay,
            "city": rng.choice(CITIES, n, p=[0.5, 0.3, 0.1, 0.1]),
            "member": rng.choice(["no", "yes"], n),
            "bought": np.where(pay + rng.normal(0, 800, n) > 3_000, "yes", "no"),
        }
    )


def found(
    frame: pd.DataFrame, target: str = "", *, has_rules: bool = False, is_cut: bool = False
) -> dict[str, Finding]:
    """What is found, by check; with rules between columns, as they are found when a table is read."""
    table = read_table(frame)
    schema, _ = settle(table.records, table.schema, (), is_finding=has_rules)
    table = Table(table.records, schema, table.name, (), is_cut)
    return {one.check: one for one in audit(table, target)}


@pytest.mark.parametrize("target", ["", "bought", "city", "pay", "age"])
def test_nothing_is_wrong_with_a_good_table(target):
    assert found(people(), target, has_rules=not target) == {}


def test_a_file_that_was_cut_off():
    finding = found(people(), is_cut=True)["cut off"]
    assert finding.weight == SPOILS
    assert "again" in finding.cure


def test_too_few_records():
    assert "only 150 records: too few" in found(people(150))["few records"].said
    rng = np.random.default_rng(0)
    wide = read_table(pd.DataFrame(rng.integers(0, 9, (400, 80)), columns=[f"c{k}" for k in range(80)]))
    (finding,) = few(Subject.of(wide.take(np.arange(300))))
    assert "300 records are few for 80 columns" in finding.said
    assert few(Subject.of(wide)) == ()


def test_copies():
    frame = people()
    again = pd.concat([frame, frame[:90]]).sample(frac=1, random_state=0)
    finding = found(again)["copies"]
    assert (finding.n_records, finding.weight) == (90, SPOILS)
    assert "90 of 690 records (13.0%)" in finding.said
    numbered = again.assign(id=[f"C{k:05}" for k in range(len(again))])
    assert found(numbered)["copies"].n_records == 90  # a number of its own makes no record another
    assert "copies" not in found(pd.concat([frame, frame[:3]]))  # half a per cent


def test_records_of_few_columns_are_alike_anyway():
    frame = people()
    assert "copies" not in found(frame[["city", "member"]])
    assert "copies" not in found(frame[["city", "member", "bought"]])
    country = frame["city"].map({"Rome": "IT", "Oslo": "NO", "Lima": "PE", "New York": "US"})
    assert "copies" not in found(frame[["city"]].assign(country=country, code=country + "X"), has_rules=True)


def test_classes_of_a_few():
    frame = people()
    frame.loc[:9, "city"] = "Bern"
    frame.loc[10:11, "city"] = "Kyiv"
    finding = found(frame, "city")["rare classes"]
    assert finding.n_records == 12
    assert "2 of 6 classes" in finding.said
    assert "'Bern' (10)" in finding.said
    assert "Kyiv" not in str(finding)  # two people live there
    assert "--target city" in finding.cure
    assert "rare classes" not in found(frame, "bought")
    assert "rare classes" not in found(frame, "age")  # a number, of which many values are rare


def test_columns_that_give_the_target_away():
    frame = people()
    bought = frame["bought"] == "yes"
    rng = np.random.default_rng(1)
    leaks = {
        "alive": np.where(bought, "survived", "dead"),
        "refund": np.where(bought, rng.uniform(50, 60, len(frame)), rng.uniform(0, 50, len(frame))).round(2),
        "kind": np.where(bought, rng.choice([1, 2, 3], len(frame)), rng.choice([4, 5], len(frame))),
    }
    for name, values in leaks.items():
        finding = found(frame.assign(**{name: values}), "bought")["target given away"]
        assert finding.columns == (name,)
        assert finding.weight == SPOILS
    hint = np.where(rng.random(len(frame)) < 0.02, "?", leaks["alive"])  # wrong in 2 %
    assert "target given away" not in found(frame.assign(hint=hint), "bought")
    # What goes one to one is fine where it is no target.
    both = frame.assign(alive=leaks["alive"], code=np.where(bought, 1, 7))
    assert "target given away" not in found(both.drop(columns=["bought"]), "city")


def test_sorted_by_class_a_column_of_few_numbers_gives_nothing_away():
    kids = np.random.default_rng(2).integers(1, 4, 6_000)
    frame = people(6_000).assign(kids=kids).sort_values("bought", ignore_index=True)
    assert "target given away" not in found(frame, "bought")
    rare = people(2_000)  # and a class that hardly occurs is no wonder
    rare["bought"] = np.where(np.arange(2_000) % 1_000 == 7, "yes", "no")
    assert "target given away" not in found(rare, "bought")


def test_numbers_that_are_given_away():
    frame = people()
    for name, values in {"log": np.log(frame["pay"]).round(6), "minus": 7 - 3 * frame["pay"]}.items():
        assert found(frame.assign(**{name: values}), "pay")["target given away"].columns == (name,)
    near = frame["pay"] + np.random.default_rng(0).normal(0, 1, len(frame)).round(2)
    assert "target given away" not in found(frame.assign(near=near), "pay")
    parts = frame.assign(bonus=frame["pay"].sample(frac=1, random_state=0).to_numpy())
    parts["total"] = (parts["pay"] + parts["bonus"]).round(2)
    assert set(found(parts, "total", has_rules=True)["target given away"].columns) == {"pay", "bonus"}


def test_columns_that_are_mostly_missing():
    frame = people()
    gaps = np.random.default_rng(0).random(len(frame))
    finding = found(frame.assign(pay=frame["pay"].where(gaps < 0.2)))["mostly missing"]
    assert finding.columns == ("pay",)
    assert "%" in finding.said
    assert "mostly missing" not in found(frame.assign(pay=frame["pay"].where(gaps < 0.7)))
    by_rule = frame["pay"].where(frame["city"] == "Lima")  # known of those in Lima alone
    assert "mostly missing" not in found(frame.assign(pay=by_rule), has_rules=True)


def test_one_value_under_several_spellings():
    frame = people()
    frame.loc[frame.index[frame["city"] == "New York"][:12], "city"] = "new york "
    frame.loc[frame.index[frame["city"] == "New York"][:1], "city"] = "NewYork"
    finding = found(frame)["spellings"]
    assert finding.columns == ("city",)
    assert finding.n_records == 13
    assert "'new york ' (12)" in finding.said
    assert "NewYork" not in str(finding)  # one person spells it so
    assert "spellings" not in found(people())


def test_what_is_spelt_alike_and_what_is_not():
    one = ("São Paulo", "sao paulo", "Sao-Paulo", " SAO  PAULO", "Sao_Paulo.")
    assert {folded(text) for text in one} == {"saopaulo"}
    for texts in (("A+", "A-"), ("1.5", "15"), ("10-19", "1019"), ("C", "C++", "C#"), ("<=50K", ">50K"),
                  ("2.1.3", "21.3"), ("R&D", "RD"), ("+", "-")):  # fmt: skip
        assert len({folded(text) for text in texts}) == len(texts)


def test_records_in_order_of_a_class():
    frame = people()
    ordered = frame.sort_values("city", ignore_index=True)
    assert found(ordered)["order"].columns == ("city",)
    assert found(ordered, "city")["order"].columns == ("city",)
    assert "order" not in found(ordered, "bought")
    few = frame.assign(rare=["yes"] * 3 + ["no"] * 597)  # three stand together by chance
    assert "order" not in found(few)


def test_a_series():
    n = 400
    rng = np.random.default_rng(0)
    days = pd.date_range("2019-01-01", periods=n, freq="D")
    walks = pd.DataFrame({name: np.cumsum(rng.normal(size=n)).round(3) for name in ("a", "b", "c")})
    dated = walks.assign(day=days)
    assert found(dated)["order"].columns == ("day",)
    assert "--holdout" in found(dated)["order"].cure
    assert "order" in found(walks)  # nobody says when, and each is like the one before it
    assert "order" not in found(dated.sample(frac=1, random_state=0))
    assert "order" not in found(people(n).assign(day=days))  # in order of time, but no series
    assert "order" not in found(walks.assign(a=np.arange(n) * 0.5))  # sorted by a number


def test_groups_that_hardly_occur():
    frame = people(2_000)
    frame.loc[:4, "city"] = "Bern"
    assert found(frame)["rare groups"].columns == ("city",)
    lacking = people(2_000)
    is_lima = np.flatnonzero((lacking["city"] == "Rome") & (lacking["bought"] == "yes"))
    lacking = lacking.drop(is_lima[4:])
    assert found(lacking, "bought")["rare groups"].columns == ("bought", "city")
    never = lacking.drop(is_lima[:4])  # what never goes together may not be able to
    assert "rare groups" not in found(never, "bought")


def test_the_worst_comes_first_and_ten_at_most():
    many = [Finding(str(k), 1 + k % 3, "a", "b") for k in range(20)]
    told = worst_first(many)
    assert len(told) == MAX_FINDINGS
    assert [one.weight for one in told] == sorted((one.weight for one in told), reverse=True)


def test_every_check_takes_a_table_of_hardly_anything():
    for frame in (
        people(2),
        pd.DataFrame({"a": [None, None, None]}),
        pd.DataFrame({"a": [1.0, np.nan] * 20}),
    ):
        table = read_table(frame)
        for target in ("", *table.schema.names[:1]):
            assert all(one.check in {*CHECKS, "rare groups"} for one in audit(table, target))


def test_it_takes_less_than_a_second():
    table = read_table(pd.concat([people(40_000, k).add_suffix(str(k)) for k in range(2)], axis=1))
    started = time.process_time()
    audit(table, "bought0")
    assert time.process_time() - started < 1
    assert len(table) == 40_000 > FEW_OF_A_CLASS
