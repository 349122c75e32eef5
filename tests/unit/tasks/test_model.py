from __future__ import annotations

import hashlib
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from gansmith.errors import DataError, ModelFileError, UsageError
from gansmith.store import as_json
from gansmith.store.model_file import read_model_file, write_model_file
from gansmith.tasks.model import Model, load_model
from gansmith.tasks.runs.fit import FitConfig, resume, start
from gansmith.tasks.synthesize import Synthesizer

STORED = Path(__file__).parents[2] / "stored"
"""Files that older versions wrote, and what they made of them."""


def frame(records) -> pd.DataFrame:
    return records.records.to_pandas()


@pytest.fixture
def path(model, tmp_path):
    path = tmp_path / "people.gan"
    model.save(path)
    return path


def test_a_model_goes_round(model, path):
    loaded = load_model(path)
    assert frame(loaded.sample(50)).equals(frame(model.sample(50)))
    assert loaded.digest == model.save(path)
    assert loaded.save(path) == loaded.digest
    assert loaded.manifest == json.loads(as_json(model.manifest))


def test_blocks_do_not_depend_on_how_many_are_made(model, monkeypatch):
    monkeypatch.setattr(type(model.codec), "block_size", 64)
    thousand = frame(model.sample(1000))
    assert len(thousand) == 1000
    for n in (1, 63, 64, 65, 100, 640):
        assert frame(model.sample(n)).equals(thousand.head(n)), n
    assert [len(block) for block in model.blocks(150)] == [64, 64, 22]


def test_another_seed_other_records(model):
    assert not frame(model.sample(50)).equals(frame(model.sample(50, seed=1)))


def test_no_records(model, people):
    none = frame(model.sample(0))
    assert len(none) == 0
    assert list(none.columns) == list(people.columns)
    assert list(model.blocks(0)) == []
    with pytest.raises(UsageError, match="-1 records"):
        model.sample(-1)


def test_wishes_hold(model):
    made = frame(model.sample(200, where={"city": "Oslo"}))
    assert (made["city"] == "Oslo").all()
    assert made["age"].nunique() > 1
    with pytest.raises(UsageError, match="Did you mean 'city'"):
        model.sample(5, where={"citty": "Oslo"})


def test_discriminator_scores_are_probabilities_one_per_record(model, people):
    records = model.sample(30)
    discriminator_scores = model.realism(records)
    assert discriminator_scores.shape == (30,)
    assert ((discriminator_scores > 0) & (discriminator_scores < 1)).all()
    readings = {**model.manifest["training"]["readings"], "decision_threshold": 100.0}
    training = {**model.manifest["training"], "readings": readings}
    shifted = replace(model, manifest={**model.manifest, "training": training})
    assert (shifted.realism(records) < discriminator_scores).all()


def test_sampling_only(model, tmp_path, path):
    small = tmp_path / "small.gan"
    model.save(small, sampling_only=True)
    assert small.stat().st_size < path.stat().st_size
    loaded = load_model(small)
    assert set(loaded.networks) == {"generator"}
    assert frame(loaded.sample(20)).equals(frame(model.sample(20)))
    with pytest.raises(UsageError, match="saved for sampling only"):
        loaded.realism(loaded.sample(5))


def test_saving_where_one_cannot(model, tmp_path):
    with pytest.raises(DataError, match="could not be written"):
        model.save(tmp_path / "none" / "people.gan")


# --- Files whose frame is whole and whose content is not -----------------------------------------------


@pytest.fixture
def forged(path, tmp_path):
    """`forged(manifest=..., codec=..., tensors=...)`: the model with parts changed, every digest right."""

    def forge(manifest=None, codec=None, tensors=None, state=None):
        file = read_model_file(path)
        values, found = json.loads(json.dumps(file.manifest)), file.state() if state is None else state[0]
        held = {**file.tensors("codec/")}
        held = {f"codec/{name}": value for name, value in held.items()}
        held |= {f"networks/{name}": value for name, value in file.tensors("networks/").items()}
        if manifest:
            manifest(values)
        if codec:
            codec(found)
        if tensors:
            tensors(held)
        write_model_file(tmp_path / "forged.gan", values, found, held)
        return tmp_path / "forged.gan"

    return forge


def test_a_forgery_without_a_change_is_read(forged, model):
    assert frame(load_model(forged()).sample(10)).equals(frame(model.sample(10)))


