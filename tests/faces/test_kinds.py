"""A messy file from fit to sample: every dress comes back, nobody's address does."""

from __future__ import annotations

import csv
import json
import random
import re
from pathlib import Path

import pytest

from gansmith.faces.cli import run

SMALL = ["--preset", "small", "--threads", "1", "--samples-seen", "600"]
FORMATS = {
    "price": r"\$\d{1,3}(,\d{3})*\.\d{2}",
    "balance": r"\(\d{1,3}(,\d{3})*\)|\d{1,3}(,\d{3})*",
    "rate": r"\d+\.\d%",
    "opens": r"\d\d:\d\d",
    "took": r"\d+:\d\d:\d\d",
    "seen": r"2024-\d\d-\d\dT\d\d:\d\d:00\+0[12]:00",
    "member": r"ja|nein",
    "email": r"[a-z.]+\d*@example\.com",
    "customer": r"[\w.-]+( [A-Z]\.)* [\w -]+",  # of Germany: Anna-Maria von Berg, Hans-J. Graf
    "phone": r"\+49 30 \d{7}",
    "score": r"\d|n\.v\.",
}


def write_messy(path: Path, n: int = 240) -> Path:
    """A table in cp1252 with semicolons, of columns of all number formats."""
    rng = random.Random(0)
    rows: list[list[str]] = []
    for index in range(n):
        balance, month = rng.randint(-3000, 9000), rng.randint(1, 12)
        moment = f"2024-{month:02}-{rng.randint(1, 26):02}T{rng.randint(0, 23):02}:00:00"
        first, last = rng.choice(["Anna", "José", "Maria", "Peter"]), rng.choice(["Rossi", "Novak", "Berg"])
        rows.append([
            f"${rng.randint(0, 999_999) / 100:,.2f}",
            f"({-balance:,})" if balance < 0 else f"{balance:,}",
            f"{rng.randint(0, 1000) / 10:.1f}%",
            f"{rng.randint(6, 11):02}:{rng.choice(['00', '30'])}",
            f"{rng.randint(0, 40)}:{rng.randint(0, 59):02}:{rng.randint(0, 59):02}",
            f"{moment}+0{1 + (4 <= month <= 10)}:00",
            rng.choice(["ja", "nein"]),
            f"{first}.{last}{index}@corp.com".lower(),
            f"{first} {rng.choice('ABCDEFGHIJKLMNOPQRSTUVWXYZ')}. {last}",
            f"+49 30 {rng.randint(1_000_000, 9_999_999)}",
            rng.choice(["1", "2", "3", "n.v."]),
        ])  # fmt: skip
    with path.open("w", newline="", encoding="cp1252") as file:
        csv.writer(file, delimiter=";").writerows([list(FORMATS), *rows])
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The messy table and a model of it."""
    place = tmp_path_factory.mktemp("kinds")
    data = write_messy(place / "messy.csv")
    command = ["fit", str(data), "-o", str(place / "messy.gan"), "--missing", "n.v.", *SMALL]
    assert run(command) == 0
    return place


def test_every_number_format_comes_back_and_nobody_does(folder, capsys):
    out = folder / "fake.csv"
    assert run(["sample", str(folder / "messy.gan"), "-n", "300", "-o", str(out)]) == 0
    raw = out.read_bytes()
    assert raw.count(b"\r\n") == 301
    real, fake = (
        list(csv.DictReader(path.read_text("cp1252").splitlines(), delimiter=";"))
        for path in (folder / "messy.csv", out)
    )
    for name, pattern in FORMATS.items():
        assert all(re.fullmatch(pattern, row[name]) for row in fake), name
    for name in ("email", "customer"):
        assert not {row[name] for row in real} & {row[name] for row in fake}
        assert len({row[name] for row in fake}) == 300 or name == "customer"


def test_the_same_records_come_in_any_number(folder, capsys):
    model = str(folder / "messy.gan")
    outs: list[list[str]] = []
    for n in ("5", "9"):
        assert run(["sample", model, "-n", n]) == 0
        outs.append(capsys.readouterr().out.splitlines())
    assert outs[1][: len(outs[0])] == outs[0]


def test_values_are_asked_for_as_they_are_spelt(folder, capsys):
    low = json.loads(_shown(folder, capsys))["schema"]["columns"]
    assert {column["name"]: column["kind"] for column in low} == {
        "price": "decimal", "balance": "integer", "rate": "decimal", "opens": "time", "took": "duration",
        "seen": "datetime", "member": "boolean", "email": "invented", "customer": "invented",
        "phone": "invented", "score": "integer",
    }  # fmt: skip
    for wanted in ("opens=06:30", "member=ja", "score=n.v.", "balance=1,200", "price=500"):
        assert run(["sample", str(folder / "messy.gan"), "-n", "3", "--where", wanted]) == 0
        rows = list(csv.DictReader(capsys.readouterr().out.splitlines(), delimiter=";"))
        name, _, value = wanted.partition("=")
        assert [row[name] for row in rows] == [{"500": "$500.00"}.get(value, value)] * 3
    assert run(["sample", str(folder / "messy.gan"), "-n", "3", "--where", "email=a@b.com"]) == 2


def _shown(folder: Path, capsys) -> str:
    capsys.readouterr()
    assert run(["show", str(folder / "messy.gan"), "--json"]) == 0
    return capsys.readouterr().out


def test_show_says_what_is_invented(folder, capsys):
    assert run(["show", str(folder / "messy.gan")]) == 0
    assert "made anew: email of de_DE, all different" in " ".join(capsys.readouterr().out.split())


def test_a_thing_to_invent_and_a_locale(folder, tmp_path, capsys):
    pytest.importorskip("faker")
    options = ["--column", "member:last_name", "--locale", "fr_FR", *SMALL]
    data, model = str(folder / "messy.csv"), str(tmp_path / "a.gan")
    assert run(["fit", data, "-o", model, *options]) == 0
    capsys.readouterr()
    assert run(["sample", model, "-n", "20"]) == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines(), delimiter=";"))
    assert all(row["member"] not in ("ja", "nein") for row in rows)
    assert run(["fit", data, "-o", str(tmp_path / "b.gan"), "--locale", "fr_XX", *SMALL]) == 2
    assert "no locale 'fr_XX'" in capsys.readouterr().err
