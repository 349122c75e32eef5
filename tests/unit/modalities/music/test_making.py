"""How pieces are made: as they are learnt, what is given kept, lengths and keys as asked for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from gansmith.errors import UsageError
from gansmith.faces.demos.music import composed
from gansmith.modalities.capabilities import Origins
from gansmith.modalities.music import MusicOptions, making, warmth
from gansmith.modalities.music.codec import PieceCodec
from gansmith.modalities.music.completing import partial_of
from gansmith.modalities.music.dataset import Stretches, conditions_of
from gansmith.modalities.music.harmonising import N_CHORDS
from gansmith.modalities.music.keeping import Rules
from gansmith.modalities.music.making import _Work
from gansmith.modalities.music.networks import PieceGenerator
from gansmith.modalities.music.phrase_networks import PhraseDiscriminator, PhraseGenerator
from gansmith.modalities.music.phrases import Phrases, as_samples, as_tokens, n_channels, phrase_steps
from gansmith.modalities.music.records import FIRST, HOLD, REST, Form, Track, sounding
from gansmith.modalities.music.request import request_for
from gansmith.modalities.music.settings import MusicNetworks

CONFIG = MusicNetworks((16, 16), (16, 16), width=16)


@pytest.fixture(scope="module")
def tunes():
    return composed(12, 0)


@pytest.fixture(scope="module")
def codec(tunes):
    return PieceCodec.fit(tunes, MusicOptions(), 0)


@pytest.fixture(scope="module")
def network(codec):
    torch.manual_seed(0)
    made = PieceGenerator(codec, CONFIG)
    with torch.no_grad():
        made.said.normal_()
    return made.eval()


def made(codec, network, request, n, seed=0):
    block = request.block(n, 0, n, seed)
    noise = torch.randn(n, 2, generator=torch.Generator().manual_seed(seed))
    asked = block.ask(Origins(noise, torch.zeros(n, dtype=torch.long)))
    block.take(network(asked.origins.noise, asked.condition))
    return block.settled(codec.decode(block.compact, 0, 0))


def test_what_is_made_was_as_likely_as_it_would_be_learnt(codec, network, tunes, monkeypatch):
    one = tunes.take(np.array([3]))
    batch = Stretches(codec, one).batch(torch.arange(1))
    with torch.no_grad():
        nothing = torch.zeros(1, 4, dtype=torch.bool)
        (planned, _), said = network.said_along(batch.parts, nothing, nothing[:, 0], None)
    planned = torch.log_softmax(planned, -1)
    learnt = said.gather(-1, batch["tokens"].long()[..., None])[0, :, :, 0]
    begins = batch["begins"][0]
    of_chords = planned.gather(-1, batch["chords"].long()[..., None])[0, begins, 0]
    found, chords = list[float](), list[float]()

    def forced(logits, chance):
        step, voice = divmod(len(found), 4)
        is_chord = logits.shape[1] == N_CHORDS
        wanted = batch["chords"][0, step] if is_chord else batch["tokens"][0, step, voice]
        share = float(torch.log_softmax(logits, -1)[0, int(wanted)])
        (chords if is_chord else found).append(share)
        return np.array([int(wanted)])

    monkeypatch.setattr(making, "_drawn", forced)
    network.temperature.fill_(1.0)
    n, free = len(one.tokens[0]), replace(codec, reach=((0, 127),) * 4, avoids_parallels=False)
    free = replace(free, avoids_crossings=False, falls_silent=True)
    work = _Work(free, network, conditions_of(codec, one.attributes, np.array([n])), np.array([n]), None)
    with torch.no_grad():
        for step in range(n):
            work.step(step, making.Draws(torch.zeros(1, 2)))
    assert torch.allclose(torch.tensor(found).view(n, 4), learnt, atol=1e-4)
    assert torch.allclose(torch.tensor(chords), of_chords, atol=1e-4)
    assert np.array_equal(work.sounding_tokens()[0], one.tokens[0])


def test_a_given_melody_is_kept_note_for_note_and_chords_are_made(codec, network, tunes):
    few = tunes.take(np.arange(3))
    alone = [np.where(np.arange(4) == 0, one, REST).astype(np.int16) for one in few.tokens]
    partial = partial_of(codec, replace(few, tokens=tuple(alone)), MusicOptions())
    assert partial.kept == (True, False, False, False)
    found = made(codec, network, partial, 3)
    for ours, theirs in zip(found.tokens, few.tokens, strict=True):
        assert np.array_equal(ours[:, 0], theirs[:, 0])
        assert (sounding(ours)[:, 1:] >= 0).any()


def test_a_piece_goes_on_after_its_end(codec, network, tunes):
    few = tunes.take(np.arange(2))
    found = made(codec, network, partial_of(codec, few, MusicOptions(bars=3)), 2)
    for ours, theirs in zip(found.tokens, few.tokens, strict=True):
        assert len(ours) == len(theirs) + 3 * 8
        assert np.array_equal(ours[: len(theirs)], theirs)


def test_what_cannot_be_completed_is_refused(codec, tunes):
    with pytest.raises(UsageError, match="nothing is left"):
        partial_of(codec, tunes, MusicOptions())
    with pytest.raises(UsageError, match="melody"):
        partial_of(codec, tunes, MusicOptions(keep=("melodie",)))
    with pytest.raises(UsageError, match="phrases"):
        partial_of(replace(codec, phrase_bars=2), tunes, MusicOptions())


def test_keys_and_bars_come_as_asked_for(codec, network, tunes):
    request = request_for(codec, ["key=" + tunes.key_names[0], "bars=5"], "")
    found = made(codec, network, request, 4)
    assert found.key_names == [tunes.key_names[0]] * 4
    assert [len(one) for one in found.tokens] == [40] * 4
    with pytest.raises(UsageError, match="bars"):
        request_for(codec, ["bars=many"], "")


def test_the_same_noise_makes_the_same_piece_whoever_else_is_made(codec, network):
    noise = torch.randn(5, 2, generator=torch.Generator().manual_seed(1))
    whole = network(noise, None)
    assert torch.equal(whole[2:4], network(noise[2:4], None))
    assert not torch.equal(whole[0], whole[1])


def test_voices_stay_within_their_ranges_and_do_not_move_in_parallel(codec):
    kept = replace(codec, reach=((70, 74),) * 4, avoids_parallels=True)
    rules = Rules(kept, np.array([0]))
    before, made = np.zeros((1, 4), np.int64), np.zeros((1, 4), np.int64)
    nothing = torch.zeros(1, max(codec.sizes))
    allowed = np.flatnonzero(rules.kept(nothing, 0, before, made)[0].numpy() > -1) - FIRST + codec.lowest[0]
    assert set(allowed[allowed >= codec.lowest[0]].tolist()) >= set(range(70, 75))
    assert not set(allowed.tolist()) & {69, 75}
    rules = Rules(replace(kept, reach=((0, 127),) * 4), np.array([0]))
    before[0, :2] = 67 - codec.lowest[0] + 1, 60 - codec.lowest[1] + 1
    made[0, 0] = FIRST + 69 - codec.lowest[0]
    logits = rules.kept(nothing, 1, before, made)[0].numpy()
    assert logits[FIRST + 62 - codec.lowest[1]] < -1  # a fifth follows a fifth
    assert logits[FIRST + 57 - codec.lowest[1]] == 0


def test_a_voice_stays_below_the_one_before_it_where_there_is_room(codec):
    kept = replace(codec, reach=((0, 127),) * 4, avoids_parallels=False, avoids_crossings=True)
    nothing, before = torch.zeros(1, max(codec.sizes)), np.zeros((1, 4), np.int64)
    made = np.zeros((1, 4), np.int64)
    limit = codec.lowest[1] + 3
    made[0, 0] = FIRST + limit - codec.lowest[0]
    if made[0, 0] < FIRST:
        pytest.skip("the first two voices have no notes in common")
    before[0, 1] = 3 + 1 + 1  # it sounds a semitone above that
    logits = Rules(kept, np.array([0])).kept(nothing, 1, before, made)[0].numpy()
    assert (logits[FIRST : FIRST + 4] == 0).all()
    assert (logits[FIRST + 4 : codec.sizes[1]] < -1).all()
    assert logits[HOLD] < -1
    assert logits[REST] == 0
    low = replace(kept, reach=((0, 127), (limit + 1, 127), (0, 127), (0, 127)))
    stuck = Rules(low, np.array([0])).kept(nothing, 1, before, made)[0].numpy()
    assert (stuck[FIRST + 4 : codec.sizes[1]] == 0).any()  # rather above than silent for ever


def test_pieces_are_drawn_at_the_temperature_at_which_they_are_most_like_real_ones(
    codec, network, tunes, monkeypatch
):
    old = float(network.temperature)
    monkeypatch.setattr(warmth, "TRIED", (1e-3, 1.0))
    monkeypatch.setattr(warmth, "_made", lambda *_: tunes if network.temperature == 1 else plain(tunes))
    warmth.warmed(codec, network, tunes, 0)
    assert float(network.temperature) == 1
    network.temperature.fill_(old)


def plain(tunes):
    return replace(tunes, tokens=tuple(np.where(one >= FIRST, FIRST + 60, one) for one in tunes.tokens))


def test_a_voice_never_holds_silence(codec, network):
    for tokens in codec.decode(network(torch.randn(3, 2), None), 0, 0).tokens:
        assert not ((tokens == HOLD) & (sounding(tokens) < 0)).any()


def test_states_come_back_and_damaged_ones_are_refused(codec):
    state, tensors = codec.state()
    again = PieceCodec.from_state(state, tensors)
    assert (again.form, again.lowest, again.longest) == (codec.form, codec.lowest, codec.longest)


def test_phrases_are_choices_and_come_back_as_tokens(tunes):
    codec = PieceCodec.fit(tunes, MusicOptions(phrases=2), 0)
    batch = Phrases(codec, tunes).batch(torch.arange(6))
    real = as_samples(codec, batch["real"])
    assert real.shape == (6, n_channels(codec), phrase_steps(codec))
    generator, judge = PhraseGenerator(codec, CONFIG, 8), PhraseDiscriminator(codec, CONFIG)
    fake = generator(torch.randn(6, 8), batch["condition"])
    assert fake.shape == real.shape
    assert set(fake.detach().round(decimals=4).unique().abs().tolist()) <= {0.0, 1.0}
    assert judge(real, batch["condition"]).shape == (6,)
    judge(fake, batch["condition"]).sum().backward()
    grads = [weight.grad for weight in generator.parameters()]
    assert all(grad is not None and bool(grad.isfinite().all()) for grad in grads)
    tokens = as_tokens(codec, real)
    assert torch.equal(as_tokens(codec, fake.detach()).isfinite(), torch.ones_like(tokens, dtype=torch.bool))


@pytest.mark.parametrize("tracks", [(Track("drums", 0, 2, is_drums=True),), (Track("melody", 73),)])
def test_drums_alone_and_one_voice_alone_are_learnt_and_made(tunes, tracks):
    form = Form(tracks, tunes.form.grid)
    alone = replace(tunes, tokens=tuple(one[:, : form.n_voices] for one in tunes.tokens), form=form)
    codec = PieceCodec.fit(alone, MusicOptions(), 0)
    network = PieceGenerator(codec, CONFIG).eval()
    batch = Stretches(codec, alone).batch(torch.arange(4))
    with torch.no_grad():
        assert torch.isfinite(network.log_likelihood(batch.parts, torch.Generator())).all()
    request = request_for(codec, ["bars=2"], "")
    assert [len(one) for one in made(codec, network, request, 3).tokens] == [16] * 3
    warmth.warmed(codec, network, alone.take(np.arange(4)), 0)
    assert float(network.temperature) in [pytest.approx(one) for one in warmth.TRIED]
