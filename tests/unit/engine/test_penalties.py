from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from gansmith.engine.batches import Batch
from gansmith.engine.encounter import Examination, Memory, examine
from gansmith.engine.judge import Discriminator, input_gradients
from gansmith.engine.penalties import (
    PENALTIES,
    PenaltyConfig,
    around_real,
    between,
    consistency_penalty,
    finite_difference_penalty,
    lecam_penalty,
    one_sided_gradient_penalty,
    unit_gradient_penalty,
    zero_centred_gradient_penalty,
)
from gansmith.errors import UsageError

SHAPES = [(5,), (3, 6), (3, 4, 4), (2, 3, 4, 5)]
"""Of vectors, series, pictures and volumes."""


@pytest.mark.parametrize("shape", SHAPES)
def test_r1_of_a_linear_discriminator_is_the_squared_norm_of_its_weights(shape):
    weights = torch.randn(shape)
    penalty = zero_centred_gradient_penalty(lambda x: (x * weights).flatten(1).sum(1), torch.randn(6, *shape))
    assert penalty.shape == (6,)
    assert torch.allclose(penalty, weights.square().sum().expand(6), rtol=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
def test_unit_penalty_of_a_linear_discriminator(shape):
    weights = torch.randn(shape)
    penalty = unit_gradient_penalty(lambda x: (x * weights).flatten(1).sum(1), torch.randn(6, *shape))
    assert torch.allclose(penalty, (weights.norm() - 1).square().expand(6), rtol=1e-4)


@pytest.mark.parametrize("shape", SHAPES)
def test_one_sided_penalty_of_a_linear_discriminator(shape):
    weights = torch.randn(shape)
    weights = weights / weights.norm()
    for slope, expected in ((0.5, 0.0), (3.0, 4.0)):
        penalty = one_sided_gradient_penalty(
            lambda x, slope=slope: slope * (x * weights).flatten(1).sum(1), torch.randn(6, *shape)
        )
        assert torch.allclose(penalty, torch.full((6,), expected), atol=1e-4)


@pytest.mark.parametrize("shape", SHAPES)
def test_finite_differences_of_a_linear_discriminator(shape):
    """Exact along the gradient, nothing across it, and its squared norm on the average of all directions."""
    weights = torch.randn(shape)
    n_values = weights.numel()

    def penalty(offsets):
        samples = torch.zeros(len(offsets), *shape)
        logits, nearby = ((x * weights).flatten(1).sum(1) for x in (samples, samples + offsets))
        return finite_difference_penalty(logits, nearby, offsets)

    truth = weights.square().sum()
    assert torch.allclose(penalty(0.01 * weights[None]), n_values * truth, rtol=1e-3)
    across = torch.randn(1, *shape)
    across = across - (across * weights).sum() / truth * weights
    assert penalty(across).item() == pytest.approx(0.0, abs=1e-4)
    offsets = 0.01 * torch.randn(40_000, *shape)
    assert penalty(offsets).mean().item() == pytest.approx(truth.item(), rel=0.05)


def test_lecam_and_consistency_in_closed_form():
    real, fake = torch.tensor([1.0, 2.0]), torch.tensor([-1.0, 0.5])
    assert lecam_penalty(real, fake, 0.5, -0.25).tolist() == [1.25**2 + 1.5**2, 2.25**2]
    assert consistency_penalty(real, fake).tolist() == [4.0, 2.25]


def test_each_sample_has_its_own_penalty():
    samples = torch.randn(4, 3)
    penalty = zero_centred_gradient_penalty(lambda x: x.square().sum(1), samples)
    assert torch.allclose(penalty, 4 * samples.square().sum(1))


def test_of_a_record_that_is_judged_in_parts_the_mean_over_its_parts_counts():
    points = torch.rand(2, 5)
    torch.testing.assert_close(zero_centred_gradient_penalty(lambda x: 3 * x, points), torch.full((2,), 9.0))


def test_the_penalty_of_a_flat_discriminator_can_be_differentiated():
    weights = torch.zeros(3, requires_grad=True)
    penalty = unit_gradient_penalty(lambda x: x @ weights, torch.randn(4, 3)).sum()
    (gradient,) = torch.autograd.grad(penalty, weights)
    assert gradient.isfinite().all()


def test_gradient_reaches_the_weights():
    weights = torch.randn(3, requires_grad=True)
    penalty = zero_centred_gradient_penalty(lambda x: x @ weights, torch.randn(4, 3)).mean()
    (gradient,) = torch.autograd.grad(penalty, weights)
    assert torch.allclose(gradient, 2 * weights)


def test_a_discriminator_that_ignores_its_samples():
    with pytest.raises(RuntimeError):
        zero_centred_gradient_penalty(lambda x: torch.zeros(4), torch.randn(4, 3))


def examined(shape, n: int = 6) -> tuple[Examination, nn.Linear]:
    """Records and fakes of a shape, judged by a discriminator with a bend, and its weights."""
    n_values = math.prod(shape)
    linear = nn.Linear(n_values, 4)
    network = nn.Sequential(nn.Flatten(), linear, nn.Tanh(), nn.Linear(4, 1))

    class Judge(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = network

        def forward(self, samples, conditions):
            return self.inner(samples).squeeze(1)

    fake = torch.randn(n, *shape, requires_grad=True)
    batch = Batch({"real": torch.randn(n, *shape)})
    return examine(Judge(), batch, fake, None, wants_gradients=True), linear


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", PENALTIES)
def test_every_penalty_on_every_shape_reaches_the_discriminator_alone(name, shape):
    examination, linear = examined(shape)
    examination.memory.real_logit, examination.memory.fake_logit = 0.3, -0.2
    penalty = PENALTIES[name].measure(examination)
    assert penalty.shape == (6,)
    assert (penalty >= 0).all()
    (gradient,) = torch.autograd.grad(penalty.mean(), linear.weight, retain_graph=True)
    assert gradient.isfinite().all()
    if name != "one_sided_gradient_penalty":  # flat enough, here
        assert gradient.abs().max() > 0
    (made,) = torch.autograd.grad(penalty.mean(), examination.shown, retain_graph=True, allow_unused=True)
    assert made is None, "fakes end at the discriminator's own pass"


@pytest.mark.parametrize("shape", SHAPES)
def test_finite_differences_come_near_the_exact_penalties(shape):
    found = {name: [] for name in ("r1", "r1_finite_difference", "r2", "r2_finite_difference")}
    examination, _ = examined(shape, n=2_000)
    for name, values in found.items():
        values.append(PENALTIES[name].measure(examination).mean().item())
    for exact in ("r1", "r2"):
        assert found[f"{exact}_finite_difference"] == pytest.approx(found[exact], rel=0.15)


def test_dragan_looks_around_real_records():
    examination, _ = examined((3,), n=4_000)
    met: list[torch.Tensor] = []

    def around(judge, samples):
        met.append(samples.detach())
        return judge(samples)

    around_real(around)(examination)
    noise = met[0] - examination.real
    assert noise.std().item() == pytest.approx(0.5 * examination.real.std().item(), rel=0.05)


def test_finite_differences_are_taken_in_full_precision():
    examination, _ = examined((40,), n=500)
    found = [PENALTIES["r1_finite_difference"].measure(examination).mean().item()]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found.append(PENALTIES["r1_finite_difference"].measure(examination).mean().item())
    assert found[1] == pytest.approx(found[0], rel=1e-3)


def test_points_near_fakes_are_judged_with_the_conditions_of_fakes():
    seen: list[torch.Tensor] = []

    class Judge(nn.Module):
        def forward(self, samples, conditions):
            seen.append(conditions)
            return samples.sum(1) + conditions[:, 0]

    real, fake = torch.zeros(4, 1), torch.ones(4, 1)
    batch = Batch({"real": torch.randn(4, 2), "condition": real})
    fakes = torch.randn(4, 2)
    examination = examine(Judge(), batch, fakes, None, wants_gradients=False, fake_condition=fake)
    for name, expected in (("r1_finite_difference", real), ("r2_finite_difference", fake)):
        PENALTIES[name].measure(examination)
        assert torch.equal(seen[-1], expected)
    for name, expected in (("consistency", real), ("fake_consistency", fake)):
        PENALTIES[name].measure(examination)
        assert torch.equal(seen[-1], expected)


def test_another_weight_keeps_the_course():
    assert PenaltyConfig("r1", 2.0, 0.5, 4).with_weight(1.0) == PenaltyConfig("r1", 1.0, 0.25, 4)
    assert PenaltyConfig("r1", 2.0).with_weight(1.0) == PenaltyConfig("r1", 1.0)


def test_what_was_said_before_is_remembered():
    memory = Memory()
    for _ in range(500):
        memory.update(torch.full((4,), 2.0), torch.full((4,), -1.0))
    assert (memory.real_logit, memory.fake_logit) == pytest.approx((2.0, -1.0), rel=0.01)


def test_between_lies_on_the_line_to_its_own_partner():
    real, fake = torch.ones(3, 2, 2), torch.zeros(3, 2, 2)
    points = between(real, fake, torch.tensor([0.0, 0.25, 1.0]))
    assert torch.equal(points[:, 0, 0], torch.tensor([0.0, 0.25, 1.0]))
    assert (points == points[:, :1, :1]).all()


def test_papers_scales():
    halved = {name for name, penalty in PENALTIES.items() if penalty.scale == 0.5}
    assert halved == {"r1", "r2", "r1_finite_difference", "r2_finite_difference"}
    assert all(penalty.scale == 1.0 for name, penalty in PENALTIES.items() if name not in halved)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "r3", "weight": 1.0},
        {"name": "r1", "weight": -1.0},
        {"name": "r1", "weight": 1.0, "final_weight": -0.1},
        {"name": "r1", "weight": 1.0, "interval": 0},
    ],
)
def test_wrong_settings(wrong):
    with pytest.raises(UsageError):
        PenaltyConfig(**wrong)


def test_a_batch_is_judged_once_however_many_penalties_ask():
    calls = 0

    class Counting(nn.Module):
        def forward(self, samples, conditions):
            nonlocal calls
            calls += 1
            return samples.square().sum(1)

    judge, samples = Discriminator(Counting(), None, keeps_gradients=True), torch.randn(4, 3).requires_grad_()
    judge(samples)
    for penalty in (zero_centred_gradient_penalty, unit_gradient_penalty):
        penalty(judge, samples)
    assert calls == 1
    assert torch.allclose(input_gradients(judge, samples), 2 * samples)
    other = torch.randn(4, 3).requires_grad_()
    assert torch.allclose(input_gradients(judge, other), 2 * other)
    assert calls == 2
