"""Stored results to one Markdown page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bench.peers.competitors import COMPETITORS, OURS
from bench.peers.datasets import DATA_SETS
from bench.peers.races import Race, load_races, said
from bench.peers.results import DEFAULT, Result, load_all
from bench.peers.verdicts import better_peers

INTRODUCTION: Final = Path(__file__).with_name("introduction.md")
FIGURES: Final = (("shape", 2), ("trend", 2), ("c2st", 3), ("tstr", 3), ("dcr", 3), ("same", 4))
"""Of the independent card, with decimals."""
OWN_FIGURES: Final = (("c2st", 3), ("marginal", 2), ("pair", 2), ("tstr", 3), ("nearer", 3), ("copies", 4))
"""Of our own card, with decimals."""
NOTHING: Final = "–"


def write_page(results: Path, page: Path) -> None:
    """Render every stored result."""
    page.write_text(rendered(load_all(results), load_races(results)), encoding="utf-8")


def rendered(results: Sequence[Result], races: Sequence[Race] = ()) -> str:
    """The page as Markdown."""
    names = [name for name in DATA_SETS if any(result.key.data_set == name for result in results)]
    ordered = {name: in_order([one for one in results if one.key.data_set == name]) for name in names}
    parts = [
        INTRODUCTION.read_text(encoding="utf-8"),
        *_overview(ordered),
        *(part for one in ordered.values() for part in _section(one)),
    ]
    return "\n".join([*parts, *_races(races), *_machines(results)]) + "\n"


def in_order(results: Sequence[Result]) -> list[Result]:
    """As the competitors are listed, each one's default length first."""
    places = list(COMPETITORS)
    return sorted(
        results,
        key=lambda one: (
            places.index(one.key.competitor),
            one.key.length != DEFAULT,
            one.key.length,
            one.key.seed,
        ),
    )


def _overview(ordered: dict[str, list[Result]]) -> list[str]:
    """Our own card's two-sample AUC, every table against every competitor's default run."""
    columns = [(name, DEFAULT) for name in COMPETITORS]
    columns.insert(list(COMPETITORS).index(OURS) + 1, (OURS, "as_mostlyai"))
    rows = [["data set", *(_who(name, length) for name, length in columns)]]
    for data_set, results in ordered.items():
        by_key = {(one.key.competitor, one.key.length): one for one in results if one.key.seed == 0}
        found = [by_key.get(column) for column in columns]
        cells = [_own(one, "c2st", 3) if one else NOTHING for one in found]
        if set(cells) != {NOTHING}:
            rows.append([data_set, *cells])
    title = "## Two-sample AUC: all tables (own card's c2st, default runs, seed 0; 0.5 is perfect)"
    return [title, "", *_table(rows), ""]


def _section(results: list[Result]) -> list[str]:
    first = results[0]
    data_set = DATA_SETS[first.key.data_set]
    title = f"## {data_set.name}"
    size = f"{first.n_train:,} records to learn, {first.n_holdout:,} held out; target `{data_set.target}`."
    left = f" Left out: {', '.join(data_set.left_out)}." if data_set.left_out else ""
    rows = [["competitor", "fit s", "rows/s", "MiB", *(name for name, _ in FIGURES)]]
    own = [["own card", *(name for name, _ in OWN_FIGURES)]]
    for one in results:
        rows.append([_title(one), *_costs(one), *(_figure(one, name, digits) for name, digits in FIGURES)])
        if one.own_card and "error" not in one.own_card:
            own.append([_title(one), *(_own(one, name, digits) for name, digits in OWN_FIGURES)])
    second = [*_table(own), ""] if len(own) > 1 else []
    return [title, "", size + left, "", *_table(rows), "", *second, *_notes(results)]


def _notes(results: list[Result]) -> list[str]:
    notes = [f"- {_title(one)}: {one.failed}." for one in results if one.failed]
    for name, error, titles in _errors(results):
        notes.append(f"- The {name} card could not be had for {', '.join(titles)}: {error.rstrip('.')}.")
    notes += [f"- {_title(one)}: {one.source}" for one in results if one.source]
    missing = [name for name in COMPETITORS if name not in {one.key.competitor for one in results}]
    if missing:
        notes.append(f"- Not measured yet: {', '.join(COMPETITORS[name].title for name in missing)}.")
    notes += [f"- {sentence}" for sentence in better_peers(results)]
    return [*notes, ""] if notes else []


def _errors(results: list[Result]) -> list[tuple[str, str, list[str]]]:
    """Card, error and whom it concerns, each error once."""
    found: dict[tuple[str, str], list[str]] = {}
    for one in results:
        for name, card in (("independent", one.independent_card), ("own", one.own_card)):
            if "error" in card:
                found.setdefault((name, str(card["error"])), []).append(_title(one))
    return [(name, error, titles) for (name, error), titles in found.items()]


def _races(races: Sequence[Race]) -> list[str]:
    if not races:
        return []
    lines = [f"- {said(race)} {race.date}, seed {race.seed}." for race in races]
    title = "## Processor time until CTGAN is beaten in shape, trend, c2st and tstr (`python -m bench race`)"
    return [title, "", *lines, ""]


def _machines(results: Sequence[Result]) -> list[str]:
    dates = sorted({one.date for one in results})
    machines = sorted({one.machine.split(", load")[0] for one in results if one.machine})
    versions = sorted(
        {f"{name} {number}" for one in results for name, number in one.measured.get("versions", {}).items()}
    )
    span = f"{dates[0]} to {dates[-1]}" if len(dates) > 1 else "".join(dates)
    return ["## Measured on", "", f"{span}; {'; '.join(machines)}; {', '.join(versions)}."]


def _costs(one: Result) -> list[str]:
    measured = one.measured
    if COMPETITORS[one.key.competitor].is_anchor or not measured:
        return [NOTHING] * 3
    cpu, wall = measured.get("fit_cpu_seconds"), measured.get("fit_wall_seconds")
    fit = _count(cpu) + (f" ({_count(wall)})" if wall is not None else "")
    return [fit, _count(measured.get("rows_per_cpu_second")), _count(measured.get("peak_mib"))]


def _count(number: float | None) -> str:
    if number is None:
        return NOTHING
    return f"{number:.1f}" if number < 10 else f"{number:,.0f}"


def _figure(one: Result, name: str, digits: int) -> str:
    value = one.independent_card.get(name)
    return NOTHING if value is None else f"{value:.{digits}f}"


def _own(one: Result, name: str, digits: int) -> str:
    numbers = one.own_card.get(name)
    if not isinstance(numbers, dict) or numbers.get("value") is None:
        return NOTHING
    return f"{numbers['value']:.{digits}f} ± {numbers['error'] or 0:.{digits}f}"


def _title(one: Result) -> str:
    seed = f", seed {one.key.seed}" if one.key.seed else ""
    return _who(one.key.competitor, one.key.length) + seed


def _who(name: str, length: str) -> str:
    title = COMPETITORS[name].title
    return title if length == DEFAULT else f"{title}, {length}"


def _table(rows: list[list[str]]) -> list[str]:
    head, *body = rows
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *body]
    return [f"| {' | '.join(cells)} |" for cells in lines]
