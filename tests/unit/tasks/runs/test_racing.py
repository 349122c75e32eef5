"""A short race between rules: the best rated wins, all is told, and nothing else changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from gansmith.tasks.opening import open_data
from gansmith.tasks.runs import racing
from gansmith.tasks.runs.preparing import prepare
from gansmith.tasks.runs.racing import race_share, raced
from gansmith.tasks.runs.settings import FitConfig


@pytest.fixture
def prepared():
    sides = np.random.default_rng(0).integers(0, 128, (2, 12, 16, 16, 3), dtype=np.uint8)
    config = FitConfig(
        kind="domains", samples_seen=64, batch_size=4, generator_widths=(4, 4), discriminator_widths=(4, 4)
    )
    opened = open_data((sides[0], sides[1] + 100), kind="domains", options={"unpaired": True})
    return prepare(opened, config, None)


def test_the_best_rated_wins_and_all_is_told(prepared, monkeypatch):
    monkeypatch.setattr(racing, "FEWEST_RACED", 1)
    monkeypatch.setattr(
        type(prepared.modality.recipe), "rating", lambda self, score, readings: readings["content"]
    )
    before = {name: value.clone() for name, value in prepared.game.networks["generator"].state_dict().items()}
    found = raced(prepared, 80, 1)
    (note,) = set(found.notes) - set(prepared.notes)
    assert "before any game" in note
    assert "cycle" in note
    assert "contrast" in note
    rules: Any = found.game.rules
    assert bool(rules.cycle_weight) != bool(rules.contrast_weight)
    assert f"Chosen: {'cycle' if rules.cycle_weight else 'contrast'}" in note
    assert found.manifest["game"]["cycle_weight"] == rules.cycle_weight
    after = found.game.networks["generator"].state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())


def test_there_is_no_race_where_it_would_be_too_short_or_where_a_preset_has_chosen(prepared):
    assert raced(prepared, 64, 1) is prepared
    assert race_share(prepared) == pytest.approx(0.2)
    sides = np.zeros((12, 16, 16), np.uint8), np.full((12, 16, 16), 200, np.uint8)
    opened = open_data(sides, kind="domains", options={"unpaired": True})
    chosen = prepare(opened, FitConfig(kind="domains", preset="contrast", samples_seen=64), None)
    assert race_share(chosen) == 0
