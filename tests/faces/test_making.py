"""`sample` and `complete`: what they print and write."""

from __future__ import annotations

import json

import pyarrow.parquet as pq
import pytest

from gansmith.faces.cli import run

SMALL = ["--preset", "small", "--threads", "1"]


def _only_json(capsys):
    out, err = capsys.readouterr()
    return json.loads(out), err


# --- sample -------------------------------------------------------------------------------------------------


def test_sample_prints_records_and_nothing_else(model, capsys):
    assert run(["sample", model, "-n", "20", "-o", "-"]) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[0] == "age,pay,city,member"
    assert len(lines) == 21
    assert err == ""
    assert run(["sample", model, "-n", "20"]) == 0
    assert capsys.readouterr().out == out  # the same seed, and standard output when nothing is said
    assert run(["sample", model, "-n", "20", "--seed", "1"]) == 0
    assert capsys.readouterr().out != out
    assert run(["sample", model, "-n", "5"]) == 0
    assert capsys.readouterr().out.splitlines() == lines[:6]  # the first of many are the same as few


def test_sample_writes_a_file_and_where_it_came_from(model, folder, tmp_path, capsys):
    path = tmp_path / "more.csv"
    assert (
        run(["sample", model, "-n", "50", "-o", str(path), "--where", "city=Lima", "--seed", "4", "--json"])
        == 0
    )
    found, err = _only_json(capsys)
    beside = json.loads((tmp_path / "more.csv.meta.json").read_text())
    assert beside == {key: value for key, value in found.items() if key != "output"}
    assert beside["synthetic"] is True
    assert (beside["seed"], beside["records"], beside["where"]) == (4, 50, ["city=Lima"])
    assert len(beside["model"]) == 64
    assert "Wrote 50 records" in err
    assert {line.split(",")[2] for line in path.read_text().splitlines()[1:]} == {"Lima"}
    assert sorted(found.name for found in tmp_path.iterdir()) == ["more.csv", "more.csv.meta.json"]


def test_parquet_holds_where_it_came_from(model, tmp_path):
    assert run(["sample", model, "-n", "10", "-o", str(tmp_path / "more.parquet")]) == 0
    table = pq.read_table(tmp_path / "more.parquet")
    assert table.num_rows == 10
    assert json.loads((table.schema.metadata or {})[b"gansmith"])["synthetic"] is True


def test_no_records_are_a_header(model, capsys):
    assert run(["sample", model, "-n", "0"]) == 0
    assert capsys.readouterr().out == "age,pay,city,member\n"


def test_discriminator_scores_are_probabilities(model, capsys):
    assert run(["sample", model, "-n", "3", "--discriminator-scores"]) == 0
    said = [line for line in capsys.readouterr().out.splitlines() if line.startswith("probability")]
    assert len(said) == 3
    assert all(0 <= float(line.split(": ")[1]) <= 1 for line in said)


@pytest.mark.parametrize("options", [["--json"], ["-o", "some.csv"]])
def test_discriminator_scores_are_not_written(model, options, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["sample", model, "-n", "3", "--discriminator-scores", *options]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "leave out -o and --json" in err
    assert not list(tmp_path.iterdir())


def test_records_and_json_do_not_share_standard_output(model, capsys):
    assert run(["sample", model, "--json"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "Write the records to a file with -o" in err


def test_ranges_alternatives_and_balance(model, tmp_path, capsys):
    asked = ["--where", "age>=65", "--where", "pay!=", "--where", "city=Rome", "--where", "city=Lima"]
    assert run(["sample", model, "-n", "300", *asked, "--balance", "city"]) == 0
    rows = [line.split(",") for line in capsys.readouterr().out.splitlines()[1:]]
    assert all(int(age) >= 65 and pay != "NA" for age, pay, _, _ in rows)
    assert [row[2] for row in rows].count("Rome") == [row[2] for row in rows].count("Lima") == 150
    path = str(tmp_path / "some.csv")
    assert run(["sample", model, "-n", "30", *asked, "--balance", "city", "-o", path, "--json"]) == 0
    found, _ = _only_json(capsys)
    assert found["where"] == ["age>=65", "pay!=", "city=Rome", "city=Lima"]
    assert found["balance"] == "city"
    assert run(["sample", model, "-n", "30", "--balance", "pay"]) == 2
    assert "too many values" in capsys.readouterr().err


def test_learning_from_a_range(folder, tmp_path, capsys):
    data, made = str(folder / "people.csv"), str(tmp_path / "old.gan")
    asked = ["--where", "age>=50", "--where", "city!=Lima"]
    assert run(["fit", data, "-o", made, "--samples-seen", "300", *asked, *SMALL]) == 0
    capsys.readouterr()
    assert run(["sample", made, "-n", "100"]) == 0
    rows = [line.split(",") for line in capsys.readouterr().out.splitlines()[1:]]
    assert min(int(row[0]) for row in rows) >= 50
    assert {row[2] for row in rows} <= {"Rome", "Oslo"}


# --- complete -----------------------------------------------------------------------------------------------


def test_complete_fills_gaps_and_keeps_the_rest(model, tmp_path, capsys):
    lines = ["city,age,member", "Rome,,yes", ",040,", "Atlantis,33,no"]
    (tmp_path / "part.csv").write_text("\n".join(lines) + "\n")
    given, made = str(tmp_path / "part.csv"), str(tmp_path / "whole.csv")
    assert run(["complete", model, given, "-o", made, "--seed", "2", "--json"]) == 0
    found, err = _only_json(capsys)
    assert (found["imputed"], found["n_gaps"], found["seed"], found["synthetic"]) == (
        "part.csv",
        6,
        2,
        True,
    )
    assert "Wrote 3 records" in err
    assert "Atlantis" in err
    rows = [line.split(",") for line in (tmp_path / "whole.csv").read_text().splitlines()]
    assert rows[0] == ["city", "age", "member", "pay"]
    assert [rows[1][0], rows[2][1], *rows[3][:3]] == ["Rome", "040", "Atlantis", "33", "no"]
    assert all(cell not in ("", "NA") for row in rows for cell in row)
    assert run(["complete", model, given, "--seed", "2"]) == 0
    assert capsys.readouterr().out == (tmp_path / "whole.csv").read_text()
    assert run(["complete", model, given, "--seed", "3"]) == 0
    assert capsys.readouterr().out != (tmp_path / "whole.csv").read_text()


def test_complete_refuses_what_it_cannot_do(model, tmp_path, capsys):
    (tmp_path / "part.csv").write_text("aeg,city\n3,Rome\n")
    given = str(tmp_path / "part.csv")
    for arguments, code, said in (
        ([given], 3, "Did you mean 'age'?"),
        ([str(tmp_path / "no.csv")], 3, "no such file"),
        ([given, "--json"], 2, "Write the records to a file with -o"),
        ([given, "-o", given], 2, "is an input file"),
    ):
        assert run(["complete", model, *arguments]) == code
        out, err = capsys.readouterr()
        assert (out, said in err) == ("", True), err
    assert sorted(found.name for found in tmp_path.iterdir()) == ["part.csv"]
