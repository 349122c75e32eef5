from __future__ import annotations

import hashlib
import itertools
import json
import time
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch

from gansmith.engine.checkpoint import Checkpoints
from gansmith.errors import DataError, TrainingError, UsageError
from gansmith.modalities.table.recipe import MAX_EPOCHS
from gansmith.tasks.runs import fit
from gansmith.tasks.runs.budget import MIN_STEPS, Pace
from gansmith.tasks.runs.fit import FitConfig, resume, start
from gansmith.tasks.runs.settings import parse_duration


def gan_bytes(run, tmp_path) -> bytes:
    for _ in run:
        pass
    run.model().save(tmp_path / "model.gan")
    return (tmp_path / "model.gan").read_bytes()


def broken(run, n_steps: int) -> None:
    for record in run:
        if record.step == n_steps:
            break


# --- What a user may choose ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("budget", "seconds"),
    [("90s", 90), ("90", 90), ("5m", 300), ("1h30m", 5400), ("1.5h", 5400), (" 2M ", 120), ("1h1m1s", 3661)],
)
def test_budgets(budget, seconds):
    assert parse_duration(budget) == seconds


@pytest.mark.parametrize(
    "budget", ["", "0", "0s", "-5m", "5 minutes", "m5", "5m5m", "1.2.3", ".", "nan", "1e3"]
)
def test_budgets_that_are_none(budget):
    with pytest.raises(UsageError, match="is not a duration"):
        parse_duration(budget)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"budget": "5m", "samples_seen": 100}, "budget and samples_seen each give a length"),
        ({"budget": "5m", "epochs": 2}, "budget and epochs each"),
        ({"samples_seen": 5, "epochs": 2.0}, "samples_seen and epochs each"),
        ({"samples_seen": -1}, "must be 0 or more"),
        ({"epochs": -0.5}, "must be 0 or more"),
        ({"threads": -1}, "must be 0 or more"),
        ({"objective": "hinje"}, "Did you mean 'hinge'"),
        ({"budget": "soon"}, "is not a duration"),
    ],
)
def test_conflicts(wrong, words):
    with pytest.raises(UsageError, match=words):
        FitConfig(**wrong)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"kind": "tabel"}, "Did you mean 'table'"),
        ({"preset": "smal"}, "Did you mean 'small'"),
        ({"device": "cpuu"}, "Did you mean 'cpu'"),
    ],
)
def test_unknown_names(people, config, wrong, words):
    with pytest.raises(UsageError, match=words):
        start(people, replace(config, **wrong))


def test_a_device_that_is_not_there(people, config):
    if torch.cuda.is_available():
        pytest.skip("it is there")
    with pytest.raises(UsageError, match="Use --device cpu"):
        start(people, replace(config, device="cuda"))


def test_targets(people, config):
    assert start(people, config, target="city").prepared.manifest["target"] == "city"
    with pytest.raises(UsageError, match="Did you mean 'income'"):
        start(people, config, target="incom")
    constant = people.assign(planet="Earth")
    with pytest.raises(UsageError, match="'planet' is constant: it cannot be predicted"):
        start(constant, config, target="planet")


def test_epochs_are_turned_into_samples(people, config):
    run = start(people, replace(config, samples_seen=0, epochs=2.5))
    assert run.training.config.samples_seen == 540
    assert run.training.n_steps == 3


def test_objective_of_the_users_choice(people, config):
    chosen: Any = start(people, replace(config, objective="hinge")).prepared.game.rules
    usual: Any = start(people, config).prepared.game.rules
    assert (chosen.objective, usual.objective) == ("hinge", "relativistic")


def test_an_objective_brings_its_penalty_where_the_preset_has_none():
    pictures = np.random.default_rng(0).integers(0, 256, (40, 4, 4), dtype=np.uint8)
    prepared = start(pictures, FitConfig(preset="article", objective="wasserstein")).prepared
    (penalty,) = prepared.manifest["game"]["penalties"]
    assert (penalty["name"], penalty["weight"]) == ("gradient_penalty", 10.0)


def test_a_game_without_a_choice_of_objectives_refuses_one(people, config):
    with pytest.raises(UsageError, match="'autoencoder' has no setting 'objective'"):
        start(people, replace(config, preset="vae", objective="hinge"))


