"""Every kind of data in the registry keeps every promise; and a kind that breaks one is found out."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
import torch
from torch import nn

from gansmith.conformance import KIND_CHECKS, ConformanceError, KindSubject, check_game, check_modality
from gansmith.engine.batches import TensorDataset
from gansmith.engine.games.encoder import EncoderRules
from gansmith.errors import DataError
from gansmith.modalities import recipe
from gansmith.modalities.image.pictures import bundled_digits
from gansmith.modalities.previews import TextPreview
from gansmith.modalities.recipe import seeded_networks
from gansmith.modalities.registry import KINDS, find_modality
from gansmith.modalities.table.codec import TableCodec
from gansmith.modalities.table.format import TableFormat
from gansmith.modalities.table.recipe import TableRecipe

pytestmark = pytest.mark.usefixtures("quick_judges")

WORDS = ["moss", "rain", "sun", "tea", "wind"]


def _people() -> pa.Table:
    """Every kind of column, some cells missing."""
    rng = np.random.default_rng(0)
    n = 240
    pay = np.round(rng.gamma(2, 1000, n), 2)
    days = np.datetime64("2020-01-01") + rng.integers(0, 900, n)
    notes = [f"{i} " + " ".join(rng.choice(WORDS, 12)) for i in range(n)]
    cities = [f"city {k}" for k in rng.zipf(1.3, n).clip(max=200)]
    return pa.table(
        {
            "id": pa.array(np.arange(n) + 1),
            "age": pa.array(rng.integers(18, 90, n)),
            "pay": pa.array(pay, mask=rng.random(n) < 0.1),
            "city": pa.array(cities, mask=rng.random(n) < 0.05),
            "team": pa.array(rng.choice(["red", "blue"], n)),
            "member": pa.array(pay > 2000),
            "since": pa.array(days),
            "seen": pa.array(days.astype("datetime64[s]") + rng.integers(0, 86400, n)),
            "note": pa.array(notes, mask=rng.random(n) < 0.3),
            "land": pa.array(["here"] * n),
            "nothing": pa.nulls(n),
        }
    )


def _customers() -> pa.Table:
    """Purchases of some customers: irregular times, categories, amounts, gaps; a city of each."""
    rng = np.random.default_rng(0)
    lengths = rng.integers(3, 20, 40)
    owners = np.repeat(np.arange(40), lengths)
    days = np.concatenate([np.sort(rng.integers(0, 300, n)) for n in lengths])
    moments = np.datetime64("2024-01-01T00:00:00") + days * np.timedelta64(86_400, "s")
    pay = np.round(rng.gamma(2, 20, len(owners)), 2)
    return pa.table(
        {
            "customer_id": [f"C{owner:04d}" for owner in owners],
            "city": np.array(["Rome", "Oslo", "Bern"])[owners % 3],
            "when": moments + rng.integers(6 * 3600, 22 * 3600, len(owners)),
            "shop": rng.choice(["food", "fuel", "rent"], len(owners)),
            "pay": pa.array(pay, mask=rng.random(len(owners)) < 0.1),
        }
    )


def _with_infinity() -> pa.Table:
    return pa.table({"pay": [1.5, 2.5, float("inf")]})


def _with_a_pixel_that_is_none() -> np.ndarray:
    pixels = np.zeros((30, 4, 4))
    pixels[7, 1, 2] = float("nan")
    return pixels


def _tunes() -> np.ndarray:
    """Two voices in a few keys, on a grid of eighths, some bars of rest."""
    rng = np.random.default_rng(0)
    scale, steps = np.array([0, 2, 4, 5, 7, 9, 11, 12]), rng.integers(-2, 3, (30, 32))
    walk = np.abs(steps.cumsum(1)) % 8
    upper = 60 + rng.integers(0, 7, (30, 1)) + scale[walk]
    tunes = np.stack([upper, upper - 12 - (walk % 2) * 5], -1).repeat(2, 1)
    tunes[rng.random((30, 64)) < 0.05] = -1
    return tunes


def _with_a_pitch_that_is_none() -> np.ndarray:
    tunes = _tunes()
    tunes[2, 5, 0] = 300
    return tunes


def _tones(n: int = 240) -> tuple[np.ndarray, int, list[str]]:
    """Short tones of two heights, each a little different."""
    rng = np.random.default_rng(0)
    is_high = rng.random(n) < 0.5
    hz = np.where(is_high, 700, 300) * rng.uniform(0.95, 1.05, n)
    waves = 0.5 * np.sin(2 * np.pi * hz[:, None] * np.arange(384) / 2_000) * rng.uniform(0.3, 1, (n, 1))
    return waves.astype(np.float32), 2_000, ["high" if one else "low" for one in is_high]


def _with_a_sample_that_is_none() -> tuple[np.ndarray, int, list[str]]:
    waves, rate_hz, labels = _tones(30)
    waves[7, 3] = float("nan")
    return waves, rate_hz, labels


def _notes() -> list[str]:
    """Short sentences of a few words, some with a number or an address."""
    rng = np.random.default_rng(0)
    words = [" ".join(rng.choice(WORDS, rng.integers(2, 7))) for _ in range(240)]
    return [f"{one} {10_000 + place}" if place % 3 == 0 else one for place, one in enumerate(words)]


SOURCES = {
    "audio": _tones,
    "table": _people,
    "series": _customers,
    "image": bundled_digits,
    "music": _tunes,
    "text": _notes,
}
BAD_SOURCES = {
    "table": lambda: {"record 3": _with_infinity(), "single record": pa.table({"pay": [1]})},
    "series": lambda: {"record 3": _with_infinity()},
    "audio": lambda: {"sound 7": _with_a_sample_that_is_none()},
    "image": lambda: {"picture 7": _with_a_pixel_that_is_none()},
    "music": lambda: {"piece 3": _with_a_pitch_that_is_none()},
    "text": lambda: {"text 3": ["rain", "sun", "tea", 5, "wind"]},
}


MADE_OF_OTHERS = ("domains", "heads", "pairs", "private")
"""Kinds whose records are made of other records, or learnt of counts: what they promise is tested below."""
MADE_TOGETHER = ("relational",)
"""Kinds whose records point at each other: see tests/unit/modalities/relational."""
WITHOUT_AUTOENCODER = ("audio",)
MADE = [kind for kind in KINDS if kind not in (*MADE_OF_OTHERS, *MADE_TOGETHER)]


def test_every_kind_is_tried():
    assert set(SOURCES) == set(MADE) == set(BAD_SOURCES)


@pytest.mark.parametrize("check", KIND_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("kind", MADE)
def test_the_promise_is_kept(kind, check, tmp_path):
    check(KindSubject(find_modality(kind), SOURCES[kind](), tmp_path, BAD_SOURCES[kind]()))


@pytest.mark.slow
@pytest.mark.parametrize("kind", [kind for kind in MADE if kind not in WITHOUT_AUTOENCODER])
def test_the_autoencoders_of_every_kind_keep_the_promises(kind, tmp_path):
    """All promises at once, by the one function that others call."""
    check_modality(
        find_modality(kind), SOURCES[kind](), tmp_path, bad_sources=BAD_SOURCES[kind](), preset="vae"
    )


@pytest.mark.parametrize("kind", MADE)
def test_every_kind_can_learn_to_invert_its_generator(kind, tmp_path):
    subject = KindSubject(find_modality(kind), SOURCES[kind](), tmp_path)
    if subject.plan.game.inverse() is None:
        pytest.skip("what it is made by cannot be inverted")
    rules = EncoderRules(batch_size=32, n_latents=8)

    def networks():
        return seeded_networks(subject.modality.recipe, subject.codec, subject.plan.networks, rules, 0)

    check_game(rules, networks, TensorDataset({"real": subject.real}), tmp_path)


@pytest.mark.parametrize("options", [{"upscale": 2}, {"restore": True}, {}], ids=["upscale", "restore", "to"])
def test_pairs_of_every_task_are_played_as_any_game_is(options, tmp_path):
    modality = find_modality("pairs")
    pictures = np.random.default_rng(0).integers(0, 256, (6, 32, 32, 3), dtype=np.uint8)
    chosen = modality.options(**options)
    records = modality.format.read(pictures if options else (pictures, pictures[..., 0]), chosen)
    codec = modality.recipe.codec.fit(records, chosen, 0)
    plan = modality.recipe.plan(codec, len(records), "default")
    game = replace(plan.game, batch_size=4, faithful_share=0.0)
    sizes = replace(plan.networks, generator_widths=(8, 8), discriminator_widths=(8, 8))
    windows = modality.recipe.dataset(codec, records, 0).batch(torch.arange(12))
    seen = modality.recipe.samples(codec, sizes, windows, None)

    def networks():
        return seeded_networks(modality.recipe, codec, sizes, game, 0)

    check_game(game, networks, TensorDataset(seen.parts), tmp_path)


def test_domains_are_played_as_any_game_is(tmp_path):
    modality = find_modality("domains")
    pictures = np.random.default_rng(0).integers(0, 256, (2, 6, 32, 32, 3), dtype=np.uint8)
    chosen = modality.options(unpaired=True)
    records = modality.format.read((pictures[0], pictures[1] // 2), chosen)
    codec = modality.recipe.codec.fit(records, chosen, 0)
    plan = modality.recipe.plan(codec, len(records), "contrast")
    game = replace(plan.game, batch_size=4)
    sizes = replace(plan.networks, generator_widths=(8, 8), discriminator_widths=(8, 8))
    windows = modality.recipe.dataset(codec, records, 0).batch(torch.arange(12))
    seen = modality.recipe.samples(codec, sizes, windows, None)

    def networks():
        return seeded_networks(modality.recipe, codec, sizes, game, 0)

    check_game(game, networks, TensorDataset(seen.parts), tmp_path)


def test_heads_are_played_as_any_game_is(tmp_path):
    modality = find_modality("heads")
    pictures = np.random.default_rng(0).integers(0, 256, (12, 16, 16), dtype=np.uint8)
    chosen = modality.options(heads=True, size="16x16")
    records = modality.format.read(pictures, chosen)
    codec = modality.recipe.codec.fit(records, chosen, 0)
    plan = modality.recipe.plan(codec, len(records), "default")
    game = replace(plan.game, batch_size=4, warm_up_samples=0)
    sizes = replace(plan.networks, generator_widths=(8,), discriminator_widths=(8, 8))
    parts = modality.recipe.dataset(codec, records, 0).batch(torch.arange(12))
    seen = modality.recipe.samples(codec, sizes, parts, None)

    def networks():
        return seeded_networks(modality.recipe, codec, sizes, game, 0)

    check_game(game, networks, TensorDataset(seen.parts), tmp_path)


WITHOUT_A_JUDGE = (
    "check_seeds", "check_blocks", "check_state_is_plain", "check_saving", "check_resuming", "check_refusals",
    "check_descriptions", "check_card",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", WITHOUT_A_JUDGE)
def test_private_tables_keep_the_promises_that_need_no_judge(name, tmp_path):
    chosen = {"epsilon": 20.0, "insecure_seed": True, "columns": {"id": "key", "note": "text"}}
    modality, bad = find_modality("private"), {"single record": pa.table({"pay": [1]})}
    (check,) = (one for one in KIND_CHECKS if one.__name__ == name)
    check(KindSubject(modality, _people().drop(["nothing"]), tmp_path, bad, chosen=chosen))


# --- Each check can fail ------------------------------------------------------------------------------------


class _Neighbours(nn.Module):
    """Judges records by the batch they stand in."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, samples, conditions=None):
        logits = self.inner(samples, conditions)
        return logits - logits.mean()


