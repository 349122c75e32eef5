"""Kinds of other packages, by entry point: a whole one is learnt from end to end, broken ones are named."""

from __future__ import annotations

import shutil
import sys
from importlib import invalidate_caches
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest

import gansmith
from gansmith.conformance import check_modality
from gansmith.errors import DataError, UsageError
from gansmith.faces.cli import run
from gansmith.faces.cli import settings as cli_settings
from gansmith.modalities import registry
from gansmith.modalities.registry import find_modality, kinds, options_of, recognise

COLOURS = Path(__file__).parents[3] / "examples/colours/colours"


@pytest.fixture
def install(tmp_path, monkeypatch):
    """`install(kind, target, source)`: a throw-away package with a kind of data, gone after the test."""
    site = tmp_path / "site"
    monkeypatch.syspath_prepend(str(site))
    packages: set[str] = set()

    def make(kind: str, target: str, source: str | Path) -> None:
        package = target.partition(":")[0]
        packages.add(package)
        if isinstance(source, Path):
            shutil.copytree(source, site / package)
        else:
            (site / package).mkdir(parents=True)
            (site / package / "__init__.py").write_text(dedent(source))
        info = site / f"{package}-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.2\n")
        (info / "entry_points.txt").write_text(f"[gansmith.modalities]\n{kind} = {target}\n")
        registry.forget()
        invalidate_caches()

    yield make
    registry.forget()
    for name in [name for name in sys.modules if name.partition(".")[0] in packages]:
        del sys.modules[name]


@pytest.fixture
def colours(install, tmp_path) -> Path:
    install("colours", "colours:COLOURS", COLOURS)
    rng = np.random.default_rng(0)
    reds = rng.integers(150, 256, 200), rng.integers(0, 60, 200), rng.integers(0, 60, 200)
    path = tmp_path / "reds.colours"
    path.write_text("".join(f"#{r:02x}{g:02x}{b:02x}\n" for r, g, b in zip(*reds, strict=True)))
    return path


def test_the_kind_of_the_how_to_is_small():
    assert sum(len(path.read_text().splitlines()) for path in COLOURS.glob("*.py")) <= 150


def test_a_kind_of_another_package_keeps_every_promise(colours, tmp_path):
    bad = tmp_path / "bad.colours"
    bad.write_text("#ff0000\nred\n")
    (tmp_path / "folder").mkdir()
    check_modality(find_modality("colours"), colours, tmp_path / "folder", bad_sources={"line 2": bad})


def test_it_is_learnt_and_sampled_from_the_command_line(colours, tmp_path, capsys):
    model, out = tmp_path / "reds.gan", tmp_path / "out.colours"
    assert run(["fit", str(colours), "-o", str(model), "--samples-seen", "20000", "--threads", "1"]) == 0
    assert run(["sample", str(model), "-n", "50", "-o", str(out)]) == 0
    made = [int(line[1:3], 16) for line in out.read_text().split()]
    assert len(made) == 50
    assert np.mean(made) > 120
    assert run(["show", str(model)]) == 0
    assert run(["list", "kinds"]) == 0
    assert "colours" in capsys.readouterr().out


def test_it_is_learnt_from_python_and_says_what_it_cannot(colours):
    learnt = gansmith.Synthesizer(samples_seen=2000, threads=1).fit(colours)
    assert len(learnt.sample(5)) == 5
    for ask, said in (
        (lambda: learnt.sample(5, where={"red": 200}), "'colours' is made without conditions"),
        (
            lambda: learnt.impute(colours),
            "'colours' has no gaps that could be filled. Kinds that can: music, series, text, table",
        ),
        (lambda: learnt.score(colours), "'colours' has no scorecard"),
        (lambda: gansmith.Synthesizer().fit(colours, target="red"), "'colours' has no columns"),
        (
            lambda: gansmith.Synthesizer().fit(colours, locale="de_DE"),
            "'locale' is for data of kind 'series' or 'table'",
        ),
    ):
        with pytest.raises(UsageError, match=said):
            ask()