@pytest.mark.slow
def test_a_budget_becomes_a_length_that_repeats_the_run(people, config, tmp_path):
    started = time.monotonic()
    run = start(people, replace(config, samples_seen=0, budget="2s"))
    again = replace(config, samples_seen=run.training.config.samples_seen, threads=run.n_threads)
    assert run.training.n_steps >= MIN_STEPS
    assert again.samples_seen == run.training.n_steps * run.prepared.game.rules.batch_size
    run.training.shorten(MIN_STEPS)  # the tests have no time for all of it
    records = list(run)
    assert len(records) == MIN_STEPS
    assert time.monotonic() - started < 20
    repeated = start(people, again)
    repeated.training.shorten(MIN_STEPS)
    assert list(repeated) == records


def test_a_budget_too_small_buys_a_few_steps(people, config):
    run = start(people, replace(config, samples_seen=0, budget="0.001s"))
    assert run.training.n_steps == MIN_STEPS


def test_neither_a_budget_nor_the_default_learns_records_by_heart(people, config, monkeypatch):
    monkeypatch.setattr(fit, "calibrated", lambda prepared, deadline: (1, 10**9))
    most = MAX_EPOCHS * 216
    run = start(people, replace(config, samples_seen=0, budget="9h"))
    assert run.training.config.samples_seen == most
    assert any("more than 300 times" in note for note in run.notes)
    assert start(people, replace(config, samples_seen=0)).training.config.samples_seen == most
    assert start(people, replace(config, samples_seen=10**8)).training.config.samples_seen == 10**8


def test_a_run_that_would_be_late_is_shortened_and_can_be_repeated(people, config, monkeypatch):
    clock = itertools.count(time.monotonic(), 50)  # fifty seconds between two looks
    monkeypatch.setattr(fit, "Pace", partial(Pace, clock=lambda: next(clock)))
    monkeypatch.setattr(fit, "calibrated", lambda prepared, deadline: (1, 60 * 216))
    run = start(people, replace(config, samples_seen=0, budget="3s"))
    assert run.training.n_steps == 60
    records = list(run)
    assert len(records) == run.training.n_steps < run.training.length.n_planned
    again = replace(
        config,
        samples_seen=run.training.config.samples_seen,
        shortened=run.summary()["shortened"],
        threads=run.n_threads,
    )
    assert f"--shortened {again.shortened}" in run.repeat()
    assert list(start(people, again))[-1] == records[-1]


def test_only_a_length_in_samples_can_be_shortened(config):
    with pytest.raises(UsageError, match="goes with samples_seen"):
        replace(config, samples_seen=0, epochs=1, shortened="3:5")


# --- The same again ------------------------------------------------------------------------------------


def test_same_seed_same_file_other_seed_another(people, config, tmp_path):
    first = gan_bytes(start(people, config), tmp_path)
    torch.randn(3)  # what else happens in the process does not matter
    assert gan_bytes(start(people, config), tmp_path) == first
    other = gan_bytes(start(people, replace(config, seed=1)), tmp_path)
    assert other != first


@pytest.mark.parametrize("at", [1, 4, 6])
def test_resumed_equals_uninterrupted(people, config, tmp_path, at):
    straight = gan_bytes(start(people, config, folder=tmp_path / "straight"), tmp_path)
    broken(start(people, config, folder=tmp_path / "run"), at)
    resumed = resume(people, tmp_path / "run")
    assert resumed.training.step == at
    assert hashlib.sha256(gan_bytes(resumed, tmp_path)).digest() == hashlib.sha256(straight).digest()
    stats = [(tmp_path / name / "stats.jsonl").read_text() for name in ("straight", "run")]
    assert stats[0] == stats[1]


def test_resuming_a_finished_run_gives_its_model(people, config, tmp_path):
    straight = gan_bytes(start(people, config, folder=tmp_path / "run"), tmp_path)
    assert gan_bytes(resume(people, tmp_path / "run"), tmp_path) == straight


def test_what_a_killed_save_left_is_passed_over(people, config, tmp_path):
    straight = gan_bytes(start(people, config), tmp_path)
    broken(start(people, config, folder=tmp_path / "run"), 3)
    newest = max((tmp_path / "run" / "checkpoints").iterdir())
    newest.with_name(f".{newest.name}.1.part").write_bytes(newest.read_bytes()[:100])
    newest.write_bytes(newest.read_bytes()[:-100])
    assert gan_bytes(resume(people, tmp_path / "run"), tmp_path) == straight


