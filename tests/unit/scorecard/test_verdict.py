"""The five lines: what they look at, what they name, and that they never promise too much."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gansmith.scorecard.score import CEILING, Entry, Family, Score
from gansmith.scorecard.verdict import Line, verdict

QUESTIONS = (
    "Does it look real?", "Are the numbers right?", "Is it useful?", "Does it give anybody away?", "Is it valid?",
)  # fmt: skip


def entry(
    name: str,
    value: float,
    ceiling: float,
    *,
    error: float = 0.005,
    family: Family = "real",
    details: dict[str, float] | None = None,
    label: str = "",
) -> Entry:
    score, real = (Score(one, error, 1000, "higher", label=label) for one in (value, ceiling))
    return Entry(name, score, {CEILING: real}, details or {}, family)


def lines(*entries: Entry, gaps: dict[str, float] | None = None, target: str = "") -> dict[str, Line]:
    found = verdict({one.name: one for one in entries}, gaps or {}, {}, target)
    return {line.question: line for line in found}


def test_nothing_measured_is_grey():
    found = lines()
    assert tuple(found) == QUESTIONS
    assert {line.level for line in found.values()} == {"grey"}


@pytest.mark.parametrize(("auc", "level"), [(0.55, "green"), (0.7, "amber"), (0.95, "red")])
def test_told_apart(auc: float, level: str):
    line = lines(entry("c2st", auc, 0.5, details={"age": 0.8, "age × pay": 0.1}))[QUESTIONS[0]]
    assert line.level == level
    assert line.columns == (() if level == "green" else ("age",))


def test_part_of_the_data_without_fakes():
    line = lines(entry("c2st", 0.5, 0.5), entry("coverage", 0.3, 0.97))[QUESTIONS[0]]
    assert line.level == "red"
    assert "69%" in line.text


def test_columns_that_are_off_are_named_worst_first():
    line = lines(entry("shape", 0.98, 0.99), gaps={"a": 0.01, "b": 0.05, "c": 0.08})[QUESTIONS[1]]
    assert line.level in ("amber", "red")
    assert line.columns == ("c", "b")


@pytest.mark.parametrize(("value", "level"), [(0.9, "green"), (0.8, "amber"), (0.6, "red"), (0.5, "red")])
def test_usefulness_is_what_is_left_of_the_possible(value: float, level: str):
    line = lines(entry("tstr", value, 0.92, label="here (AUC)"), target="rich")[QUESTIONS[2]]
    assert line.level == level
    assert ("rich" in line.columns) == (level != "green")


def test_what_real_records_cannot_predict_says_nothing():
    assert lines(entry("tstr", 0.5, 0.51, label="here (AUC)"))[QUESTIONS[2]].level == "grey"


@pytest.mark.parametrize("name", ["singling_out", "linkability", "inference", "rare_values"])
def test_a_risk_counts_when_its_interval_leaves_chance(name: str):
    risk = entry(name, 0.03, 0.0, family="private")
    at_chance = replace(risk, score=replace(risk.score, bounds=(0.0, 0.08)))
    assert lines(at_chance)[QUESTIONS[3]].level == "green"
    found = replace(risk, score=replace(risk.score, bounds=(0.01, 0.05)))
    assert lines(found)[QUESTIONS[3]].level == "amber"
    large = replace(risk, score=replace(risk.score, value=0.4, bounds=(0.3, 0.5)))
    assert lines(large)[QUESTIONS[3]].level == "red"


def test_copies_are_held_against_those_of_real_records():
    def level(share: float, own: float) -> str:
        return lines(entry("copies", share, own, error=0.001, family="private"))[QUESTIONS[3]].level

    assert level(0.3, 0.3) == "grey"  # records of few columns meet by chance; no attack was carried out
    assert level(0.015, 0.0) == "amber"
    assert level(0.3, 0.01) == "red"


def test_any_broken_rule_is_named():
    broken = entry("valid", 0.999, 1.0, error=0.0001, details={"'age' is within its range": 0.001})
    line = lines(broken)[QUESTIONS[4]]
    assert line.level == "amber"
    assert line.columns == ("age",)
    as_real = lines(entry("valid", 0.999, 0.9991, error=0.0001))[QUESTIONS[4]]
    assert as_real.level == "green"
    assert "fresh real" in as_real.text


def test_every_line_says_what_it_does_not_prove_and_none_promises():
    for line in lines().values():
        assert line.limits
        assert "anonym" not in (line.text + line.limits).lower()
