"""States as frequent as in the data, and levels spread evenly, when the game is over."""

from __future__ import annotations

from dataclasses import replace

import torch

from gansmith.engine.games.adversarial import AdversarialRules
from gansmith.engine.randomness import Randomness
from gansmith.nets.distributions import Ensemble
from gansmith.tabular.calibration import calibrate
from gansmith.tabular.layout import Layout
from gansmith.tabular.networks import TableGenerator, TableNetworks

RULES = AdversarialRules(batch_size=1, n_latents=16)
LAYOUT = Layout(n_states=(2, 3, 3, 12), n_bins=(0, 0, 2, 10))


def generator(n_revisions: int) -> TableGenerator:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        made = TableGenerator(LAYOUT, TableNetworks((32,), (8,), n_revisions=n_revisions), 16)
    return made.requires_grad_(False).eval()


def skewed_records(n: int) -> torch.Tensor:
    draw = torch.rand(n, LAYOUT.n_compact, generator=torch.Generator().manual_seed(2))
    sizes = torch.tensor(LAYOUT.n_states)
    codes = torch.floor(draw[:, : LAYOUT.n_columns] ** 3 * sizes)
    return torch.cat([codes, 2 * draw[:, LAYOUT.n_columns :] - 1], 1)


def errors(
    made: TableGenerator | Ensemble,
    real: torch.Tensor,
    rules: AdversarialRules = RULES,
    lifts: torch.Tensor | None = None,
) -> torch.Tensor:
    """Total variation of each column, on latents that the calibration has not seen."""
    latents = rules.latents(20_000, Randomness(3).stream("unseen"), 0)
    states = LAYOUT.expand(LAYOUT.compact(made(latents)))[:, : LAYOUT.n_one_hot]
    if lifts is not None:
        chances = 1 / (states * lifts).amax(1)
        states = states[torch.rand(len(states), generator=torch.Generator().manual_seed(4)) < chances]
    counts = states.mean(0)
    wanted = LAYOUT.expand(real)[:, : LAYOUT.n_one_hot].mean(0)
    columns = LAYOUT.column_of_value[: LAYOUT.n_one_hot]
    return torch.zeros(LAYOUT.n_columns).index_add_(0, columns, (counts - wanted).abs()) / 2


def test_states_become_as_frequent_as_in_the_records() -> None:
    for n_revisions in (0, 1):
        made, real = generator(n_revisions), skewed_records(5_000)
        before = errors(made, real)
        calibrate([made], RULES, real, 0)
        after = errors(made, real)
        assert before.max() > 0.1
        assert after.max() < 0.02


def test_states_are_as_frequent_when_some_of_what_is_made_oftener_is_left_out() -> None:
    made, real = generator(1), skewed_records(5_000)
    lifts = torch.ones(LAYOUT.n_one_hot, dtype=torch.long)
    lifts[[1, 5, LAYOUT.n_one_hot - 1]] = 3
    calibrate([made], RULES, real, 0, lifts)
    assert errors(made, real, lifts=lifts).max() < 0.02
    assert errors(made, real).max() > 0.02


def test_the_latents_are_those_of_the_rules() -> None:
    uniform = replace(RULES, latent_distribution="uniform")
    made, real = generator(1), skewed_records(5_000)
    calibrate([made], uniform, real, 0)
    assert errors(made, real, uniform).max() < 0.02
    assert errors(made, real).max() > 0.02


def test_generators_that_take_turns_are_moved_together() -> None:
    one, other, real = generator(1), generator(0), skewed_records(5_000)
    both = Ensemble([one, other])
    calibrate([one, other], RULES, real, 0)
    assert errors(both, real).max() < 0.02
    assert torch.equal(one.level_knots, other.level_knots)


def test_the_same_seed_gives_the_same_biases() -> None:
    first, second = generator(1), generator(1)
    for made in (first, second):
        calibrate([made], RULES, skewed_records(500), 7)
    states = first.state_dict(), second.state_dict()
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_a_state_without_records_is_not_made() -> None:
    real = skewed_records(2_000)
    real[:, 1] = real[:, 1].clamp(max=1)
    made = generator(1)
    calibrate([made], RULES, real, 0)
    latents = torch.randn(5_000, 16, generator=torch.Generator().manual_seed(4))
    assert (LAYOUT.compact(made(latents))[:, 1] == 2).float().mean() < 0.001


def test_levels_become_even_within_each_bin() -> None:
    made, real = generator(1), skewed_records(5_000)
    latents = torch.randn(50_000, 16, generator=torch.Generator().manual_seed(5))

    def unevenness() -> float:
        """The largest distance between the distribution function of a bin's levels and the straight line."""
        compact = LAYOUT.compact(made(latents))
        worst = 0.0
        for place, column in enumerate(LAYOUT.level_columns):
            for state in range(LAYOUT.n_states[column] - LAYOUT.n_bins[column], LAYOUT.n_states[column]):
                levels = compact[compact[:, column] == state, LAYOUT.n_columns + place].sort().values
                if len(levels) >= 1_000:
                    line = torch.linspace(-1, 1, len(levels))
                    worst = max(worst, (levels - line).abs().max().item() / 2)
        return worst

    before = unevenness()
    calibrate([made], RULES, real, 0)
    assert before > 0.2
    assert unevenness() < 0.07


def test_what_was_asked_for_and_what_has_no_level_is_left_alone() -> None:
    made, real = generator(1), skewed_records(2_000)
    calibrate([made], RULES, real, 0)
    asked = LAYOUT.expand(real[:500])
    conditions = torch.cat([torch.ones(500, LAYOUT.n_columns), asked], 1)
    assert torch.equal(made(torch.zeros(500, 16), conditions), asked)
    free = LAYOUT.compact(made(torch.randn(500, 16, generator=torch.Generator().manual_seed(6))))
    assert (free[free[:, 2] == 0, LAYOUT.n_columns] == 0).all()


def test_a_game_is_played_with_levels_as_they_are() -> None:
    made = generator(1)
    latents = torch.randn(100, 16, generator=torch.Generator().manual_seed(7))
    before = made.train()(latents)
    made.level_knots.zero_()
    assert torch.equal(made(latents), before)
    assert not torch.equal(made.eval()(latents), before)