def test_other_data_is_refused(people, config, tmp_path):
    broken(start(people, config, folder=tmp_path / "run"), 2)
    changed = people.copy()
    changed.loc[7, "age"] += 1
    with pytest.raises(DataError, match="other data"):
        resume(changed, tmp_path / "run")
    assert resume(people, tmp_path / "run").training.step == 2


def test_no_fingerprint_leaves_the_run_folder_and_there_it_is_salted(people, config, tmp_path):
    runs = [start(people, config, folder=tmp_path / name) for name in ("one", "other")]
    saved = [(tmp_path / name / "config.json").read_text() for name in ("one", "other")]
    plain = runs[0].prepared.fingerprint
    assert plain == runs[1].prepared.fingerprint
    assert json.loads(saved[0])["fingerprint"] != json.loads(saved[1])["fingerprint"]
    assert not any(plain in text for text in saved)
    content = gan_bytes(runs[0], tmp_path)
    assert plain.encode() not in content
    assert b"fingerprint" not in content


def test_a_run_folder_of_another_version_is_a_clear_error(people, config, tmp_path):
    broken(start(people, config, folder=tmp_path / "run"), 2)
    path = tmp_path / "run" / "config.json"
    saved = json.loads(path.read_text())
    saved["game"].pop("name")  # as folders were before games had names
    path.write_text(json.dumps(saved))
    before = {file: file.read_bytes() for file in (tmp_path / "run").rglob("*") if file.is_file()}
    with pytest.raises(DataError, match="another version"):
        resume(people, tmp_path / "run")
    assert before == {file: file.read_bytes() for file in (tmp_path / "run").rglob("*") if file.is_file()}


@pytest.mark.parametrize("change", [lambda n: f"{n}x", lambda n: n.replace("generator", "decoder")])
def test_a_state_that_does_not_fit_is_a_clear_error(people, config, tmp_path, change):
    broken(start(people, config, folder=tmp_path / "run"), 2)
    checkpoints = Checkpoints(tmp_path / "run" / "checkpoints")
    newest = checkpoints.newest()
    assert newest is not None
    changed = {change(name): value for name, value in newest.tensors.items()}
    checkpoints.save(replace(newest, tensors=changed), is_stop=True)
    with pytest.raises(DataError, match="cannot be taken up again"):
        resume(people, tmp_path / "run")


def test_nothing_to_resume(people, tmp_path):
    with pytest.raises(DataError, match="no run is here"):
        resume(people, tmp_path)


@pytest.mark.parametrize("content", ["{}", '{"fit": 3}', '{"fit": {"sed": 1}, "reading": {}}', "[]"])
def test_a_damaged_run(people, tmp_path, content):
    (tmp_path / "config.json").write_text(content)
    with pytest.raises((DataError, UsageError)):
        resume(people, tmp_path)


def test_an_unfinished_run_is_not_overwritten(people, config, tmp_path):
    broken(start(people, config, folder=tmp_path / "run"), 2)
    with pytest.raises(UsageError, match="--resume"):
        start(people, config, folder=tmp_path / "run")
    assert resume(people, tmp_path / "run").training.step == 2


def test_a_finished_run_is_replaced(people, config, tmp_path):
    gan_bytes(start(people, config, folder=tmp_path / "run"), tmp_path)
    run = start(people, replace(config, seed=1), folder=tmp_path / "run")
    assert run.training.step == 0


def test_run_folder_holds_what_the_run_left(people, config, tmp_path):
    run = start(people, config, folder=tmp_path / "run")
    gan_bytes(run, tmp_path)
    folder = run.folder
    assert folder is not None
    assert [record["step"] for record in folder.stats()] == [1, 2, 3, 4, 5, 6]
    assert len(list((folder.path / "previews").iterdir())) == 6
    assert folder.is_finished
    assert folder.config()["samples_seen"] == config.samples_seen


def test_threads_are_given_back(people, config):
    before = torch.get_num_threads()
    run = start(people, replace(config, threads=2))
    for _ in run:
        assert torch.get_num_threads() == 2
        break
    del run
    assert torch.get_num_threads() == before


def test_a_game_that_breaks_down_says_so(people, config):
    run = start(people, config)
    with torch.no_grad():
        run.prepared.game.players["generator"].parameters[0].fill_(float("nan"))
    run.training._last_good = run.training._checkpoint()
    with pytest.raises(TrainingError, match="Lower the learning rate"):
        list(run)