class _Places(nn.Module):
    """Judges records by their place in the batch."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, samples, conditions=None):
        return self.inner(samples, conditions) + torch.linspace(0, 1, len(samples))


class _Column(nn.Module):
    """Answers with shape (batch, 1)."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, samples, conditions=None):
        return self.inner(samples, conditions)[:, None]


class _Undefined(nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, samples, conditions=None):
        return self.inner(samples, conditions) / 0


def _with_judge(monkeypatch, wrap):
    build = TableRecipe.build

    def broken(self, codec, networks, rules):
        made = build(self, codec, networks, rules)
        return {**made, "discriminator": wrap(made["discriminator"])}

    monkeypatch.setattr(TableRecipe, "build", broken)


def _random_weights(monkeypatch):
    monkeypatch.setattr(recipe.torch, "manual_seed", lambda key: torch.seed())


def _forgetful_decoder(monkeypatch):
    decode = TableCodec.decode

    def broken(self, compact, seed, first_index):
        records = decode(self, compact, seed, first_index)
        return records.take(np.arange(len(records))[::-1].copy())

    monkeypatch.setattr(TableCodec, "decode", broken)


def _lenient_reader(monkeypatch):
    monkeypatch.setattr(TableFormat, "check_target", lambda self, records, target: None)


def _nameless_reader(monkeypatch):
    def broken(self, source, options):
        raise DataError("something is wrong.")

    read = TableFormat.read
    monkeypatch.setattr(
        TableFormat,
        "read",
        lambda self, source, options: (read if isinstance(source, pa.Table) else broken)(
            self, source, options
        ),
    )


