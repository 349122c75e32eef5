"""The drawn part of the example: columns, pairs and records of a made-up census."""

from __future__ import annotations

import math
import random
from typing import Any

NUMBERS = {
    "capital-gain": (0, 100_000, 14.0),
    "hours-per-week": (1, 99, 8.0),
    "age": (17, 90, 3.0),
    "fnlwgt": (12_000, 1_480_000, 9.0),
    "capital-loss": (0, 4_400, 10.0),
    "education-num": (1, 16, 6.0),
}


CATEGORIES = {
    "native-country": [
        "United-States",
        "Mexico",
        "Philippines",
        "Germany",
        "Canada",
        "India",
        "England",
        "Cuba",
        "Jamaica",
        "China",
        "Italy",
        "Vietnam",
        "Japan",
        "Poland",
        "Iran",
    ],
    "occupation": [
        "Prof-specialty",
        "Craft-repair",
        "Exec-managerial",
        "Adm-clerical",
        "Sales",
        "Other-service",
        "Machine-op-inspct",
        "Transport-moving",
        "Tech-support",
    ],
    "education": ["HS-grad", "Some-college", "Bachelors", "Masters", "Assoc-voc", "11th", "Doctorate"],
    "workclass": ["Private", "Self-emp-not-inc", "Local-gov", "State-gov", "Federal-gov", "Without-pay"],
    "marital-status": ["Married-civ-spouse", "Never-married", "Divorced", "Separated", "Widowed"],
    "relationship": ["Husband", "Not-in-family", "Own-child", "Unmarried", "Wife", "Other-relative"],
    "race": ["White", "Black", "Asian-Pac-Islander", "Amer-Indian-Eskimo", "Other"],
    "income": ["<=50K", ">50K"],
}


def _noisy(shares: list[float], rng: random.Random, noise: float) -> list[float]:
    moved = [max(0.0, share * (1 + rng.gauss(0, noise))) for share in shares]
    return [share / sum(moved) for share in moved]


def _columns(rng: random.Random) -> list[dict[str, Any]]:
    columns: list[dict[str, Any]] = []
    for name, (low, high, shape) in NUMBERS.items():
        n = 24
        edges = [low + (high - low) * place / n for place in range(n + 1)]
        raw = [
            ((place + 0.5) / n) ** (shape / 3 if shape < 9 else 1.2) * math.exp(-shape * (place + 0.5) / n)
            for place in range(n)
        ]
        real = [share / sum(raw) for share in raw]
        columns.append({"name": name, "kind": "number", "edges": edges, "real": real})
    for name, labels in CATEGORIES.items():
        raw = [1 / (place + 1) ** 1.3 for place in range(len(labels))]
        real = [share / sum(raw) for share in raw]
        columns.append({"name": name, "kind": "category", "labels": labels, "real": real})
    edges = [f"{2019 + month // 12}-{month % 12 + 1:02d}-01" for month in range(25)]
    real = [0.03 + 0.02 * math.sin(place / 3) for place in range(24)]
    columns.append(
        {"name": "surveyed-on", "kind": "date", "edges": edges, "real": [x / sum(real) for x in real]}
    )
    for place, column in enumerate(columns):
        column["synthetic"] = _noisy(column["real"], rng, 0.28 / (1 + 0.2 * place))
        error = sum(abs(a - b) for a, b in zip(column["real"], column["synthetic"], strict=True)) / 2
        missing = {"occupation": 0.057, "workclass": 0.056, "native-country": 0.018}.get(column["name"], 0.0)
        column |= {
            "error": error,
            "ceiling": 0.011,
            "missing_real": missing,
            "missing_synthetic": 0.82 * missing,
        }
    return sorted(columns, key=lambda column: -column["error"])


def _pairs(rng: random.Random) -> list[dict[str, Any]]:
    pairs: list[dict[str, Any]] = []
    for first, second in (("education", "occupation"), ("age", "marital-status"), ("relationship", "income")):
        across = CATEGORIES.get(first) or [f"{17 + 8 * i} to {25 + 8 * i}" for i in range(9)]
        down = CATEGORIES[second]
        raw = [
            [
                math.exp(-(((i / len(across) - j / len(down)) * 3) ** 2)) / (1 + i + j)
                for i in range(len(across))
            ]
            for j in range(len(down))
        ]
        total = sum(map(sum, raw))
        real = [[cell / total for cell in row] for row in raw]
        fake = [[cell * max(0.0, 1 + rng.gauss(0, 0.35)) for cell in row] for row in real]
        total = sum(map(sum, fake))
        pairs.append(
            {
                "columns": [first, second],
                "error": 0.12,
                "ceiling": 0.04,
                "x_labels": across,
                "y_labels": down,
                "real": real,
                "synthetic": [[cell / total for cell in row] for row in fake],
            }
        )
    return pairs


