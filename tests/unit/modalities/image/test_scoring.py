"""The card of pictures: honest ones pass, each planted fault is named, and large sets stay on disk."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, final

import numpy as np
import pytest

from gansmith.errors import DataError, UsageError
from gansmith.modalities.attributes import Attributes
from gansmith.modalities.image import ImageOptions, embedding, scoring
from gansmith.modalities.image.arrays import brought_to
from gansmith.modalities.image.pictures import Form, InMemory, Pictures
from gansmith.modalities.image.reading import read_pictures, read_to_judge
from gansmith.modalities.image.scoring import score_pictures
from gansmith.scorecard.card import Scorecard
from gansmith.scorecard.score import ANCHORS, CEILING, FLOOR, FULL, QUICK
from gansmith.scorecard.validity import defects as found_defects

N = 240
"""Pictures of a set."""


def drawn(n: int, seed: int) -> Pictures:
    """Bars and discs of random places and sizes, brighter or darker, 12 x 12."""
    rng = np.random.default_rng(seed)
    down, across = np.indices((12, 12))
    is_bar = rng.random(n) < 0.5
    top, left, size = rng.uniform(2, 9, n), rng.uniform(2, 9, n), rng.uniform(1.5, 3.5, n)
    pixels = np.zeros((n, 12, 12))
    for one in range(n):
        y, x = down - top[one], across - left[one]
        reach = abs(y) + 4 * abs(x) if is_bar[one] else np.hypot(y, x)
        pixels[one] = 1 / (1 + np.exp(3 * (reach - size[one])))
    pixels = 255 * (0.1 + 0.8 * pixels * rng.uniform(0.6, 1, (n, 1, 1))) + rng.normal(0, 6, pixels.shape)
    labels = np.where(is_bar, "bar", "disc").astype(object)
    return Pictures.of(pixels.clip(0, 255).astype(np.uint8), labels, 255, "drawn")


def changed(pictures: Pictures, pixels: np.ndarray) -> Pictures:
    """The same with other pixels."""
    return replace(pictures, source=InMemory(pixels.astype(np.uint8)), numbers=np.arange(len(pixels)))


def pixels_of(pictures: Pictures) -> np.ndarray:
    return pictures.source.block(pictures.numbers)


@pytest.fixture(scope="module", autouse=True)
def _small_networks():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scoring, "N_SEEN", 1_500)
        patch.setattr(scoring, "N_QUICKLY_SEEN", 1_500)
        yield


@pytest.fixture(scope="module")
def parts() -> list[Pictures]:
    everything = drawn(3 * N, 0)
    return [everything.take(np.arange(N) + start) for start in (0, N, 2 * N)]


def _partly(change: Any, share: float = 0.15) -> Any:
    def plant(fresh: Pictures, train: Pictures) -> Pictures:
        pixels, n = pixels_of(fresh).copy(), int(share * N)
        pixels[:n] = change(pixels_of(train)[:n])
        return changed(fresh, pixels)

    return plant


def _checkered(fresh: Pictures, train: Pictures) -> Pictures:
    pattern = np.indices((12, 12)).sum(axis=0) % 2 * 30 - 15
    return changed(fresh, (pixels_of(fresh).astype(int) + pattern[..., None]).clip(0, 255))


def _some_blank(fresh: Pictures, train: Pictures) -> Pictures:
    pixels = pixels_of(fresh).copy()
    pixels[::20] = 7
    return changed(fresh, pixels)


def _of_one_class(fresh: Pictures, train: Pictures) -> Pictures:
    assert fresh.labels is not None
    return fresh.take(np.flatnonzero(fresh.labels == "bar"))


def _larger(fresh: Pictures, train: Pictures) -> Pictures:
    return replace(fresh, sizes=dict.fromkeys(range(3 * N), (24, 24, 1)))


FAULTS = {
    "copied": (_partly(lambda pixels: pixels), 3, "are copies of training records"),
    "shifted": (_partly(lambda pixels: np.roll(pixels, 1, axis=2)), 3, "are near copies of training"),
    "mirrored": (_partly(lambda pixels: pixels[:, :, ::-1]), 3, "are near copies of training"),
    "brightened": (_partly(lambda pixels: pixels * 0.7 + 40), 3, "are near copies of training"),
    "checkerboard": (_checkered, 1, "patterns of 1.5 px +"),
    "one class": (_of_one_class, 1, "label = bar +"),
    "blank": (_some_blank, 4, "is not blank"),
    "another size": (_larger, 4, "has the size of real ones (12 x 12)"),
    "repeated": (_partly(lambda pixels: np.repeat(pixels[:1], len(pixels), axis=0)), 4, "occurs once"),
}


@pytest.fixture(scope="module")
def cards(parts: list[Pictures]) -> dict[str, Scorecard]:
    """Of honest pictures and of each fault, judged by the same judge."""
    fresh, train, holdout = parts
    fakes = {name: plant(fresh, train) for name, (plant, _, _) in FAULTS.items()}
    found = score_pictures([fresh, *fakes.values()], train, holdout, None, 0, QUICK)
    return dict(zip(["honest", *fakes], found, strict=True))


def test_nobody_is_accused_of_honest_pictures(cards: dict[str, Scorecard]):
    card = cards["honest"]
    assert {line.level for line in card.verdict} <= {"green", "grey"}
    assert card["c2st"].score.interval[0] < 0.5 < card["c2st"].score.interval[1]
    assert card["copies"].score.value == 0
    assert card["near_copies"].score.value < 0.03
    assert all(set(entry.anchors) <= set(ANCHORS) and CEILING in entry.anchors for entry in card.entries)
    for name in ("c2st", "coverage", "density", "fd_local", "kd_local", "class_kl", "spectrum", "colour"):
        assert FLOOR in card[name].anchors
    for name in ("tstr", "trtr", "recognised", "membership_auc", "valid"):
        assert name in card.names
    assert card["tstr"].score.value > 0.9
    assert card["trtr"].score.value == card["tstr"].anchors[CEILING].value
    assert "encoder" in card.notes[-1]


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_caught_and_named(cards: dict[str, Scorecard], name: str):
    _, place, words = FAULTS[name]
    line = cards[name].verdict[place]
    assert line.level in ("amber", "red")
    assert words in line.text


def test_a_class_that_is_never_made_is_named(cards: dict[str, Scorecard]):
    assert (
        "Categories that never occur, though they should: label = disc." in cards["one class"].verdict[1].text
    )


def test_a_card_is_the_same_whoever_is_judged_beside_it(parts: list[Pictures], cards: dict[str, Scorecard]):
    fresh, train, holdout = parts
    (again,) = score_pictures([fresh], train, holdout, None, 0, QUICK)
    assert again.to_dict() == cards["honest"].to_dict()


def test_pictures_for_a_page(cards: dict[str, Scorecard]):
    report = cards["copied"].report(with_real_records=True)["plots"]["galleries"]
    galleries = {one["name"]: one for one in report}
    assert set(galleries) == {"real", "synthetic", "real-classes", "synthetic-classes", "suspicious"}
    without = cards["copied"].report()["plots"]["galleries"]
    assert [one["name"] for one in without] == ["synthetic", "synthetic-classes"]
    assert re.search(rf"(3\d) of {N} are near copies", galleries["suspicious"]["caption"])
    assert all(one["image"].startswith("data:image/webp;base64,") for one in galleries.values())
    curves = cards["copied"].plots["spectrum"]
    assert len(curves["real"]) == len(curves["synthetic"]) > 6


def test_a_label_can_be_chosen(parts: list[Pictures]):
    fresh, train, holdout = parts
    with pytest.raises(UsageError, match="Did you mean 'label'"):
        next(score_pictures([fresh], train, holdout, "labl", 0, QUICK))
    plain = [part.with_attributes(Attributes()) for part in parts]
    with pytest.raises(UsageError, match="give them with --labels"):
        next(score_pictures(plain[:1], plain[1], plain[2], "label", 0, QUICK))
    ages = [part.with_attributes(Attributes({"age": np.arange(float(N))})) for part in parts]
    with pytest.raises(UsageError, match="'age' has not two"):
        next(score_pictures(ages[:1], ages[1], ages[2], "age", 0, QUICK))


@pytest.mark.slow
def test_without_labels_the_rest_is_measured(parts: list[Pictures]):
    few = [part.with_attributes(Attributes()).take(np.arange(60)) for part in parts]
    (card,) = score_pictures(few[:1], few[1], few[2], None, 0, QUICK)
    assert {"class_kl", "tstr", "trtr", "recognised"} <= set(card.skipped)
    assert "two to a hundred classes" in card.skipped["tstr"]
    assert card.verdict[1].text == "As in real data: coarse and fine patterns, colours."
    assert card.verdict[2].level == "grey"
    (one_sided,) = score_pictures(few[:1], parts[1], parts[2], None, 0, QUICK)
    assert "class_kl" in one_sided.names
    assert one_sided.verdict[2].level == "grey"
    (wanted,) = score_pictures(few[:1], parts[1], parts[2], "label", 0, QUICK)
    assert wanted.verdict[2].level == "red"
    assert "The target 'label' is missing from the synthetic data" in wanted.verdict[2].text


@pytest.mark.parametrize("pixels", [np.zeros((12, 12, 12)), np.full((40, 12, 12), 9)], ids=["few", "many"])
def test_nothing_but_blank_pictures(parts: list[Pictures], pixels: np.ndarray):
    blank = Pictures.of(pixels.astype(np.uint8), None, 255, "blank")
    (card,) = score_pictures([blank], parts[1], parts[2], None, 0, QUICK)
    assert card.verdict[4].level == "red"
    assert card["near_copies"].score.value == 0


def test_fewer_than_ten_say_little(parts: list[Pictures]):
    few = [part.take(np.arange(8)) for part in parts]
    (card,) = score_pictures(few[:1], few[1], few[2], None, 0, QUICK)
    assert [line.level for line in card.verdict[:2]] == ["grey", "grey"]
    with pytest.raises(DataError, match="2, 2 and 4 at the least"):
        next(score_pictures(few[:1], few[1], few[2].take(np.arange(3)), None, 0, QUICK))


def test_another_form_is_brought_to_theirs_and_said(parts: list[Pictures]):
    large = np.random.default_rng(0).integers(0, 256, (30, 24, 20, 3)).astype(np.uint8)
    fake = read_to_judge(large, parts[1])
    assert fake.form == parts[1].form
    (card,) = score_pictures([fake], parts[1], parts[2], None, 0, QUICK)
    assert "has the size of real ones (12 x 12) (100.0% do not)" in card.verdict[4].text
    assert "has the channels of real ones (100.0% do not)" in card.verdict[4].text
    assert any("some pictures are 20 x 24 with 3 channels: brought to 12 x 12" in note for note in card.notes)


def test_files_of_another_size_are_counted(tmp_path, parts: list[Pictures]):
    from PIL import Image

    for number, pixels in enumerate(parts[0].pixels[:20]):
        side = 18 if number % 4 == 0 else 12
        Image.fromarray(pixels).resize((side, side)).save(tmp_path / f"{number}.png")
    fake = read_to_judge(tmp_path, parts[1])
    sizes = [fake.sizes[number][0] for number in fake.numbers.tolist()]
    assert (sizes.count(18), sizes.count(12)) == (5, 15)
    assert len(read_pictures(tmp_path, ImageOptions()).sizes) == 20


@pytest.mark.slow
def test_a_full_card_has_all_anchors_of_attacks(parts: list[Pictures]):
    few = [part.take(np.arange(60)) for part in parts]
    (card,) = score_pictures(few[:1], few[1], few[2], None, 0, FULL)
    assert set(card["membership_auc"].anchors) == set(ANCHORS)
    assert not card.skipped


@final
class Counting:
    """Pictures by number, and the most that were ever read at once."""

    def __init__(self, n: int) -> None:
        self.n, self.n_most = n, 0
        self.broken: dict[str, str] = {}

    def __len__(self) -> int:
        return self.n

    def block(self, numbers):
        self.n_most = max(self.n_most, len(numbers))
        return np.random.default_rng(0).integers(0, 256, (self.n, 4, 4, 1)).astype(np.uint8)[numbers]

    def digest(self, numbers):
        return bytes(numbers)


def test_few_of_many_pictures_are_in_memory(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(scoring, "MAX_PICTURES", 30)
    monkeypatch.setattr(scoring, "MIN_PICTURES", 10)
    monkeypatch.setattr(embedding, "BLOCK_NUMBERS", 20 * 16)
    sources = [Counting(200) for _ in range(3)]
    sets = [Pictures(one, np.arange(200), Form(4, 4), Attributes(), "many") for one in sources]
    (card,) = score_pictures(sets[:1], sets[1], sets[2], None, 3, QUICK)
    assert max(one.n_most for one in sources) <= 70
    assert card["copies"].score.value == 1
    assert card["copies"].score.n == 200
    assert card["coverage"].score.n == 15
    assert "looked at: 30 generated, 30 training and 30 held-out pictures" in card.notes
    monkeypatch.setattr(scoring, "MAX_NUMBERS", 16 * 12)
    assert scoring.most_pictures(Form(4, 4)) == 12


def test_what_networks_see_of_pictures():
    pixels = np.random.default_rng(0).integers(-1000, 1001, (3, 130, 100, 1)).astype(np.int16)
    form = Form(130, 100, 1, "int16", -1000.0, 1000.0)
    seen = embedding.values_of(pixels, form)
    assert seen.shape == (3, 2, 43, 33)
    assert np.allclose(seen[0, 0, 0, 0], (pixels[0, :3, :3].mean() + 1000) / 2000, atol=1e-5)
    assert np.allclose(seen[:, 1], (pixels[:, 43:86, 33:66, 0] + 1000) / 2000, atol=1e-5)
    clear = np.full((1, 4, 4, 4), 200, np.uint8)
    clear[..., 3] = 0
    assert embedding.values_of(clear, Form(4, 4, 4, has_alpha=True)).max() == 0
    assert embedding.values_of(np.zeros((2, 2, 200, 3), np.uint8), Form(2, 200, 3)).shape == (2, 6, 1, 50)
    assert embedding.values_of(np.zeros((2, 65, 1, 1), np.uint8), Form(65, 1)).shape == (2, 2, 32, 1)


def test_what_fresh_pictures_are_too_is_no_defect():
    """A few blank ones, and pictures that occur twice where many are drawn from few."""
    few = drawn(600, 1)
    pixels = pixels_of(few).copy()
    pixels[:6] = 0
    pool, rng = changed(few, pixels), np.random.default_rng(0)
    fake, train, holdout = (pool.take(rng.integers(0, 600, n)) for n in (400, 200, 80))
    bad = pool.take(np.repeat(np.arange(100), 4))

    def defects(pictures: Pictures) -> list[str]:
        broken = embedding.broken_rules(pictures, train, embedding.keys_of(pictures))
        rules = scoring.PictureScoring().rules(broken, pictures, train, holdout, 0)
        return [defect.words for defect in found_defects(rules)]

    assert not defects(fake)
    assert defects(bad) == ["occurs once"]


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_a_file_of_pictures_of_another_size_is_said(tmp_path, parts: list[Pictures], suffix: str):
    large = np.random.default_rng(0).integers(0, 256, (30, 24, 24)).astype(np.uint8)
    path = tmp_path / f"large{suffix}"
    np.save(path, large) if suffix == ".npy" else np.savez(path, images=large)
    fake = read_to_judge(path, parts[1])
    assert set(fake.sizes.values()) == {(24, 24, 1)}
    again = brought_to(fake.take(np.array([4, 5])), replace(fake.form, pixel_type="float32"), "others")
    assert again.sizes == dict.fromkeys((0, 1), (24, 24, 1))


def test_pictures_of_one_pixel():
    tiny = [
        Pictures.of(np.random.default_rng(seed).integers(0, 256, (40, 1, 1)).astype(np.uint8))
        for seed in range(3)
    ]
    (card,) = score_pictures(tiny[:1], tiny[1], tiny[2], None, 0, QUICK)
    assert "too small for any pattern" in card.skipped["spectrum"]
