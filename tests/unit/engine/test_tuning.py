"""What a user may choose of networks and rules, and where it arrives."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields, replace
from typing import Any

import pytest

from gansmith.engine.augmentation import AugmentationConfig
from gansmith.engine.games.adversarial import AdversarialRules
from gansmith.engine.games.autoencoder import AutoencoderRules
from gansmith.engine.games.domains import DomainRules
from gansmith.engine.objectives import OBJECTIVES
from gansmith.engine.penalties import PENALTIES, PenaltyConfig
from gansmith.engine.players import PlayerConfig
from gansmith.engine.terms import TermConfig
from gansmith.engine.tuning import Tuning, tuned_networks
from gansmith.errors import UsageError
from gansmith.modalities.image.networks import ImageNetworks
from gansmith.settings import from_plain, settings, settings_of, to_plain
from gansmith.tabular.networks import TableNetworks

N_VALUES = 64
R1_AND_R2 = (PenaltyConfig("r1", 0.3, interval=4), PenaltyConfig("r2", 0.3, interval=4))
RULES = AdversarialRules(
    batch_size=32,
    n_latents=12,
    objective="non-saturating",
    penalties=R1_AND_R2,
    turns="same_fakes",
    generator=PlayerConfig(1e-3, 1e-4, average_half_life_samples=500),
    discriminator=PlayerConfig(2e-3, 0.0),
)
GENERATOR, DISCRIMINATOR = RULES.generator, RULES.discriminator
ALL_RULES: dict[str, tuple[Any, dict[str, Any]]] = {
    "latents": (7, {"n_latents": 7}),
    "latent_distribution": ("uniform", {"latent_distribution": "uniform"}),
    "batch_size": (10, {"batch_size": 10}),
    "learning_rate": (
        0.01,
        {
            "generator": replace(GENERATOR, learning_rate=0.01, final_learning_rate=0.001),
            "discriminator": replace(DISCRIMINATOR, learning_rate=0.01),
        },
    ),
    "generator_learning_rate": (
        0.01,
        {"generator": replace(GENERATOR, learning_rate=0.01, final_learning_rate=0.001)},
    ),
    "discriminator_learning_rate": (0.01, {"discriminator": replace(DISCRIMINATOR, learning_rate=0.01)}),
    **{
        name: (
            value,
            {
                "generator": replace(GENERATOR, **{name: value}),
                "discriminator": replace(DISCRIMINATOR, **{name: value}),
            },
        )
        for name, value in (("optimiser", "sgd"), ("beta1", 0.5), ("beta2", 0.9))
    },
    "n_discriminator_turns": (5, {"n_discriminator_turns": 5, "turns": "fresh"}),
    "n_generator_turns": (2, {"n_generator_turns": 2, "turns": "fresh"}),
    "turns": ("one_pass", {"turns": "one_pass"}),
    "average_half_life_samples": (9.0, {"generator": replace(GENERATOR, average_half_life_samples=9.0)}),
    "objective": ("hinge", {"objective": "hinge"}),
    "penalties": ({"r1": 2.0}, {"penalties": (PenaltyConfig("r1", 2.0, interval=4),)}),
    "weight_clip": (0.01, {"discriminator": replace(DISCRIMINATOR, weight_clip=0.01)}),
    "n_packed": (2, {"n_packed": 2}),
    "replay_share": (0.5, {"replay_share": 0.5}),
    "input_noise": (0.1, {"input_noise": 0.1}),
    "augmentations": ({"mask": 0.3}, {"augmentations": (AugmentationConfig("mask", 0.3),)}),
    "augmentation_target": (0.6, {"augmentation_target": 0.6}),
    "label_smoothing": (0.1, {"label_smoothing": 0.1}),
    "terms": ({"feature_matching": 2.0}, {"terms": (TermConfig("feature_matching", 2.0),)}),
    "n_unrolled": (3, {"n_unrolled": 3, "turns": "fresh"}),
    "combined_batch": (True, {"combined_batch": True}),
}
"""For each setting of rules a value, and the changes that it makes."""
ALL_NETWORKS: dict[str, tuple[Any, Any]] = {
    "generator_widths": ("halfway", ((RULES.n_latents + N_VALUES) // 2,)),
    "discriminator_widths": ("halfway", (32, 16)),
    "activation": ("tanh", "tanh"),
    "weights": ("orthogonal", "orthogonal"),
    "minibatch": ("deviation", "deviation"),
    "spectral_norm": (True, True),
}
"""For each setting of networks a value, and what becomes of it."""


def test_every_setting_is_tried_and_explained():
    assert {*ALL_RULES, *ALL_NETWORKS} == {field.name for field in fields(Tuning)}
    assert all(one.help for one in settings_of(Tuning))


@pytest.mark.parametrize("name", ALL_RULES)
def test_each_setting_changes_the_rules(name):
    value, changes = ALL_RULES[name]
    needed = {"augmentations": (AugmentationConfig("mask", 0.3),)} if name == "augmentation_target" else {}
    rules = replace(RULES, **needed)
    tuned = rules.tuned(Tuning(**{name: value}), N_VALUES)
    assert tuned == replace(rules, **changes)
    assert tuned != rules


@pytest.mark.parametrize(
    "networks", [ImageNetworks((3,), (4,)), TableNetworks((3,), (4,))], ids=["image", "table"]
)
@pytest.mark.parametrize("name", ALL_NETWORKS)
def test_each_setting_changes_the_networks_of_every_kind(networks, name):
    value, expected = ALL_NETWORKS[name]
    tuned = tuned_networks(networks, Tuning(**{name: value}), N_VALUES, RULES)
    assert tuned == replace(networks, **{name: expected})
    assert tuned != networks


def test_nothing_chosen_nothing_changed():
    assert RULES.tuned(Tuning(), N_VALUES) == RULES
    assert Tuning().chosen() == {}
    networks = TableNetworks((3,), (4,))
    assert tuned_networks(networks, Tuning(latents=3), N_VALUES, RULES) == networks


@pytest.mark.parametrize(("rule", "n_latents"), [("root", 8), ("half", 32), ("quarter", 16)])
def test_latents_by_a_rule_of_thumb(rule, n_latents):
    rules: Any = RULES.tuned(Tuning(latents=rule), N_VALUES)
    assert rules.n_latents == n_latents


def test_widths_as_they_are_given():
    tuned = tuned_networks(ImageNetworks((3,), (4,)), Tuning(generator_widths=(8, 4)), N_VALUES, RULES)
    assert tuned == ImageNetworks((8, 4), (4,))


def test_a_rate_of_one_player_goes_before_that_of_all():
    tuning = Tuning(generator_learning_rate=0.5, learning_rate=0.1)
    rules: Any = RULES.tuned(tuning, N_VALUES)
    assert (rules.generator.learning_rate, rules.discriminator.learning_rate) == (0.5, 0.1)
    assert rules.generator.final_learning_rate == pytest.approx(0.05)
    assert rules.discriminator.final_learning_rate == 0


def test_games_of_other_players():
    learner = PlayerConfig(1e-3, average_half_life_samples=10)
    autoencoder = AutoencoderRules(batch_size=8, n_latents=3, learner=learner)
    rules: Any = autoencoder.tuned(
        Tuning(learning_rate=0.1, average_half_life_samples=0, latents=5), N_VALUES
    )
    assert rules.n_latents == 5
    assert rules.learner == PlayerConfig(0.1)
    domains: Any = DomainRules(batch_size=8).tuned(Tuning(objective="wasserstein", weight_clip=0.1), N_VALUES)
    assert (domains.objective, domains.discriminator.weight_clip, domains.generator.weight_clip) == (
        "wasserstein",
        0.1,
        None,
    )


@pytest.mark.parametrize(
    "name",
    [
        "objective",
        "penalties",
        "turns",
        "n_generator_turns",
        "weight_clip",
        "generator_learning_rate",
        "latent_distribution",
    ],
)
def test_a_setting_that_the_game_does_not_have(name):
    rules = AutoencoderRules(batch_size=8, n_latents=3)
    with pytest.raises(UsageError, match=f"the game 'autoencoder' has no setting '{name}'"):
        rules.tuned(Tuning(**{name: ALL_RULES[name][0]}), N_VALUES)


def test_a_setting_that_the_networks_do_not_have():
    @settings
    class Convolutions:
        n_channels: int = 8

    assert tuned_networks(Convolutions(), Tuning(learning_rate=0.1), N_VALUES, RULES) == Convolutions()
    with pytest.raises(UsageError, match="have no setting 'activation'"):
        tuned_networks(Convolutions(), Tuning(activation="relu"), N_VALUES, RULES)


def test_a_rule_of_thumb_for_records_that_are_too_long():
    with pytest.raises(UsageError, match="must be 8192 or less"):
        tuned_networks(TableNetworks((3,), (4,)), Tuning(discriminator_widths="halfway"), 20_000, RULES)


def test_turns_that_do_not_go_together():
    with pytest.raises(UsageError, match="not 2 of the generator"):
        RULES.tuned(Tuning(turns="one_pass", n_generator_turns=2), N_VALUES)


# --- An objective and its penalties -------------------------------------------------------------------------


def penalties_of(rules: AdversarialRules, tuning: Tuning) -> tuple[PenaltyConfig, ...]:
    tuned: Any = rules.tuned(tuning, N_VALUES)
    return tuned.penalties


BARE = replace(RULES, penalties=())


@pytest.mark.parametrize("rules", [RULES, BARE], ids=["with penalties", "without"])
def test_wasserstein_brings_the_gradient_penalty(rules):
    assert penalties_of(rules, Tuning(objective="wasserstein")) == (PenaltyConfig("gradient_penalty", 10.0),)


def test_relativistic_brings_r1_and_r2_unless_they_are_there():
    relativistic = Tuning(objective="relativistic")
    assert penalties_of(BARE, relativistic) == (PenaltyConfig("r1", 1.0), PenaltyConfig("r2", 1.0))
    assert penalties_of(RULES, relativistic) == R1_AND_R2
    half = replace(RULES, penalties=R1_AND_R2[1:])
    assert penalties_of(half, relativistic) == (PenaltyConfig("r1", 1.0), R1_AND_R2[1])


@pytest.mark.parametrize("objective", [name for name, one in OBJECTIVES.items() if not one.penalties])
def test_the_others_keep_what_there_is(objective):
    for rules in (RULES, BARE):
        assert penalties_of(rules, Tuning(objective=objective)) == rules.penalties


def test_penalties_that_are_given_go_before_those_of_the_objective():
    assert penalties_of(RULES, Tuning(objective="wasserstein", penalties={})) == ()
    given = Tuning(objective="relativistic", penalties={"r2": 3.0, "gradient_penalty": 1.0})
    assert penalties_of(RULES, given) == (
        PenaltyConfig("r2", 3.0, interval=4),
        PenaltyConfig("gradient_penalty", 1.0),
    )


def test_what_objectives_bring_is_known():
    assert {name for one in OBJECTIVES.values() for name, _ in one.penalties} <= set(PENALTIES)


# --- As values ----------------------------------------------------------------------------------------------


def test_it_goes_through_json():
    tuning = Tuning(**{name: value for name, (value, _) in {**ALL_RULES, **ALL_NETWORKS}.items()})
    assert from_plain(Tuning, to_plain(tuning)) == tuning
    assert set(tuning.chosen()) == {field.name for field in fields(Tuning)}


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"latents": 0}, "latents must be 1 or more, not 0"),
        ({"latents": "hlf"}, "Did you mean 'half'"),
        ({"latents": 3.5}, "latents must be a whole number or one of root, half, quarter, not 3.5"),
        ({"generator_widths": ()}, "a list of 1 or more"),
        ({"generator_widths": (8, 0)}, "generator_widths.item 2 must be 1 or more, not 0"),
        ({"generator_widths": (1.5,)}, "generator_widths.item 1 must be a whole number"),
        ({"discriminator_widths": (4,) * 17}, "a list of 16 or fewer"),
        ({"discriminator_widths": "halfwy"}, "Did you mean 'halfway'"),
        ({"activation": "softmax"}, "activation 'softmax' is not known"),
        ({"learning_rate": 0.0}, "more than 0"),
        ({"beta1": 1.0}, "less than 1"),
        ({"optimiser": "adm"}, "Did you mean 'adam'"),
        ({"objective": "hing"}, "Did you mean 'hinge'"),
        ({"penalties": {"r3": 1.0}}, "penalty 'r3' is not known"),
        ({"penalties": {"r1": -1.0}}, "penalties.r1 must be 0 or more"),
    ],
)
def test_wrong_values(wrong, match):
    with pytest.raises(UsageError, match=match):
        Tuning(**wrong)
    with pytest.raises(UsageError, match=match):
        from_plain(Tuning, wrong)


def test_it_is_quickly_imported():
    asked = "import sys; from gansmith.engine.tuning import Tuning; Tuning(); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
