"""The privacy card: its words and marks are those of the verdict, and every line stands beside its mark."""

from __future__ import annotations

import json

import pytest

from gansmith.scorecard.card import Scorecard
from gansmith.scorecard.score import CEILING, Entry, Score
from gansmith.scorecard.verdict.evidence import Evidence
from gansmith.scorecard.verdict.leaks import ATTACKS, NEARER, SHARES, levels, lines_of
from gansmith.scorecard.verdict.privacy_card import FURTHER, RISKS
from gansmith.scorecard.verdict.questions import ON_PRIVACY, verdict


def entry(name: str, value: float, error: float = 0.01, **more) -> Entry:
    own = Score(value, error, n=2_000, direction="lower", label=f"{name} (AUC)" if "auc" in name else name)
    real = Score(0.5 if name == NEARER else 0.0, error, n=2_000, direction="lower")
    return Entry(name, own, {CEILING: real}, family="private", **more)


def card_of(*entries: Entry, **more) -> Scorecard:
    found = {one.name: one for one in entries}
    return Scorecard("t", entries, verdict(Evidence(found)), n_records=2_000, **more)


LEAKING = (
    entry("inference", 0.4, details={"salary": 0.4, "age": 0.1}),
    entry("linkability", 0.0, details={"a, b | c": 0.0}),
    entry("membership_auc", 0.51),
    entry("copies", 0.0),
    entry(NEARER, 0.5),
)


def test_everything_that_can_show_a_leak_is_asked():
    assert {*RISKS, *FURTHER} == {*(one.name for one in ATTACKS), *SHARES, NEARER}


def test_the_conclusion_is_the_verdicts_answer():
    card = card_of(*LEAKING)
    answer = next(line for line in card.verdict if line.question == ON_PRIVACY)
    found = card.privacy()
    assert list(found)[:3] == ["title", "holds_real_records", "conclusion"]
    assert found["conclusion"] == {"question": ON_PRIVACY, "level": answer.level, "text": answer.text}
    assert answer.level == "red"


def test_each_mark_is_that_of_the_verdict_and_has_its_lines():
    found = card_of(*LEAKING).privacy()
    items = {item["score"]: item for item in [*found["risks"], *found["further"]] if "score" in item}
    marks = levels({one.name: one for one in LEAKING})
    assert {name: item["level"] for name, item in items.items()} == marks
    much = {one.name: (one.chance, one.much) for one in ATTACKS}
    for one in LEAKING:
        assert (items[one.name]["amber"], items[one.name]["red"]) == much.get(one.name, lines_of(one))
    assert "Worst (40.0%): secret column salary." in items["inference"]["text"]
    assert items["linkability"]["worst"] == "a, b | c"
    assert items["membership_auc"]["unit"] == "AUC"


@pytest.mark.parametrize(("name", "lines"), [(NEARER, (0.55, 0.7)), ("copies", (0.0, 0.02))])
def test_shares_are_compared_with_fresh_real_records(name, lines):
    assert lines_of(entry(name, 0.9)) == pytest.approx(lines)
    usual = Entry(name, entry(name, 0.9).score, {CEILING: Score(0.6, 0.01, n=100, direction="lower")})
    assert lines_of(usual)[1] == pytest.approx(0.8 if name == NEARER else 0.6 + 0.02 * 0.4)


def test_what_was_not_tried_stands_there_with_its_reason():
    found = card_of(entry("copies", 0.0), skipped={"inference": "there is one column alone"}).privacy()
    texts = {item["risk"]: (item["level"], item["text"]) for item in found["risks"]}
    assert texts["Inference"] == ("grey", "Not carried out: there is one column alone.")
    assert texts["Linkability"][0] == "grey"


def test_the_model_is_named_where_it_is_known():
    assert "Any tool may have made the data" in json.dumps(card_of(*LEAKING).privacy()["model"])
    origin = (("Minimum count", "5 records"),)
    assert card_of(*LEAKING, origin=origin).privacy()["model"] == [["Minimum count", "5 records"]]
