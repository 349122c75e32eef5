"""The game of pairs: faithful first, then sharp; what is kept, and what is made."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gansmith.engine.batches import Batch
from gansmith.engine.games import Progress
from gansmith.engine.games.paired import Paired, PairedRules
from gansmith.engine.players import PlayerConfig
from gansmith.engine.randomness import Randomness
from gansmith.engine.terms import TermConfig
from gansmith.errors import UsageError
from gansmith.nets.translators import GridTranslator, PatchDiscriminator


def networks() -> dict[str, nn.Module]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        generator, faithful = (GridTranslator((1, 16), 1, (8,), 1, "leaky_relu", n_noise=1) for _ in range(2))
        return {
            "generator": generator,
            "faithful": faithful,
            "discriminator": PatchDiscriminator((1, 16), 1, (8, 8), "leaky_relu"),
        }


def rules(**changes: Any) -> PairedRules:
    player = PlayerConfig(1e-2, beta1=0.5, average_half_life_samples=20)
    settings: dict[str, Any] = {
        "batch_size": 8,
        "n_noise": 1,
        "generator": player,
        "discriminator": player,
        "terms": (TermConfig("reconstruction", 1.0), TermConfig("paired_features", 0.1)),
    }
    return PairedRules(**{**settings, **changes})


def batch(index: int = 0) -> Batch:
    source = Randomness(1).normal((8, 1, 16), "source", index).sigmoid()
    return Batch({"source": source, "real": 1 - source})


def played(n_steps: int, of: int = 10, **changes: Any) -> Paired:
    game = rules(**changes).start(networks(), Randomness(0))
    for step in range(n_steps):
        progress = Progress(step / of, samples_seen=8 * (step + 1))
        game.play(step, [batch(step)], progress)
        game.update_averages(progress)
    return game


def weights(network: nn.Module) -> Tensor:
    return torch.cat([value.flatten() for value in network.state_dict().values()])


def test_until_the_game_begins_nobody_is_judged():
    game, before = played(4), weights(networks()["discriminator"])
    assert torch.equal(weights(game.networks["discriminator"]), before)
    assert game.memory() == {}
    assert game.best["faithful"] is game.best["generator"]


def test_then_the_faithful_weights_are_kept_as_they_are():
    before, begun, later = (played(n_steps) for n_steps in (5, 6, 10))
    kept = weights(before.best["generator"])
    assert torch.equal(weights(begun.best["faithful"]), kept)
    assert torch.equal(weights(later.best["faithful"]), kept)
    assert not torch.equal(weights(later.best["generator"]), kept)
    assert not torch.equal(
        weights(later.networks["discriminator"]), weights(before.networks["discriminator"])
    )


def test_steps_become_small_before_the_game_and_again_within_it():
    moved: list[float] = []
    for share in (0.01, 0.49, 0.6, 0.99):
        game = played(0, generator=PlayerConfig(1e-2, 0.0, beta1=0.5), faithful_share=0.5)
        before = weights(game.networks["generator"])
        game.play(0, [batch()], Progress(share))
        moved.append((weights(game.networks["generator"]) - before).abs().max().item())
    first, rested, begun, ended = moved
    assert rested < 0.01 * first
    assert ended < 0.01 * begun
    assert begun < 0.3 * first  # smaller steps in the game


def test_without_a_game_all_is_faithful():
    game = played(10, faithful_share=1.0)
    assert set(game.play(10, [batch(10)], Progress(1.0))) == {"generator"}
    assert torch.equal(weights(game.best["faithful"]), weights(game.best["generator"]))


@pytest.mark.parametrize("stopped", [3, 7])
def test_it_is_taken_up_where_it_stopped(stopped):
    whole, other = played(10), rules().start(networks(), Randomness(0))
    other.load_state(played(stopped).state())
    for step in range(stopped, 10):
        progress = Progress(step / 10, samples_seen=8 * (step + 1))
        other.play(step, [batch(step)], progress)
        other.update_averages(progress)
    for name, network in whole.best.items():
        assert torch.equal(weights(network), weights(other.best[name])), name


def test_what_is_made_is_a_function_of_source_and_noise():
    game, given = played(8), batch()
    streams = [Randomness(seed).stream("apply") for seed in (0, 0, 1)]
    one, same, other = (game.generate(given, stream, 0) for stream in streams)
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    noise = torch.zeros(8, 1, 16)
    plain = game.generate(given.with_part("noise", noise), streams[0], 0)
    assert torch.equal(plain, game.best["generator"](given["source"], noise))


def test_fine_tuning_begins_at_the_faithful_end():
    parts = networks()
    parts["faithful"].load_state_dict(played(10).best["faithful"].state_dict())
    tuned = rules().fine_tuning(rules(), 0.1, 0.25)
    game = tuned.start(parts, Randomness(0))
    assert torch.equal(weights(game.best["generator"]), weights(parts["faithful"]))


def test_nothing_is_made_of_nothing():
    with pytest.raises(UsageError, match="gansmith apply"):
        rules().generate(networks(), Batch({}, 3), Randomness(0).stream("sample"), 0)


def test_readings_say_how_near_it_comes():
    game = played(10)
    fake = game.generate(batch(20), Randomness(0).stream("evaluation"), 0)
    readings = game.evaluate(fake, batch(20), batch(0))
    errors = (fake.clamp(0, 1) - batch(20)["real"]).square().flatten(1).mean(1)
    assert readings["psnr"] == pytest.approx((-10 * errors.log10()).mean().item(), abs=1e-4)
    assert readings["seen_psnr"] > 0


def test_the_discriminator_may_be_kept_from_seeing_the_source():
    parts = networks()
    parts["discriminator"] = PatchDiscriminator((1, 16), 0, (8, 8), "leaky_relu")
    game = rules(sees_source=False, faithful_share=0.0).start(parts, Randomness(0))
    assert set(game.play(0, [batch()], Progress(0.0))) == {"discriminator", "generator", "wanted"}
