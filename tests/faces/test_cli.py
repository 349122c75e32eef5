"""The commands: what they print and where, what they write, and with which code they leave."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gansmith.faces.cli import run

SMALL = ["--preset", "small", "--threads", "1"]


def _only_json(capsys):
    out, err = capsys.readouterr()
    return json.loads(out), err


# --- fit ----------------------------------------------------------------------------------------------------


def test_fit_writes_a_model_and_keeps_its_run(folder):
    assert (folder / "people.gan").stat().st_size > 10_000
    assert sorted(path.name for path in (folder / "people.run").iterdir()) == [
        "begun.gan", "checkpoints", "config.json", "previews", "scores.json", "stats.jsonl",
    ]  # fmt: skip
    assert not list(folder.rglob("*.part"))


def test_fit_says_what_it_does_on_standard_error(folder, tmp_path, capsys):
    data = str(folder / "people.csv")
    assert run(["fit", data, "-o", str(tmp_path / "a.gan"), "--samples-seen", "2000", *SMALL]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert "240 records.\n" in err
    assert "24 records held out" in err
    assert "--samples-seen 2000 --threads 1 repeats this run" in err
    assert "held-out score" in err
    assert "\r" not in err  # no progress bar: this is no terminal
    assert "\x1b" not in err
    assert (tmp_path / "a.gan").read_bytes() == (folder / "people.gan").read_bytes()  # the same seed


def test_another_seed_is_another_model(folder, tmp_path, capsys):
    options = ["--samples-seen", "2000", "--seed", "1", "--json", *SMALL]
    assert run(["fit", str(folder / "people.csv"), "-o", str(tmp_path / "a.gan"), *options]) == 0
    found, _ = _only_json(capsys)
    assert found["samples_seen"] >= 2000
    assert 0 <= found["held_out_score"] <= 1
    assert found["model"] == str(tmp_path / "a.gan")
    assert (tmp_path / "a.gan").read_bytes() != (folder / "people.gan").read_bytes()


def test_settings_of_a_file_are_overruled_by_options(folder, tmp_path, capsys):
    config = tmp_path / "run.toml"
    config.write_text('preset = "small"\nbudget = "9h"\nobjective = "hinge"\nseed = 5\nthreads = 1\n')
    options = ["--config", str(config), "--samples-seen", "800", "--seed", "6"]
    assert run(["fit", str(folder / "people.csv"), "-o", str(tmp_path / "a.gan"), *options]) == 0
    fit = json.loads((tmp_path / "a.run" / "config.json").read_text())["fit"]
    assert (fit["preset"], fit["objective"], fit["seed"], fit["samples_seen"], fit["budget"]) == (
        "small", "hinge", 6, 800, "",
    )  # fmt: skip


def test_kinds_of_columns_a_schema_and_some_records_alone(folder, tmp_path, capsys):
    data, model = str(folder / "people.csv"), str(tmp_path / "a.gan")
    options = [
        "--samples-seen",
        "400",
        "--column",
        "age:category",
        "--where",
        "city=Rome",
        "--sampling-only",
        *SMALL,
    ]
    assert run(["fit", data, "-o", model, *options]) == 0
    capsys.readouterr()
    assert run(["show", model, "--json"]) == 0
    shown, _ = _only_json(capsys)
    kinds = {column["name"]: column["kind"] for column in shown["schema"]["columns"]}
    assert kinds == {"age": "category", "pay": "decimal", "city": "category", "member": "boolean"}
    assert run(["sample", model, "-n", "40"]) == 0
    assert {line.split(",")[2] for line in capsys.readouterr().out.splitlines()[1:]} == {"Rome"}
    assert run(["sample", model, "-n", "3", "--discriminator-scores"]) == 2
    assert "saved for sampling only" in capsys.readouterr().err
    (tmp_path / "schema.json").write_text(json.dumps(shown))
    options = [
        "--samples-seen",
        "400",
        "--schema",
        str(tmp_path / "schema.json"),
        "--where",
        "city=Rome",
        *SMALL,
    ]
    assert run(["fit", data, "-o", str(tmp_path / "b.gan"), *options]) == 0
    assert "age     category" in capsys.readouterr().err


def test_an_option_of_the_default_value_overrules_the_file_too(folder, tmp_path, capsys):
    config = tmp_path / "run.toml"
    config.write_text('preset = "small"\nsamples_seen = 400\nseed = 5\nthreads = 1\n')
    options = ["--config", str(config), "--seed", "0"]
    assert run(["fit", str(folder / "people.csv"), "-o", str(tmp_path / "a.gan"), *options]) == 0
    fit = json.loads((tmp_path / "a.run" / "config.json").read_text())["fit"]
    assert (fit["seed"], fit["samples_seen"], fit["preset"]) == (0, 400, "small")


def test_brackets_and_colons_in_names_are_no_markup(tmp_path, capsys):
    names = ["rate[/h]", "[bold]", "a:smile:"]
    rows = [f"{k % 7},{k % 5},{'xyz'[k % 3]}" for k in range(60)]
    (tmp_path / "odd.csv").write_text("\n".join([",".join(names), *rows]) + "\n")
    data, model = str(tmp_path / "odd.csv"), str(tmp_path / "odd.gan")
    assert run(["fit", data, "-o", model, "--samples-seen", "300", *SMALL]) == 0
    assert all(name in capsys.readouterr().err for name in names[:1])
    for command in (["show", data], ["show", model], ["score", data, "--real", data, "--quick"]):
        assert run(command) == 0
        out = capsys.readouterr().out
        assert all(name in out for name in names), command


# --- score, show, list --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pair(folder, write_people):
    """Synthetic and held-out records."""
    assert run(["sample", str(folder / "people.gan"), "-n", "200", "-o", str(folder / "fake.csv")]) == 0
    write_people(folder / "held.csv", 120, seed=1)
    return [
        str(folder / "fake.csv"),
        "--real",
        str(folder / "people.csv"),
        "--holdout",
        str(folder / "held.csv"),
    ]


def test_score_prints_one_card_and_keeps_the_gate(pair, tmp_path, capsys):
    card = tmp_path / "card.json"
    gate = ["--require", "copies<=1", "--require", "c2st<=0.01"]
    assert run(["score", *pair, "--target", "member", "-o", str(card), "--json", *gate]) == 4
    found, err = _only_json(capsys)
    assert found["scores"] == json.loads(card.read_text())["cards"][0]["scores"]
    assert {"c2st", "shape", "trend", "tstr", "copies", "membership_auc", "valid"} <= set(found["scores"])
    assert {"value", "error", "ceiling", "floor", "n", "direction"} <= set(found["scores"]["c2st"])
    assert [set(line) >= {"question", "level", "text", "columns"} for line in found["verdict"]] == [True] * 5
    assert "c2st" in err
    assert "copies" not in err


def test_score_prints_a_table_for_people(pair, capsys):
    assert run(["score", *pair[:3], "--quick"]) == 0
    out, err = capsys.readouterr()
    assert "held-out real" in out
    assert "c2st" in out
    assert "Does it look real?" in out
    assert "No hold-out was given" in err


@pytest.mark.slow
def test_score_writes_pages_and_compares(pair, tmp_path, capsys):
    page, card = tmp_path / "report.html", tmp_path / "privacy.html"
    assert run(["score", *pair, "--quick", "-o", str(page), "--privacy-card", str(card)]) == 0
    said = capsys.readouterr().err.splitlines()
    assert [line for line in said if line.startswith("Wrote")] == [
        f"Wrote {page} and {page.with_suffix('.json')}.",
        f"Wrote {card}.",
    ]
    assert "Does it give anybody away?" in page.read_text()
    assert json.loads(page.with_suffix(".json").read_text())["cards"]
    assert "Singling out" in card.read_text()
    capsys.readouterr()
    both = ["score", pair[0], pair[0], *pair[1:], "--quick", "--json", "--require", "c2st<=0.01"]
    assert run(both) == 4
    found, err = _only_json(capsys)
    assert len({one["name"] for one in found["cards"]}) == 2
    assert "(2): c2st is" in err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--require", "c3st<=1"], "c2st"),
        (["--require", "c2st"], "c2st"),
        (["-o", "card.txt"], ".json"),
        (["--privacy-card", "card.pdf"], ".json"),
        (["--target", "agee"], "'age'"),
    ],
)
def test_score_refuses_what_it_does_not_know(pair, options, said, capsys):
    assert run(["score", *pair, "--quick", *options]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err


@pytest.mark.parametrize("seed", ["-1", str(2**40)])
def test_any_whole_number_is_a_seed_of_a_score(pair, seed, capsys):
    assert run(["score", *pair, "--target", "member", "--seed", seed, "--json", "--quick"]) == 0
    assert "c2st" in json.dumps(_only_json(capsys)[0])


@pytest.mark.slow
def test_score_reads_as_fit_does(folder, tmp_path, capsys):
    text = (folder / "people.csv").read_text().replace("Rome", "Köln")
    (tmp_path / "real.csv").write_bytes(text.partition("\n")[2].encode("cp1252"))
    data = str(tmp_path / "real.csv")
    assert (
        run(["fit", data, "-o", str(tmp_path / "a.gan"), "--samples-seen", "300", "--no-header", *SMALL]) == 0
    )
    fake = str(tmp_path / "fake.csv")
    assert run(["sample", str(tmp_path / "a.gan"), "-n", "150", "-o", fake]) == 0
    capsys.readouterr()
    reading = ["--no-header", "--encoding", "cp1252"]
    assert run(["score", fake, "--real", data, *reading, "--json", "--quick"]) == 0
    assert "c2st" in json.dumps(_only_json(capsys)[0])
    assert run(["score", fake, "--real", data, *reading, "--column", "nobody:category"]) == 2
    assert "nobody" in capsys.readouterr().err
    assert run(["score", fake, "--real", data, "--encoding", "utf-8", "--no-header"]) == 3


def test_show_says_what_was_chosen_from_the_data(model, capsys):
    assert run(["show", str(model)]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    for said in (
        "generator widths 128-128",
        "n latents 128",
        "penalties 0.3 r1 + 0.3 r2",
        "turns same_fakes",
    ):
        assert said in shown


def test_show_knows_models_runs_and_data(folder, model, capsys):
    for what, said in (
        (model, "a model of table data"),
        (str(folder / "people.run"), "finished"),
        (str(folder / "people.csv"), "240 records"),
    ):
        assert run(["show", what]) == 0
        out, err = capsys.readouterr()
        assert said in out
        assert err == ""
        assert run(["show", what, "--json"]) == 0
        assert isinstance(_only_json(capsys)[0], dict)


@pytest.mark.parametrize(
    ("what", "name"),
    [("objectives", "relativistic"), ("penalties", "r1"), ("kinds", "table"), ("presets", "table small")],
)
def test_list_names_what_can_be_chosen(what, name, capsys):
    assert run(["list", what]) == 0
    assert any(line.startswith(name) for line in capsys.readouterr().out.splitlines())
    assert run(["list", what, "--json"]) == 0
    assert name in _only_json(capsys)[0]


# --- Usage --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["fit", "--bugdet", "5m", "a.csv"], "--budget"),
        (["sampel"], "sample"),
        (["fit"], "DATA"),
        (["list", "objektives"], "objectives"),
        (["sample", "m.gan", "-n", "-3"], "greater than or equal to 0"),
        (["fit", "a.csv", "--seed", "x"], "--seed"),
    ],
)
def test_wrong_usage_leaves_with_2_and_says_what_is_right(arguments, said, capsys):
    assert run(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said.casefold() in err.casefold()


def test_help_imports_nothing_heavy():
    heavy = [
        "torch",
        "numpy",
        "pandas",
        "pyarrow",
        "duckdb",
        "sklearn",
        "scipy",
        "PIL",
        "rich.console",
        "safetensors",
    ]
    program = (
        "import sys; from gansmith.faces.cli import run; code = run(['--help']);"
        f"print([name for name in {heavy} if name in sys.modules], code, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr.strip().splitlines()[-1] == "[] 0"
    assert "fit" in done.stdout


def test_show_of_a_file_imports_nothing_that_learns(tmp_path):
    rows = [f"{n % 97},c{n // 5},2024-01-{1 + n % 28:02},{n * 0.37:.2f}" for n in range(750)]
    (tmp_path / "t.csv").write_text("\n".join(["n,word,day,price", *rows]) + "\n", "utf-8")
    heavy = ["torch", "sklearn", "scipy", "faker"]
    program = (
        "import sys; from gansmith.faces.cli import run; code = run(['show', 't.csv']);"
        f"print([name for name in {heavy} if name in sys.modules], code, file=sys.stderr)"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stderr.strip().splitlines()[-1] == "[] 0"
    assert "150 categories in" in done.stdout


# --- What always holds --------------------------------------------------------------------------------------


def write_schools(path: Path, n: int = 240) -> Path:
    """A table in which the school decides the years."""
    rng = np.random.default_rng(0)
    years = {"none": 0, "low": 9, "high": 12}
    schools = rng.choice(list(years), n)
    lines = [f"{school},{years[school]},{rng.integers(18, 90)}" for school in schools]
    path.write_text("\n".join(["school,years,age", *lines]) + "\n", encoding="utf-8")
    return path


def test_a_rule_is_found_told_kept_and_left_out(tmp_path, capsys):
    data = write_schools(tmp_path / "people.csv")
    rule = "school determines years (3 combinations)"
    assert run(["show", str(data)]) == 0
    assert f"Note: rule found: {rule}. Synthetic records will keep it" in capsys.readouterr().out
    assert run(["show", str(data), "--json"]) == 0
    shown, _ = _only_json(capsys)
    assert shown["schema"]["constraints"] == [{"kind": "dependency", "by": "school", "column": "years"}]
    fit = ["fit", str(data), "--samples-seen", "1000", *SMALL]
    assert run([*fit, "-o", str(tmp_path / "a.gan")]) == 0
    assert rule in capsys.readouterr().err
    assert run(["sample", str(tmp_path / "a.gan"), "-n", "40", "--where", "years=12"]) == 0
    made = capsys.readouterr().out.splitlines()[1:]
    assert len(made) == 40
    assert all(line.startswith("high,12,") for line in made)
    assert run(["show", str(tmp_path / "a.gan")]) == 0
    assert "school determines years" in " ".join(capsys.readouterr().out.split())
    assert run([*fit, "-o", str(tmp_path / "b.gan"), "--no-constraints"]) == 0
    assert "found:" not in capsys.readouterr().err


def test_a_declared_rule_that_the_data_breaks_is_refused_with_the_record(tmp_path, capsys):
    data = write_schools(tmp_path / "people.csv")
    assert run(["show", str(data), "--json"]) == 0
    schema = _only_json(capsys)[0]["schema"]
    schema["constraints"] = [{"kind": "range", "column": "age", "high": 30}]
    (tmp_path / "schema.json").write_text(json.dumps(schema), encoding="utf-8")
    fit = ["fit", str(data), "-o", str(tmp_path / "a.gan"), "--schema", str(tmp_path / "schema.json"), *SMALL]
    assert run(fit) == 3
    assert "breaks 'age <= 30': age=" in capsys.readouterr().err
    schema["constraints"] = [{"kind": "range", "colum": "age", "high": 30}]
    (tmp_path / "schema.json").write_text(json.dumps(schema), encoding="utf-8")
    assert run(fit) == 3
    assert (
        "constraint 1 (range): there is no setting 'colum'. Did you mean 'column'?" in capsys.readouterr().err
    )
