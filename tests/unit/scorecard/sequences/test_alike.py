"""Copied series are found at another time, scaled, moved, with noise; strangers are none."""

from __future__ import annotations

import numpy as np
import pytest

from gansmith.scorecard.embedded.alike import border_of
from gansmith.scorecard.sequences.alike import likeness
from gansmith.scorecard.sequences.records import Sequences
from tests.unit.scorecard.sequences.made import panel, with_column

TRAIN = panel(1, 100)


def _shifted(of: Sequences) -> Sequences:
    """Each series without its first steps."""
    rows = np.flatnonzero(of.places >= 7)
    return Sequences(
        of.steps.take(rows),
        of.starts - 7 * np.arange(len(of) + 1),
        of.attributes,
        of.times[rows] + 1e6,
        of.clock,
        of.origins,
        of.time,
    )


def _scaled(of: Sequences) -> Sequences:
    return with_column(of, "value", 3 * of.column("value") - 5)


def _noisy(of: Sequences) -> Sequences:
    noise = 0.1 * np.random.default_rng(0).normal(size=of.n_steps)
    return with_column(of, "value", of.column("value") + noise)


CHANGES = {
    "as it is": lambda of: of,
    "shifted": _shifted,
    "scaled": _scaled,
    "both": lambda of: _scaled(_shifted(of)),
    "noisy": _noisy,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_changed_copy_is_found(change):
    border = border_of(likeness(panel(2, 100), TRAIN, n_max=100, seed=0))
    fake = change(TRAIN.take(np.arange(15)))
    found = likeness(fake, TRAIN, n_max=100, seed=0)
    assert found.is_near(border).all()
    assert found.which.tolist() == list(range(15))
    strangers = likeness(panel(3, 100), TRAIN, n_max=100, seed=0)
    assert strangers.is_near(border).mean() <= 0.05


def test_flat_series_are_no_copies():
    flat = with_column(TRAIN, "value", np.full(TRAIN.n_steps, 4.0))
    for name in ("other", "kind"):
        flat = with_column(flat, name, np.zeros(TRAIN.n_steps))
    assert (likeness(flat, flat, n_max=20, seed=0).ratio == 1).all()
