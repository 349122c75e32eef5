"""Terms against closed forms: what each is worth, and whose weights it reaches."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gansmith.engine.batches import Batch
from gansmith.engine.encounter import Encounter, examine, present
from gansmith.engine.judge import Judgement
from gansmith.engine.terms import TERMS, TermConfig
from gansmith.errors import UsageError


class Telling(nn.Module):
    """Flattened samples to a judgement: the sample itself is the feature, the code and the class logits."""

    def __init__(self, n_values: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))
        self.n_values = n_values

    def forward(self, samples: Tensor, conditions: Tensor | None = None) -> Judgement:
        flat = self.scale * samples.flatten(1)
        return Judgement(flat.sum(1), (flat,), {"class": flat, "code": flat})


def encounter_of(real: Tensor, fake: Tensor, latents: Tensor | None = None) -> Encounter:
    batch = Batch({"real": real, "labels": torch.arange(len(real)) % real.flatten(1).shape[1]})
    return present(Telling(real.flatten(1).shape[1]), batch, fake, latents)


def value(name: str, encounter: Encounter) -> Tensor:
    return TERMS[name].function(encounter)


def test_reconstruction_is_the_mean_absolute_distance():
    real = torch.tensor([[0.0, 2.0], [1.0, 1.0]])
    fake = torch.tensor([[1.0, -1.0], [1.0, 1.0]])
    assert value("reconstruction", encounter_of(real, fake)).tolist() == [2.0, 0.0]


def test_feature_matching_compares_means_alone():
    real = torch.tensor([[0.0, 2.0], [2.0, 0.0]])
    fake = torch.tensor([[4.0, 1.0], [0.0, 1.0]])  # means (1, 1) and (2, 1)
    assert value("feature_matching", encounter_of(real, fake)).tolist() == [0.5, 0.5]
    assert value("feature_matching", encounter_of(real, real.flip(0))).tolist() == [0.0, 0.0]


def test_auxiliary_class_is_the_cross_entropy_of_both_sides():
    real = torch.zeros(2, 2)
    fake = torch.tensor([[math.log(3.0), 0.0], [math.log(3.0), 0.0]])  # a quarter for the second class
    found = value("auxiliary_class", encounter_of(real, fake)).tolist()
    assert found == pytest.approx([math.log(2) - math.log(0.75), math.log(2) - math.log(0.25)])


def test_information_is_how_far_the_first_latents_are_missed():
    fake, latents = torch.tensor([[1.0, 2.0]]), torch.tensor([[1.0, 4.0, 9.0]])
    assert value("information", encounter_of(torch.zeros(1, 2), fake, latents)).tolist() == [2.0]


@pytest.mark.parametrize("shape", [(6,), (2, 3), (1, 2, 3), (1, 1, 2, 3)])
@pytest.mark.parametrize("name", TERMS)
def test_every_term_takes_any_shape_and_gives_one_number_a_record(name, shape):
    encounter = encounter_of(torch.randn(5, *shape), torch.randn(5, *shape), torch.randn(5, 8))
    assert value(name, encounter).shape == (5,)
    assert TermConfig(name, 3.0).loss(encounter).shape == ()
    assert torch.allclose(TermConfig(name, 3.0).loss(encounter), 3 * value(name, encounter).mean())


@pytest.mark.parametrize("name", TERMS)
def test_the_gradient_reaches_who_minimises_it(name):
    network, fake = Telling(3), torch.randn(4, 3, requires_grad=True)
    batch, latents = Batch({"real": torch.randn(4, 3), "labels": torch.arange(4) % 3}), torch.randn(4, 3)
    for_generator, for_discriminator = (
        TermConfig(name).is_for(who) for who in ("generator", "discriminator")
    )
    if for_generator:
        (gradient,) = torch.autograd.grad(TermConfig(name).loss(present(network, batch, fake, latents)), fake)
        assert gradient.abs().sum() > 0
    if for_discriminator:
        examination = examine(network, batch, fake, latents, wants_gradients=False)
        (gradient,) = torch.autograd.grad(TermConfig(name).loss(examination.encounter), network.scale)
        assert gradient.abs() > 0
    assert for_generator or for_discriminator


def test_what_a_term_needs_and_does_not_find_is_named():
    class Silent(nn.Module):
        def forward(self, samples, conditions=None):
            return samples.sum(1)

    real = torch.randn(4, 3)
    silent = present(Silent(), Batch({"real": real}), real, None)
    for name, said in (
        ("feature_matching", "features"),
        ("auxiliary_class", "part 'labels'"),
        ("information", "latents"),
    ):
        with pytest.raises(UsageError, match=said):
            value(name, silent)
    labelled = present(Silent(), Batch({"real": real, "labels": torch.zeros(4).long()}), real, real)
    for name, head in (("auxiliary_class", "class"), ("information", "code")):
        with pytest.raises(UsageError, match=f"head '{head}'"):
            value(name, labelled)


@pytest.mark.parametrize(
    ("wrong", "said"), [({"name": "informatoin"}, "information"), ({"weight": -1.0}, "0 or more")]
)
def test_wrong_settings(wrong, said):
    settings: dict[str, Any] = {"name": "information", **wrong}
    with pytest.raises(UsageError, match=said):
        TermConfig(**settings)