BROKEN = {
    "raises": ("1 / 0", "colours:COLOURS", r"package colours 1\.2 cannot be loaded \(ZeroDivisionError"),
    "lacks the name": ("", "colours:COLOURS", "cannot be loaded .AttributeError"),
    "is something else": ("COLOURS = 7", "colours:COLOURS", "gives a int; wanted: a Modality"),
    "another kind": (
        """
        from gansmith.modalities.registry import Modality
        COLOURS = Modality("sounds", "", "a:B", "a:B")
        """,
        "colours:COLOURS",
        "gives the kind 'sounds'",
    ),
    "has no format": (
        """
        from gansmith.modalities.registry import Modality
        COLOURS = Modality("colours", "", "colours:Nothing", "colours:Nothing")
        """,
        "colours:COLOURS",
        "cannot be loaded .AttributeError",
    ),
    "has a wrong protocol": (
        """
        from gansmith.modalities.registry import Modality
        class Format: ...
        COLOURS = Modality("colours", "", "colours:Format", "colours:Format")
        """,
        "colours:COLOURS",
        "colours:Format is no AbstractFormat",
    ),
    "has no options": (
        """
        from gansmith.modalities.registry import Modality
        COLOURS = Modality("colours", "", "colours:A", "colours:A", "colours.options:Options")
        """,
        "colours:COLOURS",
        "cannot be loaded .AttributeError",
    ),
    "has options without defaults": (
        """
        from gansmith.modalities.registry import Modality
        from gansmith.settings import settings
        @settings
        class Options:
            n: int
        COLOURS = Modality("colours", "", "colours:A", "colours:A", "colours:Options")
        """,
        "colours:COLOURS",
        "cannot be loaded .AttributeError",
    ),
    "has options that are none": (
        """
        from gansmith.modalities.registry import Modality
        class Options: ...
        COLOURS = Modality("colours", "", "colours:A", "colours:A", "colours:Options")
        """,
        "colours:COLOURS",
        "cannot be loaded .AttributeError",
    ),
    "is not complete": (
        """
        from gansmith.modalities.format import AbstractFormat
        from gansmith.modalities.registry import Modality
        class Format(AbstractFormat): ...
        COLOURS = Modality("colours", "", "colours:Format", "colours:Format")
        """,
        "colours:COLOURS",
        "colours:Format is not complete .*fingerprint",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_package_is_named_with_a_way_out(name, install, capsys, tmp_path):
    source, target, said = BROKEN[name]
    install("colours", target, source)
    (tmp_path / "people.csv").write_text("age,pay\n" + "1,2\n3,4\n" * 20)
    with pytest.raises(UsageError, match=said) as refused:
        recognise(str(tmp_path / "people.csv"))
    assert "another kind than 'colours' with --kind" in str(refused.value)
    assert recognise_as(tmp_path / "people.csv", "table")
    assert run(["fit", "--help"]) == 0
    assert run(["list", "kinds"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "Rows and columns." in shown
    assert name in ("has no format", "has a wrong protocol", "is not complete") or "--kind" in shown


def recognise_as(path: Path, kind: str) -> bool:
    """Whether the other kinds still work when they are named."""
    return find_modality(kind).format.recognises(str(path))


def test_options_of_others_give_way_to_names_that_are_there(install, capsys):
    install(
        "colours",
        "colours:COLOURS",
        """
        from gansmith.modalities.registry import Modality
        from gansmith.settings import Annotated, Offered, settings
        @settings(kw_only=True)
        class Options:
            seed: Annotated[int, Offered(("fit",))] = 3
            columns: Annotated[int, Offered(("fit",))] = 3
            tidy: Annotated[bool, Offered(("fit",))] = True
            shares: Annotated[tuple[float, ...], Offered(("fit",))] = (0.5,)
        COLOURS = Modality("colours", "", "colours:A", "colours:A", "colours:Options")
        """,
    )
    found = cli_settings._options("fit")
    assert found["columns"].offered.option == "--column"
    assert cli_settings._panel(found["columns"], "fit").endswith("kind series, private and table")
    assert cli_settings._spelling(found["tidy"]) == "--no-tidy"
    assert cli_settings._parsed(found["tidy"], True) is False
    assert cli_settings._parsed(found["shares"], ["0.5,1"]) == (0.5, 1)


def test_our_own_kinds_are_there_without_any_package():
    ours = ["audio", "image", "domains", "pairs", "heads", "music", "series", "relational", "private", "text"]
    assert kinds() == [*ours, "table"]
    with pytest.raises(UsageError, match="Did you mean 'table'"):
        find_modality("tabel")
    with pytest.raises(DataError, match="no kind of data is recognised"):
        recognise(np.zeros((2, 2, 2, 2, 2)))


def test_options_ask_for_a_kind_where_the_data_s_own_has_none_of_that_name():
    frame = np.zeros((4, 2))
    assert recognise(frame).kind == "table"
    for given in ({"entity": "x0"}, {"time": "x1"}, {"window": 24}, {"wide": True}):
        assert recognise(frame, given).kind == "series"
        assert recognise(frame, dict.fromkeys(given)).kind == "table"
    assert recognise(frame, {"entity": "x0"}, "score").kind == "table"  # which has a hold-out by entity
    assert recognise(frame, {"window": 24}, "score").kind == "series"


@pytest.mark.parametrize(
    ("kind", "command", "given", "said"),
    [
        ("image", "fit", {"locale": "de_DE"}, "'locale' is for data of kind 'series' or 'table', and this"),
        ("table", "complete", {"min_count": 3}, "'min_count' is of no use to complete"),
        ("table", "fit", {"columms": {}}, "Did you mean 'columns'"),
        ("table", "fit", {"min_count": -1}, "min_count must be 0 or more"),
        ("table", "fit", {"missing": "n.v."}, "missing must be a list"),
    ],
)
def test_options_that_do_not_fit_are_refused(kind, command, given, said):
    with pytest.raises(UsageError, match=said):
        options_of(find_modality(kind), command, given)
