"""How often records are augmented: by schedule, by their number, and as a discriminator needs it."""

from __future__ import annotations

import pytest
import torch

from gansmith.engine.augmentation import (
    AUGMENTATIONS,
    MOST_CHANCE,
    Adaptation,
    Augmentation,
    AugmentationConfig,
    grid_augmentations,
)
from gansmith.engine.encounter import Memory
from gansmith.engine.inputs import Inputs
from gansmith.engine.randomness import Randomness


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.fixture
def counted(monkeypatch):
    """The augmentation "mask" adds 1, and writes down how many records it was given."""
    sizes: list[int] = []

    def plus_one(samples, generator):
        sizes.append(len(samples))
        return samples + 1

    monkeypatch.setitem(AUGMENTATIONS, "mask", Augmentation(plus_one, "one more"))
    return sizes


def test_only_chosen_records_are_worked_on(counted):
    samples = torch.arange(2_000.0).view(1_000, 2)
    added = AugmentationConfig("mask", 0.3).applied(samples, 0.0, seeded()) - samples
    assert set(added.unique().tolist()) == {0.0, 1.0}
    assert torch.equal(added[:, 0], added[:, 1])
    assert counted == [int(added[:, 0].sum())]
    assert counted[0] == pytest.approx(300, abs=60)
    assert AugmentationConfig("mask", 0.0).applied(samples, 0.0, seeded()) is samples
    assert torch.equal(AugmentationConfig("mask", 1.0).applied(samples, 0.0, seeded()), samples + 1)
    assert AugmentationConfig("mask", 0.5).applied(samples[:0], 0.0, seeded()).shape == (0, 2)


def test_no_chance_is_above_the_most(counted):
    samples = torch.zeros(1_000, 2)
    for name, most, expected in (("both", 0.2, 200), ("schedule", 0.9, 600), ("none", 0.0, 0)):
        inputs = Inputs(
            augmentations=(AugmentationConfig("mask", 0.9, 0.6),),
            share=1.0,
            most_chance=most,
            stream=Randomness(0).stream(name),
        )
        assert inputs(samples, "real")[:, 0].sum().item() == pytest.approx(expected, abs=60)


def test_the_fewer_records_the_oftener():
    some = (10, 100, 1_000, 10_000)
    chances = {n: [one.chance for one in grid_augmentations(n, can_flip=True)[1:]] for n in some}
    assert chances == {
        10: pytest.approx([0.6] * 3),
        100: pytest.approx([0.6] * 3),
        1_000: pytest.approx([0.4] * 3),
        10_000: pytest.approx([0.2] * 3),
    }
    assert grid_augmentations(30_000, can_flip=True) == ()
    assert [len(grid_augmentations(n, can_flip=False)) for n in (1_000, 3_000)] == [3, 0]
    assert grid_augmentations(400, can_flip=True)[0] == AugmentationConfig("flip", 0.5)
    for n_dims, shape in ((1, (2, 9)), (2, (3, 8, 8)), (3, (1, 6, 6, 6))):
        for one in grid_augmentations(400, can_flip=True, n_dims=n_dims):
            assert one.applied(torch.rand(8, *shape), 0.0, seeded()).shape == (8, *shape)


def heard(adaptation: Adaptation, n_right: int, shares, target: float = 0.6) -> list[float]:
    """The chance after batches of ten pairs, so many of them judged rightly, at these shares of the run."""
    chances = []
    fake = torch.zeros(10)
    real = torch.where(torch.arange(10) < n_right, 100.0, -1.0)
    for share in shares:
        adaptation.update(real, fake, target, share)
        chances.append(adaptation.chance)
    return chances


def test_the_chance_rises_while_the_discriminator_is_too_sure_and_not_above_the_most():
    adaptation = Adaptation()
    rising = heard(adaptation, 10, [0.001 * k for k in range(1, 400)])
    assert rising[5] == 0.0, "the average comes from 0"
    assert rising == sorted(rising)
    assert 0 < rising[100] < MOST_CHANCE
    assert rising[215] == MOST_CHANCE == max(rising)
    falling = heard(adaptation, 5, [0.4 + 0.001 * k for k in range(400)])
    assert falling[-1] == 0.0
    assert falling == sorted(falling, reverse=True) or falling[0] < falling[1]


@pytest.mark.parametrize(("target", "is_rising"), [(0.5, True), (0.7, False)])
def test_the_lead_is_what_is_right_beyond_chance(target, is_rising):
    adaptation = Adaptation(chance=0.4, lead=0.6)
    chances = heard(adaptation, 8, [0.01, 0.02], target)  # 80 % of pairs: a lead of .6
    assert adaptation.lead == pytest.approx(0.6)
    assert chances == pytest.approx([0.44, 0.48] if is_rising else [0.36, 0.32])


def test_an_empty_batch_and_equal_logits_say_nothing():
    adaptation = Adaptation(lead=0.5)
    adaptation.update(torch.zeros(0), torch.zeros(0), 0.9, 0.1)
    assert adaptation.lead == 0.5
    adaptation.update(torch.ones(4), torch.ones(4), 0.9, 0.1)
    assert adaptation.lead == pytest.approx(0.45)


def test_what_is_remembered_is_a_list_of_numbers():
    memory = Memory(1.0, 2.0, 3.0, Adaptation(0.4, 0.5, 0.6))
    assert Memory.of(memory.numbers) == memory
    assert Memory.of([1.0, 2.0, 3.0]) == Memory(1.0, 2.0, 3.0)
