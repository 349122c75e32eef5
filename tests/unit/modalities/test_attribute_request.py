"""Requests to models whose records have attributes: conditions, turns, doubts, blocks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from torch import nn

from gansmith.engine.games.adversarial import AdversarialRules
from gansmith.errors import UsageError
from gansmith.modalities.attribute_codec import AttributeCodec
from gansmith.modalities.attribute_request import AttributeRequest, request_for
from gansmith.modalities.attributes import Attributes, HasAttributes
from gansmith.modalities.capabilities import ConditionalBlock, Origins, Request
from gansmith.modalities.image.codec import ImageCodec
from gansmith.modalities.image.networks import ImageNetworks
from gansmith.modalities.image.pictures import Form, Pictures
from gansmith.modalities.recipe import AbstractCodec, AbstractRecipe
from gansmith.modalities.registry import find_modality
from gansmith.tabular.where import Where
from gansmith.tasks.model import Model


def creatures() -> Attributes:
    """Of 200 cats and 200 dogs, 10 hens; what is tame is not known of all; hens are light."""
    rng = np.random.default_rng(0)
    kind = np.repeat(["cat", "dog", "hen"], [200, 200, 10]).astype(object)
    tame = np.where(rng.random(410) < 0.5, "yes", "no").astype(object)
    tame[::10] = None
    weight = np.where(kind == "hen", rng.uniform(1, 3, 410), rng.uniform(4, 40, 410))
    return Attributes({"kind": kind, "tame": tame, "weight": weight})


@pytest.fixture(scope="module")
def codec() -> AttributeCodec:
    return AttributeCodec.fit(creatures())


def free():
    raise AssertionError("nothing has to be made to know it")


def asked(codec: AttributeCodec, where: Where, balance: str) -> AttributeRequest:
    """The request, where there is one."""
    request = request_for(codec, where, balance)
    assert request is not None
    return request


def told(request: AttributeRequest, size: int, first: int, n_records: int, seed: int) -> torch.Tensor:
    """What the generator is told of a block."""
    fresh = Origins(torch.zeros(size, 2), torch.zeros(size, dtype=torch.int64))
    condition = request.block(size, first, n_records, seed).ask(fresh).condition
    assert condition is not None
    return condition


def made(request: AttributeRequest, size: int = 300, first: int = 0, seed: int = 7) -> Attributes:
    """The attributes that pictures of a block get."""
    block = request.block(size, first, size, seed)
    block.take(torch.zeros(size, 4))
    return block.settled(Pictures.of(np.zeros((size, 2, 2), np.uint8))).attributes


def test_a_block_asks_once_and_its_records_are_what_was_asked(codec):
    request = asked(codec, ["kind=hen", "weight<2"], "")
    assert isinstance(request, Request)
    block = request.block(8, 0, 3, 1)
    assert not block.is_done
    fresh = Origins(torch.zeros(8, 2), torch.zeros(8, dtype=torch.int64))
    question = block.ask(fresh)
    assert question.origins is fresh
    compact = torch.arange(32.0).reshape(8, 4)
    block.take(compact)
    assert block.is_done
    assert block.compact is compact
    assert isinstance(block, ConditionalBlock)
    settled = block.settled(Pictures.of(np.zeros((3, 2, 2), np.uint8)))
    assert settled.labels is None
    assert len(settled) == 3
    assert isinstance(settled, HasAttributes)
    assert question.condition is not None
    assert set(settled.attributes.columns["kind"]) == {"hen"}
    assert (settled.attributes.columns["weight"] < 2).all()
    assert torch.equal(codec.encode(settled.attributes), question.condition[:3])


def test_a_record_is_a_function_of_seed_and_position(codec):
    request = asked(codec, ["weight>3"], "tame")
    again = asked(codec, {"weight": {">": 3}}, "tame")
    wanted = told(request, 16, 32, 16, 5)
    for other in (told(again, 16, 32, 2, 5), told(request, 16, 32, 1, 5)):
        assert torch.equal(other, wanted)
    assert not torch.equal(told(request, 16, 32, 16, 6), wanted)


def test_conditions_are_drawn_when_nothing_is_asked(codec):
    request = asked(codec, {}, "")
    assert request.texts == ()
    assert request.doubts(5, free) == ()
    found = made(request, 4000).columns
    assert np.mean(found["kind"] == "cat") == pytest.approx(200 / 410, abs=0.03)
    assert np.mean([value is None for value in found["tame"]]) == pytest.approx(0.1, abs=0.02)
    assert found["weight"][found["kind"] == "hen"].mean() < 6


def test_without_attributes_nothing_is_asked_and_nothing_can_be():
    empty = AttributeCodec.fit(Attributes())
    assert request_for(empty, {}, "") is None
    for where, balance in ((["kind=hen"], ""), ({"kind": "hen"}, ""), ("kind=hen", ""), ({}, "kind")):
        with pytest.raises(UsageError, match="learnt without labels: 'kind"):
            request_for(empty, where, balance)


@pytest.mark.parametrize(
    ("where", "values"),
    [
        ([], ["cat", "dog", "hen"]),
        (["kind=hen", "kind=cat"], ["cat", "hen"]),
        (["kind!=cat"], ["dog", "hen"]),
        (["weight<=3"], ["cat", "dog", "hen"]),  # what never was is made all the same: it is asked for
    ],
)
def test_balanced_values_take_turns(codec, where, values):
    found = made(asked(codec, where, "kind"), 60, first=7).columns
    assert found["kind"].tolist() == [values[(7 + k) % len(values)] for k in range(60)]
    if where == ["weight<=3"]:
        assert (found["weight"] <= 3).all()
    else:
        assert (found["weight"][found["kind"] == "hen"] <= 4).all()


def test_what_is_unknown_takes_no_turn(codec):
    assert made(asked(codec, [], "tame"), 4).columns["tame"].tolist() == ["no", "yes", "no", "yes"]
    with pytest.raises(UsageError, match="none can be balanced"):
        request_for(codec, ["tame="], "tame")


@pytest.mark.parametrize(
    ("where", "balance", "message"),
    [
        (["knd=cat"], "", "There is no column 'knd'. Did you mean 'kind'?"),
        (["kind=catt"], "", "Did you mean 'cat'?"),
        (["weight>41"], "", "Learnt were values from"),
        ([], "knd", "attribute 'knd' is not known. Did you mean 'kind'?"),
        ([], "weight", "'weight' is a number"),
    ],
)
def test_what_is_not_known_is_refused(codec, where, balance, message):
    with pytest.raises(UsageError) as error:
        request_for(codec, where, balance)
    assert message in str(error.value)


def test_texts_say_what_was_asked(codec):
    spelt = ("kind=cat", "kind=dog", "tame=", "weight>=5")
    assert asked(codec, list(spelt), "").texts == spelt
    where = {"kind": ["cat", "dog"], "tame": None, "weight": {">=": 5}}
    assert asked(codec, where, "").texts == spelt


@pytest.mark.parametrize(
    ("where", "note"),
    [
        (["kind=cat"], None),
        (["kind=hen"], "10 of the 410 records that were learnt from had kind=hen: too few"),
        (["kind=cat", "kind=hen"], None),
        (
            ["kind=cat", "weight<3"],
            " of the 410 records that were learnt from had kind=cat and weight<3:",
        ),
        (["kind=cat", "weight>20"], None),
        (["weight=20.123"], None),  # there are enough near it
    ],
)
def test_doubts_where_too_few_are_alike(codec, where, note):
    found = asked(codec, where, "").doubts(410, free)
    assert found == () if note is None else note in found[0]


def test_doubts_of_balanced_values(codec):
    (note,) = asked(codec, [], "kind").doubts(410, free)
    assert note.endswith("'kind' to know them: hen (10).")
    assert asked(codec, ["kind!=hen"], "kind").doubts(410, free) == ()


class Mirror(nn.Module):
    """Shows what it is told of the kind: one pixel for each."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1), requires_grad=False)

    def forward(self, latents, condition):
        assert condition is not None
        return condition[:, :3].reshape(-1, 1, 1, 3) * self.scale


