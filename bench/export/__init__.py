"""A messy export of an invented shop, and the validator of the application that reads it.

Each module holds some columns: how they are made, and beside it the checks that they have to pass. Record k
depends on (seed, k) alone, columns that come later on those before. All cells are text, as in a CSV file.
What must never come out of synthetic data (a city of two records) is planted in the first records.
"""

from __future__ import annotations

import csv
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Final

from bench.export import goods, machines, measures, orders, people, places
from bench.export.checks import Check, Row

SECTIONS: Final[tuple[ModuleType, ...]] = (orders, goods, people, places, machines, measures)
CHECKS: Final[tuple[Check, ...]] = tuple(check for section in SECTIONS for check in section.CHECKS)
N_RECORDS: Final = 3000


def export(n: int = N_RECORDS, seed: int = 0) -> list[Row]:
    """That many records, a text by column; another seed gives other records of the same kinds."""
    return [_record(k, seed) for k in range(n)]


def _record(k: int, seed: int) -> Row:
    row: Row = {}
    for section in SECTIONS:
        row |= section.record(Random(f"{section.__name__} {seed} {k}"), k, row)
    return row


def write(rows: list[Row], path: Path) -> None:
    """As a CSV file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def read(path: Path) -> list[Row]:
    """What `write`, or anybody else, has written."""
    with path.open(encoding="utf-8", newline="") as file:
        return [{name: cell or "" for name, cell in row.items()} for row in csv.DictReader(file)]


def validate(made: list[Row], real: list[Row]) -> dict[Check, float]:
    """The pass rate of each check, from 0 to 1; real data of any seed passes all but the private ones."""
    return {check: check.rate(made, real) for check in CHECKS}
