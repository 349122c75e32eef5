from __future__ import annotations

import math
import re

import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from gansmith.engine.divergences import DIVERGENCES, alpha_divergence
from gansmith.engine.objectives import OBJECTIVES, find_objective, next_balance
from gansmith.errors import UsageError

REAL, FAKE = 1.5, -0.5


def log1pexp(x: float) -> float:
    return math.log1p(math.exp(x))


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


TANH = math.tanh(REAL) / 2, math.tanh(FAKE) / 2
CLOSED_FORMS = {
    "relativistic": (log1pexp(FAKE - REAL), log1pexp(REAL - FAKE)),
    "non-saturating": (log1pexp(-REAL) + log1pexp(FAKE), log1pexp(-FAKE)),
    "minimax": (log1pexp(-REAL) + log1pexp(FAKE), -log1pexp(FAKE)),
    "least-squares": (0.5 * (0.5**2 + 0.5**2), 0.5 * 1.5**2),
    "hinge": (0.0 + 0.5, 0.5),
    "wasserstein": (-2.0, 0.5),
    # One pair: the means are the logits themselves.
    "relativistic-average": (2 * log1pexp(FAKE - REAL), 2 * log1pexp(REAL - FAKE)),
    "energy-based": (-REAL + (1 + FAKE), -FAKE),
    "boundary-equilibrium": (-REAL, -FAKE),  # nothing said of fakes at first
    # -T(real) + f*(T(fake)) and -T(fake), from table 6 of the paper; our Kullback-Leibler logit is its v - 1.
    "kullback-leibler": (-(1 + REAL) + math.exp(FAKE), -(1 + FAKE)),
    "reverse-kullback-leibler": (math.exp(-REAL) + FAKE - 1, math.exp(-FAKE)),
    "pearson": (-REAL + FAKE**2 / 4 + FAKE, -FAKE),
    "squared-hellinger": (-(1 - math.exp(-REAL)) + math.exp(FAKE) - 1, -(1 - math.exp(-FAKE))),
    "jensen-shannon": (
        -math.log(2 * sigmoid(REAL)) - math.log(2 - 2 * sigmoid(FAKE)),
        -math.log(2 * sigmoid(FAKE)),
    ),
    "gan": (-math.log(sigmoid(REAL)) - math.log(1 - sigmoid(FAKE)), -math.log(sigmoid(FAKE))),
    "total-variation": (-TANH[0] + TANH[1], -TANH[1]),
    "alpha": (
        (math.exp(-0.3 * REAL) - 1) / 0.3 + (math.exp(0.7 * FAKE) - 1) / 0.7,
        (math.exp(-0.3 * FAKE) - 1) / 0.3,
    ),
}


def test_every_objective_has_a_closed_form_here():
    assert CLOSED_FORMS.keys() == OBJECTIVES.keys()


@pytest.mark.parametrize("name", OBJECTIVES)
def test_closed_form(name):
    objective = find_objective(name)
    real, fake = torch.tensor([REAL]), torch.tensor([FAKE])
    found = objective.discriminator(real, fake).item(), objective.generator(real, fake).item()
    assert found == pytest.approx(CLOSED_FORMS[name], abs=1e-6)


@pytest.mark.parametrize("name", [name for name in OBJECTIVES if name != "relativistic-average"])
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
    objective = find_objective(name).at(0.5)
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


@pytest.mark.parametrize("name", OBJECTIVES)
def test_everybody_is_told_where_it_is_from_and_when_to_take_it(name):
    objective = OBJECTIVES[name]
    assert re.search(r"\d{4}, arXiv:\d{4}\.\d{4}", objective.source)
    assert len(objective.meaning) > 10
    assert len(objective.use) > 10


# --- Divergences --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DIVERGENCES)
def test_everything_follows_from_the_one_convex_function(name):
    """T is the derivative of f at the ratio that a logit stands for, and C the conjugate of f there."""
    divergence = DIVERGENCES[name]
    logits = torch.linspace(-1.5, 1.5, 12, dtype=torch.float64)
    ratios = divergence.ratio(logits).requires_grad_()
    (slopes,) = torch.autograd.grad(divergence.f(ratios).sum(), ratios)
    gains = divergence.gain(logits)
    if name == "total-variation":  # where f has a corner T is any number between its slopes
        assert (gains.sign() == slopes.sign()).all()
        assert (gains.abs() < 0.5).all()
        assert torch.equal(divergence.loss(logits), gains)
    else:
        assert torch.allclose(gains, slopes)
        assert torch.allclose(divergence.loss(logits), ratios * slopes - divergence.f(ratios))
    assert (ratios.diff() > 0).all(), "a higher logit is a higher ratio"
    assert divergence.ratio(torch.zeros(1)).item() == pytest.approx(1.0)


