"""Rare records are learnt from oftener than others, and come out as often as they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from gansmith.errors import DataError
from gansmith.modalities.table.codec import MOST_LIFTED, TIMES, TableCodec, lifts_of
from gansmith.tabular.layout import Layout
from gansmith.tasks.model import load_model
from gansmith.tasks.runs.fit import FitConfig, start

LAYOUT = Layout((2, 3), (0, 0))


def codes(of_first: dict[int, int], of_second: dict[int, int]) -> torch.Tensor:
    columns = [np.repeat(list(of), list(of.values())) for of in (of_first, of_second)]
    return torch.from_numpy(np.stack(columns, 1))


def test_what_less_than_three_in_a_hundred_have_is_rare():
    found = lifts_of(LAYOUT, codes({0: 980, 1: 20}, {0: 500, 1: 460, 2: 40}))
    assert found.tolist() == [1, TIMES, 1, 1, 1]


def test_nothing_is_where_all_is_frequent():
    assert lifts_of(LAYOUT, codes({0: 500, 1: 500}, {0: 900, 1: 50, 2: 50})).unique().tolist() == [1]


def test_the_rarest_fifth_is_lifted_at_most():
    """Sixty columns, each with a state that 2 or 1 % have: of all records 84 % have one of them."""
    layout = Layout((2,) * 60, (0,) * 60)
    shares = torch.tensor([0.02] * 40 + [0.002] * 20)
    drawn = (torch.rand(20_000, 60, generator=torch.Generator().manual_seed(0)) < shares).long()
    found = lifts_of(layout, drawn)
    is_lifted = (found[drawn + layout.offsets] > 1).any(1)
    assert 0.03 < is_lifted.float().mean() <= MOST_LIFTED
    assert found.reshape(60, 2)[40:, 1].unique().tolist() == [TIMES]


def unlifted(model):
    """The same networks, with all that they make."""
    return replace(model, codec=replace(model.codec, lifts=torch.ones_like(model.codec.lifts)))


@pytest.fixture(scope="module")
def model():
    rng = np.random.default_rng(0)
    is_ill = rng.random(3000) < 0.02
    frame = pd.DataFrame(
        {"state": np.where(is_ill, "ill", "well"), "pulse": (rng.normal(70, 9, 3000) + 60 * is_ill).round(1)}
    )
    run = start(frame, FitConfig(preset="small", samples_seen=60_000, threads=1))
    for _ in run:
        pass
    return run.model()


def test_their_share_stays_what_it_is(model):
    made = model.sample(20_000, 1).records.to_pandas()
    assert (made["state"] == "ill").mean() == pytest.approx(0.02, abs=0.006)
    alike = unlifted(model)
    oftener = (alike.sample(20_000, 1).records.to_pandas()["state"] == "ill").mean()
    assert oftener > 1.5 * (made["state"] == "ill").mean()


def test_in_gaps_too(model):
    whole = model.imputed(model.read_partial(pd.DataFrame({"pulse": np.full(4000, 100.0)})))
    alike = unlifted(model)
    oftener = alike.imputed(alike.read_partial(pd.DataFrame({"pulse": np.full(4000, 100.0)})))
    assert 0.3 < (whole["state"] == "ill").sum() / max(1, (oftener["state"] == "ill").sum()) < 1


def test_the_first_records_are_the_same_however_many_follow(model):
    many, few = model.sample(9_000, 3).records, model.sample(100, 3).records
    assert few.equals(many.slice(0, 100))


def test_a_file_keeps_them(model, tmp_path):
    model.save(tmp_path / "m.gan")
    again = load_model(tmp_path / "m.gan")
    assert torch.equal(*(one.codec.state()[1]["lifts"] for one in (again, model)))
    assert again.sample(500, 2).records.equals(model.sample(500, 2).records)


@pytest.mark.parametrize("lifts", [torch.ones(3, dtype=torch.long), torch.ones(99)], ids=["few", "decimals"])
def test_others_are_refused(model, lifts):
    state, tensors = model.codec.state()
    with pytest.raises(DataError, match="'lifts' are not"):
        TableCodec.from_state(state, {**tensors, "lifts": lifts})
