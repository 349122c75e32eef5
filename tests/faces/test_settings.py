"""Every setting is changed from the command line, from Python and from a TOML file, and means the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import gansmith
from gansmith.errors import UsageError
from gansmith.faces.cli import run
from gansmith.modalities.registry import KINDS
from gansmith.settings import from_plain, settings_of, to_plain
from gansmith.tasks import synthesize
from gansmith.tasks.model import load_model
from gansmith.tasks.runs.fit import start
from gansmith.tasks.runs.settings import FitConfig

BASE = {"samples_seen": 400, "threads": 1, "preset": "small"}
GENERAL: dict[str, tuple[Any, list[str]]] = {
    "kind": ("table", ["--kind", "table"]),
    "preset": ("small", ["--preset", "small"]),
    "budget": ("2s", ["--budget", "2s"]),
    "samples_seen": (800, ["--samples-seen", "800"]),
    "epochs": (2.0, ["--epochs", "2"]),
    "seed": (7, ["--seed", "7"]),
    "device": ("cpu", ["--device", "cpu"]),
    "threads": (2, ["--threads", "2"]),
    "shortened": ("1:2", ["--shortened", "1:2"]),
    "latents": ("root", ["--latents", "root"]),
    "latent_distribution": ("uniform", ["--latent-distribution", "uniform"]),
    "generator_widths": ([24, 16], ["--generator-widths", "24,16"]),
    "discriminator_widths": ("halfway", ["--discriminator-widths", "halfway"]),
    "activation": ("tanh", ["--activation", "tanh"]),
    "weights": ("he", ["--weights", "he"]),
    "batch_size": (50, ["--batch-size", "50"]),
    "learning_rate": (0.01, ["--learning-rate", "0.01"]),
    "generator_learning_rate": (0.01, ["--generator-learning-rate", "0.01"]),
    "discriminator_learning_rate": (0.02, ["--discriminator-learning-rate", ".02"]),
    "optimiser": ("rmsprop", ["--optimiser", "rmsprop"]),
    "beta1": (0.5, ["--beta1", "0.5"]),
    "beta2": (0.9, ["--beta2", "0.9"]),
    "n_discriminator_turns": (2, ["--n-discriminator-turns", "2"]),
    "n_generator_turns": (2, ["--n-generator-turns", "2"]),
    "turns": ("fresh", ["--turns", "fresh"]),
    "average_half_life_samples": (100.0, ["--average-half-life-samples", "100"]),
    "objective": ("wasserstein", ["--objective", "wasserstein"]),
    "penalties": ({"r1": 0.5, "r2": 0.1}, ["--penalty", "r1=.5", "--penalty", "r2=0.1"]),
    "weight_clip": (0.1, ["--weight-clip", "0.1"]),
    "spectral_norm": (True, ["--spectral-norm"]),
    "n_packed": (2, ["--packed", "2"]),
    "minibatch": ("deviation", ["--minibatch", "deviation"]),
    "replay_share": (0.5, ["--replay", "0.5"]),
    "input_noise": (0.1, ["--input-noise", ".1"]),
    "augmentations": (
        {"mask": 0.3, "jitter": 0.1},
        ["--augmentation", "mask=.3", "--augmentation", "jitter=.1"],
    ),
    "augmentation_target": (0.6, ["--augmentation-target", ".6"]),
    "label_smoothing": (0.1, ["--label-smoothing", "0.1"]),
    "terms": ({"feature_matching": 1.0}, ["--term", "feature_matching=1"]),
    "n_unrolled": (2, ["--unrolled", "2"]),
    "combined_batch": (True, ["--combined-batch"]),
    "patience": (3, ["--patience", "3"]),
    "cures": (True, ["--cures"]),
}
OF_TABLES: dict[str, tuple[Any, list[str]]] = {
    "has_header": (False, ["--no-header"]),
    "encoding": ("cp1252", ["--encoding", "cp1252"]),
    "missing": (["n.v.", "-9"], ["--missing", "n.v.", "--missing", "-9"]),
    "columns": ({"city": "text", "a:b": "category"}, ["--column", "city:text", "--column", "a:b:category"]),
    "where": (["age>30"], ["--where", "age>30"]),
    "finds_constraints": (False, ["--no-constraints"]),
    "locale": ("de_DE", ["--locale", "de_DE"]),
    "min_count": (2, ["--min-count", "2"]),
}
"""Those that can be spelt on the command line without a file; schemas have tests of their own."""


@pytest.fixture
def data(tmp_path) -> Path:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"age": rng.integers(20, 60, 200), "city": rng.choice(["Ulm", "Rom"], 200)})
    frame.to_csv(tmp_path / "people.csv", index=False)
    return tmp_path / "people.csv"


@pytest.fixture
def asked(monkeypatch):
    """What a fit is started with, instead of starting it."""
    found: list[tuple[FitConfig, dict[str, Any]]] = []

    def stop(source, config, **others):
        found.append((config, {}))
        raise UsageError("far enough")

    monkeypatch.setattr(synthesize, "start", stop)  # first: it has taken the name from the other
    monkeypatch.setattr("gansmith.tasks.runs.fit.start", stop)
    return found


def test_every_setting_is_tried():
    assert set(GENERAL) == {one.name for one in settings_of(FitConfig)}
    spelt = {one.name for one in settings_of(KINDS["table"].options) if "fit" in one.offered.commands}
    assert set(OF_TABLES) == spelt - {"schema", "schema_table", "constraints"}


@pytest.mark.parametrize("name", GENERAL)
def test_a_setting_comes_from_everywhere(name, data, asked, tmp_path):
    value, words = GENERAL[name]
    others = {"samples_seen": 400} if name == "shortened" else {}
    spelt = ["--samples-seen", "400"] if name == "shortened" else []
    toml = tmp_path / "run.toml"
    toml.write_text("\n".join(f"{key} = {_toml(item)}" for key, item in {**others, name: value}.items()))
    command = ["fit", str(data), "-o", str(tmp_path / "m.gan")]
    assert run([*command, *spelt, *words]) == 2
    assert run([*command, "--config", str(toml)]) == 2
    with pytest.raises(UsageError, match="far enough"):
        gansmith.Synthesizer(**others, **{name: tuple(value) if isinstance(value, list) else value}).fit(data)
    (shell, _), (file, _), (python, _) = asked
    assert shell == file == python
    assert shell != FitConfig()
    assert from_plain(FitConfig, json.loads(json.dumps(to_plain(shell)))) == shell


@pytest.mark.parametrize("name", OF_TABLES)
def test_an_option_of_a_kind_comes_from_everywhere(name, data, monkeypatch, tmp_path):
    value, words = OF_TABLES[name]
    found: list[Any] = []

    def read(self, source, options):
        found.append(options)
        raise UsageError("far enough")

    monkeypatch.setattr("gansmith.modalities.table.format.TableFormat.read", read)
    toml = tmp_path / "run.toml"
    toml.write_text(f"seed = 3\n[table]\n{name} = {_toml(value)}\n")
    command = ["fit", str(data), "-o", str(tmp_path / "m.gan")]
    assert run([*command, *words]) == 2
    assert run([*command, "--config", str(toml)]) == 2
    with pytest.raises(UsageError, match="far enough"):
        gansmith.Synthesizer().fit(data, **{name: value})
    assert found[0] == found[1] == found[2]
    assert found[0] != KINDS["table"].options()


TUNED = {name: value for name, (value, _) in GENERAL.items() if name not in ("kind", "device", "preset")}
APART = ("budget", "samples_seen", "epochs", "seed", "threads", "shortened", "patience")


@pytest.mark.parametrize("kind", ["table", "image"])
@pytest.mark.parametrize("name", [name for name in TUNED if name not in APART])
def test_every_choice_reaches_the_game_of_every_kind(kind, name):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"age": rng.integers(20, 60, 100), "city": rng.choice(["Ulm", "Rom"], 100)})
    source = frame if kind == "table" else rng.integers(0, 17, (60, 4, 4)).astype(np.uint8)
    usual: dict[str, Any] = {"samples_seen": 200, "threads": 1}
    if name == "combined_batch":
        usual["objective"] = "hinge"
    if name == "augmentation_target":
        usual["augmentations"] = {"mask": 0.3}
    plain, chosen = (
        start(source, from_plain(FitConfig, {**usual, **more})).prepared for more in ({}, {name: TUNED[name]})
    )
    ours, theirs = ((one.manifest["game"], one.manifest["networks"]) for one in (plain, chosen))
    is_default = kind == "image" and name == "turns" and ours[0]["turns"] == "fresh"
    assert ours != theirs or is_default
    run_of = start(source, from_plain(FitConfig, {**usual, name: TUNED[name]}))
    assert all(np.isfinite(list(record.losses.values())).all() for record in run_of)


def test_an_objective_brings_its_penalty_and_a_penalty_goes_before_it():
    pixels = np.random.default_rng(0).integers(0, 17, (60, 4, 4)).astype(np.uint8)

    def penalties(**chosen: Any) -> dict[str, float]:
        config = FitConfig(preset="article", samples_seen=100, **chosen)
        game = start(pixels, config).prepared.manifest["game"]
        return {one["name"]: one["weight"] for one in game["penalties"]}

    assert penalties() == {}
    assert penalties(objective="wasserstein") == {"gradient_penalty": 10.0}
    assert penalties(objective="relativistic") == {"r1": 1.0, "r2": 1.0}
    assert penalties(objective="wasserstein", penalties={"r1": 2.0}) == {"r1": 2.0}
    assert penalties(objective="wasserstein", penalties={}, weight_clip=0.01) == {}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--objective", "hinje"], "Did you mean 'hinge'"),
        (["--penalty", "r3=1"], "Known: 'r1', 'r2', "),
        (["--penalty", "r1"], "--penalty 'r1': write NAME=WEIGHT"),
        (["--penalty", "r1=much"], "penalties.r1 must be a number, not 'much'"),
        (["--activation", "tahn"], "activation 'tahn' is not known. Did you mean 'tanh'"),
        (["--generator-widths", "32,zero"], "generator_widths"),
        (["--latents", "999999999"], "latents must be"),
        (["--threads", "100000"], "threads must be 1024 or less"),
        (["--schema-table", "guests"], "goes with a schema"),
        (["--penalty", "none", "--penalty", "r1=1"], "--penalty none stands alone"),
        (["--latents", "0"], "latents must be"),
        (["--latents", "rot"], "Did you mean 'root'"),
        (["--batch-size", "-3"], "batch_size must be more than 0, not -3"),
        (["--beta1", "1"], "beta1 must be less than 1"),
        (["--turns", "one_pass", "--n-generator-turns", "2"], "one_pass"),
        (
            ["--kind", "image", "--min-count", "3"],
            "'min_count' is for data of kind 'series' or 'relational' or",
        ),
        (["--optimizer", "sgd"], "No such option: --optimizer"),
        (["--preset", "vae", "--objective", "hinge"], "the game 'autoencoder' has no setting 'objective'"),
    ],
)
def test_wrong_choices_say_what_was_wanted(words, said, data, tmp_path, capsys):
    assert run(["fit", str(data), "-o", str(tmp_path / "m.gan"), *words]) == 2
    assert said in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "m.gan").exists()


def test_a_file_may_have_sections_for_several_kinds(data, tmp_path, monkeypatch):
    (tmp_path / "run.toml").write_text(
        "samples_seen = 200\n[image]\nhas_header = false\n[table]\nmin_count = 2\n"
    )
    pixels = tmp_path / "pictures.csv"
    pixels.write_text("\n".join(",".join(["0", "1"] * 8 + ["2"]) for _ in range(30)))
    for source, expected in ((data, (None, 2)), (pixels, (False, None))):
        target = tmp_path / f"{source.stem}.gan"
        assert run(["fit", str(source), "-o", str(target), "--config", str(tmp_path / "run.toml")]) == 0
        options = load_model(target).manifest["options"]
        assert (options["has_header"], options.get("min_count")) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("target = 5", "target must be a text, the name of a column, not 5"),
        ("[tabel]\nmin_count = 2", "there is no kind of data 'tabel'. Did you mean 'table'?"),
        ("[table]\nmin_count = 'x'", "[table] min_count must be a whole number"),
        ("[table]\nmin_cuont = 2", "[table] there is no option 'min_cuont'. Did you mean 'min_count'?"),
        ("penaltys = {r1 = 1.0}", "there is no kind of data 'penaltys'"),
        ("min_count = 2", "'min_count' is for data of kind 'series' or 'relational' or"),
        ("sed = 1", "there is no setting 'sed'. Did you mean 'seed'?"),
        ("seed = ", "Invalid value"),
    ],
)
def test_a_wrong_file_says_where(text, said, data, tmp_path, capsys):
    (tmp_path / "run.toml").write_text(text)
    assert run(["fit", str(data), "-o", str(tmp_path / "m.gan"), "--config", str(tmp_path / "run.toml")]) == 2
    shown = capsys.readouterr().err
    assert f"--config {tmp_path / 'run.toml'}: " in shown
    assert said in shown


def test_numbers_of_a_grid_are_numbers(data, asked):
    grid = {"generator_widths": (np.int64(8),), "latents": np.int64(4), "learning_rate": np.float32(0.5)}
    with pytest.raises(UsageError, match="far enough"):
        gansmith.Synthesizer().set_params(**grid).fit(data)
    assert asked[0][0] == FitConfig(generator_widths=(8,), latents=4, learning_rate=0.5)
    with pytest.raises(UsageError, match=r"latents is a setting of the run: give it to Synthesizer\(latents"):
        gansmith.Synthesizer().fit(data, latents=3)


def test_all_penalties_are_switched_off_from_the_command_line(data, asked, tmp_path):
    assert run(["fit", str(data), "-o", str(tmp_path / "m.gan"), "--penalty", "none"]) == 2
    assert asked[0][0].penalties == {}


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{key}" = {_toml(item)}' for key, item in value.items()) + "}"
    return json.dumps(value)


def test_the_weight_of_penalties_may_be_left_to_short_runs(data, asked, tmp_path):
    assert run(["fit", str(data), "-o", str(tmp_path / "m.gan"), "--penalty", "auto"]) == 2
    assert asked[0][0].penalties == "auto"
    assert (
        run(["fit", str(data), "-o", str(tmp_path / "m.gan"), "--penalty", "auto", "--penalty", "r1=1"]) == 2
    )
    assert len(asked) == 1