def _association(names: list[str], rng: random.Random) -> dict[str, Any]:
    n = len(names)
    real = [[1.0] * n for _ in range(n)]
    fake = [[1.0] * n for _ in range(n)]
    for i in range(n):
        for j in range(i):
            real[i][j] = real[j][i] = min(0.95, rng.betavariate(1, 5))
            fake[i][j] = fake[j][i] = min(1.0, max(0.0, real[i][j] * 0.85 + rng.gauss(0, 0.03)))
    return {"names": names, "real": real, "synthetic": fake}


def _cloud(n: int, rng: random.Random, shift: float) -> list[list[float]]:
    centres = [(-2.0, 0.0), (1.5, 1.2), (0.8, -1.6)]
    return [
        [rng.gauss(x + shift, 0.7), rng.gauss(y, 0.5)] for x, y in (rng.choice(centres) for _ in range(n))
    ]


def _risk(name: str, value: float, high: float) -> dict[str, Any]:
    return {
        "name": name,
        "value": value,
        "low": max(0.0, value - 0.02),
        "high": high,
        "main": 0.031 + value,
        "control": 0.031,
        "baseline": 0.012,
        "caveat": "",
    }


def _group(
    group: str, n: int, real: float, fake: float, trtr: float | None, tstr: float | None, risk: float | None
) -> dict[str, Any]:
    shares = {"share_of": "income = >50K", "share_real": real, "share_synthetic": fake}
    interval = {"low": None, "high": None} if risk is None else {"low": 0.0, "high": risk + 0.1}
    found = {"unit": "AUC", "trtr": trtr, "tstr": tstr, "risk": risk}
    return {"group": group, "real": n, "synthetic": n // 2, **shares, **found, **interval}


def _contest(target: str, unit: str, values: list[float]) -> dict[str, Any]:
    names = ["trained on real", "trained on synthetic", "trained on both", "independent parts"]
    return {
        "target": target,
        "unit": unit,
        "results": {
            name: {"value": x, "low": x - 0.012, "high": x + 0.012}
            for name, x in zip(names, values, strict=True)
        },
    }


def plots(rng: random.Random) -> dict[str, Any]:
    columns = _columns(rng)
    names = [column["name"] for column in columns]
    fake = ["39", "Private", "HS-grad", "Craft-repair", "Husband", "40", "<=50K"]
    real = ["38", "Private", "HS-grad", "Craft-repair", "Husband", "40", "<=50K"]
    risks = [
        _risk("Singling out", 0.018, 0.039),
        _risk("Linkability", 0.004, 0.017),
        _risk("Inference", 0.011, 0.024),
    ]
    risks[1]["caveat"] = "The attack did no better than guessing: the value cannot be trusted."
    return {
        "columns": columns,
        "pairs": _pairs(rng),
        "association": _association(names, rng),
        "projection": {
            "explained": [0.31, 0.2],
            "real": _cloud(900, rng, 0.0),
            "synthetic": _cloud(900, rng, 0.25),
        },
        "giveaways": {
            "columns": {
                "capital-gain": 0.34,
                "native-country": 0.21,
                "fnlwgt": 0.14,
                "hours-per-week": 0.1,
                "age": 0.06,
            },
            "pairs": {
                "education × education-num": 0.12,
                "relationship × sex": 0.07,
                "age × marital-status": 0.03,
            },
        },
        "usefulness": [
            _contest("income", "AUC", [0.921, 0.896, 0.923, 0.512]),
            _contest("hours-per-week", "R2", [0.262, 0.201, 0.264, -0.03]),
        ],
        "groups": [
            _group("all records", 48_842, 0.239, 0.241, 0.921, 0.896, 0.01),
            _group("sex = Female", 16_192, 0.109, 0.183, 0.94, 0.81, 0.0),
            _group("age 75 and more", 60, 0.2, 0.3, None, None, None),
        ],
        "risks": risks,
        "neighbours": {
            "columns": [
                "age",
                "workclass",
                "education",
                "occupation",
                "relationship",
                "hours-per-week",
                "income",
            ],
            "pairs": [
                {"distance": 0.014, "synthetic": fake, "real": real},
                {"distance": 0.021, "synthetic": [*fake[:-2], "45", ">50K"], "real": real},
            ],
        },
    }
