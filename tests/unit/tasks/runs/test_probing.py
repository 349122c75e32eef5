"""The weight of penalties, left to short runs; runs that cure themselves or end early, from a table to a
model."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
import pytest
import torch

from gansmith.errors import TrainingError, UsageError
from gansmith.tasks.model import load_model
from gansmith.tasks.runs import fit, probing
from gansmith.tasks.runs.fit import FitConfig, FitRun, resume, start
from gansmith.tasks.runs.origin import taken_over


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame({"age": rng.integers(20, 60, 250), "city": rng.choice(["Ulm", "Rom", "Bonn"], 250)})


def digest(run: FitRun, tmp_path) -> str:
    for _ in run:
        pass
    run.model().save(tmp_path / "m.gan")
    return hashlib.sha256((tmp_path / "m.gan").read_bytes()).hexdigest()


def weights(run: FitRun) -> dict[str, float]:
    return {one["name"]: one["weight"] for one in run.prepared.manifest["game"]["penalties"]}


def test_what_the_held_out_score_likes_best_is_taken_and_all_is_told(people, monkeypatch):
    plain = start(people, FitConfig(samples_seen=1_500, threads=1))
    networks = {name: value.clone() for name, value in plain.prepared.game.state().items()}
    usual = weights(plain)
    scores = {0.25: 0.7, 1.0: 0.6}
    monkeypatch.setattr(
        probing,
        "_probe",
        lambda prepared, penalties, length: probing.Probe(
            penalties, scores.get(penalties[0].weight / usual["r1"], 0.1)
        ),
    )
    run = start(people, FitConfig(samples_seen=1_500, threads=1, penalties="auto"))
    assert weights(run) == {name: 0.25 * weight for name, weight in usual.items()}
    (note,) = (note for note in run.notes if note.startswith("penalties tried"))
    assert note.count("r1=") == len(probing.FACTORS) + 1
    assert note.endswith("Chosen: r1=0.075, r2=0.075: 0.700")
    assert " --penalty r1=0.075 --penalty r2=0.075" in run.repeat()
    before = run.prepared.game.state()
    assert all(torch.equal(networks[name], before[name]) for name in networks), "the run begins as any other"


def test_a_weight_with_which_numbers_break_is_not_taken(people, monkeypatch):
    def broken(self):
        raise TrainingError("numbers became infinite")

    monkeypatch.setattr(probing.Training, "__iter__", broken)
    with pytest.raises(TrainingError, match="with every weight that was tried"):
        start(people, FitConfig(samples_seen=1_500, threads=1, penalties="auto"))


@pytest.mark.slow
def test_a_probed_run_is_repeated_and_resumed_bit_for_bit(people, tmp_path):
    config = FitConfig(samples_seen=1_500, threads=1, penalties="auto")
    run = start(people, config)
    expected = digest(run, tmp_path)
    assert digest(start(people, config), tmp_path) == expected
    for record in start(people, config, folder=tmp_path / "run"):
        if record.step == 3:
            break
    resumed = resume(people, tmp_path / "run")
    assert weights(resumed) == weights(run)
    assert digest(resumed, tmp_path) == expected
    by_hand = start(people, FitConfig(samples_seen=1_500, threads=1, penalties=weights(run)))
    assert by_hand.prepared.manifest["game"] == run.prepared.manifest["game"]


def test_probes_are_within_the_budget(people, monkeypatch):
    monkeypatch.setattr(fit, "calibrated", lambda prepared, deadline: (1, 1_500))  # what there is time for
    probed = start(people, FitConfig(budget="2s", penalties="auto"))
    assert probed.training.config.samples_seen == 1_500 * (1 - probing.PROBES_SHARE)
    assert start(people, FitConfig(budget="2s")).training.config.samples_seen == 1_500


@pytest.mark.parametrize(
    ("n_records", "preset", "words"),
    [(60, "default", "none are held out"), (250, "vae", "no penalties to be weighed")],
)
def test_what_cannot_be_probed_is_refused(people, n_records, preset, words):
    with pytest.raises(UsageError, match=words):
        start(people[:n_records], FitConfig(samples_seen=500, penalties="auto", preset=preset))


def test_a_table_that_may_cure_itself_is_learnt_saved_and_asked(people, tmp_path):
    run = start(people, FitConfig(samples_seen=1_500, threads=1, cures=True, patience=9))
    expected = digest(run, tmp_path)
    model = load_model(tmp_path / "m.gan")
    assert model.manifest["game"]["n_packed"] == 2
    assert len(next(iter(model.blocks(50, seed=1)))) == 50
    again = start(
        people, FitConfig(samples_seen=1_500, threads=1, cures=True, patience=9), folder=tmp_path / "r"
    )
    for record in again:
        if record.step == 3:
            break
    assert digest(resume(people, tmp_path / "r"), tmp_path) == expected


def test_a_game_that_was_probed_or_cured_is_fine_tuned(people, tmp_path):
    config = FitConfig(samples_seen=1_500, threads=1, penalties="auto", cures=True)
    run = start(people, config)
    digest(run, tmp_path)
    model = load_model(tmp_path / "m.gan")
    finer, target, options = taken_over(model, FitConfig(samples_seen=500, threads=1), "", {})
    assert finer.penalties is None
    assert (target, options["finds_constraints"]) == ("", False)
    tuned = start(people, FitConfig(samples_seen=500, threads=1), origin=model)
    assert weights(tuned) == weights(run)
    assert not any(note.startswith("penalties tried") for note in tuned.notes)
    assert tuned.prepared.manifest["game"]["n_packed"] == 2
    with pytest.raises(UsageError, match="n_packed is 3, and that of the model to be fine-tuned is 2"):
        taken_over(model, FitConfig(n_packed=3), "", {})


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"objective": "energy-based", "minibatch": "deviation"}, "has no place for minibatch"),
        ({"terms": {"information": 1.0}}, "needs a discriminator with a head 'code'"),
        ({"terms": {"feature_machting": 1.0}}, "Did you mean 'feature_matching'"),
    ],
    ids=str,
)
def test_what_no_network_can_do_is_refused(people, chosen, words):
    with pytest.raises(UsageError, match=words):
        start(people, FitConfig(samples_seen=500, **chosen))


def test_patience_without_held_out_records_is_told(people):
    run = start(people[:60], FitConfig(samples_seen=500, patience=2))
    assert any("patience and cures have nothing to act on" in note for note in run.notes)


@pytest.mark.parametrize(
    "chosen",
    [
        {"n_packed": 3},
        {"minibatch": "discrimination"},
        {"minibatch": "deviation", "spectral_norm": True, "n_packed": 2},
        {"spectral_norm": True},
        {"objective": "energy-based"},
        {"terms": {"feature_matching": 1.0}},
    ],
    ids=str,
)
def test_models_of_other_discriminators_are_saved_and_loaded(people, tmp_path, chosen):
    run = start(people, FitConfig(samples_seen=600, threads=1, **chosen))
    digest(run, tmp_path)
    model = load_model(tmp_path / "m.gan")
    for name, network in run.model().networks.items():
        loaded = model.networks[name].state_dict()
        assert all(torch.equal(value, loaded[key]) for key, value in network.state_dict().items())
