"""Planted faults: each is caught by the score that should catch it, and named in the verdict."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gansmith.errors import DataError, UsageError
from gansmith.scorecard import measures, useful
from gansmith.scorecard.card import Scorecard
from gansmith.scorecard.learners import SMALL_TREES
from gansmith.tasks.judging import _kind_beside, compare, score

N = 3_000
REAL, NUMBERS, USEFUL, PRIVATE, VALID = (
    "Does it look real?",
    "Are the numbers right?",
    "Is it useful?",
    "Does it give anybody away?",
    "Is it valid?",
)
PROMISED = (
    "c2st", "shape", "trend", "mutual_information", "coverage", "density", "tstr", "trtr", "copies",
    "singling_out", "linkability", "inference", "membership_auc", "membership_tpr", "valid",
)  # fmt: skip


def people(seed: int, n: int = N) -> pd.DataFrame:
    """Fresh records of a population whose columns depend on each other."""
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 90, n)
    height = np.round(rng.normal(170, 9, n), 1)
    weight = np.round(0.9 * height - 85 + rng.normal(0, 7, n), 1)
    city = rng.choice(["Rome", "Oslo", "Bern", "Lima", "Suva"], n, p=[0.4, 0.3, 0.2, 0.08, 0.02])
    pay = np.round(np.exp(rng.normal(7 + age / 60, 0.4, n)), 2)
    job = np.where(rng.random(n) < age / 120, "clerk", np.where(height > 175, "pilot", "baker"))
    rich = np.where(pay * rng.lognormal(0, 0.3, n) > 3000, "yes", "no")
    frame = pd.DataFrame(
        {"age": age, "height": height, "weight": weight, "city": city, "pay": pay, "job": job, "rich": rich}
    )
    frame.loc[rng.random(n) < 0.1, "weight"] = np.nan
    return frame


TRAIN, HOLDOUT = people(0), people(1)


def names(seed: int, n: int) -> list[str]:
    """Made of many letters, so that hardly two are alike: texts."""
    letters = np.random.default_rng(seed).choice(list("abcdefghiklmnoprstu "), (n, 24))
    return ["".join(row) for row in letters]


NAMED = TRAIN.assign(name=names(10, N))


def judged(fake: pd.DataFrame, *, quick: bool = True) -> Scorecard:
    return score(fake, TRAIN, HOLDOUT, target="rich", quick=quick, seed=0)


def level(card: Scorecard, question: str) -> str:
    return next(line.level for line in card.verdict if line.question == question)


def named(card: Scorecard, question: str) -> tuple[str, ...]:
    return next(line.columns for line in card.verdict if line.question == question)


def independent() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    return pd.DataFrame({name: rng.permutation(TRAIN[name].to_numpy()) for name in TRAIN})


def memorised(share: float) -> pd.DataFrame:
    fresh = people(2)
    return pd.concat([TRAIN[: int(share * N)], fresh[int(share * N) :]], ignore_index=True)


def shuffled_target() -> pd.DataFrame:
    fresh = people(2)
    return fresh.assign(rich=np.random.default_rng(0).permutation(fresh["rich"].to_numpy()))


def shifted() -> pd.DataFrame:
    fresh = people(2)
    return fresh.assign(height=(fresh["height"] * 1.05).round(1))


def without_suva() -> pd.DataFrame:
    fresh = people(2, 2 * N)
    return fresh[fresh["city"] != "Suva"][:N].reset_index(drop=True)


def swapped() -> pd.DataFrame:
    return people(2).replace({"city": {"Rome": "Bern", "Bern": "Rome"}})


def with_names_of_real_people() -> pd.DataFrame:
    return people(2).assign(name=NAMED["name"].to_numpy())


def younger_than_anybody() -> pd.DataFrame:
    fresh = people(2)
    fresh.loc[:5, "age"] = 7
    return fresh


TENTH = "a tenth of the records memorised"
FAULTS: dict[str, tuple[Callable[[], pd.DataFrame], tuple[str, ...], str, tuple[str, ...]]] = {
    "a copy of the training records": (
        lambda: TRAIN.copy(),
        (
            *("copies", "near_copies", "nearer", "singling_out", "linkability", "inference", "rare_values"),
            *("membership_auc", "membership_tpr", "membership_auc_unusual"),
        ),
        PRIVATE,
        (),
    ),
    TENTH: (
        lambda: memorised(0.1),
        (
            *("copies", "singling_out", "linkability", "inference", "rare_values"),
            *("membership_auc", "membership_tpr"),
        ),
        PRIVATE,
        (),
    ),
    "independent columns": (
        independent,
        ("c2st", "trend", "mutual_information", "coverage", "tstr"),
        REAL,
        (),
    ),
    "a shuffled target": (shuffled_target, ("tstr", "c2st"), USEFUL, ("rich",)),
    "a column shifted by 5 %": (shifted, ("shape", "c2st"), NUMBERS, ("height",)),
    "a rare category missing": (without_suva, ("rare_categories",), NUMBERS, ("city",)),
    "swapped names of categories": (swapped, ("shape",), NUMBERS, ("city",)),
    "a value out of range": (younger_than_anybody, ("valid",), VALID, ("age",)),
}
"""What is wrong, the scores that must see it, the question it answers, and the columns to be named."""


CHANCE = {
    "membership_auc": 0.5, "membership_auc_unusual": 0.5, "membership_tpr": 0.01,
    "singling_out": 0.0, "linkability": 0.0, "inference": 0.0, "rare_values": 0.0,
}  # fmt: skip


def is_caught(card: Scorecard, name: str) -> bool:
    """Whether an attack beats chance, or another score is worse than that of real records."""
    entry = card[name]
    own, real = entry.score, entry.anchors["ceiling"]
    if name in CHANCE:
        return own.interval[0] > CHANCE[name]
    worse = own.value - real.value if own.direction == "lower" else real.value - own.value
    return worse > 2 * np.hypot(own.error, real.error)


SLOW = {
    TENTH,
    "a rare category missing",
    "swapped names of categories",
    "a value out of range",
    "a shuffled target",
    "independent columns",
    "a column shifted by 5 %",
}


@pytest.mark.parametrize(
    "fault", [pytest.param(one, marks=pytest.mark.slow if one in SLOW else ()) for one in FAULTS]
)
def test_a_planted_fault_is_caught_and_named(fault: str, monkeypatch: pytest.MonkeyPatch):
    for module in (measures, useful):  # what all scores need is the size of their sets, not of their models
        monkeypatch.setattr(module, "TREES", SMALL_TREES)
    make, scores, question, columns = FAULTS[fault]
    card = judged(make(), quick=fault != TENTH)
    assert [name for name in scores if not is_caught(card, name)] == []
    assert level(card, question) in ("amber", "red")
    assert set(columns) <= set(named(card, question))


@pytest.mark.parametrize("seed", [pytest.param(seed, marks=pytest.mark.slow) for seed in (2, 3)])
def test_fresh_real_records_pass(seed: int):
    card = judged(people(seed))
    assert {line.level for line in card.verdict} <= {"green"}, str(card)
    assert set(PROMISED) <= set(card.names)
    for name in ("singling_out", "linkability", "inference", "rare_values"):
        assert card[name].score.interval[0] <= 0.0


def small(seed: int, n: int = 200) -> pd.DataFrame:
    return people(seed, n)


def test_a_missing_and_a_surplus_column_are_named_and_the_rest_is_scored():
    fake = small(2).drop(columns="pay").assign(extra=1)
    card = score(fake, small(0), small(1), target="rich", quick=True)
    assert "c2st" in card.names
    assert any("'pay'" in note for note in card.notes)
    assert any("'extra'" in note for note in card.notes)
    assert card["valid"].score.value == 0.0
    assert level(card, VALID) == "red"
    assert "pay" in named(card, VALID)


def test_no_common_column():
    with pytest.raises(DataError, match="is not in the table"):
        score(pd.DataFrame({"x": [1, 2, 3]}), small(0), small(1), quick=True)


def test_an_empty_table():
    with pytest.raises(DataError, match="no records"):
        score(small(2)[:0], small(0), small(1), quick=True)


def test_one_record_gets_the_scores_that_can_be_computed():
    card = score(small(2)[:1], small(0), small(1), target="rich", quick=True)
    assert "valid" in card.names
    assert "copies" in card.names
    plain = card.to_dict()
    assert plain["scores"]["c2st"]["value"] is None
    assert "1 records" in plain["scores"]["c2st"]["reason"]
    assert set(PROMISED) <= set(plain["scores"])
    with pytest.raises(UsageError, match="could not be computed"):
        card.check(["c2st<=0.8"])


@pytest.mark.slow
def test_a_target_of_one_class():
    card = score(small(2).assign(rich="yes"), small(0), small(1), target="rich", quick=True)
    assert card["tstr"].score.value == 0.5
    holdout = small(1).assign(rich="yes")
    card = score(small(2), small(0), holdout, target="rich", quick=True)
    assert "same in all" in card.to_dict()["scores"]["tstr"]["reason"]


def test_a_constant_text_is_not_read_as_a_truth_value():
    real = [small(seed).assign(consent="yes") for seed in (0, 1)]
    fake = small(2).assign(consent=["no"] + ["yes"] * 199)
    card = score(fake, *real, target="rich", quick=True)
    assert dict(card["valid"].details)["'consent' has known values"] == pytest.approx(1 / 200)
    assert card["shape"].details.get("consent", 1.0) > 0.9


def test_a_target_without_values_is_no_use():
    card = score(small(2).assign(rich=None), small(0), small(1), target="rich", quick=True)
    assert level(card, USEFUL) == "red"


@pytest.mark.slow
def test_a_column_without_a_single_value():
    card = score(small(2).assign(pay=np.nan), small(0), small(1), target="rich", quick=True)
    assert level(card, NUMBERS) == "red" or level(card, VALID) == "red"
    real = [part.assign(pay=np.nan) for part in (small(2), small(0), small(1))]
    assert "c2st" in score(*real, target="rich", quick=True).names


def test_another_type():
    fake = small(2).assign(age="old")
    card = score(fake, small(0), small(1), target="rich", quick=True)
    assert any("'age'" in note for note in card.notes)
    assert "age" in named(card, VALID)


def test_an_unknown_target():
    with pytest.raises(UsageError, match="Did you mean 'rich'"):
        score(small(2), small(0), small(1), target="ritch", quick=True)


def test_all_targets_in_turn_and_a_split_of_our_own():
    card = score(small(2), small(0, 400), quick=True)
    assert 0 <= card["tstr"].score.value <= 1
    assert "No hold-out was given" in card.notes[0]


@pytest.mark.slow
def test_several_data_sets_are_judged_as_each_alone():
    both = compare({"a": small(2), "b": small(3)}, small(0), small(1), target="rich", quick=True)
    alone = score(small(3), small(0), small(1), target="rich", quick=True)
    assert [card.name for card in both] == ["a", "b"]
    assert both["b"].to_dict()["scores"] == alone.to_dict()["scores"]
    assert both.check(["shape>=0.999"]) == [f"{c.name}: {m}" for c in both for m in c.check(["shape>=0.999"])]


@pytest.mark.slow
def test_the_same_seed_gives_the_same_card():
    first, second = (score(small(2), small(0), small(1), quick=True, seed=7).to_dict() for _ in range(2))
    assert json.dumps(first, allow_nan=False) == json.dumps(second, allow_nan=False)


def test_report_privacy_card_and_notebook(tmp_path: Path):
    card = score(small(2), small(0), small(1), target="rich", quick=True)
    card.to_html(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text()
    twin = json.loads((tmp_path / "report.json").read_text())
    assert twin["cards"][0]["scores"]["c2st"]["value"] == pytest.approx(card["c2st"].score.value)
    card.to_privacy_card(tmp_path / "privacy.html")
    card.to_privacy_card(tmp_path / "privacy.json")
    risks = json.loads((tmp_path / "privacy.json").read_text())["risks"]
    assert [risk["risk"] for risk in risks] == ["Singling out", "Linkability", "Inference"]
    for text in (page, (tmp_path / "privacy.html").read_text(), card._repr_html_()):
        assert "Does it give anybody away?" in text or "Singling out" in text
        assert "anonym" not in text.split("<script")[0].lower()


@pytest.mark.slow
def test_copied_names_are_found_though_nothing_is_learnt_from_them():
    held = HOLDOUT.assign(name=names(11, N))
    fresh = people(2).assign(name=names(12, N))
    card = score(with_names_of_real_people(), NAMED, held, target="rich", quick=True)
    assert card["copied_texts"].score.value == 1.0
    assert level(card, PRIVATE) == "red"
    assert named(card, PRIVATE) == ("name",)
    assert any("'name'" in note for note in card.notes)
    card = score(fresh, NAMED, held, target="rich", quick=True)
    assert card["copied_texts"].score.value == 0.0
    assert level(card, PRIVATE) == "green"


def test_too_few_records_are_no_proof():
    for n in (2, 5):
        card = score(people(2, n), small(0), small(1), target="rich", quick=True)
        assert level(card, PRIVATE) == "grey"
        assert level(card, REAL) == "grey"


def test_useless_records_are_not_called_useful():
    fake = small(2).assign(pay=lambda table: table["pay"] * 100)
    assert level(score(fake, small(0), small(1), target="pay", quick=True), USEFUL) != "green"


@pytest.mark.slow
def test_a_holdout_of_another_source_is_noticed():
    other = people(1).assign(height=lambda table: table["height"] + 40)
    card = score(people(2), TRAIN, other, target="rich", quick=True)
    assert level(card, REAL) == level(card, PRIVATE) == "grey"
    assert "hold-out is not like" in card.verdict[0].text


def test_the_real_data_is_no_holdout(tmp_path: Path):
    for name in ("real.csv", "same.csv"):
        small(0).to_csv(tmp_path / name, index=False)
    small(2).to_csv(tmp_path / "fake.csv", index=False)
    with pytest.raises(DataError, match="the real data itself"):
        score(tmp_path / "fake.csv", tmp_path / "real.csv", tmp_path / "same.csv", quick=True)


def test_numbers_too_huge_to_cut_are_no_obstacle():
    fake = small(2).assign(age=2**62 + np.arange(200))
    assert level(score(fake, small(0), small(1), target="rich", quick=True), NUMBERS) == "red"


@pytest.mark.slow
def test_a_rule_that_fresh_records_break_is_no_defect_and_a_declared_one_is():
    def towns(seed: int, n: int, first: int = 0) -> pd.DataFrame:
        zone = np.random.default_rng(seed).integers(first, first + 60, n)
        return pd.DataFrame(
            {
                "zone": [f"z{one}" for one in zone],
                "town": [f"t{one // 6}" for one in zone],
                "x": np.random.default_rng(seed).normal(size=n),
            }
        )

    mixed = pd.concat([towns(2, 290), towns(3, 10, first=55)], ignore_index=True)
    held = pd.concat([towns(4, 290), towns(5, 10, first=55)], ignore_index=True)
    assert level(score(mixed, towns(0, 600), held, quick=True), VALID) == "green"
    broken = towns(2, 300).assign(town="t0")
    assert level(score(broken, towns(0, 600), towns(1, 300), quick=True), VALID) == "red"


@pytest.mark.slow
def test_a_declared_constraint_must_hold():
    real = [small(seed).assign(stay=lambda table: table["age"] + 1) for seed in (0, 1, 2)]
    rule = {"kind": "inequality", "low": "age", "high": "stay"}
    names = {"int64": "integer", "float64": "decimal"}
    columns = [
        {"name": name, "kind": names.get(str(kind), "category")} for name, kind in real[0].dtypes.items()
    ]
    schema = {"columns": columns, "constraints": [rule]}
    assert level(score(real[2], *real[:2], schema=schema, quick=True), VALID) == "green"
    real[2].loc[0, "stay"] = 3
    card = score(real[2], *real[:2], schema=schema, quick=True)
    assert level(card, VALID) != "green"
    assert {"age", "stay"} <= set(named(card, VALID))


def test_a_file_beside_synthetic_data_says_of_what_kind_it_is(tmp_path):
    paths = [tmp_path / name for name in ("a.csv", "b.csv", "c.csv")]
    for path, kind in zip(paths, ("series", "series", "something else"), strict=True):
        Path(f"{path}.meta.json").write_text(json.dumps({"kind": kind}))
    assert _kind_beside(paths[:2]) == "series"
    assert _kind_beside(paths) == _kind_beside(paths[2:]) == ""
    assert _kind_beside([paths[0], tmp_path / "plain.csv"]) == _kind_beside([paths[0], TRAIN]) == ""