def _score_of(value):
    def patch(monkeypatch):
        score = lambda self, codec, n, seed: lambda fake, real: value  # noqa: E731
        monkeypatch.setattr(TableRecipe, "held_out_score", score)

    return patch


def _odd_state(monkeypatch):
    state = TableCodec.state
    monkeypatch.setattr(
        TableCodec, "state", lambda self: ({**state(self)[0], "when": {1, 2}}, state(self)[1])
    )


def _lossy_loading(monkeypatch):
    load = TableCodec.from_state

    def broken(state, tensors):
        halved = {name: value / 2 if value.is_floating_point() else value for name, value in tensors.items()}
        return load(state, halved)

    monkeypatch.setattr(TableCodec, "from_state", broken)


def _drifting_batches(monkeypatch):
    drawn = iter(range(10_000))
    samples = TableRecipe.samples

    def broken(self, codec, networks, batch, generator):
        if generator is not None:
            batch = batch.with_part("real", batch["real"].roll(next(drawn), 0))
        return samples(self, codec, networks, batch, generator)

    monkeypatch.setattr(TableRecipe, "samples", broken)


def _mute(monkeypatch):
    monkeypatch.setattr(TableFormat, "preview", lambda self, records: TextPreview(" "))


def _speechless_card(monkeypatch):
    score = TableFormat.score
    monkeypatch.setattr(
        TableFormat, "score", lambda self, *asked: (replace(one, verdict=()) for one in score(self, *asked))
    )


