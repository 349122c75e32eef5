"""The five lines: what they look at, what they name, and that they never promise too much."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gansmith.scorecard.groups.relations import Deviation
from gansmith.scorecard.real.unlike import Unlike
from gansmith.scorecard.score import CEILING, Entry, Family, Score
from gansmith.scorecard.validity import Defect
from gansmith.scorecard.verdict.evidence import Evidence
from gansmith.scorecard.verdict.questions import Line, verdict

QUESTIONS = (
    "Does it look real?",
    "Are the numbers right?",
    "Is it useful?",
    "Does it give anybody away?",
    "Is it valid?",
)


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


def lines(*entries: Entry, evidence: Evidence | None = None) -> dict[str, Line]:
    whole = replace(
        evidence or Evidence({}), entries={one.name: one for one in entries}, columns=("age", "pay", "b", "c")
    )
    return {line.question: line for line in verdict(whole)}


NEEDED = tuple(
    entry(name, chance, chance, family="private")
    for name, chance in (("singling_out", 0), ("linkability", 0), ("inference", 0), ("membership_auc", 0.5))
)


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
    found = [Unlike(("c",), 1e-9, 0.08), Unlike(("b",), 1e-4, 0.05), Unlike(("a",), 0.5, 0.04)]
    line = lines(entry("shape", 0.98, 0.99), evidence=Evidence({}, unlike=found))[QUESTIONS[1]]
    assert line.level == "amber"
    assert line.columns == ("c", "b")


@pytest.mark.parametrize(
    ("chance", "effect", "level"),
    [(1e-9, 0.02, "green"), (0.01, 0.5, "green"), (5e-4, 0.5, "amber"), (1e-5, 0.5, "red")],
)
def test_no_effect_accuses_that_may_be_chance_and_no_chance_that_does_not_matter(chance, effect, level):
    evidence = Evidence({}, unlike=[Unlike(("age", "pay"), chance, effect)])
    assert lines(entry("shape", 0.99, 0.99), evidence=evidence)[QUESTIONS[1]].level == level


@pytest.mark.parametrize(("value", "level"), [(0.9, "green"), (0.8, "amber"), (0.6, "red"), (0.5, "red")])
def test_usefulness_is_what_is_left_of_the_possible(value: float, level: str):
    line = lines(entry("tstr", value, 0.92, label="here (AUC)"), evidence=Evidence({}, target="rich"))[
        QUESTIONS[2]
    ]
    assert line.level == level
    assert ("rich" in line.columns) == (level != "green")


def test_a_loss_within_its_error_is_no_alarm():
    def level(value: float, error: float) -> str:
        of = entry("tstr", value, 0.75, error=error, label="here (AUC)")
        return lines(of, evidence=Evidence({}, target="rich"))[QUESTIONS[2]].level

    assert level(0.70, 0.02) == "green"  # 1.8 errors
    assert level(0.70, 0.005) == "amber"
    assert level(0.60, 0.05) == "grey"
    assert level(0.75, 0.10) == "grey"  # all of what can be reached might be lost


@pytest.mark.parametrize(
    ("effect", "chance", "level"), [(0.2, 1e-9, "amber"), (0.6, 1e-3, "amber"), (0.6, 1e-9, "red")]
)
def test_groups_and_leaks_are_named(effect: float, chance: float, level: str):
    one = (Deviation("sex = f: rich 71% of records, real 34%", ("sex", "rich"), effect, chance),)
    told = (Deviation("pay tells rich almost alone", ("pay", "rich"), effect, chance),)
    evidence = Evidence({}, target="rich", relations=one, groups_lost=one, leaks=told)
    tstr, shape = entry("tstr", 0.75, 0.75, label="here (AUC)"), entry("shape", 0.99, 0.99)
    found = lines(tstr, shape, evidence=evidence)
    assert found[QUESTIONS[1]].level == (level if effect > 0.3 else "amber")
    assert "sex = f: rich 71% of records, real 34%" in found[QUESTIONS[1]].text
    assert {"sex", "rich", "pay"} == set(found[QUESTIONS[2]].columns)
    assert "The target leaks into the data: pay tells rich almost alone." in found[QUESTIONS[2]].text


def test_a_target_that_is_lost_among_all_is_named():
    line = lines(entry("tstr", 0.5, 0.51, label="skill"), evidence=Evidence({}, lost=("b",)))[QUESTIONS[2]]
    assert (line.level, line.columns) == ("amber", ("b",))


def test_what_real_records_cannot_predict_says_nothing():
    assert lines(entry("tstr", 0.5, 0.51, label="here (AUC)"))[QUESTIONS[2]].level == "grey"


@pytest.mark.parametrize("name", ["singling_out", "linkability", "inference", "rare_values"])
def test_a_risk_counts_when_its_interval_leaves_chance(name: str):
    def level(value: float, low: float, high: float, caveat: str = "") -> str:
        risk = entry(name, value, 0.0, family="private")
        risk = replace(risk, score=replace(risk.score, value=value, bounds=(low, high), caveat=caveat))
        others = (one for one in NEEDED if one.name != name)
        return lines(*others, entry("copies", 0, 0, family="private"), risk)[QUESTIONS[3]].level

    assert level(0.03, 0.0, 0.08) == "green"
    assert level(0.03, 0.001, 0.06) == "green"  # one of nine attacks: this much is chance
    assert level(0.03, 0.02, 0.05) == "amber"
    assert level(0.4, 0.3, 0.5) == "red"
    if name != "rare_values":
        assert level(0.4, 0.3, 0.5, "cannot be trusted: ...") == "grey"


def test_attacks_that_failed_show_nothing():
    line = lines(*NEEDED[1:], entry("copies", 0, 0, family="private"))[QUESTIONS[3]]
    assert line.level == "grey"
    assert "shows nothing: singling out" in line.text


def test_copies_are_held_against_those_of_real_records():
    def line(share: float, own: float) -> Line:
        return lines(*NEEDED, entry("copies", share, own, error=0.001, family="private"))[QUESTIONS[3]]

    assert line(0.3, 0.3).level == "green"  # records of few columns meet by chance
    assert "300 of 1,000 records; of held-out real ones 300 of 1,000" in line(0.3, 0.3).text
    assert line(0.015, 0.0).level == "amber"
    assert line(0.3, 0.01).level == "red"


def test_a_pair_that_is_off_is_named_though_the_mean_is_right():
    evidence = Evidence({}, unlike=[Unlike(("age", "pay"), 1e-9, 0.4)])
    line = lines(entry("trend", 0.988, 0.99), evidence=evidence)[QUESTIONS[1]]
    assert line.level == "red"
    assert line.columns == ("age", "pay")


def test_a_category_that_should_occur_is_named_and_one_that_may_lack_is_not():
    evidence = Evidence({}, missing={("age", "old"): 1e-9, ("pay", "none"): 0.01})
    line = lines(entry("shape", 0.99, 0.99), evidence=evidence)[QUESTIONS[1]]
    assert line.columns == ("age",)


def test_a_target_that_is_not_there_is_no_use():
    line = lines(evidence=Evidence({}, target="rich", lacks_target=True))[QUESTIONS[2]]
    assert (line.level, line.columns) == ("red", ("rich",))


def test_a_defect_is_named_and_what_fresh_records_break_is_none():
    evidence = Evidence({}, defects=[Defect("'b' follows 'c'", 0.001, ("b", "c"), "amber")])
    line = lines(entry("valid", 0.999, 1.0), evidence=evidence)[QUESTIONS[4]]
    assert (line.level, line.columns) == ("amber", ("b", "c"))
    as_real = lines(entry("valid", 0.999, 0.9991))[QUESTIONS[4]]
    assert as_real.level == "green"
    assert "held-out real" in as_real.text
    assert lines(entry("valid", 1.0, 1.0))[QUESTIONS[4]].level == "green"


def test_too_few_records_leave_everything_open():
    assert lines(entry("c2st", 0.5, 0.5, error=0.2))[QUESTIONS[0]].level == "grey"
    found = lines(entry("shape", 0.9, 0.9), evidence=Evidence({}, slack=0.6))
    assert found[QUESTIONS[1]].level == "grey"
    wide = tuple(replace(one, score=replace(one.score, bounds=(0.0, 0.9))) for one in NEEDED)
    assert lines(*wide, entry("copies", 0, 0, family="private"))[QUESTIONS[3]].level == "grey"


def test_a_column_that_is_not_there_is_said_in_every_answer_about_columns():
    found = lines(entry("c2st", 0.5, 0.5), entry("shape", 0.99, 0.99), evidence=Evidence({}, lacking=["bmi"]))
    for question in QUESTIONS[:2]:
        assert (found[question].level, found[question].columns) == ("amber", ("bmi",))


def test_every_line_says_what_it_does_not_prove_and_none_promises():
    for line in lines().values():
        assert line.limits
        assert "anonym" not in (line.text + line.limits).lower()


def test_spelling_counts_for_looking_real_and_a_warning_is_said_in_any_case():
    told = entry("c2st", 0.51, 0.5)
    plain = Evidence({}, warning="38 % of the customers are in training, too.")
    line = lines(told, evidence=plain)[QUESTIONS[0]]
    assert line.level == "green"
    assert line.text.endswith("38 % of the customers are in training, too.")
    spelt = replace(plain, spelling={"b": "31/12/2019 (real: 2019-12-31)"})
    line = lines(told, evidence=spelt)[QUESTIONS[0]]
    assert (line.level, line.columns) == ("amber", ("b",))
    assert "b: 31/12/2019 (real: 2019-12-31)" in line.text
    assert line.text.endswith("38 % of the customers are in training, too.")