def change(*keys, to):
    """A function that sets a value deep in plain JSON."""

    def apply(values):
        for key in keys[:-1]:
            values = values[key]
        values[keys[-1]] = to

    return apply


@pytest.mark.parametrize(
    "apply",
    [
        change("kind", to="tabel"),
        change("kind", to=["table"]),
        change("kind", to={}),
        change("networks", to=[]),
        change("networks", "generator_widths", to=[10**12]),
        change("networks", "generator_widths", to=[8192]),
        change("networks", "generator_widths", to=["128"]),
        change("networks", "generator_widths", to=[]),
        change("networks", "generator_widths", to=[64] * 17),
        change("networks", "activation", to="softmax"),
        change("networks", "discriminator_widths", to=[8192] * 17),
        change("networks", "temperature", to=0),
        change("networks", "extra", to=1),
        change("game", "n_latents", to=10**12),
        change("game", "n_latents", to=64),
        change("game", "n_latents", to="many"),
        change("game", "precision", to="float8"),
        change("game", to=None),
        change("training", to={}),
        change("training", "readings", to={"decision_threshold": "left"}),
        change("training", "readings", to=None),
        change("game", "name", to="solitaire"),
        change("game", "name", to="autoencoder"),
        change("game", "name", to="domains"),
        change("game", "name", to=["adversarial"]),
        change("game", "terms", to=[{"name": "terms"}]),
        change("training", "ensemble_size", to=0),
        change("training", "ensemble_size", to=1),
        change("training", "ensemble_size", to=65),
        change("training", "ensemble_size", to=True),
        change("training", "ensemble_size", to="5"),
        change("fit", to=None),
        change("target", to=3),
    ],
)
def test_absurd_manifests(forged, apply):
    with pytest.raises(ModelFileError, match="forged"):
        load_model(forged(manifest=apply))


@pytest.mark.parametrize(
    "key", ["kind", "networks", "game", "training", "fit", "target", "data", "versions", "options"]
)
def test_a_manifest_that_lacks_something(forged, key):
    with pytest.raises(ModelFileError):
        load_model(forged(manifest=lambda values: values.pop(key)))


def columns_changed(**changes):
    def apply(state):
        for column in state["columns"]:
            column.update({key: value for key, value in changes.items() if key in column})

    return apply


@pytest.mark.parametrize(
    "apply",
    [
        columns_changed(n_quantiles=10**12),
        columns_changed(n_quantiles=10**6),
        columns_changed(n_quantiles=-5),
        columns_changed(n_quantiles="20"),
        columns_changed(codec="pickle"),
        change("columns", to=[]),
        change("columns", to=None),
        change("schema", to=None),
        change("schema", to=[1]),
    ],
)
def test_absurd_codecs(forged, apply):
    with pytest.raises(ModelFileError):
        load_model(forged(codec=apply))


@pytest.mark.parametrize("state", [None, [], 3, "codec", {}])
def test_a_codec_that_is_none(forged, state):
    with pytest.raises(ModelFileError):
        load_model(forged(state=[state]))


def reshaped(tensors, name):
    tensors[name] = tensors[name][..., :-1].contiguous()


@pytest.mark.parametrize("network", ["generator", "discriminator"])
@pytest.mark.parametrize(
    "change_weights",
    [
        reshaped,
        lambda tensors, name: tensors.update({f"{name}.more": torch.ones(1)}),
        lambda tensors, name: tensors.pop(name),
        lambda tensors, name: tensors.update({name: tensors[name].double()}),
        lambda tensors, name: tensors.update({name: tensors[name].int()}),
        lambda tensors, name: tensors.update({name: tensors[name].bool()}),
    ],
)
def test_weights_of_another_network(forged, network, change_weights):
    def apply(tensors):
        change_weights(tensors, next(name for name in tensors if f"networks/{network}/" in name))

    with pytest.raises(ModelFileError, match="does not hold the weights"):
        load_model(forged(tensors=apply))


@pytest.mark.parametrize("network", ["spy", "decoder", "generator2"])
def test_a_network_that_the_game_does_not_know(forged, network):
    with pytest.raises(ModelFileError):
        load_model(forged(tensors=lambda tensors: tensors.update({f"networks/{network}/w": torch.ones(1)})))