BREAKS = {
    "check_shapes": (lambda patch: _with_judge(patch, _Column), "shape (batch,)"),
    "check_finite": (lambda patch: _with_judge(patch, _Undefined), "finite"),
    "check_seeds": (_random_weights, "same seed"),
    "check_records_are_judged_alone": (lambda patch: _with_judge(patch, _Neighbours), "by itself"),
    "check_permutations": (lambda patch: _with_judge(patch, _Places), "permuting"),
    "check_round_trip": (_forgetful_decoder, "decode(encode(records))"),
    "check_blocks": (_forgetful_decoder, "(model, seed, k)"),
    "check_state_is_plain": (_odd_state, "plain JSON"),
    "check_saving": (_lossy_loading, "no bit"),
    "check_resuming": (_drifting_batches, "uninterrupted"),
    "check_refusals": (_lenient_reader, "no such target"),
    "check_held_out_score": (_score_of(1.5), "from 0 to 1"),
    "check_descriptions": (_mute, "preview"),
    "check_card": (_speechless_card, "five questions"),
}
MORE_BREAKS = [
    ("check_refusals", _nameless_reader, "no such file"),
    ("check_held_out_score", _score_of(0.5), "better for real"),
]


def test_every_check_is_proved_able_to_fail():
    assert [check.__name__ for check in KIND_CHECKS] == list(BREAKS)


@pytest.mark.parametrize(
    ("name", "break_it", "said"),
    [*((name, *how) for name, how in BREAKS.items()), *MORE_BREAKS],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_broken_promise_is_found_and_named(name, break_it, said, tmp_path, monkeypatch):
    break_it(monkeypatch)
    check = next(check for check in KIND_CHECKS if check.__name__ == name)
    with pytest.raises(ConformanceError, match=re.escape(said)):
        check(KindSubject(find_modality("table"), _people(), tmp_path))
