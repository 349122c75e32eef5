from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from gansmith.engine.batches import Batches
from gansmith.engine.randomness import Randomness


def numbered(n: int, batch_size: int, seed: int = 0) -> Batches:
    return Batches(torch.arange(n, dtype=torch.float32)[:, None], batch_size, Randomness(seed))


def epoch(batches: Batches, index: int) -> list[float]:
    per_epoch = len(batches.samples) // batches.batch_size
    return [
        value for k in range(per_epoch) for value in batches(index * per_epoch + k).samples.flatten().tolist()
    ]


@given(n=st.integers(1, 40), batch_size=st.integers(1, 50), index=st.integers(0, 3))
def test_an_epoch_holds_every_record_once_but_the_remainder(n, batch_size, index):
    batches = numbered(n, batch_size)
    seen = epoch(batches, index)
    assert len(seen) == n // min(batch_size, n) * min(batch_size, n)
    assert len(set(seen)) == len(seen)
    assert set(seen) <= set(range(n))


def test_the_remainder_is_another_in_each_epoch():
    batches = numbered(11, 5)
    left_out = {(set(range(11)) - set(epoch(batches, k))).pop() for k in range(30)}
    assert len(left_out) > 5


def test_epochs_have_orders_of_their_own():
    batches = numbered(20, 5)
    assert epoch(batches, 0) != epoch(batches, 1)
    assert epoch(batches, 0) != epoch(numbered(20, 5, seed=1), 0)


@given(order=st.permutations(range(9)))
def test_batch_k_is_the_same_whenever_it_is_asked_for(order):
    expected = [numbered(10, 3)(k).samples for k in range(9)]
    batches = numbered(10, 3)
    for k in order:
        assert torch.equal(batches(k).samples, expected[k])


def test_conditions_are_made_of_the_batch_and_its_number_alone():
    def asking(samples, generator):
        return samples + torch.rand(samples.shape, generator=generator)

    def fresh() -> Batches:
        return Batches(torch.arange(12.0)[:, None], 4, Randomness(0), asking)

    def asked(k: int) -> torch.Tensor:
        conditions = fresh()(k).conditions
        assert conditions is not None
        return conditions

    batches = fresh()
    for k in (5, 2, 0):
        found = batches(k)
        assert found.conditions is not None
        assert torch.equal(found.conditions, asked(k))
        assert ((found.conditions - found.samples) < 1).all()
    noise = [asked(k) - fresh()(k).samples for k in (0, 3)]
    assert not torch.allclose(noise[0], noise[1])


def test_compact_records_are_expanded_before_anybody_is_asked():
    shapes = []

    def asking(samples, generator):
        shapes.append(tuple(samples.shape))
        return samples

    batches = Batches(
        torch.zeros(6, 1), 3, Randomness(0), asking, expand=lambda compact: compact.repeat(1, 4)
    )
    assert batches(0).samples.shape == (3, 4)
    assert shapes == [(3, 4)]
