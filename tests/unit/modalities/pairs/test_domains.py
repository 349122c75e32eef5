"""Domains without counterparts: how they are read, drawn and remembered, and how their colours are moved."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from gansmith.errors import Caution, DataError, ModelFileError, UsageError
from gansmith.modalities.attributes import Attributes
from gansmith.modalities.pairs.domains import DomainOptions
from gansmith.modalities.pairs.domains.codec import DomainCodec
from gansmith.modalities.pairs.domains.colours import heights, points_of, table, transport
from gansmith.modalities.pairs.domains.format import DomainFormat
from gansmith.modalities.pairs.domains.recipe import DomainRecipe
from gansmith.modalities.pairs.domains.records import FEWEST_SPLIT, Domains
from gansmith.modalities.pairs.domains.windows import DomainWindows
from gansmith.modalities.translating import Wish
from gansmith.nets.domain_translators import ColourTables
from gansmith.settings import from_plain


def shades(n: int, level: int, seed: int = 0) -> np.ndarray:
    """Pictures of some noise around a level."""
    noise = np.random.default_rng(seed + level).integers(-20, 20, (n, 24, 24, 3))
    return (level + noise).clip(0, 255).astype(np.uint8)


def domains_of(source: object, **options: Any):
    options_ = from_plain(DomainOptions, options)
    return DomainFormat().read(source, options_), options_


def labelled(counts: dict[str, int]) -> tuple[np.ndarray, np.ndarray]:
    """Pictures of a level for each label."""
    pictures = [shades(n, 60 + 50 * place) for place, n in enumerate(counts.values())]
    return np.concatenate(pictures), np.repeat(np.array([*counts], object), [*counts.values()])


def counted(records: Domains) -> dict[str, int]:
    return {value: len(places) for _, value, places in records.groups}


# --- Reading ------------------------------------------------------------------------------------------------


def test_two_sets_are_two_domains():
    records, _ = domains_of((shades(12, 60), shades(15, 180)), unpaired=True)
    assert len(records) == 27
    assert counted(records) == {"source": 12, "target": 15}
    assert records.grid(20).shape == (3, 24, 24)
    assert records.grid(20).mean() > 150 > records.grid(3).mean()


def test_a_set_of_three_is_learnt_with_a_word_of_caution():
    records, _ = domains_of((shades(12, 60), shades(3, 180)), unpaired=True)
    (said,) = records.notes
    assert isinstance(said, Caution)
    assert "3 records" in said


def test_equal_sets_are_refused():
    pictures = shades(12, 60)
    with pytest.raises(DataError, match="same records"):
        domains_of((pictures, pictures[::-1].copy()), unpaired=True)


def test_records_in_both_sets_are_told():
    pictures = shades(12, 60)
    other = np.concatenate([pictures[:2], shades(10, 180)])
    records, _ = domains_of((pictures, other), unpaired=True)
    assert "2 of 12" in records.notes[0]


def test_an_attribute_is_read_with_the_records_and_rare_values_are_left_out():
    records, _ = domains_of(labelled({"a": 6, "b": 7, "c": 2}), to_attribute=["label"])
    assert [*counted(records)] == ["a", "b"]
    assert len(records) == 13
    assert any("1 value of fewer than 5" in note for note in records.notes)


@pytest.mark.parametrize(
    ("counts", "attribute", "error", "said"),
    [
        ({"a": 9}, "label", DataError, "one value"),
        ({"a": 9, "b": 2}, "label", DataError, "one value"),
        ({"a": 9, "b": 9}, "lable", UsageError, "Did you mean 'label'"),
    ],
)
def test_an_attribute_that_cannot_be_changed_is_refused(counts, attribute, error, said):
    with pytest.raises(error, match=said):
        domains_of(labelled(counts), to_attribute=[attribute])


def in_both(n: int = 24) -> tuple[Any, DomainOptions]:
    """Pictures of which a mood, a hat and an age are known, the hat of some of them."""
    frame_of = pytest.importorskip("pandas").DataFrame
    known = frame_of(
        {
            "mood": np.tile(["calm", "glad", "sad"], n // 3),
            "hat": np.tile(np.array([None, "yes", "no", "yes"], object), n // 4),
            "age": np.linspace(20, 60, n),
        }
    )
    return domains_of((shades(n, 60), known), to_attribute=["mood,hat", "age"])


def test_several_attributes_are_read_and_records_of_which_one_is_unknown_stay():
    records, _ = in_both()
    assert records.attributes.names == ("mood", "hat", "age")
    assert [(name, value, len(places)) for name, value, places in records.groups] == [
        ("mood", "calm", 8),
        ("mood", "glad", 8),
        ("mood", "sad", 8),
        ("hat", "no", 6),
        ("hat", "yes", 12),
        ("age", "", 24),
    ]


def test_what_is_kept_is_known_and_never_asked_for():
    known = pytest.importorskip("pandas").DataFrame(
        {"mood": np.tile(["calm", "glad", "sad"], 8), "hat": np.repeat(["yes", "no"], 12)}
    )
    given = shades(24, 60), known
    records, options = domains_of(given, to_attribute=["mood"], keep_attribute=["hat"])
    codec = DomainCodec.fit(records, options, 0)
    assert (codec.widths, codec.changed) == ((3, 2), ("mood",))
    assert {name for name, _, _ in records.groups} == {"mood"}
    batch = DomainWindows(codec, records).batch(torch.arange(90))
    assert not batch["condition"][:, 3:].any()
    assert (batch["origin"][:, 3:].sum(1) == 1).all()
    state, tensors = codec.state()
    again = DomainCodec.from_state(state, tensors)
    with pytest.raises(UsageError, match="'hat'"):
        again.condition({"hat": "yes"})
    with pytest.raises(UsageError, match="both changed and kept"):
        domains_of(given, to_attribute=["mood"], keep_attribute=["mood"])
    with pytest.raises(UsageError, match="goes with --to-attribute"):
        domains_of(given, keep_attribute=["hat"])


def test_of_several_attributes_some_are_asked_for_and_of_the_rest_nothing_is():
    records, options = in_both()
    codec = DomainCodec.fit(records, options, 0)
    assert codec.widths == (3, 2, 2)
    batch = DomainWindows(codec, records).batch(torch.arange(240))
    asked = torch.stack([part.any(1) for part in batch["condition"].split(codec.widths, 1)], 1)
    turns = torch.arange(240) % 6
    for place, which in enumerate((0, 0, 0, 1, 1, 2)):
        assert asked[turns == place, which].all()
    assert 0.4 < asked[turns < 3, 2].float().mean() < 0.6
    own = batch["condition"][turns < 3][:, :3]
    assert not (own * batch["origin"][turns < 3][:, :3]).any()  # each is asked for what it is not
    only = codec.condition({"hat": "yes"})
    assert only.tolist() == [[0, 0, 0, 0, 1, 0, 0]]
    assert codec.condition(["hat=yes", "mood=glad"]).tolist() == [[0, 1, 0, 0, 1, 0, 0]]
    plan: Any = DomainRecipe().plan(codec, 24, "default")
    assert (plan.game.parts, plan.game.measured) == ((3, 2, 2), (2,))
    seen = DomainRecipe().samples(codec, plan.networks, batch, torch.Generator().manual_seed(0))
    assert torch.equal(seen["real"], codec.expand(batch["real"]))  # what looks to a side is not mirrored


def test_records_of_which_nothing_is_known_are_refused():
    with pytest.raises(UsageError, match="nothing is known"):
        domains_of(shades(9, 60), to_attribute=["label"])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"to": "x", "to_attribute": ["y"]}, "different tasks"),
        ({"labels": "x.csv"}, "--to-attribute"),
        ({"unpaired": True, "size": "12x40"}, "longest side"),
    ],
)
def test_options_that_do_not_go_together_are_refused(options, said):
    with pytest.raises(UsageError, match=said):
        from_plain(DomainOptions, options)


def test_unpaired_without_another_set_is_refused():
    with pytest.raises(UsageError, match="Give --to"):
        domains_of(shades(9, 60), unpaired=True)


def test_few_of_a_value_are_in_every_part():
    pictures, labels = labelled({"a": 60, "b": FEWEST_SPLIT - 1})
    records, _ = domains_of((pictures, labels), to_attribute=["label"])
    part = records.take(np.arange(3))
    assert counted(part) == {"a": 3, "b": FEWEST_SPLIT - 1}


# --- What is drawn ------------------------------------------------------------------------------------------


def test_each_window_comes_of_another_domain_and_all_take_turns():
    records, options = domains_of(labelled({"a": 6, "b": 9, "c": 7}), to_attribute=["label"])
    codec = DomainCodec.fit(records, options, 0)
    windows = DomainWindows(codec, records)
    batch = windows.batch(torch.arange(90))
    assert batch["condition"].argmax(1).tolist() == [0, 1, 2] * 30
    assert not (batch["condition"] * batch["origin"]).any()
    levels = 60 + 50 * batch["origin"].argmax(1)
    assert (batch["source"].float().mean((1, 2, 3)) - levels).abs().max() < 5
    assert (batch["real"].float().mean((1, 2, 3)) - 60 - 50 * batch["condition"].argmax(1)).abs().max() < 5
    assert len({one.tobytes() for one in batch["source"].numpy()}) == len(records)


def test_the_texture_of_one_record_is_all_that_is_wanted():
    records, options = domains_of((shades(12, 60), shades(1, 180)), unpaired=True)
    codec, recipe = DomainCodec.fit(records, options, 0), DomainRecipe()
    assert codec.tables is None
    batch = DomainWindows(codec, records).batch(torch.arange(24))
    assert batch["condition"].tolist() == [[0, 1]] * 24
    assert batch["real"].float().mean() > 150 > batch["source"].float().mean()
    assert len({one.tobytes() for one in batch["source"].numpy()}) == 12
    rules: Any = recipe.plan(codec, 13, "default").game
    assert (rules.cycle_weight, rules.identity_weight) == (0, 0)
    assert not recipe.rivals(codec, "default", rules)
    with pytest.raises(UsageError, match="no way back"):
        recipe.way(codec, rules, {"generator": torch.nn.Identity()}, Wish(is_back=True))


def test_numbers_are_attributes_too():
    ages = np.linspace(20, 60, 24)
    frame_of = pytest.importorskip("pandas").DataFrame
    records, options = domains_of((shades(24, 60), frame_of({"age": ages})), to_attribute=["age"])
    codec = DomainCodec.fit(records, options, 0)
    batch = DomainWindows(codec, records).batch(torch.arange(24))
    assert (batch["condition"] != batch["origin"]).any(1).all()
    fifty = codec.attributes.encode(Attributes({"age": np.array([50.0])}))
    assert torch.equal(codec.condition(["age=50"]), fifty)


def test_what_the_network_sees_has_heights_and_mirrored_windows_keep_them():
    records, options = domains_of((shades(12, 60), shades(12, 180)), unpaired=True)
    codec, recipe = DomainCodec.fit(records, options, 0), DomainRecipe()
    windows = recipe.dataset(codec, records, 0).batch(torch.arange(8))
    plan = recipe.plan(codec, 24, "default")
    seen = recipe.samples(codec, plan.networks, windows, torch.Generator().manual_seed(0))
    assert seen["source"].shape == (8, 4, *codec.state_.window)
    height = seen["source"][:, 3]
    assert (height.diff(dim=1) >= 0).all()
    assert torch.equal(height[..., 0], height[..., -1])


def test_held_out_windows_of_the_wrong_domain_are_told():
    records, options = domains_of((shades(12, 60), shades(12, 180)), unpaired=True)
    codec = DomainCodec.fit(records, options, 0)
    score: Any = DomainRecipe().held_out_score(codec, 8, 0)
    batch = DomainWindows(codec, records).batch(torch.arange(24))
    real, source = codec.expand(batch["real"]), codec.expand(batch["source"])
    assert score(real.roll(2, 0), real) > 0.5
    assert score(source, real) < 0.1


# --- What is remembered -------------------------------------------------------------------------------------


def test_a_codec_comes_back_from_its_state():
    records, options = domains_of((shades(12, 60), shades(12, 180)), unpaired=True)
    codec = DomainCodec.fit(records, options, 0)
    state, tensors = codec.state()
    again = DomainCodec.from_state(state, tensors)
    assert again.state_ == codec.state_
    assert again.tables is not None
    assert codec.tables is not None
    assert torch.equal(again.tables, codec.tables)
    assert torch.equal(again.condition({"domain": "target"}), torch.tensor([[0.0, 1.0]]))
    with pytest.raises(ModelFileError, match="shape"):
        DomainCodec.from_state(state, {**tensors, "colours": codec.tables[:1]})
    with pytest.raises(ModelFileError, match="damaged"):
        DomainCodec.from_state({**state, "domains": {"kind": "none"}}, tensors)


# --- Colours ------------------------------------------------------------------------------------------------


def test_moved_points_are_spread_as_those_that_are_wanted():
    rng = np.random.default_rng(0)
    given = rng.normal(size=(4_000, 3))
    wanted = rng.normal(size=(4_000, 3)) @ np.array([[1.0, 0.5, 0], [0, 0.7, 0], [0, 0, 2.0]]) + 3
    moved = transport(given, wanted, rng)(given)
    assert np.abs(moved.mean(0) - wanted.mean(0)).max() < 0.05
    assert np.abs(np.cov(moved.T) - np.cov(wanted.T)).max() < 0.3


def test_darker_pictures_are_found_without_pairs_and_a_sky_is_another_matter():
    """Of two sets of other pictures: everything half as bright, and the upper half of it blue."""
    rng = np.random.default_rng(0)
    given, other = (rng.random((20, 3, 16, 16)).astype(np.float32) for _ in range(2))
    wanted = other / 2
    wanted[:, 2, :8] += 0.5
    ours, theirs = (points_of([*side], rng) for side in (given, wanted))
    tables = torch.from_numpy(table(transport(ours, theirs, rng), 3))[None]
    fresh = torch.from_numpy(rng.random((1, 3, 16, 16)).astype(np.float32))
    height = torch.from_numpy(heights((16, 16)).copy())[None]
    made = ColourTables(tables)(fresh, height, torch.ones(1, 1))
    truth = fresh / 2
    truth[:, 2, :8] += 0.5
    away = (made - truth).abs()[:, :, [*range(6), *range(10, 16)]]
    assert away.mean() < 0.1
    assert (fresh - truth).abs().mean() > 0.2


def test_bad_pictures_are_named(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    Image.fromarray(shades(1, 60)[0]).save(tmp_path / "a" / "0.png")
    with pytest.raises(DataError, match="empty folder"):
        domains_of(str(tmp_path / "a"), to=str(tmp_path / "b"), unpaired=True)
