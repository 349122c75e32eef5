"""What is wrong with data is said before it is learnt from: by `show`, by `fit`, in Python."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from gansmith.errors import Caution, UsageError
from gansmith.faces.cli import run
from gansmith.tasks.opening import open_data


@pytest.fixture
def spoilt(tmp_path, write_people):
    """A table with copies, a column that is mostly missing, and one that gives another away."""
    frame = pd.read_csv(write_people(tmp_path / "people.csv", n=600), keep_default_na=False)
    frame["vip"] = np.where(frame["member"] == "yes", "v", "n")
    frame["note"] = np.where(np.arange(600) % 5 == 0, np.arange(600) % 7, "")
    pd.concat([frame, frame[:60]]).to_csv(tmp_path / "spoilt.csv", index=False)
    return tmp_path / "spoilt.csv"


def test_show_says_it_the_worst_first(spoilt, capsys):
    assert run(["show", str(spoilt), "--target", "member"]) == 0
    heading, *lines = capsys.readouterr().out.partition("Before learning:")[1:]
    found = "".join(lines).strip().splitlines()
    assert heading
    assert found[0].startswith("- 'vip' gives away the target 'member'")
    assert "of 660 records (10.2%) repeat an earlier one" in found[1]
    assert found[2].startswith("- mostly missing: 'note' (80%)")
    assert run(["show", str(spoilt), "--json"]) == 0
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert [one["check"] for one in findings] == ["copies", "mostly missing"]
    assert run(["show", str(spoilt), "--target", "memebr"]) == 2
    assert "Did you mean 'member'" in capsys.readouterr().err


def test_a_good_table_has_no_such_lines(tmp_path, write_people, capsys):
    data = write_people(tmp_path / "people.csv", n=600)
    assert run(["show", str(data), "--target", "member"]) == 0
    assert "Before learning" not in capsys.readouterr().out
    assert open_data(str(data), target="member").doubts == ()


def test_fit_says_first_what_matters(spoilt, tmp_path, capsys, monkeypatch):
    def stop(opened, *given, **others):
        raise UsageError("far enough")

    monkeypatch.setattr("gansmith.tasks.runs.fit.start", stop)
    assert run(["fit", str(spoilt), "-o", str(tmp_path / "m.gan"), "--target", "member"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "spoilt.csv: 660 records."
    assert lines[1].startswith("Note: 'vip' gives away the target 'member'")
    assert "repeat an earlier one" in lines[2]
    assert lines[3].startswith("column")


def test_python_warns_of_what_spoils(spoilt):
    doubts = open_data(pd.read_csv(spoilt), target="member").doubts
    assert len(doubts) == 2
    assert all(isinstance(one, Caution) for one in doubts)
    assert open_data(pd.read_csv(spoilt), target="member", command="score").doubts == ()


def test_digits_of_one_class_are_records_without_a_header(tmp_path, capsys):
    twos = np.random.default_rng(0).integers(0, 17, (177, 12))  # few columns: rules take their time
    lines = [",".join(map(str, two)) + ",2" for two in twos.tolist()]
    (tmp_path / "uci_digits_2_only.txt").write_text("\n".join(lines) + "\n")
    assert run(["show", str(tmp_path / "uci_digits_2_only.txt")]) == 0
    out = capsys.readouterr().out
    assert f"{len(twos)} records of table data" in out
    assert "column_13  constant" in out
    assert "--header" in out


def test_pictures_are_looked_at_too():
    rng = np.random.default_rng(0)
    pixels, labels = rng.integers(0, 17, (240, 4, 4)).astype(np.uint8), np.arange(240) % 2
    labels[:12] = 7
    pixels[-30:] = pixels[:30]
    copied, rare = open_data((pixels, labels)).findings
    assert copied.said == "30 of 240 pictures (12.5%) repeat an earlier one"
    assert rare.said == "'label': a class has fewer than 20 pictures: '7' (12)"
    doubts = open_data((pixels[:150], labels[:150] * 0)).doubts
    assert len(doubts) == 1
    assert doubts[0].startswith("only 150 pictures: too few")


@pytest.mark.parametrize(("n", "named"), [(1, ""), (2, ": '7' (2)")])  # of 240 pictures two are enough
def test_a_class_that_one_picture_has_is_not_named(n: int, named: str):
    pixels, labels = (
        np.random.default_rng(0).integers(0, 17, (240, 4, 4)).astype(np.uint8),
        np.arange(240) % 2,
    )
    labels[:n] = 7
    (rare,) = open_data((pixels, labels)).findings
    assert rare.said == f"'label': a class has fewer than 20 pictures{named}"
