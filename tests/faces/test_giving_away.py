"""What one person alone has stands on no page, print, run folder or model; but on the page for the owner."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gansmith.faces.cli import run
from gansmith.tasks import judging
from gansmith.tasks.model import load_model

N = 150
INCOME, BORN, COUNTRY, BADGE = "9876543.21", "1901-02-03", "Zanzibar", "987654"
GIVING = re.compile(rf"{COUNTRY}|(?<![\d.])98765\d\d(?!\d)|9\.8765|{BORN}|(?<![\d.])98765[45](?!\d)")
"""What only one of the real people has, however it is spelt."""


def people(seed: int, n: int = N) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    days = np.datetime64("1940-01-01") + rng.integers(0, 20_000, n)
    return pd.DataFrame(
        {
            "badge_id": 100_000 + 3 * np.arange(n),
            "age": rng.integers(18, 80, n),
            "income": rng.lognormal(10, 0.4, n).round(2),
            "country": rng.choice(["France", "Spain", "Italy"], n),
            "born": days.astype(str),
        }
    )


def with_one(table: pd.DataFrame, row: int = 7) -> pd.DataFrame:
    """The same with somebody who is like nobody else."""
    table.loc[row] = [int(BADGE), 44, float(INCOME), COUNTRY, BORN]
    return table


@pytest.fixture(scope="module")
def cards():
    """Of synthetic people, one of whom came through as she is."""
    return judging.compare(
        {"fakes.csv": with_one(people(2))}, with_one(people(0)), with_one(people(1)), quick=True
    )


def visible(path: Path) -> str:
    """A page without the library that draws, or any other file."""
    return re.sub(
        r'<script type="application/gzip".*?</script>', "", path.read_bytes().decode(), flags=re.DOTALL
    )


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_report_names_nobody_and_shows_no_real_record(cards, tmp_path):
    (card,) = cards
    card.to_html(tmp_path / "r.html")
    for name in ("card.html", "card.json"):
        card.to_privacy_card(tmp_path / name)
    texts = [visible(tmp_path / name) for name in ("r.html", "r.json", "card.html", "card.json")]
    assert "hold no record of the real data" in texts[0]
    assert "holds no record of the real data" in texts[2]
    assert json.loads(texts[3])["holds_real_records"] is False
    incomes = pd.concat([people(0), people(1)])["income"].astype(str)
    assert not [income for income in incomes for text in texts if income in text]
    for text in (*texts, str(card), card._repr_html_(), json.dumps(card.to_dict())):
        assert GIVING.search(text) is None
        assert "or the data owner" not in text
    report = json.loads(texts[1])
    plots = report["cards"][0]["plots"]
    assert report["holds_real_records"] is False
    assert "neighbours" not in plots
    assert plots["projection"]["real"] == []
    (country,) = (one for one in plots["columns"] if one["name"] == "country")
    assert set(country["labels"]) == {"France", "Spain", "Italy", "other (rare)"}
    real = pd.concat([people(0), people(1)])
    shown = {text for pair in plots["pairs"] for key in ("x_labels", "y_labels") for text in pair[key]}
    shown |= {str(edge) for one in plots["columns"] for edge in one.get("edges", ())}
    assert not shown & {*real["income"].astype(str)}


def test_the_owners_page_says_so_and_is_read_by_nobody_else(cards, tmp_path):
    cards.to_html(tmp_path / "r.html", with_real_records=True)
    report = json.loads((tmp_path / "r.json").read_text())
    assert next(iter(report)) == "holds_real_records"
    assert report["holds_real_records"] is True
    assert report["cards"][0]["plots"]["neighbours"]["pairs"][0]["real"]
    page = visible(tmp_path / "r.html")
    assert COUNTRY in page
    assert "For the data owner" in page.partition("<main")[0]
    assert mode(tmp_path / "r.html") == mode(tmp_path / "r.json") == 0o600


def test_the_command_shows_real_records_only_when_asked(cards, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(judging, "compare", lambda *_, **__: cards)
    people(0).to_csv(tmp_path / "real.csv")
    command = ["score", "fakes.csv", "--real", str(tmp_path / "real.csv")]
    for name, more, is_shown in (("a", [], False), ("b", ["--with-real-records"], True)):
        assert run([*command, "-o", str(tmp_path / f"{name}.json"), *more]) == 0
        assert (COUNTRY in visible(tmp_path / f"{name}.json")) is is_shown
        assert (mode(tmp_path / f"{name}.json") == 0o600) is is_shown
    assert GIVING.search("".join(capsys.readouterr())) is None
    assert run([*command, "--with-real-records"]) == 2
    assert "needs a report" in capsys.readouterr().err


def test_what_is_printed_and_kept_of_a_run_names_nobody(tmp_path, capsys):
    data, model, folder = tmp_path / "people.csv", tmp_path / "m.gan", tmp_path / "run"
    with_one(people(0)).to_csv(data, index=False)
    options = ["--samples-seen", "500", "--preset", "small", "--threads", "1", "--run", str(folder)]
    assert run(["fit", str(data), "-o", str(model), *options]) == 0
    for command in ([data], [data, "--json"], [model, "--json"], [folder]):
        assert run(["show", *map(str, command)]) == 0
    said = "".join(capsys.readouterr())
    assert "about 18 to 78" in said
    assert "about 1941-01-01 to 1994-01-01" in said
    assert GIVING.search(said) is None
    written = [path for path in folder.rglob("*") if path.is_file()]
    assert {path.suffix for path in written} >= {".json", ".jsonl", ".gan", ".safetensors"}
    for path in (*written, model):
        content = path.read_bytes()
        assert COUNTRY.encode() not in content
        # Neither the highest number nor the extent of all, which stand in a file as texts.
        assert re.search(rb"(?<![\d.])(98765[45]|88765[45])(?!\d)", content) is None
        assert np.float64(INCOME).tobytes() not in content
        assert path == model or mode(path) == 0o600
    made = load_model(model).sample(5, 0).records["badge_id"].to_pylist()
    assert min(made) >= 1_000_000
