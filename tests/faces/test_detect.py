"""`gansmith detect` from end to end: what is written and said, what is put up with, and what is refused."""

from __future__ import annotations

import csv
import json

import pandas as pd
import pytest

from gansmith.faces.cli import run
from gansmith.tasks.detect import detection


def make_quick(patch: pytest.MonkeyPatch) -> None:
    """Learn for a moment from few records: what the commands do is tested here, not how well they find."""
    patch.setattr("gansmith.modalities.rows.sight.RowSight.n_samples", 1_000)
    patch.setattr(detection, "FEWEST_MADE", 300)
    patch.setattr(detection, "N_MADE", 300)


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    make_quick(monkeypatch)


@pytest.fixture
def new(write_people, tmp_path):
    return write_people(tmp_path / "new.csv", 60, seed=1)


@pytest.fixture(scope="module")
def saved(folder, tmp_path_factory):
    """A detector that has learnt from people whom the model made, which answers at once."""
    path = tmp_path_factory.mktemp("detect") / "odd.gan"
    with pytest.MonkeyPatch.context() as patch:
        make_quick(patch)
        data = str(folder / "people.csv")
        assert run(["detect", str(folder / "people.gan"), data, "--save", str(path)]) == 0
    return str(path)


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def scores_of(path):
    return [float(row["anomaly_score"]) for row in rows_of(path)]


def test_a_line_for_each_record_in_their_order(model, new, tmp_path, capsys):
    lines = new.read_text().splitlines()
    new.write_text("\n".join([*lines[:5], "400,999999.00,Rome,no", *lines[5:]]) + "\n")
    assert run(["detect", model, str(new), "-o", str(tmp_path / "scores.csv")]) == 0
    out, err = capsys.readouterr()
    rows = rows_of(tmp_path / "scores.csv")
    assert [int(row["record"]) for row in rows] == list(range(1, 62))
    assert {row["is_anomaly"] for row in rows} <= {"0", "1"}
    oddest = max(rows, key=lambda row: float(row["anomaly_score"]))
    assert oddest["record"] == "5"
    assert oddest["reason"].endswith("is usual")
    assert "of 61 records" in out + err
    assert not list(tmp_path.rglob("*.part"))


def test_json_is_one_object(saved, new, tmp_path, capsys):
    assert run(["detect", saved, str(new), "-o", str(tmp_path / "scores.jsonl"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["records"] == 60
    assert found["output"] == str(tmp_path / "scores.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "scores.jsonl").read_text().splitlines()]
    assert sum(line["is_anomaly"] for line in lines) == found["n_anomalies"]
    assert found["oddest"][0]["score"] == pytest.approx(
        max(line["anomaly_score"] for line in lines), abs=1e-5
    )


def test_a_saved_detector_gives_the_same_scores(folder, model, new, tmp_path):
    train, again = str(folder / "people.csv"), tmp_path / "odd.gan"
    first = ["detect", model, str(new), "--train", train, "--save", str(again)]
    assert run([*first, "-o", str(tmp_path / "a.csv")]) == 0
    assert run(["detect", str(again), str(new), "-o", str(tmp_path / "b.csv")]) == 0
    assert scores_of(tmp_path / "a.csv") == scores_of(tmp_path / "b.csv")
    assert run(["sample", str(again), "-n", "5", "-o", str(tmp_path / "made.csv")]) == 0


def test_two_files_are_compared(saved, new, write_people, tmp_path, capsys):
    other = write_people(tmp_path / "other.csv", 100, seed=2)
    rows = pd.read_csv(other).assign(age=lambda found: found["age"] + 300)
    rows.to_csv(other, index=False)
    assert run(["detect", saved, str(new), "--compare", str(other), "--json"]) == 0
    drift = json.loads(capsys.readouterr().out)["drift"]
    assert drift["is_moved"] is True
    assert drift["parts"][0]["name"] == "age"
    assert "differs" in drift["sentence"]


# --- What is put up with ------------------------------------------------------------------------------------


def test_columns_in_another_order_and_one_too_many(saved, new, tmp_path, capsys):
    assert run(["detect", saved, str(new), "-o", str(tmp_path / "a.csv")]) == 0
    people = pd.read_csv(new, dtype=str, keep_default_na=False)
    people[["city", "member", "pay", "age"]].assign(extra="x").to_csv(tmp_path / "b.csv", index=False)
    capsys.readouterr()
    assert run(["detect", saved, str(tmp_path / "b.csv"), "-o", str(tmp_path / "c.csv")]) == 0
    assert scores_of(tmp_path / "c.csv") == scores_of(tmp_path / "a.csv")
    assert "column 'extra' is none of the model" in "".join(capsys.readouterr())


def test_a_new_category_and_missing_cells_are_odd_and_no_error(saved, tmp_path):
    (tmp_path / "odd.csv").write_text("age,pay,city,member\n50,1500.00,Rome,no\n50,1500.00,Bonn,no\n,NA,,\n")
    assert run(["detect", saved, str(tmp_path / "odd.csv"), "-o", str(tmp_path / "scores.csv")]) == 0
    usual, new, missing = scores_of(tmp_path / "scores.csv")
    assert new > usual
    assert missing > usual


# --- What is refused ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("age,pay,city\n50,1500.00,Rome\n", "'member'"),
        ("age,pay,city,member\nold,1500.00,Rome,no\n", "'old'"),
        ("age,pay,city,member\n50,1500.00,Rome,perhaps\n", "'perhaps'"),
        ("age,pay,city,member\n", ""),
        ("", ""),
    ],
)
def test_records_of_another_make_are_refused(saved, tmp_path, capsys, content, said):
    (tmp_path / "bad.csv").write_text(content)
    assert run(["detect", saved, str(tmp_path / "bad.csv"), "-o", str(tmp_path / "scores.csv")]) == 3
    err = capsys.readouterr().err
    assert "bad.csv" in err
    assert said in err
    assert "Traceback" not in err
    assert not (tmp_path / "scores.csv").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--contamination", "0"], "contamination is a share above 0 and up to .5"),
        (["--contamination", "0.9"], "contamination is a share above 0 and up to .5"),
        (["-o", "{folder}/scores.txt"], ".csv or .jsonl"),
        (["-o", "{new}"], "new.csv"),
        (["--save", "{folder}/odd.pt"], ".gan"),
        (["--save", "{saved}"], "odd.gan"),
        (["--report", "{folder}/page.pdf"], ".html"),
        (["--validation", "{new}"], "needs a label"),
        (["--validation", "{new}", "--label", "member"], "COLUMN=VALUE"),
    ],
)
def test_wrong_usage_is_refused_in_words(saved, new, tmp_path, capsys, options, said):
    before = new.read_bytes()
    given = [option.format(folder=tmp_path, new=new, saved=saved) for option in options]
    assert run(["detect", saved, str(new), *given]) == 2
    err = capsys.readouterr().err
    assert said in " ".join(err.split())
    assert "Traceback" not in err
    assert new.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["new.csv"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["{folder}/nowhere.gan", "{new}"],
        ["{saved}", "{folder}/nowhere.csv"],
        ["{saved}", "{new}", "--compare", "{folder}/nowhere.csv"],
        ["{saved}", "{new}", "-o", "{folder}/nowhere/scores.csv"],
    ],
)
def test_what_is_not_there_is_named(saved, new, tmp_path, capsys, arguments):
    given = [one.format(folder=tmp_path, new=new, saved=saved) for one in arguments]
    assert run(["detect", *given]) == 3
    assert "nowhere" in capsys.readouterr().err
