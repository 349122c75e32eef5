"""The page says what was measured, what failed, what is missing, and where a peer is better."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.peers.page import rendered
from bench.peers.races import Race, said
from bench.peers.results import QUOTED, Key, Result, load, load_all
from bench.peers.verdicts import better_peers, is_better, our_run
from gansmith.errors import UsageError


def result(competitor, length="default", *, seed=0, failed="", source="", c2st=0.6, tstr=0.9, seconds=100.0):
    own = {"value": c2st, "error": 0.01, "real": 0.5, "real_error": 0.01}
    return Result(
        key=Key("abalone", competitor, length, seed),
        date="2026-11-22",
        machine="a machine, 2 cores, load 1.0, torch 2",
        n_train=2_089,
        n_holdout=2_088,
        failed=failed,
        source=source,
        measured={} if failed else {"fit_cpu_seconds": seconds, "fit_wall_seconds": 150.0, "peak_mib": 700.0},
        independent_card={}
        if failed
        else {"shape": 1.234, "trend": 2.0, "c2st": c2st, "tstr": tstr, "dcr": 0.5},
        own_card={} if failed else {"c2st": own},
    )


def test_results_survive_their_file(tmp_path):
    one = result("mostlyai", "300s", seed=3)
    one.save(tmp_path)
    assert load(tmp_path / "abalone" / "mostlyai-300s-3.json") == one
    assert load_all(tmp_path) == [one]


@pytest.mark.parametrize("name", ["", "../up", "a b", "A"])
def test_a_key_that_is_no_file_name_is_refused(name):
    with pytest.raises(UsageError, match="file name"):
        Key("adult", name)


def test_the_page_holds_the_numbers():
    page = rendered([result("mostlyai")])
    assert "| MOSTLY AI engine | 100 (150) | – | 700 | 1.23 | 2.00 | 0.600 | 0.900 | 0.500 | – |" in page
    assert "| MOSTLY AI engine | 0.600 ± 0.010 | – |" in page
    assert "2,089 records to learn, 2,088 held out; target `rings`" in page
    assert "2026-11-22; a machine, 2 cores;" in page


def test_the_page_says_what_is_missing_and_what_failed():
    page = rendered([result("ctgan", failed="stopped after 60 s")])
    assert "- CTGAN (SDV): stopped after 60 s." in page
    assert "Not measured yet: real hold-out, training copy, independent columns, Gansmith, MOSTLY AI" in page


def test_the_page_says_where_quoted_numbers_come_from():
    page = rendered([result("ctgan", QUOTED, source="measured elsewhere.")])
    assert "- CTGAN (SDV), quoted: measured elsewhere." in page


def test_a_card_that_could_not_be_had_is_said_once_for_all():
    one, two = (replace(result(name), independent_card={"error": "no luck."}) for name in ("copy", "ours"))
    note = "- The independent card could not be had for training copy, Gansmith: no luck."
    assert rendered([one, two]).count(note) == 1


def test_where_a_peer_is_better_it_stands_there():
    ours, peer = result("ours", c2st=0.6, tstr=0.91), result("mostlyai", c2st=0.45, tstr=0.9, seconds=50.0)
    (sentence,) = better_peers([ours, peer])
    assert sentence.startswith(
        "MOSTLY AI engine, default, is better than Gansmith, default, in c2st (0.450 against"
    )
    assert "fit seconds (50 against 100)" in sentence
    assert "tstr" not in sentence
    assert f"- {sentence}" in rendered([ours, peer])


def test_anchors_and_failures_are_no_peers():
    ours = result("ours", c2st=0.9)
    assert better_peers([ours, result("copy", c2st=0.5), result("tvae", failed="exit code 1")]) == []
    assert better_peers([result("mostlyai")]) == []


def test_the_run_at_equal_time_is_compared():
    plain, equal = result("ours"), result("ours", "as_mostlyai")
    assert our_run([plain, equal]) is equal
    assert our_run([plain]) is plain
    assert our_run([result("ours", failed="exit code 1")]) is None


@pytest.mark.parametrize(
    ("name", "one", "other"), [("shape", 1, 2), ("trend", 1, 2), ("tstr", 0.9, 0.8), ("c2st", 0.45, 0.6)]
)
def test_which_way_is_better(name, one, other):
    assert is_better(name, one, other)
    assert not is_better(name, other, one)
    assert not is_better(name, one, one)


def test_a_race_in_words():
    figures = {"shape": 1.0, "trend": 1.0, "c2st": 0.6, "tstr": 0.9}
    won = Race("adult", "2026-11-22", "m", figures, 3_480.0, "", figures, 43.5, 9.0, 0)
    assert "1/80 of its time" in said(won)
    assert "9.0 times as fast" in said(won)
    assert said(won) in rendered([result("ours")], [won])
    lost = Race("adult", "2026-11-22", "m", figures, 3_480.0, "", {}, 3_480.0, 9.0, 0)
    assert "was not beaten in all four" in said(lost)
