from __future__ import annotations

import pytest
import torch

from gansmith.engine.monitors import (
    accuracies,
    coverage,
    decision_threshold,
    findings,
    likeness,
    memory_gap,
    spread,
)

GOOD = {
    "real_accuracy": 0.6,
    "fake_accuracy": 0.6,
    "spread": 1.0,
    "coverage": 0.9,
    "memory_gap": 0.1,
}


def test_accuracies_about_the_threshold():
    real, fake = torch.tensor([1.0, 2.0, -1.0, 3.0]), torch.tensor([-1.0, 1.0, 0.0, -2.0])
    assert accuracies(real, fake, 0.0) == {"real_accuracy": 0.75, "fake_accuracy": 0.75}
    assert accuracies(real, fake, 1.5) == {"real_accuracy": 0.5, "fake_accuracy": 1.0}


def test_the_threshold_is_half_way_where_only_differences_count():
    real, fake = torch.tensor([11.0, 13.0]), torch.tensor([9.0, 12.5])
    assert decision_threshold(real, fake, 0.0) == 0.0
    assert decision_threshold(real, fake, None) == 11.375


def test_memory_gap():
    heldout = torch.tensor([-1.0, 0.0, 1.0])
    assert memory_gap(heldout + 2, heldout) == pytest.approx(2.0)
    assert memory_gap(heldout, heldout) == 0.0


def test_likeness_looks_at_the_first_records_alone():
    real = torch.cat([torch.randn(50, 2), torch.randn(50, 2) + 100])
    found = likeness(real[:50].repeat(2, 1), real, n_most=50)
    assert found["coverage"] == 1.0
    assert found["spread"] < 0.1


@pytest.mark.parametrize("shape", [(3,), (2, 4, 4)])
def test_spread(shape):
    real = torch.randn(50, *shape)
    assert spread(real * 0.5, real) == pytest.approx(0.5)
    assert spread(real[:1].expand(50, *shape), real) == 0.0
    assert spread(real + 100, real) == pytest.approx(1.0, abs=1e-3)


def test_coverage_of_a_copy_of_nothing_and_of_half():
    real = torch.cat([torch.randn(40, 2), torch.randn(40, 2) + 100])
    assert coverage(real, real) == 1.0
    assert coverage(real + 1e4, real) == 0.0
    assert coverage(real[:40], real) == 0.5
    assert coverage(real[:1].expand(80, 2), real) <= 0.2


def test_coverage_of_the_same_distribution():
    found = [coverage(torch.randn(300, 2), torch.randn(300, 2)) for _ in range(10)]
    assert sum(found) / 10 == pytest.approx(1 - 2**-5, abs=0.015)


def test_coverage_of_too_few_records():
    assert coverage(torch.randn(5, 2), torch.randn(1, 2)) == 0.0
    assert coverage(torch.zeros(1, 2), torch.zeros(2, 2)) == 1.0


def test_no_findings_when_all_is_well():
    assert findings([GOOD, GOOD]) == ()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"coverage": 0.32}, "the generator repeats itself: coverage fell from 0.90 to 0.32"),
        ({"spread": 0.1}, "the fakes are too alike: their spread is 0.10 of the real one"),
        ({"real_accuracy": 0.99, "fake_accuracy": 1.0}, "the discriminator tells everything apart"),
        (
            {"real_accuracy": 0.99, "fake_accuracy": 1.0, "generator_gradient": 1e-6},
            "the generator's gradients have vanished (1.0e-06)",
        ),
        ({"memory_gap": 1.5}, "memorised the training records (gap 1.5)"),
    ],
)
def test_findings_in_words(change, words):
    (found,) = findings([GOOD, {**GOOD, **change}])
    assert words in found.text


def test_going_round_in_circles():
    def told(*offsets: float) -> list[str]:
        return [one.name for one in findings([{**GOOD, "offset": offset} for offset in offsets])]

    assert told(0.5, -0.5, 0.5, -0.5) == ["oscillation"]
    assert told(0.5, -0.5, 0.5) == []  # not often enough to be one
    assert told(2.0, 1.0, 0.5, 0.4) == []  # it settles


def test_findings_speak_of_now():
    assert findings([{**GOOD, "spread": 0.1}, GOOD]) == ()
    assert findings([{**GOOD, "real_accuracy": 0.99}]) == ()


def test_what_a_game_does_not_read_is_not_missed():
    assert findings([{"bound": -3.0}, {"bound": -2.0}]) == ()
