from __future__ import annotations

import hashlib
import json
import math
from dataclasses import replace

import pandas as pd
import pytest
import safetensors.torch
import torch

from gansmith.errors import DataError, ModelFileError, UsageError
from gansmith.store.archive import read_archive, write_archive
from gansmith.store.plain import as_json
from gansmith.tasks.model import Model, load_model


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
    monkeypatch.setattr(type(model.modality), "block_size", lambda self, codec: 64)
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


def test_opinions_are_probabilities_one_per_record(model, people):
    records = model.sample(30)
    opinions = model.opinions(records)
    assert opinions.shape == (30,)
    assert ((opinions > 0) & (opinions < 1)).all()
    shifted = replace(
        model, manifest={**model.manifest, "training": {**model.manifest["training"], "border": 100.0}}
    )
    assert (shifted.opinions(records) < opinions).all()


def test_sampling_only(model, tmp_path, path):
    small = tmp_path / "small.gan"
    model.save(small, sampling_only=True)
    assert small.stat().st_size < path.stat().st_size
    loaded = load_model(small)
    assert loaded.discriminator is None
    assert frame(loaded.sample(20)).equals(frame(model.sample(20)))
    with pytest.raises(UsageError, match="saved for sampling only"):
        loaded.opinions(loaded.sample(5))


def test_saving_where_one_cannot(model, tmp_path):
    with pytest.raises(DataError, match="could not be written"):
        model.save(tmp_path / "none" / "people.gan")


# --- Files whose frame is whole and whose content is not -----------------------------------------------


@pytest.fixture
def forged(path, tmp_path):
    """`forged(manifest=..., codec=...)`: the model with its parts changed, and every digest right."""

    def forge(manifest=None, codec=None, members=None):
        archive = read_archive(path)
        values = {key: value for key, value in archive.manifest.items() if key not in ("format", "sha256")}
        values = json.loads(json.dumps(values))
        state = archive.json("codec.json")
        if manifest:
            manifest(values)
        if codec:
            codec(state)
        changed = {**archive.members, "codec.json": as_json(state), **(members or {})}
        write_archive(tmp_path / "forged.gan", values, changed)
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
        change("networks", "generator_width", to=10**12),
        change("networks", "generator_width", to=8192),
        change("networks", "generator_width", to="128"),
        change("networks", "n_blocks", to=8192),
        change("networks", "n_latents", to=-1),
        change("networks", "discriminator_widths", to=[8192] * 17),
        change("networks", "temperature", to=0),
        change("networks", "extra", to=1),
        change("game", "n_latents", to=10**12),
        change("game", "n_latents", to=64),
        change("game", "n_latents", to="many"),
        change("game", "precision", to="float8"),
        change("game", to=None),
        change("training", to={}),
        change("training", "border", to="left"),
        change("training", "n_members", to=0),
        change("training", "n_members", to=1),
        change("training", "n_members", to=65),
        change("training", "n_members", to=True),
        change("training", "n_members", to="5"),
        change("fit", to=None),
        change("target", to=3),
    ],
)
def test_absurd_manifests(forged, apply):
    with pytest.raises(ModelFileError, match="forged"):
        load_model(forged(manifest=apply))


@pytest.mark.parametrize("key", ["kind", "networks", "game", "training", "fit", "target"])
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
        load_model(forged(members={"codec.json": as_json(state)}))


@pytest.mark.parametrize("name", ["generator.safetensors", "discriminator.safetensors"])
def test_weights_of_another_network(forged, path, name):
    weights = read_archive(path).tensors(name)
    first = next(iter(weights))
    for changed in (
        {**weights, first: weights[first][..., :-1].contiguous()},
        {**weights, "more": torch.ones(1)},
        {key: value for key, value in weights.items() if key != first},
    ):
        with pytest.raises(ModelFileError, match="does not hold the weights"):
            load_model(forged(members={name: safetensors.torch.save(changed)}))


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_weights_that_are_no_numbers(forged, path, number):
    weights = read_archive(path).tensors("generator.safetensors")
    knots = next(key for key in weights if key.endswith("level_knots"))
    weights[knots][0, 0] = number
    with pytest.raises(ModelFileError, match="no finite numbers"):
        load_model(forged(members={"generator.safetensors": safetensors.torch.save(weights)}))


@pytest.mark.parametrize("dtype", [torch.float64, torch.int32, torch.bool])
def test_weights_of_another_type(forged, path, dtype):
    name = "generator.safetensors"
    weights = {key: value.to(dtype) for key, value in read_archive(path).tensors(name).items()}
    with pytest.raises(ModelFileError):
        load_model(forged(members={name: safetensors.torch.save(weights)}))


def test_a_damaged_byte_in_the_weights(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelFileError):
        load_model(path)


def test_codec_tensors_for_a_column_that_is_not_there(forged):
    tensors = {"99/knots": torch.zeros(2), "x": torch.ones(1)}
    with pytest.raises(ModelFileError):
        load_model(forged(members={"codec.safetensors": safetensors.torch.save(tensors)}))


def test_the_digest_stands_for_the_content(model, path, tmp_path):
    other: Model = replace(model, manifest={**model.manifest, "target": "city"})
    assert other.save(tmp_path / "other.gan") != load_model(path).digest
    assert len(load_model(path).digest) == hashlib.sha256().digest_size * 2
