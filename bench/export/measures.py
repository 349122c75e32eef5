"""Measures and notes: pressures, seats, ranges, ages with half years, multiples, units, sentences."""

from __future__ import annotations

from random import Random
from typing import Final

from bench.export.checks import Row, form, gaps, rule, shares

WORDS: Final = (
    "parcel", "customer", "called", "again", "about", "late", "delivery", "box", "damaged", "please",
    "return", "refund", "asked", "for", "another", "colour", "gift", "wrapped", "leave", "at", "door",
    "neighbour", "paid", "twice", "invoice", "missing", "address", "changed", "wrong", "size", "happy",
    "with", "service", "urgent",
)  # fmt: skip
BABIES: Final = ("0.42", "0.75", "0.83", "0.92")


def record(rng: Random, k: int, _: Row) -> Row:
    upper = min(max(round(rng.gauss(125, 14)), 85), 195)
    low = rng.randrange(20, 61)
    first = rng.randrange(-400, 401)
    return {
        "blood_pressure": f"{upper}/{min(max(round(0.5 * upper + rng.gauss(18, 5)), 45), upper - 15)}",
        "seat": f"{rng.randrange(1, 31)}{rng.choice('ABCDEF')}",
        "reference_range": f"{low}-{low + rng.randrange(3, 13)}",
        "age_estimate": "" if rng.random() < 0.2 else _estimate(rng),
        "temperature": "-" if rng.random() < 0.1 else f"{min(max(rng.gauss(36.8, 0.5), 35), 41):.1f}",
        "weight": f"{min(max(rng.gauss(72, 13), 40), 140):.1f} kg",
        "c1": f"{first}",
        "c2": f"{-3 * first}",
        "note": "NA" if rng.random() < 0.3 else _sentence(rng),
    }


def _estimate(rng: Random) -> str:
    """As on the Titanic: whole years, half ones where it is estimated, months of babies."""
    if rng.random() < 0.02:
        return rng.choice(BABIES)
    return f"{rng.randrange(1, 75)}{'.5' if rng.random() < 0.12 else ''}"


def _sentence(rng: Random) -> str:
    words = [rng.choice(WORDS) for _ in range(rng.randrange(3, 12))]
    if len(words) > 7:
        words[3] += ","
    return f"{' '.join(words).capitalize()}."


def _pressure(cell: str) -> tuple[int, int]:
    upper, lower = map(int, cell.split("/"))
    return upper, lower


def _is_pressure(cell: str) -> bool:
    upper, lower = _pressure(cell)
    return 85 <= upper <= 195 and 45 <= lower <= 130


CHECKS = (
    form("blood_pressure", r"\d{2,3}/\d{2,3}", also=_is_pressure),
    form("seat", r"([1-9]|[12]\d|30)[A-F]"),
    form("reference_range", r"\d\d-\d\d", also=lambda cell: 20 <= int(cell[:2]) < int(cell[3:]) <= 72),
    form("age_estimate", rf"{'|'.join(BABIES)}|[1-9]\d?(\.5)?", missing=""),
    form("temperature", r"\d\d\.\d", missing="-", also=lambda cell: 35 <= float(cell) <= 41),
    form("weight", r"\d{2,3}\.\d kg", also=lambda cell: 40 <= float(cell[:-3]) <= 140),
    form("c1", r"-?\d{1,3}", also=lambda cell: -400 <= int(cell) <= 400),
    form("c2", r"-?\d{1,4}", also=lambda cell: int(cell) % 3 == 0),
    form("note", r"[A-Z][a-z]*(,? [A-Za-z]+){2,11}\.", missing="NA"),
    rule("blood_pressure: upper above lower", "blood_pressure",
         lambda cell: _pressure(cell)[0] >= _pressure(cell)[1] + 15),
    rule("reference_range: rising", "reference_range", lambda cell: 3 <= int(cell[3:]) - int(cell[:2]) <= 12),
    rule("c2: -3 x c1", "c1 c2", lambda one, other: int(other) == -3 * int(one)),
    shares("blood_pressure: tens", "blood_pressure", lambda cell: _pressure(cell)[0] // 10),
    shares("seat: letters", "seat", lambda cell: cell[-1]),
    shares("seat: tens of rows", "seat", lambda cell: int(cell[:-1]) // 10),
    shares("age_estimate: half years", "age_estimate", lambda cell: cell[-2:] == ".5" if cell else None),
    shares("note: words", "note", lambda cell: None if cell == "NA" else len(cell.split())),
    gaps("age_estimate"),
    gaps("temperature"),
    gaps("note"),
)  # fmt: skip
