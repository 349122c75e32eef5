"""A small table, and a model of it that the commands of many tests share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gansmith.faces.cli import run


def _write_people(path: Path, n: int = 240, seed: int = 0) -> Path:
    """A small mixed table: numbers, categories, truth values, some cells missing."""
    rng = np.random.default_rng(seed)
    lines = ["age,pay,city,member"]
    for _ in range(n):
        pay = "NA" if rng.random() < 0.1 else f"{rng.gamma(2, 1000):.2f}"
        city = rng.choice(["Rome", "Oslo", "Lima"], p=[0.6, 0.3, 0.1])
        lines.append(f"{rng.integers(18, 90)},{pay},{city},{rng.choice(['no', 'yes'])}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module", autouse=True)
def _quick(rough_calibration):
    """Many runs, all of them short."""


@pytest.fixture(scope="session")
def write_people():
    """`write_people(path)`: a small mixed table."""
    return _write_people


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A table, a model of it and its run."""
    place = tmp_path_factory.mktemp("cli")
    data = _write_people(place / "people.csv")
    options = ["--samples-seen", "2000", "--preset", "small", "--threads", "1"]
    assert run(["fit", str(data), "-o", str(place / "people.gan"), *options]) == 0
    return place


@pytest.fixture
def model(folder):
    return str(folder / "people.gan")


def _listing(folder: Path) -> dict[str, object]:
    return {
        path.relative_to(folder).as_posix(): path.is_file() and path.read_bytes()
        for path in folder.rglob("*")
    }


@pytest.fixture
def listing():
    """`listing(folder)`: all that is in it, to be compared."""
    return _listing


@pytest.fixture
def refused(place, capsys):
    """`refused(arguments, code, *said)`: the command leaves with this code, says so, changes nothing."""

    def check(arguments, code, *said):
        before = _listing(place)
        assert run([str(argument) for argument in arguments]) == code
        out, err = capsys.readouterr()
        assert out == ""
        assert "Traceback" not in err
        for words in said:
            assert words in err
        assert _listing(place) == before
        return err

    return check
