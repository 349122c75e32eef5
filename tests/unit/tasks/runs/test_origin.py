"""Fine-tuning a learnt model with new records."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from gansmith.errors import DataError, UsageError
from gansmith.modalities.image.pictures import bundled_digits
from gansmith.tasks.model import load_model
from gansmith.tasks.runs.fit import resume, start
from gansmith.tasks.runs.origin import RATE_SHARE
from gansmith.tasks.runs.settings import FitConfig
from gansmith.tasks.synthesize import Synthesizer

SHORT = FitConfig(samples_seen=600, threads=1)


def _played(run):
    for _ in run:
        pass
    return run.model()


@pytest.fixture(scope="module")
def newer(people):
    return people.assign(age=people["age"].iloc[::-1].to_numpy())


def test_codec_and_weights_are_taken_over(model, newer):
    run = start(newer, SHORT, origin=model)
    assert run.codec is model.codec
    own = {**model.networks, "generator": model.networks["generator"].newest}
    for name, network in run.training.game.networks.items():
        assert all(map(torch.equal, network.state_dict().values(), own[name].state_dict().values()))
    generator = model.networks["generator"]
    before = {name: value.clone() for name, value in generator.state_dict().items()}
    after = _played(run).networks["generator"].state_dict()
    assert not all(torch.equal(before[name], after[name]) for name in before)
    assert all(torch.equal(before[name], value) for name, value in generator.state_dict().items())


def test_the_hand_is_gentler_and_the_run_a_quarter(model, newer, people):
    run, fresh = start(newer, FitConfig(threads=1), origin=model), start(people, FitConfig(preset="small"))
    ours: Any
    theirs: Any
    ours, theirs = run.training.game.rules, fresh.training.game.rules
    assert ours.generator.learning_rate == RATE_SHARE * theirs.generator.learning_rate
    assert ours.discriminator.learning_rate == RATE_SHARE * theirs.discriminator.learning_rate
    assert 4 * run.training.config.samples_seen == fresh.training.config.samples_seen


def test_the_model_says_what_it_came_from(model, newer, tmp_path):
    digest = model.save(tmp_path / "old.gan")
    learnt = _played(start(newer, SHORT, origin=load_model(tmp_path / "old.gan")))
    assert (
        learnt.manifest["origin"] == digest == _played(start(newer, SHORT, origin=model)).manifest["origin"]
    )
    learnt.save(tmp_path / "new.gan")
    assert load_model(tmp_path / "new.gan").manifest["origin"] == digest
    assert load_model(tmp_path / "new.gan").manifest["fit"]["preset"] == "small"


def test_where_nothing_better_comes_the_model_stays_as_it_was(model, newer):
    run = start(newer, SHORT, origin=model)
    scores = iter([0.9, *[0.1] * 100])
    assert run.training.evaluation
    run.training.evaluation = replace(run.training.evaluation, score=lambda fake, real: next(scores))
    run.training.judge_start()
    kept = _played(run)
    assert kept.manifest["training"]["ensemble_size"] == model.manifest["training"]["ensemble_size"] > 1
    assert kept.sample(50).records.equals(model.sample(50).records)


def test_resumed_equals_uninterrupted(model, newer, tmp_path):
    whole = _played(start(newer, SHORT, origin=model, folder=tmp_path / "whole"))
    for record in start(newer, SHORT, origin=model, folder=tmp_path / "run"):
        if record.step == 1:
            break
    again = _played(resume(newer, tmp_path / "run"))
    assert again.save(tmp_path / "a.gan") == whole.save(tmp_path / "b.gan")


def test_a_model_for_sampling_alone_is_refused(model, newer, tmp_path):
    model.save(tmp_path / "m.gan", sampling_only=True)
    with pytest.raises(UsageError, match="--sampling-only"):
        start(newer, SHORT, origin=load_model(tmp_path / "m.gan"))


@pytest.mark.parametrize("wrong", [{"preset": "default "}, {"objective": "hinge"}, {"kind": "image"}])
def test_what_makes_another_model_is_refused(model, newer, wrong):
    with pytest.raises(UsageError, match=f"{next(iter(wrong))} is .* comes from the model"):
        start(newer, FitConfig(**wrong), origin=model)
    with pytest.raises(UsageError, match="min_count is 9"):
        start(newer, SHORT, origin=model, options={"min_count": 9})


def test_what_the_model_was_learnt_with_comes_with_it(people, newer):
    own = {"objective": "wasserstein", "penalties": {}, "weight_clip": 0.01, "activation": "relu"}
    more = {"optimiser": "rmsprop", "n_discriminator_turns": 2, "learning_rate": 0.01}
    first = Synthesizer(preset="small", samples_seen=432, threads=1, **own, **more).fit(people)

    def tuned(**chosen) -> tuple[Any, Any]:
        config = FitConfig(samples_seen=432, threads=1, **chosen)
        run = start(newer, config, origin=first.model_)
        return run, run.prepared.game.rules

    for again in ({}, own, {"objective": "wasserstein"}, {"activation": "relu"}):
        run, rules = tuned(**again)
        assert (rules.objective, rules.penalties, rules.turns) == ("wasserstein", (), "fresh")
        assert (rules.n_discriminator_turns, rules.discriminator.weight_clip) == (2, 0.01)
        assert rules.generator.optimiser == "rmsprop"
        assert rules.generator.learning_rate == pytest.approx(0.001)
    second = _played(run)
    assert max(weight.abs().max() for weight in second.networks["discriminator"].parameters()) <= 0.01
    assert second.manifest["fit"]["optimiser"] == "rmsprop"
    third = start(newer, FitConfig(samples_seen=432, threads=1), origin=second).prepared.game.rules
    assert third == tuned()[1]
    assert tuned(learning_rate=0.5)[1].generator.learning_rate == 0.5
    with pytest.raises(UsageError, match="activation is 'tanh', and that of the model"):
        tuned(activation="tanh")


def test_columns_come_from_the_model(model, newer):
    with pytest.raises(UsageError, match="what the columns are"):
        start(newer, SHORT, origin=model, options={"columns": {"age": "category"}})
    with pytest.raises(DataError, match="'income'"):
        start(newer.drop(columns="income"), SHORT, origin=model)
    with pytest.raises(DataError, match="'more'"):
        start(newer.assign(more=1), SHORT, origin=model)
    with pytest.raises(DataError, match="'age'"):
        start(newer.assign(age="old"), SHORT, origin=model)


def test_what_the_model_does_not_know_is_counted(model, newer):
    strange = newer.copy()
    strange.loc[:11, "city"] = "Atlantis"
    strange.loc[:2, "income"] = 10.0**7
    strange["age"] = strange["age"].astype("Int64").where(np.arange(len(strange)) > 4)
    run = start(strange, SHORT, origin=model)
    note = next(note for note in run.notes if "does not know" in note)
    for said in ("12 cells of 'city'", "5 missing cells of 'age'"):
        assert said in note
    assert set(_played(run).sample(100).records.column("city").to_pylist()) <= {"Ulm", "Rom", "Oslo"}


def test_from_python(people, newer, tmp_path):
    old = Synthesizer(preset="small", samples_seen=300, threads=1).fit(people, target="member")
    old.save(tmp_path / "old.gan")
    samples = []
    for source in (old, old.model_, tmp_path / "old.gan", str(tmp_path / "old.gan")):
        learnt = Synthesizer(samples_seen=300, threads=1).fit(newer, start_from=source)
        assert learnt.target_ == "member"
        samples.append(learnt.sample(9))
    for sample in samples[1:]:
        pd.testing.assert_frame_equal(sample, samples[0])


def test_pictures_go_on_as_well():
    pixels = bundled_digits().pixels[:200]
    old = Synthesizer(samples_seen=300, threads=1).fit(pixels[:100])
    learnt = Synthesizer(samples_seen=300, threads=1).fit(pixels[100:], start_from=old)
    assert learnt.sample(2).shape == (2, *pixels.shape[1:])
    smaller = Synthesizer(samples_seen=300, threads=1).fit(pixels[:, ::2, ::2], start_from=old)
    assert smaller.sample(2).shape == (2, *pixels.shape[1:])  # brought to what the model knows
    with pytest.raises(UsageError, match="size is '4x4', and that of the model"):
        Synthesizer(samples_seen=300).fit(pixels, start_from=old, size="4x4")
