"""Moving house: from a model to the next, and from other systems' descriptions of a table."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from gansmith.faces.cli import run

SMALL = ["--preset", "small", "--threads", "1", "--samples-seen", "600"]


def _write(path: Path, seed: int, towns: list[str]) -> str:
    rng = np.random.default_rng(seed)
    lines = ["person,age,town"]
    lines += [f"P-{k:04},{rng.integers(18, 90)},{rng.choice(towns)}" for k in range(240)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    found = tmp_path_factory.mktemp("moving")
    _write(found / "old.csv", 0, ["Rome", "Oslo"])
    _write(found / "new.csv", 1, ["Rome", "Oslo", "Oslo", "Atlantis"])
    assert run(["fit", str(found / "old.csv"), "-o", str(found / "old.gan"), "--target", "town", *SMALL]) == 0
    return found


def _fit(place, *options, output="new.gan", data="new.csv"):
    return run(["fit", str(place / data), "-o", str(place / output), *map(str, options)])


def test_a_model_goes_on_with_new_records(place, capsys):
    assert _fit(place, "--from", place / "old.gan", "--samples-seen", "600") == 0
    said = capsys.readouterr().err
    assert "the model does not know" in said
    assert "of 'town'" in said
    assert run(["show", str(place / "new.gan")]) == 0
    shown = capsys.readouterr().out
    assert run(["show", str(place / "old.gan"), "--json"]) == 0
    digest = json.loads(capsys.readouterr().out)["sha256"]
    assert f"fine-tuned from the model {digest}" in shown
    assert (place / "new.run" / "origin.gan").exists()
    assert run(["sample", str(place / "new.gan"), "-n", "200"]) == 0
    assert "Atlantis" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--from", "nowhere.gan"], "nowhere.gan"),
        (["--from", "old.gan", "--objective", "hinge"], "objective is 'hinge'"),
        (["--from", "old.gan", "--column", "age:category"], "what the columns are"),
        (["--from", "old.gan", "--resume"], "no run is here"),
        (["--schema", "metadata.json", "--schema-table", "x"], "no table 'x'"),
    ],
)
def test_what_does_not_go_together_is_said(place, capsys, monkeypatch, options, said):
    monkeypatch.chdir(place)
    (place / "metadata.json").write_text(json.dumps({"tables": {"people": {"columns": {}}}}))
    assert _fit(place, *options, output="other.gan") in (2, 3)
    assert said in capsys.readouterr().err
    assert not (place / "other.gan").exists()


def test_metadata_of_sdv_goes_in_and_out(place, capsys):
    assert run(["show", str(place / "old.csv"), "--sdv"]) == 0
    metadata = json.loads(capsys.readouterr().out)
    assert metadata["tables"]["old"]["primary_key"] == "person"
    metadata["tables"]["old"]["columns"]["age"] = {"sdtype": "categorical"}
    metadata["tables"]["other"] = {"columns": {"x": {"sdtype": "id"}}}
    (place / "sdv.json").write_text(json.dumps(metadata))
    options = ["--schema", place / "sdv.json", "--schema-table", "old", *SMALL]
    assert _fit(place, *options, output="by_sdv.gan") == 0
    assert run(["show", str(place / "by_sdv.gan"), "--sdv"]) == 0
    assert (
        json.loads(capsys.readouterr().out)["tables"]["by_sdv"]["columns"]["age"]["sdtype"] == "categorical"
    )
    assert _fit(place, "--schema", place / "sdv.json", output="other.gan") == 2
    assert "'old', 'other'" in capsys.readouterr().err


def test_pictures_have_no_metadata(place, capsys):
    pixels = np.random.default_rng(0).integers(0, 16, (20, 17))
    (place / "digits.tra").write_text("\n".join(",".join(map(str, row)) for row in pixels))
    assert run(["show", str(place / "digits.tra"), "--sdv"]) == 2
    assert "tables only" in capsys.readouterr().err
