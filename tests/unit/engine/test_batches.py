from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gansmith.engine.batches import Batch, Batches, Poisson, Shuffled, TensorDataset
from gansmith.engine.randomness import Randomness
from gansmith.errors import UsageError


def numbered(n: int, batch_size: int, seed: int = 0) -> Batches:
    return Batches.of(torch.arange(n, dtype=torch.float32)[:, None], batch_size, Randomness(seed))


def epoch(batches: Batches, index: int) -> list[float]:
    per_epoch = len(batches.dataset) // len(batches(0))
    return [
        value for k in range(per_epoch) for value in batches(index * per_epoch + k)["real"].flatten().tolist()
    ]


def conditioned(conditioning, expand=None, **parts) -> Batches:
    dataset, randomness = TensorDataset(parts), Randomness(0)

    def samples(batch, generator):
        batch = batch.with_part("real", expand(batch["real"])) if expand else batch
        return batch.with_part("condition", conditioning(batch, generator)) if generator else batch

    return Batches(dataset, Shuffled(len(dataset), 3, randomness), randomness, samples)


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
    expected = [numbered(10, 3)(k)["real"] for k in range(9)]
    batches = numbered(10, 3)
    for k in order:
        assert torch.equal(batches(k)["real"], expected[k])


def test_conditions_are_made_of_the_batch_and_its_number_alone():
    def conditioning(batch, generator):
        return batch["real"] + torch.rand(batch["real"].shape, generator=generator)

    def fresh() -> Batches:
        return conditioned(conditioning, real=torch.arange(12.0)[:, None])

    batches = fresh()
    for k in (5, 2, 0):
        found = batches(k)
        assert torch.equal(found["condition"], fresh()(k)["condition"])
        assert ((found["condition"] - found["real"]) < 1).all()
    noise = [fresh()(k)["condition"] - fresh()(k)["real"] for k in (0, 4)]
    assert not torch.allclose(noise[0], noise[1])


def test_labels_reach_the_conditions_and_all_parts_keep_shape_and_type():
    pictures = torch.arange(9 * 2 * 2, dtype=torch.uint8).reshape(9, 1, 2, 2)
    masks = pictures[:, 0] > 7

    def one_hot(batch, generator):
        return torch.nn.functional.one_hot(batch["labels"], 3)

    batch = conditioned(one_hot, real=pictures, labels=torch.arange(9) % 3, mask=masks)(0)
    assert (batch["real"].dtype, batch["real"].shape) == (torch.uint8, (3, 1, 2, 2))
    assert (batch["mask"].dtype, batch["mask"].shape) == (torch.bool, (3, 2, 2))
    assert torch.equal(batch["condition"].argmax(1), batch["labels"])
    assert torch.equal(batch["real"][:, 0, 0, 0] // 4 % 3, batch["labels"])  # rows stay together


def test_compact_records_are_expanded_before_conditions_are_made():
    shapes = []

    def conditioning(batch, generator):
        shapes.append(tuple(batch["real"].shape))
        return batch["real"]

    batches = conditioned(conditioning, lambda compact: compact.repeat(1, 4), real=torch.zeros(6, 1))
    assert batches(0)["real"].shape == (3, 4)
    assert shapes == [(3, 4)]
    assert batches.first(2)["real"].shape == (2, 4)


class OnDisk:
    """Records that are made only when they are asked for."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []

    def __len__(self) -> int:
        return 10**9

    def batch(self, indices):
        self.asked.append(indices.tolist())
        return Batch({"real": indices[:, None].float()})


def test_only_what_is_drawn_is_read():
    dataset, randomness = OnDisk(), Randomness(0)
    batches = Batches(dataset, Shuffled(1000, 4, randomness), randomness)
    first = batches(0)
    assert dataset.asked == [first["real"].flatten().long().tolist()]


@given(index=st.integers(0, 20))
def test_poisson_batches_are_tosses_of_a_coin_for_each_record(index):
    drawing = Poisson(200, 0.1, Randomness(0))
    drawn = drawing(index)
    assert torch.equal(drawn, Poisson(200, 0.1, Randomness(0))(index))
    assert drawn.unique().numel() == drawn.numel()
    assert not drawn.numel() or (drawn.min() >= 0 and drawn.max() < 200)


def test_poisson_batches_differ_in_size_and_draw_each_record_at_the_rate():
    drawing = Poisson(200, 0.1, Randomness(0))
    sizes = [len(drawing(k)) for k in range(300)]
    assert len(set(sizes)) > 10
    assert abs(sum(sizes) / 300 - 20) < 1  # four standard errors
    counts = torch.bincount(torch.cat([drawing(k) for k in range(300)]), minlength=200)
    assert counts.min() > 8
    assert counts.max() < 60
    assert len(Poisson(5, 1.0, Randomness(0))(3)) == 5


def test_a_batch_may_be_empty_or_ask_for_nothing():
    dataset = TensorDataset({"real": torch.zeros(4, 2)})
    assert len(dataset.batch(torch.tensor([], dtype=torch.long))) == 0
    assert len(Batch({}, 7)) == 7
    assert Batch({"real": torch.zeros(3, 1), "labels": None}).get("labels") is None


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Batch({"real": torch.zeros(3, 1), "labels": torch.zeros(2)}),
        lambda: Batch({}),
        lambda: Batch({"real": torch.zeros(3, 1)}, 4),
        lambda: Batch({"real": torch.zeros(3, 1)})["labels"],
        lambda: Poisson(5, 0.0, Randomness(0)),
        lambda: Poisson(5, 1.5, Randomness(0)),
    ],
)
def test_what_is_no_batch(wrong):
    with pytest.raises(UsageError):
        wrong()


def test_rows_and_parts():
    batch = Batch({"real": torch.arange(5.0)[:, None], "labels": torch.arange(5)})
    assert batch.rows(slice(1, 3))["labels"].tolist() == [1, 2]
    assert batch.rows(torch.tensor([4, 0]))["real"].flatten().tolist() == [4.0, 0.0]
    assert batch.with_part("labels", None).get("labels") is None
    assert len(Batch({}, 5).rows(slice(3, 9))) == 2
    with pytest.raises(UsageError, match="only real, labels"):
        batch["mask"]


def test_records_of_more_weight_come_oftener_in_each_epoch() -> None:
    weights = torch.tensor([1, 3, 1, 2, 1])
    drawing = Shuffled(5, 2, Randomness(0), weights)
    for epoch in range(3):
        drawn = torch.cat([drawing(4 * epoch + place) for place in range(4)])
        assert torch.equal(drawn.bincount(minlength=5), weights)
    assert not torch.equal(drawing(0), drawing(4))


def test_records_of_one_weight_come_as_without() -> None:
    ones = torch.ones(50, dtype=torch.long)
    alike, without = (Shuffled(50, 8, Randomness(0), weights) for weights in (ones, None))
    assert all(torch.equal(alike(index), without(index)) for index in range(20))
