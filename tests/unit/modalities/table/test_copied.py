"""Copied identifiers, whatever they are made of; counters tell nobody."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from gansmith.modalities.table.copied import copied_cells, met_by_chance
from gansmith.modalities.table.format import TableFormat
from gansmith.scorecard.score import Entry
from gansmith.tabular.files import read_table

FORMAT = TableFormat()
N = 500
Rng = np.random.Generator


def card(fake: object, train: object, holdout: object, name: str) -> list[Entry]:
    frames = [pd.DataFrame({name: part, "x": np.arange(N) % 7}) for part in (fake, train, holdout)]
    known = read_table(frames[1])
    ours, held = FORMAT.read_to_judge(frames[0], known), FORMAT.read_like(frames[2], known)
    return copied_cells(ours.records, known.records, held.records, known.schema)


IDENTIFIERS: dict[str, Callable[[Rng, int], object]] = {
    "four digits": lambda rng, n: rng.permutation(9_000)[:n] + 1_000,
    "nine digits": lambda rng, n: rng.choice(900_000_000, n, replace=False) + 100_000_000,
    "strings of digits": lambda rng, n: [f"{k:07d}" for k in rng.choice(9_999_999, n, replace=False)],
    "UUIDs": lambda rng, n: [str(UUID(bytes=rng.bytes(16))) for _ in range(n)],
    "phones": lambda rng, n: [f"+49 30 {k:07d}" for k in rng.choice(9_999_999, n, replace=False)],
}


@pytest.mark.parametrize("kind", IDENTIFIERS)
@pytest.mark.parametrize("name", ["person_id", "person"])
def test_copies_are_found_and_fresh_ones_are_none(kind: str, name: str):
    heap = np.array(IDENTIFIERS[kind](np.random.default_rng(1), 3 * N))
    fresh, train, holdout = heap[:N], heap[N : 2 * N], heap[2 * N :]
    (copied,) = card(train[::-1], train, holdout, name)
    assert copied.score.value > 0.9
    assert next(iter(copied.details)) == name
    (honest,) = card(fresh, train, holdout, name)
    assert honest.score.interval[0] == 0


def test_counters_are_left_out():
    count = np.arange(1, N + 1)
    assert not card(count, count, count, "id")
    assert not card(count, count + N, count + 2 * N, "id")
    assert not card(1_000 * count, 1_000 * count, 1_000 * count, "id")


def test_numbers_that_repeat_say_nothing():
    ages = np.random.default_rng(0).integers(18, 90, N)
    assert not card(ages, ages, ages, "age")


def test_how_densely_numbers_lie():
    drawn = np.random.default_rng(0).permutation(10_000)[:3_000]
    assert met_by_chance(pa.array(drawn)) == pytest.approx(0.3, abs=0.03)
    assert met_by_chance(pa.array([5, 5])) == 1.0
