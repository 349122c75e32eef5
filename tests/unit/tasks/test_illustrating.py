"""Pictures beside the numbers of a report: a film of the training, walks between a model's records."""

from __future__ import annotations

import base64
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gansmith.errors import DataError, UsageError
from gansmith.modalities.format import Pictured
from gansmith.modalities.image.format import ImageFormat
from gansmith.modalities.image.pictures import bundled_digits
from gansmith.modalities.registry import find_modality
from gansmith.report.pictures import size_of
from gansmith.scorecard.card import Scorecard
from gansmith.tasks import illustrating
from gansmith.tasks.illustrating import between, checked_model, film_of
from gansmith.tasks.judging import compare, training_of
from gansmith.tasks.runs.fit import FitConfig, start


@pytest.fixture(scope="module")
def digits():
    return bundled_digits().take(np.arange(300))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="module")
def model(digits, folder):
    run = start(digits, FitConfig(samples_seen=640, threads=1, latents=8), folder=folder / "run")
    for _ in run:
        pass
    return run.model()


def frames(folder: Path, n: int, side: int = 4) -> list[Path]:
    """Pictures of one grey each, which says their number."""
    paths = [folder / f"step-{number:010d}.png" for number in range(n)]
    for number, path in enumerate(paths):
        Image.new("L", (side, side), number).save(path)
    return paths


def greys(film: list[dict[str, str]]) -> list[int]:
    contents = [base64.b64decode(one["image"].partition(",")[2]) for one in film]
    return [int(np.asarray(Image.open(BytesIO(content)).convert("L"))[0, 0]) for content in contents]


@pytest.mark.parametrize(
    ("n", "wanted"),
    [(0, []), (1, [0]), (3, [0, 1, 2]), (11, [0, 2, 4, 6, 8, 10]), (100, [0, 20, 40, 59, 79, 99])],
)
def test_frames_are_picked_evenly_from_the_first_to_the_last(tmp_path, n, wanted):
    film = film_of(
        frames(tmp_path, n), [{"step": place, "samples_seen": 1_000 * place} for place in range(n)]
    )
    assert greys(film) == wanted
    assert [one["title"] for one in film] == [f"{1_000 * place:,} samples" for place in wanted]


def test_between_known_steps_samples_grow_evenly(tmp_path):
    stats = [{"step": 2, "samples_seen": 20}, {"step": 4, "samples_seen": 24}, {"note": "of another kind"}]
    film = film_of(frames(tmp_path, 5), stats)
    assert [one["title"] for one in film] == [f"{n} samples" for n in (0, 10, 20, 22, 24)]


def test_a_frame_of_which_nothing_is_known_is_called_by_its_name(tmp_path):
    (one,) = film_of(frames(tmp_path, 1), [{}])
    assert one["title"] == "step-0000000000"


def test_of_large_frames_there_are_fewer(tmp_path, monkeypatch):
    paths = frames(tmp_path, 9)
    most = max(len(one["image"]) for one in film_of(paths, []))
    for n_bytes, wanted in ((6 * most, [0, 2, 3, 5, 6, 8]), (2 * most, [0, 8]), (most, [8]), (1, [])):
        monkeypatch.setattr(illustrating, "MAX_FILM_BYTES", n_bytes)
        assert greys(film_of(paths, [])) == wanted  # the last is what the model came to


def test_what_is_no_picture_is_named(tmp_path):
    path = tmp_path / "step-1.png"
    path.write_bytes(b"no")
    with pytest.raises(DataError, match=r"step-1\.png"):
        film_of([path], [])


def test_a_run_of_pictures_has_a_film(model, folder):
    film = training_of(folder / "run")["film"]
    assert 1 < len(film) <= 6
    assert film[-1]["title"].endswith(" samples")
    assert all(size_of(one["image"]) for one in film)


def test_walks_are_rows_of_pictures(model):
    found = between(model, seed=3)
    assert size_of(found["image"]) == (9 * 9 + 1, 5 * 9 + 1)  # of pictures of 8 x 8 with a gap of one
    assert found["image"] == between(model, seed=3)["image"]
    assert found["image"] != between(model, seed=4)["image"]
    assert found["label"]


def test_the_report_shows_them_of_the_first_data_set(digits, model, monkeypatch):
    def score(_, fakes, *others):
        return (Scorecard("t", (), plots={"galleries": [{"name": "real"}]}) for _ in fakes)

    monkeypatch.setattr(ImageFormat, "score", score)
    parts = {"ours": model.sample(80, 0), "theirs": model.sample(80, 1)}
    cards = compare(
        parts, digits.take(np.arange(200)), digits.take(np.arange(200, 300)), quick=True, model=model
    )
    names = [[one["name"] for one in card.plots["galleries"]] for card in cards]
    assert names == [["real", "between"], ["real"]]


def test_a_model_of_other_data_is_refused(model):
    with pytest.raises(UsageError, match="makes data of kind 'image', and the real data is of kind 'table'"):
        checked_model(model, find_modality("table"))
    other = replace(model, modality=find_modality("table"))
    with pytest.raises(UsageError, match="makes data of kind 'table', and the real data is of kind 'image'"):
        checked_model(other, find_modality("image"))
    assert checked_model(model, find_modality("image")) is model
    assert isinstance(find_modality("image").format, Pictured)
