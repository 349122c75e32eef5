from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gansmith.engine.randomness import Randomness

seeds = st.integers(-(2**63), 2**63)
places = st.tuples(seeds, st.text(max_size=8), st.integers(0, 2**40), st.integers(0, 5))


@given(first=places, second=places)
def test_keys_differ_where_anything_differs(first, second):
    keys = [Randomness(seed, retry).key(stream, step) for seed, stream, step, retry in (first, second)]
    assert all(0 <= key < 2**63 for key in keys)
    # Streams are named in the code and hold no digits after a slash, which alone could make two names one.
    if "/" not in first[1] + second[1]:
        assert (keys[0] == keys[1]) == (first == second)


@given(seed=seeds, step=st.integers(0, 2**40))
def test_draws_depend_on_nothing_that_was_drawn_before(seed, step):
    fresh = Randomness(seed).normal((3,), "latents", step)
    used = Randomness(seed)
    used.uniform((5,), "latents", step + 1)
    used.permutation(4, "shuffle", step)
    torch.randn(2)
    assert torch.equal(used.normal((3,), "latents", step), fresh)


def test_streams_steps_seeds_and_tries_are_independent():
    n = 20_000
    draws = torch.stack(
        [
            Randomness(0).normal((n,), "latents/0", 0),
            Randomness(0).normal((n,), "latents/1", 0),
            Randomness(0).normal((n,), "latents/0", 1),
            Randomness(1).normal((n,), "latents/0", 0),
            Randomness(0, retry=1).normal((n,), "latents/0", 0),
        ]
    )
    correlations = torch.corrcoef(draws) - torch.eye(5)
    assert correlations.abs().max() < 5 / n**0.5
    assert (draws.mean(1).abs() < 5 / n**0.5).all()
    assert ((draws.std(1) - 1).abs() < 5 / n**0.5).all()


def test_the_global_random_state_is_neither_read_nor_moved():
    before = torch.random.get_rng_state()
    first = Randomness(3).normal((4,), "x", 0)
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.manual_seed(99)
    assert torch.equal(Randomness(3).normal((4,), "x", 0), first)


def test_same_numbers_as_ever():
    # A model file and a seed promise the same records for ever: these numbers may not change.
    assert Randomness(0).key("sample", 0) == 1170510158946665638
    assert Randomness(7, 2).key("latents/0", 3) == 3615504314887939252
    drawn = Randomness(0).normal((2,), "sample", 0).tolist()
    assert drawn == pytest.approx([-0.2125537246465683, 1.4086394309997559])


def test_permutations_and_uniform_numbers_have_their_range():
    assert sorted(Randomness(0).permutation(50, "split", 0).tolist()) == list(range(50))
    assert Randomness(0).permutation(50, "split", 0).tolist() != list(range(50))
    drawn = Randomness(0).uniform((1000,), "between", 0)
    assert 0 <= drawn.min() < 0.01
    assert 0.99 < drawn.max() < 1


def test_latents_of_either_distribution():
    stream = Randomness(3).stream("latents")
    assert torch.equal(stream.latents((4, 2), "normal", 1), stream.normal((4, 2), 1))
    uniform = stream.latents((100_000,), "uniform", 1)
    assert -1 <= uniform.min() < -0.999
    assert 0.999 < uniform.max() <= 1
    assert uniform.std().item() == pytest.approx(3**-0.5, rel=0.01)
    assert torch.equal(uniform, stream.latents((100_000,), "uniform", 1))
