"""What a discriminator is shown: changed records, packs of them, and fakes of the past."""

from __future__ import annotations

import pytest
import torch

from gansmith.engine.augmentation import AugmentationConfig
from gansmith.engine.inputs import Inputs
from gansmith.engine.replay import Pool

SHAPES = [(5,), (3, 6), (3, 4, 4), (2, 3, 4, 5)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", ["mask", "scale", "jitter"])
def test_changes_keep_shapes_and_can_be_learnt_through(name, shape):
    samples = torch.randn(400, *shape, requires_grad=True)
    config = AugmentationConfig(name, 0.5)
    changed = config.applied(samples, 0.0, torch.Generator().manual_seed(0))
    assert changed.shape == samples.shape
    is_changed = (changed != samples).flatten(1).any(1)
    assert 0.25 < is_changed.float().mean() < 0.6
    assert torch.equal(changed, config.applied(samples, 0.0, torch.Generator().manual_seed(0)))
    (gradient,) = torch.autograd.grad(changed.sum(), samples)
    assert (gradient[~is_changed] == 1).all()
    assert torch.equal(AugmentationConfig(name, 0.0).applied(samples, 0.5, torch.Generator()), samples)
    ramped = AugmentationConfig(name, 0.0, 1.0).applied(samples, 1.0, torch.Generator().manual_seed(0))
    assert (ramped != samples).flatten(1).any(1).float().mean() > 0.6


@pytest.mark.parametrize("shape", SHAPES)
def test_a_pack_is_a_record_and_those_that_follow(shape):
    samples = torch.arange(4.0).view(4, *[1] * len(shape)).expand(4, *shape)
    packed = Inputs(n_packed=3)(samples, "real")
    assert packed.shape == (4, 3 * shape[0], *shape[1:])
    firsts = packed.view(4, 3, -1)[:, :, 0]
    assert firsts.tolist() == [[0, 1, 2], [1, 2, 3], [2, 3, 0], [3, 0, 1]]
    alone = Inputs(n_packed=3, is_packing=False)(samples, "real").view(4, 3, -1)[:, :, 0]
    assert alone.tolist() == [[k] * 3 for k in range(4)]


def test_a_discriminator_of_packs_sees_that_fakes_are_alike():
    """Half of the real points lie here and half there, and so do the fakes of a batch, but never both."""

    def packs(is_collapsed: bool) -> torch.Tensor:
        generator = torch.Generator().manual_seed(0)
        places = torch.randint(2, (600, 1 if is_collapsed else 8, 1), generator=generator)
        return places.expand(600, 8, 1).float()

    inputs = Inputs(n_packed=2)
    shown = [torch.cat([inputs(batch, "side") for batch in packs(one)]) for one in (False, True)]
    alike = [(one[:, 0] == one[:, 1]).float().mean().item() for one in shown]
    assert alike[0] == pytest.approx(0.5, abs=0.05)
    assert alike[1] == 1.0


def test_past_fakes_come_with_their_own_conditions():
    pool = Pool(10, 0.5)
    generator = torch.Generator().manual_seed(0)
    for age in range(30):
        numbers = torch.arange(8.0)[:, None] + 100 * age
        shown = pool.exchanged({"fake": numbers, "condition": -numbers}, generator)
        assert torch.equal(shown["fake"], -shown["condition"])
        assert torch.equal(pool.parts["fake"], -pool.parts["condition"])
        assert len(pool.parts["fake"]) == min(10, 8 * (age + 1))
        if age > 5:
            assert (shown["fake"] < 100 * age).sum() == 4
    assert pool.parts["fake"].min() < 2_900  # of several ages