class FreeRecipe(AbstractRecipe[ImageCodec]):
    """Pictures that cannot be asked for."""

    codec: ClassVar[type[AbstractCodec[Any, Any]]] = ImageCodec
    networks: ClassVar[type[Any]] = ImageNetworks
    presets: ClassVar[Mapping[str, str]] = {}

    def plan(self, codec: ImageCodec, n_records: int, preset: str, seconds: float = 0.0) -> Any:
        raise AssertionError("nothing is learnt")

    def build(self, codec: ImageCodec, networks: Any, rules: Any) -> Any:
        raise AssertionError("nothing is learnt")

    def held_out_score(self, codec: ImageCodec, n_heldout: int, seed: int) -> Any:
        raise AssertionError("nothing is learnt")


@pytest.fixture
def mirror() -> Model:
    """A model of pictures with attributes."""
    codec = ImageCodec(Form(1, 3, 1, "uint8", 0.0, 255.0), AttributeCodec.fit(creatures()))
    manifest = {"versions": {}, "data": {"n_records": 450, "n_heldout": 40}, "training": {}}
    rules = AdversarialRules(batch_size=2, n_latents=2)
    return Model(find_modality("image"), codec, rules, {"generator": Mirror()}, manifest)


def shown(pictures: Pictures) -> list[str]:
    return [("cat", "dog", "hen")[place] for place in pictures.pixels.reshape(-1, 3).argmax(1)]


def test_a_model_makes_what_it_is_told_and_says_so(mirror, tmp_path, monkeypatch):
    monkeypatch.setattr(ImageCodec, "block_size", 64)
    pictures = [*mirror.blocks(200)]
    assert [len(block) for block in pictures] == [64, 64, 64, 8]
    for block in pictures:  # nothing was asked, so all kinds occur
        assert shown(block) == block.attributes.columns["kind"].tolist()
    assert {kind for block in pictures for kind in shown(block)} == {"cat", "dog", "hen"}
    assert shown(mirror.sample(70)) == [kind for block in pictures for kind in shown(block)][:70]
    turns = mirror.sample(130, balance="kind")
    assert shown(turns) == [("cat", "dog", "hen")[k % 3] for k in range(130)]
    assert set(shown(mirror.sample(50, where=["kind!=cat", "weight>3.5"]))) == {"dog"}
    assert mirror.doubts() == ()
    assert "10 of the 410 records" in mirror.doubts(["kind=hen"])[0]
    asked = [mirror.write(tmp_path / "a.csv", 5, where=where)["where"] for where in (None, {"kind": "hen"})]
    assert asked == [[], ["kind=hen"]]
    assert json.loads((tmp_path / "a.csv.meta.json").read_text("utf-8"))["where"] == ["kind=hen"]


def test_a_kind_without_conditions_still_refuses_them():
    rules = AdversarialRules(batch_size=2, n_latents=2)
    codec = ImageCodec(Form(1, 3, 1, "uint8", 0.0, 255.0), AttributeCodec.fit(Attributes()))
    modality = replace(find_modality("image"), recipe_path=f"{__name__}:{FreeRecipe.__name__}")
    model = Model(modality, codec, rules, {}, {})
    with pytest.raises(UsageError, match="made without conditions"):
        model.blocks(5, where=["kind=cat"])
