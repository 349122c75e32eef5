from __future__ import annotations

import math

import pytest
import torch

from gansmith.engine.objectives import OBJECTIVES, find_objective
from gansmith.errors import UsageError

REAL, FAKE = 1.5, -0.5


def log1pexp(x: float) -> float:
    return math.log1p(math.exp(x))


CLOSED_FORMS = {
    "relativistic": (log1pexp(FAKE - REAL), log1pexp(REAL - FAKE)),
    "non-saturating": (log1pexp(-REAL) + log1pexp(FAKE), log1pexp(-FAKE)),
    "minimax": (log1pexp(-REAL) + log1pexp(FAKE), -log1pexp(FAKE)),
    "least-squares": (0.5 * (0.5**2 + 0.5**2), 0.5 * 1.5**2),
    "hinge": (0.0 + 0.5, 0.5),
    "wasserstein": (-2.0, 0.5),
}


def test_every_objective_has_a_closed_form_here():
    assert CLOSED_FORMS.keys() == OBJECTIVES.keys()


@pytest.mark.parametrize("name", OBJECTIVES)
def test_closed_form(name):
    objective = find_objective(name)
    real, fake = torch.tensor([REAL]), torch.tensor([FAKE])
    found = objective.discriminator(real, fake).item(), objective.generator(real, fake).item()
    assert found == pytest.approx(CLOSED_FORMS[name], abs=1e-6)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_one_loss_per_record_of_its_own_pair_alone(name):
    objective = find_objective(name)
    real, fake = torch.randn(2, 7)
    for loss in (objective.discriminator, objective.generator):
        losses = loss(real, fake)
        assert losses.shape == (7,)
        alone = torch.cat([loss(real[i : i + 1], fake[i : i + 1]) for i in range(7)])
        assert torch.allclose(losses, alone)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_gradients_push_the_right_way(name):
    # Within the margins of hinge and below the label of least squares every push has its sign.
    real, fake = (torch.rand(2, 5) * 0.8 - 0.4).requires_grad_().unbind()
    objective = find_objective(name)
    for_real, for_fake = torch.autograd.grad(objective.discriminator(real, fake).sum(), (real, fake))
    assert (for_real < 0).all(), "descending must raise the logits of real records"
    if name == "least-squares":
        assert torch.equal(for_fake, fake), "fakes are drawn to zero"
    else:
        assert (for_fake > 0).all(), "descending must lower the logits of fakes"
    (for_generator,) = torch.autograd.grad(objective.generator(real, fake).sum(), fake)
    assert (for_generator < 0).all(), "descending must raise the logits of fakes"


def test_relativistic_players_are_mirror_images_and_ignore_shifts():
    objective = find_objective("relativistic")
    real, fake = torch.randn(2, 9)
    assert torch.equal(objective.discriminator(real, fake), objective.generator(fake, real))
    assert torch.allclose(objective.discriminator(real + 3, fake + 3), objective.discriminator(real, fake))


def test_minimax_is_zero_sum_in_the_fakes():
    objective = find_objective("minimax")
    real, fake = torch.randn(2, 9)
    sums = objective.discriminator(real, fake) + objective.generator(real, fake)
    assert torch.allclose(sums, torch.nn.functional.softplus(-real), atol=1e-6)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_relative_means_that_only_differences_count(name):
    objective = find_objective(name)
    real, fake = torch.randn(2, 9)
    is_shift_free = torch.allclose(
        objective.discriminator(real + 1, fake + 1), objective.discriminator(real, fake), atol=1e-5
    ) and torch.allclose(objective.generator(real + 1, fake + 1), objective.generator(real, fake), atol=1e-5)
    assert is_shift_free == objective.is_relative


@pytest.mark.parametrize("name", OBJECTIVES)
def test_extreme_logits_stay_finite(name):
    objective = find_objective(name)
    real, fake = torch.tensor([1e4, -1e4]), torch.tensor([-1e4, 1e4])
    assert objective.discriminator(real, fake).isfinite().all()
    assert objective.generator(real, fake).isfinite().all()


def test_unknown_name():
    with pytest.raises(UsageError, match="Did you mean 'hinge'"):
        find_objective("hinje")
