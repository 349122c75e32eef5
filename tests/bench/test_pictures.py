"""The bench of pictures from the data to the table, on tiny sets and with models that need no learning."""

from __future__ import annotations

import gzip
import io
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from bench import picture_rows, pictures
from bench.picture_rows import histogram_distance, likeness
from bench.picture_sets import PictureSet, idx, orl, orl80, sample_grid, unpacked_mri
from bench.picture_speed import blobs, many_files, plain_steps, watched
from bench.picture_task import Row, Task, at_least, at_most, plain_rows, table
from gansmith.modalities.image.pictures import Pictures
from gansmith.nets.grid_players import GridDiscriminator, GridGenerator


class Copying:
    """A model that gives training pictures back."""

    def __init__(self, train):
        self.train = train

    def sample(self, n, seed=0, where=None):
        found = self.train if where is None else self.train.of_label(where["label"])
        return found.take(np.random.default_rng(seed).integers(0, len(found), n))


def digits(n, seed):
    """Pictures of 16 x 16 of two labels, bright on the left or on the right."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 90, (n, 16, 16)).astype(np.uint8)
    labels = np.array(["left", "right"], dtype=object)[np.arange(n) % 2]
    pixels[labels == "left", :, :8] += 120
    pixels[labels == "right", :, 8:] += 120
    return Pictures.of(pixels, labels)


@pytest.fixture
def copying(monkeypatch):
    """Every model gives back what it was to learn from; nothing takes long."""
    monkeypatch.setattr(Task, "learnt", lambda self, source, preset="", tag="", options=None: Copying(source))
    monkeypatch.setattr(picture_rows, "N_COPIES", 60)
    monkeypatch.setattr(picture_rows, "N_DENOISING_STEPS", 5)


def task(folder, name="mnist"):
    return Task(name, "1s", 0, "default", folder)


def by_name(rows) -> dict[str, Any]:
    return {row.what: row for row in rows}


def test_a_copy_is_as_useful_as_the_real_digits(copying, monkeypatch, tmp_path):
    data = PictureSet("mnist", digits(200, 0), digits(80, 1))
    monkeypatch.setattr(picture_rows, "real_set", lambda name: data)
    rows = by_name(picture_rows.mnist(task(tmp_path)))
    assert rows["TSTR accuracy over TRTR"].ours == pytest.approx(1, abs=0.03)
    assert rows["accuracy of a probe learnt from it"].real > 0.9
    assert rows["coverage"].ours == pytest.approx(rows["coverage"].real, abs=0.15)
    assert (tmp_path / "mnist.png").exists()


def test_copies_of_few_pictures_are_found(copying, monkeypatch, tmp_path):
    data = PictureSet("orl80", digits(40, 0), digits(40, 1), digits(60, 2))
    monkeypatch.setattr(picture_rows, "real_set", lambda name: data)
    rows = by_name(picture_rows.few(task(tmp_path, "orl80")))
    assert rows["copies"].ours == rows["copies"].dcgan == 1
    assert rows["copies"].is_met is False
    assert rows[picture_rows.STRICT].ours == 1
    assert {path.name for path in tmp_path.iterdir()} == {"orl80.png", "orl80-dcgan.png"}


def test_likeness_compares_equal_numbers():
    rng = np.random.default_rng(0)
    heldout, others = rng.normal(size=(100, 4)), rng.normal(size=(300, 4))
    same, far = likeness(heldout, others), likeness(heldout, others + 20)
    assert same.coverage > 0.85
    assert same.spread > 0
    assert far.coverage == 0
    assert far.frechet > 100


def test_the_histogram_distance_is_a_share():
    values = np.random.default_rng(0).integers(0, 1000, 10_000)
    assert histogram_distance(values, values) == 0
    assert histogram_distance(values + 2000, values) > 0.9


# --- Data ---------------------------------------------------------------------------------------------------


def test_idx_files(tmp_path):
    values = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    header = bytes([0, 0, 8, 3]) + np.array(values.shape, ">i4").tobytes()
    (tmp_path / "x.gz").write_bytes(gzip.compress(header + values.tobytes()))
    assert np.array_equal(idx(tmp_path / "x.gz"), values)


def test_nobody_is_in_both_halves_of_the_faces(tmp_path):
    (tmp_path / "orl_faces").mkdir()
    with zipfile.ZipFile(tmp_path / "orl_faces" / "orl_faces.zip", "w") as archive:
        for person in range(1, 41):
            for number in range(1, 11):
                stream = io.BytesIO()
                Image.new("L", (92, 112), person * 6).save(stream, format="PPM")
                archive.writestr(f"s{person}/{number}.pgm", stream.getvalue())
    whole, few = orl(tmp_path), orl80(tmp_path)
    assert whole.train.pixels.shape == (300, 56, 46)
    assert set(np.unique(whole.train.pixels)) & set(np.unique(whole.heldout.pixels)) == set()
    assert len(few.train) == 80
    assert few.beside is not None
    assert sorted([*few.train.numbers, *few.beside.numbers]) == list(range(300))


def test_masks_are_left_out(tmp_path):
    (tmp_path / "brain_mri").mkdir()
    with zipfile.ZipFile(tmp_path / "brain_mri" / "brain_mri.zip", "w") as archive:
        for name in ("yes/a.jpg", "no/b.jpg", "masks/a.jpg"):
            archive.writestr(name, b"x")
    found = unpacked_mri(tmp_path, tmp_path / "to")
    assert sorted(path.name for path in found.rglob("*.jpg")) == ["a.jpg", "b.jpg"]


def test_a_grid_shows_real_above_and_generated_below(tmp_path):
    clear, dark = (
        np.full((4, 8, 8, 4), (0, 0, 0, 0), np.uint8),
        np.full((4, 8, 8, 4), (0, 0, 0, 255), np.uint8),
    )
    sample_grid(Pictures.of(clear), Pictures.of(dark), tmp_path / "grid.png", n_columns=2, n_rows=2)
    shown = np.asarray(Image.open(tmp_path / "grid.png"))
    middle = len(shown) // 2
    assert shown[:middle].min() == 255
    assert shown[middle:].min() == 0


# --- Speed --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_fresh", [False, True])
def test_the_plain_loop_teaches_both_players(is_fresh):
    generator = GridGenerator((1, 8, 8), 4, 0, (8, 8), 1, "leaky_relu")
    discriminator = GridDiscriminator((1, 8, 8), 0, (8, 8, 8), 1, "leaky_relu")
    before = [
        {name: weight.clone() for name, weight in one.state_dict().items()}
        for one in (generator, discriminator)
    ]
    pixels = torch.zeros(20, 1, 8, 8, dtype=torch.uint8)
    precision = torch.autocast("cpu", torch.bfloat16, enabled=False)
    steps = plain_steps(generator, discriminator, pixels, 4, 8, precision, is_fresh=is_fresh)
    for _ in range(3):
        next(steps)
    for network, old in zip((generator, discriminator), before, strict=True):
        assert any(not torch.equal(old[name], weight) for name, weight in network.state_dict().items())


def test_many_files_are_pictures_of_two_classes(tmp_path):
    many_files(tmp_path / "many", 10, seed=0)
    files = sorted((tmp_path / "many").rglob("*.png"))
    assert [path.parent.name for path in files] == ["dark"] * 5 + ["light"] * 5
    corners = [np.asarray(Image.open(path))[0, 0, 0] for path in files]
    assert corners == [25] * 5 + [230] * 5
    assert len({path.read_bytes() for path in files}) == 10
    assert blobs(3, np.random.default_rng(0)).shape == (3, 32, 32, 3)


def test_a_command_is_watched_until_its_end(tmp_path):
    waited_for, said = tmp_path / "stats.jsonl", tmp_path / "said.txt"
    program = "import sys, time; open(sys.argv[1], 'w').write('x'); time.sleep(0.2)"
    found = watched([sys.executable, "-c", program, str(waited_for)], said, waited_for)
    assert 0 < found.seconds_to_step < found.seconds - 0.1
    if Path("/proc/self/status").exists():
        assert 2 < found.peak_mib < 60  # not that of this process, which has torch


def test_a_command_that_fails_is_not_measured(tmp_path):
    command = [sys.executable, "-c", "raise SystemExit('no such thing')"]
    with pytest.raises(RuntimeError, match="no such thing"):
        watched(command, tmp_path / "said.txt")


# --- The command --------------------------------------------------------------------------------------------


def test_targets_are_met_or_not():
    assert at_least("x", 0.5, 0.4).is_met
    assert not at_least("x", 0.3, 0.4).is_met
    assert at_most("x", 0.3, 0.4).is_met
    assert not at_most("x", float("nan"), 0.4).is_met


def test_the_table_leaves_empty_columns_out():
    text = table([at_least("coverage", 0.25, 0.5, real=0.75), Row("density", 1.0)])
    assert text.splitlines()[0].split() == ["ours", "real", "target", "met"]
    assert "NO" in text
    assert plain_rows([Row("density", 0.0)]) == {"density": {"ours": 0.0}}


def test_the_command_prints_and_keeps_what_was_measured(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(
        pictures.MEASUREMENTS, "speed", pictures.Measurement(lambda task: [Row("what", task.seed)], "9m")
    )
    pictures.run(["speed", "--json", "--seed", "3", "--out", str(tmp_path)])
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert line == json.loads((tmp_path / "results.jsonl").read_text("utf-8"))
    assert (line["name"], line["seed"], line["budget"]) == ("speed", 3, "9m")
    assert line["values"]["what"]["ours"] == 3


def test_data_that_is_not_there_is_said(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("GANSMITH_DATA", str(tmp_path))
    pictures.run(["mnist", "--out", str(tmp_path / "out")])
    assert "not there" in capsys.readouterr().out
    assert not (tmp_path / "out").exists()