def test_without_the_networks_that_generate(forged):
    def apply(tensors):
        for name in [name for name in tensors if name.startswith("networks/generator/")]:
            del tensors[name]

    with pytest.raises(ModelFileError, match="its networks are"):
        load_model(forged(tensors=apply))


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_weights_that_are_no_numbers(forged, number):
    def apply(tensors):
        tensors[next(name for name in tensors if name.endswith("level_knots"))][0, 0] = number

    with pytest.raises(ModelFileError, match="no finite numbers"):
        load_model(forged(tensors=apply))


def test_a_damaged_byte_in_the_weights(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelFileError):
        load_model(path)


def test_codec_tensors_for_a_column_that_is_not_there(forged):
    more = {"codec/99/knots": torch.zeros(2), "codec/x": torch.ones(1)}
    with pytest.raises(ModelFileError):
        load_model(forged(tensors=lambda tensors: tensors.update(more)))


def test_the_digest_stands_for_the_content(model, path, tmp_path):
    other: Model = replace(model, manifest={**model.manifest, "target": "city"})
    assert other.save(tmp_path / "other.gan") != load_model(path).digest
    assert len(load_model(path).digest) == hashlib.sha256().digest_size * 2


# --- Older formats -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "number"), [("table", 2), ("table", 3), ("table", 5), ("image", 2), ("image", 3), ("image", 4)]
)
def test_a_stored_file_of_an_older_format_makes_the_records_it_made_then(kind, number):
    name = f"{kind}-format-{number}"
    model = load_model(STORED / f"{name}.gan")
    assert set(model.networks) == {"generator", "discriminator"}
    assert "fingerprint" not in model.manifest["data"]
    if kind == "image":
        expected = np.loadtxt(STORED / f"{name}.csv", dtype=int, delimiter=",")
        assert np.array_equal(model.sample(2, 7).pixels.reshape(2, -1), expected)
    else:
        expected = pd.read_csv(STORED / f"{name}.csv", keep_default_na=False)
        made = frame(model.sample(40, 7)).astype(object)
        assert made.where(made.notna(), "").astype(str).equals(expected.astype(str))
        assert model.manifest["training"]["ensemble_size"] == 2
        assert 0 < model.realism(model.sample(5)).mean() < 1


@pytest.mark.parametrize("number", [2, 3])
def test_an_upgraded_model_is_written_in_the_present_format(tmp_path, number):
    old = load_model(STORED / f"table-format-{number}.gan")
    digest = old.save(tmp_path / "new.gan")
    new = load_model(tmp_path / "new.gan")
    assert new.digest == digest
    assert new.manifest == old.manifest
    assert frame(new.sample(20)).equals(frame(old.sample(20)))
    assert not (tmp_path / "new.gan").read_bytes().startswith(b"PK")


def test_a_fine_tuning_of_a_model_of_format_2_is_resumed_bit_for_bit(tmp_path):
    old = load_model(STORED / "table-format-2.gan")
    data, config = frame(old.sample(300, 1)), FitConfig(samples_seen=900, threads=1)
    whole = start(data, config, origin=old, folder=tmp_path / "whole")
    straight = [record.step for record in whole]
    for record in start(data, config, origin=old, folder=tmp_path / "run"):
        if record.step == 2:
            break
    again = resume(data, tmp_path / "run")
    assert [record.step for record in again] == straight[2:]
    assert again.model().save(tmp_path / "a.gan") == whole.model().save(tmp_path / "b.gan")
    assert load_model(tmp_path / "a.gan").manifest["origin"] == old.digest


@pytest.mark.parametrize("number", [2, 3])
def test_a_model_of_an_older_format_can_be_fine_tuned(number):
    old = load_model(STORED / f"table-format-{number}.gan")
    data = frame(old.sample(300, 1))
    learnt = Synthesizer(samples_seen=900, threads=1).fit(data, start_from=old)
    assert learnt.model_.manifest["origin"] == old.digest
    assert learnt.model_.manifest["game"]["n_latents"] == 4
    networks = json.loads(as_json(learnt.model_.manifest["networks"]))
    added = {"activation": "leaky_relu", "weights": "lecun", "completion_width": 0}
    added |= {"minibatch": "none", "spectral_norm": False}
    assert networks == {**added, **old.manifest["networks"]}
