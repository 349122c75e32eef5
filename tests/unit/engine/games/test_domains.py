"""The game of domains: what each term wants, and that those that count nothing cost nothing."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from gansmith.engine.batches import Batch
from gansmith.engine.games.base import Progress
from gansmith.engine.games.domains import DomainRules, edges_kept, place_contrast
from gansmith.engine.randomness import Randomness
from gansmith.errors import UsageError
from gansmith.nets.domain_translators import ConditionReader, DomainTranslator
from gansmith.nets.translators import PatchDiscriminator


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_places_that_are_found_again_cost_nothing_and_shuffled_ones_more_than_chance():
    seen = torch.eye(16).view(1, 16, 4, 4)  # each place is unlike all others
    assert place_contrast(seen, seen, 16, 0.07, generator()) < 1e-4
    assert place_contrast(seen.roll(1, 3), seen, 16, 0.07, generator()) > math.log(16)
    even = torch.ones(1, 16, 4, 4)
    assert place_contrast(even, even, 16, 0.07, generator()).item() == pytest.approx(math.log(16))


def test_keys_learn_nothing():
    query, key = noise(2, 4, 6, 6).requires_grad_(), noise(2, 4, 6, 6, seed=1).requires_grad_()
    place_contrast(query, key, 8, 0.07, generator()).backward()
    assert query.grad is not None
    assert key.grad is None


def test_edges_are_kept_by_brightness_and_lost_by_shifts():
    source = noise(2, 3, 16, 16)
    assert edges_kept(source, 0.3 * source + 0.2) == pytest.approx(1, abs=1e-5)
    assert edges_kept(source, noise(2, 3, 16, 16, seed=1)) < 0.3


RULES = DomainRules(batch_size=4)


def played(rules: DomainRules) -> dict[str, float]:
    """The losses of one step."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)
        networks = {
            "generator": DomainTranslator((3, 16, 16), 2, (8, 8), 1, "leaky_relu", fold=2),
            "discriminator": PatchDiscriminator((3, 16, 16), 2, (8, 8), "leaky_relu"),
            "reader": ConditionReader((3, 16, 16), 2, (4, 4), "leaky_relu"),
        }
    game = rules.start(networks, Randomness(0))
    codes = torch.eye(2)[torch.arange(4) % 2]
    source = torch.cat([noise(4, 3, 16, 16), torch.zeros(4, 1, 16, 16)], 1)
    parts = {
        "real": noise(4, 3, 16, 16, seed=1),
        "condition": codes,
        "source": source,
        "origin": codes.flip(1),
    }
    return game.play(0, [Batch(parts)], Progress(0.0))


@pytest.mark.parametrize(
    ("weight", "name"),
    [
        ("cycle_weight", "cycle"),
        ("contrast_weight", "contrast"),
        ("identity_weight", "identity"),
        ("change_weight", "change"),
        ("reader_weight", "asked"),
    ],
)
def test_each_term_counts_where_it_has_a_weight(weight, name):
    assert set(played(RULES)) == {"generator", "discriminator"}
    losses = played(replace(RULES, **{weight: 2.0}))
    more = {"reader"} if name == "asked" else set()
    assert set(losses) == {"generator", "discriminator", name, *more}
    if name in ("identity", "change"):
        assert losses[name] == 0  # a new network changes nothing


def test_numbers_are_read_by_their_squared_error():
    losses = played(replace(RULES, reader_weight=1.0, parts=(2,), measured=(0,)))
    assert losses["reader"] != played(replace(RULES, reader_weight=1.0))["reader"]


def test_what_is_not_asked_for_has_to_stay():
    """Of two attributes of two classes one is asked for: only that is turned back, and both are read."""
    rules = replace(RULES, parts=(2, 2))
    condition = torch.tensor([[1.0, 0, 0, 0], [0, 0, 0, 1]])
    assert rules.asked_of(condition).tolist() == [[True, True, False, False], [False, False, True, True]]
    assert RULES.asked_of(condition).all()


def test_without_a_source_nothing_is_made():
    with pytest.raises(UsageError, match="gansmith apply"):
        RULES.generate({}, Batch({}, 3), Randomness(0).stream("sample"), 0)
