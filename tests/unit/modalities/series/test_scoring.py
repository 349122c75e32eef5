"""Cards of the user's series: whole ones, pieces of one, keys and constants, and the page that shows them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from gansmith.modalities.series.records import Form, SeriesSet
from gansmith.modalities.series.recurrent_judge import RecurrentJudge
from gansmith.modalities.series.scoring import as_sequences, score_series
from gansmith.report.page import render
from gansmith.scorecard.card import Comparison, Scorecard
from gansmith.scorecard.score import QUICK
from gansmith.scorecard.sequences.network import discriminative
from gansmith.tabular.schema import Column, Schema

SCHEMA = Schema(
    (
        Column("meter", "category"),
        Column("when", "datetime"),
        Column("load", "decimal", decimals=2),
        Column("state", "category"),
        Column("city", "category"),
    )
)
FORM = Form(schema=SCHEMA, entity="meter", time="when", attributes=("city",))
_HOUR = 3_600_000_000


def _meters(seed: int, n: int = 30, n_steps: int = 72) -> SeriesSet:
    """Hourly loads with a day in them, a state, and a city that moves the level."""
    rng = np.random.default_rng(seed)
    owners, steps = np.repeat(np.arange(n), n_steps), np.tile(np.arange(n_steps), n)
    cities = np.arange(n) % 2
    load = 5 + 2 * cities[owners] + np.sin(2 * np.pi * steps / 24) + 0.3 * rng.normal(size=len(steps))
    columns = {
        "meter": owners.astype(str),
        "when": pa.array((1_700_000_000_000_000 // _HOUR + steps) * _HOUR).cast(pa.timestamp("us")),
        "load": np.round(load, 2),
        "state": np.where(rng.random(len(steps)) < 0.2, "off", "on"),
        "city": np.where(cities[owners] == 1, "Rome", "Oslo"),
    }
    table = pa.table(columns).cast(SCHEMA.arrow_schema)
    return SeriesSet(table, np.arange(n + 1) * n_steps, FORM, f"meters {seed}")


def _with_a_move(of: SeriesSet) -> SeriesSet:
    """One series changes its city on the way."""
    cities = np.array(of.steps["city"].to_pylist())
    cities[5] = "Rome" if cities[5] == "Oslo" else "Oslo"
    place = of.steps.column_names.index("city")
    return replace(of, steps=of.steps.set_column(place, "city", pa.array(cities)))


@pytest.fixture(scope="module")
def cards() -> list[Scorecard]:
    """Of honest series, and of some that break a rule."""
    fakes = [_meters(3), _with_a_move(_meters(3))]
    return list(score_series(fakes, _meters(1), _meters(2), "city", 0, QUICK))


def test_honest_series_are_green_or_open(cards):
    card = cards[0]
    assert {line.level for line in card.verdict} <= {"green", "grey"}
    assert card["tstr"].score.value > 0.9
    assert card["valid"].score.value > 0.9
    assert any("24 steps" in note for note in card.notes)


def test_the_page_shows_series_and_no_real_ones(cards):
    page = render(Comparison((cards[0],)).report())
    for words in ("Over time", "Memory and waves", "What follows what", "Some synthetic series"):
        assert words in page
    assert "shows series of the real data" not in page
    assert "shows series of the real data" in render(Comparison((cards[0],)).report(with_real_records=True))


def test_all_sets_have_one_code_book():
    ours, theirs = as_sequences([_meters(1), _meters(2)], ["load", "state", "city"])
    assert ours.clock == "seconds"
    assert ours.categories == theirs.categories == ("state",)
    assert ours.steps.labels["state"] == theirs.steps.labels["state"] == ("on", "off")
    assert (ours.gaps[1:72] == 3600).all()


def test_an_attribute_that_changes_is_named(cards):
    words = "'city' is constant within a series"
    assert words not in cards[0]["valid"].details
    assert words in cards[1]["valid"].details
    assert cards[1].verdict[-1].level in ("amber", "red")


def test_one_long_series_is_cut_into_pieces():
    form = Form(schema=Schema(SCHEMA.columns[1:4]), time="when", shape="single", window=24)
    long = [_meters(seed, 1, 2_400) for seed in (1, 2, 3)]
    steps = [one.steps.select(["when", "load", "state"]) for one in long]
    sets = [SeriesSet(part, one.starts, form, one.name) for part, one in zip(steps, long, strict=True)]
    card = next(score_series([sets[2]], sets[0], sets[1], None, 0, QUICK))
    assert any("100 training" in note and "pieces of 24 steps" in note for note in card.notes)
    assert {line.level for line in card.verdict} <= {"green", "grey"}
    assert "membership_auc" in card.skipped


@pytest.mark.slow
def test_a_recurrent_network_tells_noise_from_waves():
    real, fake = as_sequences([_meters(1, 300), _meters(2, 300)], ["load", "state"])
    values = np.random.default_rng(0).permuted(fake.steps.values, axis=0)
    noise = replace(fake, steps=replace(fake.steps, values=values))
    groups = np.arange(300), np.arange(300)
    scores = [discriminative(one, real, groups, RecurrentJudge(), 0).value for one in (noise, fake)]
    assert scores[0] > 0.3
    assert scores[1] < 0.2


def test_a_recurrent_network_is_a_function_of_its_seed():
    series = np.random.default_rng(0).random((6, 5, 3))
    series[..., -1] = 1
    said = [RecurrentJudge(2).chances(series[:2], series[2:4], series[4:], seed) for seed in (0, 0, 1)]
    assert said[0].tolist() == said[1].tolist() != said[2].tolist()
