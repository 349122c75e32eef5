"""A tiny world for the comparison: two tables, a score card that answers at once, no peers."""

from __future__ import annotations

import random
import sys

import pytest

from bench.peers import datasets
from bench.peers.datasets import DataSet

SCORER = """
import json, sys
rows = sum(1 for _ in open(sys.argv[3])) - 1
print("noise before the card")
print(json.dumps(dict(shape=1.0, trend=2.0, c2st=0.6, tstr=0.9, trtr=0.95, dcr=0.5, same=0.0, rows=rows)))
"""


@pytest.fixture
def world(tmp_path, monkeypatch):
    """Data sets `small` (no header, 101 records) and `official` (ready parts) under GANSMITH_DATA."""
    chance = random.Random(0)
    rows = [
        f"{i},{chance.choice('ab')},{chance.gauss(0, 1):.3f},{'' if i % 7 == 0 else chance.choice('xyz')}"
        for i in range(101)
    ]
    data = tmp_path / "data"
    (data / "small").mkdir(parents=True)
    (data / "small" / "small.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    scorer = tmp_path / "scorer.py"
    scorer.write_text(SCORER, encoding="utf-8")
    monkeypatch.setenv("GANSMITH_DATA", str(data))
    monkeypatch.setenv("GANSMITH_SCORER", str(scorer))
    monkeypatch.setenv("GANSMITH_PEERS", sys.executable)
    small = DataSet("small", "size", "small.csv", header="id letter size kind", left_out=("id",))
    monkeypatch.setitem(datasets.DATA_SETS, "small", small)
    return tmp_path
