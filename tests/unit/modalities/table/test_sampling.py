"""Fillings with a generator that is known: it draws real records, and copies what is held fixed."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import torch

from gansmith.errors import UsageError
from gansmith.modalities.capabilities import Origins
from gansmith.modalities.table.codec import TableCodec
from gansmith.modalities.table.options import TableOptions
from gansmith.modalities.table.request import TableRequest, request_for
from gansmith.modalities.table.sampling import FREE_ROUNDS, MAX_ROUNDS, MAX_STEPS, N_MOVES, _turned
from gansmith.tabular.conditions import conditions_of, matching
from gansmith.tabular.files import read_table
from gansmith.tabular.schema import Table

SIZE = 1000


@pytest.fixture(scope="module")
def people():
    """Old people are rich, and one in two hundred is a king: kings live in one of two castles."""
    rng = np.random.default_rng(0)
    n = 8000
    age = rng.integers(18, 90, n)
    job = np.where(rng.random(n) < 0.005, "king", np.where(rng.random(n) < 0.5, "smith", "baker"))
    home = np.where(job == "king", rng.choice(["tower", "palace"], n), rng.choice(["inn", "hut", "farm"], n))
    rich = (age > 60) ^ (rng.random(n) < 0.1)
    return read_table(pa.table({"age": age, "job": job, "home": home, "rich": rich}))


@pytest.fixture(scope="module")
def learnt(people):
    return TableCodec.fit(people, TableOptions(min_count=1), 0)


class Generator:
    """Real records, which one decided by the sum of eight values of noise: records near each other do alike.

    Those that are learnt from oftener are made oftener.
    Where something is held fixed, such as have it, if there are any.
    """

    def __init__(self, codec, people):
        self.codec, self.asked = codec, []
        order = pc.sort_indices(people.records, [("job", "ascending"), ("rich", "ascending")])
        real = codec.encode(Table(people.records.take(order), people.schema, "sorted"), 0)
        self.real = real.repeat_interleave(codec.record_lifts(real), 0)
        self.rng = np.random.default_rng(1)

    def fresh(self):
        noise = torch.from_numpy(self.rng.normal(size=(SIZE, 8)).astype(np.float32))
        return Origins(noise, torch.arange(SIZE) % 5)

    def __call__(self, question):
        layout, conditions = self.codec.layout, question.condition
        shares = torch.special.ndtr(question.origins.noise.sum(1) / 8**0.5)
        rows = (shares * len(self.real)).long().clamp(max=len(self.real) - 1).numpy()
        if conditions is None:
            self.asked.append("free" if len(rows) == SIZE else "near")
            return self.real[torch.from_numpy(rows)]
        assert len(conditions) == SIZE
        places = torch.nonzero(conditions[0, : layout.n_columns])[:, 0]
        self.asked.append(len(places))
        held = layout.compact(conditions[:, layout.n_columns :])
        of_states: dict[tuple[float, ...], list[int]] = {}
        for row, states in enumerate(self.real[:, places].tolist()):
            of_states.setdefault(tuple(states), []).append(row)
        for row, states in enumerate(held[:, places].tolist()):
            rows[row] = self.rng.choice(of_states.get(tuple(states), [rows[row]]))
        made = layout.expand(self.real[torch.from_numpy(rows)])
        is_conditioned = conditions[:, : layout.n_columns][:, layout.column_of_value]
        return layout.compact(torch.lerp(made, conditions[:, layout.n_columns :], is_conditioned))


def _finished(request, generator, n_wanted=SIZE, first_index=0):
    block = request.block(SIZE, first_index, n_wanted, 7)
    while not block.is_done:
        block.take(generator(block.ask(generator.fresh())))
    codec = request.wanted.codec
    records = codec.decode_rows(block.compact, np.random.default_rng(3))
    return block.settled(Table(records, codec.schema, "made")).records.slice(0, n_wanted)


@pytest.mark.parametrize(
    ("where", "n_free", "then"),
    [
        (["rich=true"], (2, 4), []),
        (["age>=60"], (2, 4), []),
        (["age>=88"], (3, 8), "near"),
        (["job=king"], (8, FREE_ROUNDS), "near"),
        (["job=king", "rich=true"], (24, FREE_ROUNDS), "near"),
        (["job=king", "age>=89", "rich=false"], (8, FREE_ROUNDS), [1, 3]),
        ([], (1, 2), []),
    ],
    ids=str,
)
def test_few_answers_are_enough(people, learnt, where, n_free, then):
    generator = Generator(learnt, people)
    records = _finished(request_for(learnt, where), generator)
    assert len(matching(records, people.schema, where)) == records.num_rows == SIZE
    found = generator.asked.count("free")
    assert n_free[0] <= found <= n_free[1]
    if then == "near":
        assert set(generator.asked[found:]) == {"near"}
        assert N_MOVES <= len(generator.asked) - found <= MAX_STEPS
    else:
        assert generator.asked[found:] == then


def test_what_was_learnt_from_oftener_comes_out_as_often_as_it_is(people, learnt):
    """Kings are; nobody is asked for, so that half of them are left out again."""
    assert learnt.has_lifts
    generator, real = Generator(learnt, people), people.records.to_pandas()
    records = pd.concat(
        [_finished(request_for(learnt, []), generator, first_index=k).to_pandas() for k in range(20)]
    )
    assert (records["job"] == "king").mean() == pytest.approx((real["job"] == "king").mean(), abs=0.0015)
    made, wanted = (frame[frame["job"] == "king"]["home"] == "tower" for frame in (records, real))
    assert made.mean() == pytest.approx(wanted.mean(), abs=0.15)


def test_rare_records_are_those_that_free_ones_would_have_been(people, learnt):
    """A walk leads all over what fulfils the request, as often to each place as free records lie there."""
    real = people.records.to_pandas()
    real, generator, request = (
        real[real["job"] == "king"],
        Generator(learnt, people),
        request_for(learnt, ["job=king"]),
    )
    records = pd.concat([_finished(request, generator, first_index=k).to_pandas() for k in range(6)])
    assert (records["home"] == "tower").mean() == pytest.approx((real["home"] == "tower").mean(), abs=0.06)
    assert records["rich"].mean() == pytest.approx(real["rich"].mean(), abs=0.06)
    assert records["age"].nunique() == real["age"].nunique()


def test_common_requests_are_answered_by_the_generators_own_records(people, learnt):
    generator = Generator(learnt, people)
    records = _finished(request_for(learnt, ["rich=true", "age>=40"]), generator).to_pandas()
    real = people.records.to_pandas()
    real = real[real["rich"] & (real["age"] >= 40)]
    assert (records["age"] > 60).mean() == pytest.approx((real["age"] > 60).mean(), abs=0.04)


def test_what_is_rare_together_stays_together(people, learnt):
    """The homes of kings, and the ages of the rich: combinations, not a product of marginals."""
    generator = Generator(learnt, people)
    homes = ["tower", "palace", "hut"]
    records = _finished(request_for(learnt, {"job": "king", "home": homes}), generator).to_pandas()
    assert (records["home"] == "hut").mean() < 0.2  # four in five who live in these are in huts, but no king
    asked = request_for(learnt, ["age>=55", "rich=true", "home=tower", "home=palace"])
    ages = _finished(asked, Generator(learnt, people)).to_pandas()["age"]
    assert (ages > 60).mean() > 0.9


def test_one_record_is_as_good_as_many(people, learnt):
    for where, balance in ((["job=king", "age>=80"], ""), (["age>=70"], "job"), ((), "home")):
        request = request_for(learnt, where, balance)
        whole = _finished(request, Generator(learnt, people))
        for n in (1, 40, 700):
            few = _finished(request, Generator(learnt, people), n)
            assert few.equals(whole.slice(0, n)), (where, balance, n)


def test_turns_go_on_in_the_next_block(people, learnt):
    request = request_for(learnt, ["rich=true"], "home")
    blocks = [_finished(request, Generator(learnt, people), SIZE, k * SIZE) for k in range(3)]
    turns = [str(home) for block in blocks for home in block.column("home").to_pylist()]
    assert turns == (turns[:5] * 600)
    assert set(Counter(turns).values()) == {600}


def test_balancing_keeps_the_rest_as_it_is(people, learnt):
    records = _finished(request_for(learnt, (), "rich"), Generator(learnt, people)).to_pandas()
    real = people.records.to_pandas()
    for rich in (False, True):
        made, wanted = (frame[frame["rich"] == rich]["age"].mean() for frame in (records, real))
        assert made == pytest.approx(wanted, abs=2.5)


def _watching(learnt, asked, watched):
    request = request_for(learnt, asked)
    seen = tuple(conditions_of(learnt.schema, watched).values())
    return TableRequest(replace(request.wanted, watched=seen), request.texts)


@pytest.mark.parametrize("asked", [[], ["rich=false"], ["age>=70", "rich=false"]], ids=str)
def test_a_column_that_cannot_be_held_is_waited_for(people, learnt, asked):
    generator = Generator(learnt, people)
    records = _finished(_watching(learnt, asked, ["home=inn"]), generator)
    assert len(matching(records, people.schema, [*asked, "home=inn"])) == SIZE
    assert len(generator.asked) <= FREE_ROUNDS + MAX_STEPS


@pytest.mark.slow
def test_waiting_has_an_end(people, learnt):
    generator = Generator(learnt, people)
    with pytest.raises(
        UsageError, match="100,000 records were made, and 0 of them fulfil job=king and home=inn"
    ):
        _finished(_watching(learnt, ["job=king"], ["home=inn"]), generator)
    assert len(generator.asked) == MAX_ROUNDS
    few = _finished(_watching(learnt, [], ["job=king"]), Generator(learnt, people), n_wanted=50)
    assert set(few.column("job").to_pylist()) == {"king"}


@pytest.mark.parametrize("angles", [(90, 0), (40, 40), (20, 60)])
def test_turned_noise_is_as_likely_as_before(angles):
    noise, fresh = torch.randn(2, 40_000, 6, generator=torch.Generator().manual_seed(0))
    axis = torch.nn.functional.normalize(torch.tensor([1.0, 2.0, 0.0, -1.0, 0.0, 0.5]), dim=0)
    turned = _turned(noise, fresh, axis.expand_as(noise), angles)
    assert torch.allclose(torch.cov(turned.T), torch.eye(6), atol=0.03)
    other = torch.tensor([0.0, 0.0, 1.0, 0.0, 0.0, 0.0])  # across the axis
    for direction, angle in ((other, angles[0]), (axis, angles[1])):
        kept = ((turned @ direction) * (noise @ direction)).mean()
        assert kept == pytest.approx(np.cos(np.radians(angle)), abs=0.03)