@pytest.mark.parametrize("name", DIVERGENCES)
def test_the_best_discriminator_reads_the_divergence_off(name):
    """Between two coins: the bound is the divergence itself, and no other logits come nearer."""
    divergence, real, fake = DIVERGENCES[name], torch.tensor([0.3, 0.7]), torch.tensor([0.6, 0.4])
    truth = (fake * divergence.f(real / fake)).sum().item()
    logits = torch.zeros(2, requires_grad=True)
    optimiser = torch.optim.LBFGS([logits], max_iter=200, line_search_fn="strong_wolfe")

    def bound() -> torch.Tensor:
        return (real * divergence.gain(logits) - fake * divergence.loss(logits)).sum()

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        (-bound()).backward()
        return -bound()

    optimiser.step(closure)
    tolerance = 0.02 if name == "total-variation" else 1e-3  # there the best logits are infinite
    assert bound().item() == pytest.approx(truth, abs=tolerance)


def test_a_game_by_either_name_is_the_same():
    real, fake = torch.randn(2, 9)
    for one, other in (("gan", "non-saturating"), ("reverse-kullback-leibler", "kullback-leibler")):
        is_same = torch.allclose(
            OBJECTIVES[one].discriminator(real, fake), OBJECTIVES[other].discriminator(real, fake)
        )
        assert is_same == (one == "gan")


def test_orders_of_alpha_come_near_their_limits():
    logits = torch.linspace(-1, 1, 9)
    near_one, near_zero = alpha_divergence(0.9999), alpha_divergence(0.0001)
    reverse, forward = DIVERGENCES["reverse-kullback-leibler"], DIVERGENCES["kullback-leibler"]
    assert torch.allclose(near_one.gain(logits) + 1, forward.gain(logits), atol=1e-3)
    assert torch.allclose(near_zero.gain(logits) - 1, reverse.gain(logits), atol=1e-3)
    assert torch.allclose(near_zero.loss(logits) - 1, reverse.loss(logits), atol=1e-3)
    half, hellinger = alpha_divergence(0.5), DIVERGENCES["squared-hellinger"]
    assert torch.allclose(half.gain(2 * logits), 2 * hellinger.gain(logits), atol=1e-6)


# --- What adapts, and what is smoothed ----------------------------------------------------------------------


def test_smoothed_labels_of_cross_entropy():
    """One-sided: real records are labelled 0.9, fakes 0."""
    real, fake = torch.randn(2, 9)
    found = OBJECTIVES["non-saturating"].smoothed(real, fake, 0.1)
    labels = torch.full((9,), 0.9)
    expected = binary_cross_entropy_with_logits(real, labels, reduction="none")
    expected = expected + binary_cross_entropy_with_logits(fake, torch.zeros(9), reduction="none")
    assert torch.allclose(found, expected, atol=1e-6)


def test_smoothed_labels_of_pairs():
    real, fake = torch.randn(2, 9)
    objective = OBJECTIVES["relativistic"]
    labels = torch.full((9,), 0.9)
    expected = binary_cross_entropy_with_logits(real - fake, labels, reduction="none")
    assert torch.allclose(objective.smoothed(real, fake, 0.1), expected, atol=1e-6)
    assert torch.equal(objective.smoothed(real, fake, 0.0), objective.discriminator(real, fake))


def test_the_balance_grows_while_fakes_have_too_little_energy():
    real, fake = torch.full((4,), -1.0), torch.full((4,), -0.2)  # energies 1 and 0.2; wanted: 1 and 0.5
    assert next_balance(0.1, real, fake) == pytest.approx(0.1 + 1e-3 * (0.5 * 1.0 - 0.2))
    assert next_balance(0.0, fake, real) == 0.0
    assert next_balance(1.0, real, fake) == 1.0
    loss = OBJECTIVES["boundary-equilibrium"].at(0.3).discriminator(real, fake)
    assert torch.allclose(loss, torch.full((4,), 1.0 - 0.3 * 0.2))


def test_unknown_name():
    with pytest.raises(UsageError, match="Did you mean 'hinge'"):
        find_objective("hinje")
