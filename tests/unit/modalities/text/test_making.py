"""Texts are made token by token: what is given stays, and no rare passage comes out, however likely it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest
import torch

from gansmith.engine.games.likelihood import LikelihoodRules
from gansmith.errors import DataError, UsageError
from gansmith.modalities.attributes import Attributes
from gansmith.modalities.capabilities import Origins
from gansmith.modalities.text import TextOptions
from gansmith.modalities.text.codec import TextCodec
from gansmith.modalities.text.completing import partial_of
from gansmith.modalities.text.making import Making
from gansmith.modalities.text.networks import networks_for
from gansmith.modalities.text.passages import RarePassages
from gansmith.modalities.text.records import Texts
from gansmith.modalities.text.request import request_for
from gansmith.modalities.text.settings import TextNetworks
from gansmith.modalities.text.tokens import END

SENTENCE = "my secret is that I love old cheese"
LABELS = Attributes({"mood": np.array(["good", "bad"] * 4, object)})


def _codec(texts=(SENTENCE, "we all love old tea") * 4, **options):
    return TextCodec.fit(Texts(tuple(texts), attributes=LABELS), TextOptions(**options), 0)


class _Parrot:
    """Knows one sentence by heart; what it carries is how far it is."""

    temperature = torch.tensor(1.0)

    def __init__(self, codec, text):
        self.codec, self.codes = codec, [*codec.codes(text), END]

    def beginning(self, n):
        return torch.zeros(1, n, 1), torch.zeros(1, n, 1)

    def advance(self, codes, conditions, carried):
        place = carried[0][0, :, 0].long()
        logits = torch.zeros(len(codes), len(self.codec.vocabulary))
        known = torch.tensor(self.codes)[place.clamp_max(len(self.codes) - 1)]
        logits[torch.arange(len(codes)), known] = 12.0
        logits[:, 1] = -1e9
        return logits, (carried[0] + 1, carried[1])


@pytest.mark.parametrize("tokens", ["characters", "subwords", "words"])
def test_what_is_known_by_heart_comes_out_only_where_enough_hold_it(tokens):
    codec = _codec(tokens=tokens)
    noise = torch.from_numpy(np.random.default_rng(0).standard_normal((16, 2)).astype(np.float32))
    free = codec.decode(Making(codec, cast(Any, _Parrot(codec, SENTENCE))).texts(noise, None), 0, 0)
    assert SENTENCE in free.texts
    keys = RarePassages.fit([SENTENCE], ["me"], 3, 2, codec.rare.salt)
    guarded = replace(codec, rare=keys)
    made = guarded.decode(Making(guarded, cast(Any, _Parrot(guarded, SENTENCE))).texts(noise, None), 0, 0)
    assert not any(keys.within(one) for one in made.texts)
    assert any(made.texts)


def _network(codec):
    torch.manual_seed(0)
    networks = networks_for(codec, TextNetworks((8,), (8,), width=16), LikelihoodRules(batch_size=2))
    return networks["generator"].eval()


def _answered(block, codec, network, n=4):
    noise = torch.from_numpy(np.random.default_rng(1).standard_normal((n, 2)).astype(np.float32))
    asked = block.ask(Origins(noise, torch.zeros(n, dtype=torch.long)))
    with torch.no_grad():
        block.take(network(asked.origins.noise, asked.condition))
    return block.settled(codec.decode(block.compact, 0, 0))


def test_texts_begin_as_they_were_asked_to_and_have_the_label():
    codec = _codec()
    request = request_for(codec, ["mood=good", "prompt=We all ☃", "temperature=0.5"], "")
    assert request is not None
    assert request.texts == ("mood=good", "temperature=0.5", "prompt=We all ☃")
    assert "not known" in request.doubts(8, lambda: torch.zeros(0))[-1]
    made = _answered(request.block(4, 0, 4, 0), codec, _network(codec))
    assert all(one.startswith("We all ☃") for one in made.texts)
    assert set(made.attributes.columns["mood"]) == {"good"}


def test_the_same_noise_makes_the_same_text():
    codec = _codec()
    network = _network(codec)
    noise = torch.from_numpy(np.random.default_rng(2).standard_normal((6, 2)).astype(np.float32))
    whole = network(noise, None)
    assert torch.equal(whole, network(noise, None))
    assert whole.shape == (6, codec.longest)


def test_an_unknown_label_is_refused_with_the_nearest():
    with pytest.raises(UsageError, match="good"):
        request_for(_codec(), ["mood=god"], "")
    with pytest.raises(UsageError, match="temperature"):
        request_for(_codec(), ["temperature=hot"], "")


def test_masked_words_are_found_and_the_rest_stays_letter_for_letter(tmp_path):
    codec, path = _codec(), tmp_path / "m.txt"
    path.write_text("we ___ love OLD tea!\nmy [MASK] is that I ___ cheese\n")
    partial = partial_of(codec, str(path), TextOptions())
    assert partial.n_gaps == 3
    made = _answered(partial.block(2, 0, 2, 0), codec, _network(codec), 2)
    assert made.texts[0].startswith("we")
    assert made.texts[0].endswith(" love OLD tea!")
    assert made.texts[1].startswith("my")
    assert " is that I" in made.texts[1]
    assert "___" not in "".join(made.texts)
    path.write_text("nothing here\nand here\n")
    with pytest.raises(DataError, match="nothing is masked"):
        partial_of(codec, str(path), TextOptions())
