"""Searches for odd records to render: a made-up table of payments, and pictures of discs, rings and bars.

Read by path (`runpy.run_path`) from the tests here and in `tests/faces`.
"""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import numpy as np

PICTURES = runpy.run_path(str(Path(__file__).with_name("example_pictures.py")))
COLUMNS = ("amount", "currency", "country", "hour", "merchant", "age", "channel", "balance")
USUAL = ("120", "EUR", "Germany", "14", "groceries", "41", "card", "2310")
ODD = {"amount": "9800", "currency": "USD", "hour": "3", "merchant": "jewellery", "balance": "−4120"}


def _record(rank: int, rng: np.random.Generator) -> dict[str, Any]:
    score = 23.1 - 0.8 * rank
    odd = sorted(rng.choice(list(ODD), 1 + rank % 3, replace=False).tolist())
    usual = dict(zip(COLUMNS, USUAL, strict=True))
    cells = usual | {name: ODD[name] for name in odd}
    reason = "; ".join(f"{name} {ODD[name]}, where {usual[name]} is usual for such records" for name in odd)
    shares = rng.dirichlet([3, 2, 1])
    return {
        "record": int(rng.integers(1, 10_000)),
        "name": "",
        "score": round(score, 2),
        "chance": float(f"{0.0002 * 1.4**rank:.3g}"),
        "is_odd": score > 11.2,
        "label": "1" if rank < 12 else "",
        "reason": reason,
        "evidence": dict(zip(("contrast", "margins", "features"), (score * shares).tolist(), strict=True)),
        "cells": cells,
        "odd_cells": odd,
        "neighbour": usual,
    }


def _histogram(rng: np.random.Generator, n_odd: int) -> dict[str, Any]:
    edges = np.linspace(0, 26, 41)
    usual = np.histogram(rng.gamma(3, 1.1, 5_000), edges)[0]
    searched = np.histogram(np.append(rng.gamma(3, 1.1, 9_900), rng.uniform(9, 24, n_odd)), edges)[0]
    return {
        "edges": edges.tolist(),
        "searched": searched.tolist(),
        "usual": (usual / usual.sum()).tolist(),
    }


def payments(seed: int = 0) -> dict[str, Any]:
    """A search in a table, with labels and older data to compare with."""
    rng = np.random.default_rng(seed)
    scores = {"gansmith": 0.96, "isolation_forest": 0.91, "nearest_neighbours": 0.947, "ecod": 0.88,
              "pca": 0.902, "ensemble": 0.963}  # fmt: skip
    return {
        "title": "Odd records of new.csv",
        "name": "new.csv",
        "n_records": 10_000,
        "n_odd": 97,
        "threshold": 11.2,
        "contamination": 0.01,
        "sentence": "97 of 10,000 records are odder than all but 1% of usual ones.",
        "histogram": _histogram(rng, 100),
        "oddest": [_record(rank, rng) for rank in range(20)],
        "methods": [
            {"name": name, "auroc": auroc, "error": 0.004, "average_precision": round(auroc - 0.55, 3)}
            for name, auroc in scores.items()
        ],
        "prevalence": 0.02,
        "drift": {
            "other": "march.csv",
            "auc": 0.71,
            "error": 0.01,
            "is_moved": True,
            "sentence": "march.csv differs: boosted trees tell the two sets apart with an AUC of 0.71 ± 0.02 "
            "(0.5: not at "
            "all). What changed: amount, channel.",
            "parts": [
                {"name": "amount", "effect": 0.31, "chance": 1e-9, "words": "median 40 before, 63 now"},
                {"name": "channel", "effect": 0.12, "chance": 0.0004, "words": "card 61% before, 73% now"},
            ],
        },
        "galleries": [],
        "notes": ["3 records of new.csv have a currency that no usual record has."],
        "made": [["Model", "payments.gan"], ["Seed", "0"], ["Usual records", "march.csv, 20,000"]],
    }


def shapes(seed: int = 0) -> dict[str, Any]:
    """A search among pictures, without labels."""
    rng = np.random.default_rng(seed)
    image = PICTURES["grid"](rng, 12, 7, 20, by_class=False)
    oddest = [
        _record(rank, rng)
        | {
            "name": f"shapes/{rank:04}.png",
            "label": "",
            "reason": "unlike usual pictures, most of all in its upper left",
            "cells": {},
            "odd_cells": [],
            "neighbour": {},
        }
        for rank in range(20)
    ]
    return payments(seed) | {
        "title": "Odd records of shapes.zip",
        "name": "shapes.zip",
        "oddest": oddest,
        "methods": [],
        "prevalence": None,
        "drift": None,
        "galleries": [PICTURES["gallery"]("oddities", "Odd pictures", "The oddest first.", image)],
        "notes": [],
    }
