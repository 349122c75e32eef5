"""Reports to render: one as a census table would give it, one with hostile names, one with next to nothing.

Read by path (`runpy.run_path`) from the tests here and in `tests/faces`.
"""

from __future__ import annotations

import math
import random
from typing import Any

NASTY = [
    "</script><script>alert(1)</script>",
    '"><img src=x onerror="alert(2)">',
    "<b>bold</b> & <a href='javascript:alert(3)'>link</a>",
    "😀 größe — ‮txet",
    "x" * 300,
    "<!--<script>",
    "{{ 7 * 7 }} %{x} $\\frac{1}{2}$",
    "@real",
    "half a pair \ud800",
    "__proto__",
]

NUMBERS = {
    "capital-gain": (0, 100_000, 14.0),
    "hours-per-week": (1, 99, 8.0),
    "age": (17, 90, 3.0),
    "fnlwgt": (12_000, 1_480_000, 9.0),
    "capital-loss": (0, 4_400, 10.0),
    "education-num": (1, 16, 6.0),
}
CATEGORIES = {
    "native-country": ["United-States", "Mexico", "Philippines", "Germany", "Canada", "India", "England",
                       "Cuba", "Jamaica", "China", "Italy", "Vietnam", "Japan", "Poland", "Iran"],
    "occupation": ["Prof-specialty", "Craft-repair", "Exec-managerial", "Adm-clerical", "Sales",
                   "Other-service", "Machine-op-inspct", "Transport-moving", "Tech-support"],
    "education": ["HS-grad", "Some-college", "Bachelors", "Masters", "Assoc-voc", "11th", "Doctorate"],
    "workclass": ["Private", "Self-emp-not-inc", "Local-gov", "State-gov", "Federal-gov", "Without-pay"],
    "marital-status": ["Married-civ-spouse", "Never-married", "Divorced", "Separated", "Widowed"],
    "relationship": ["Husband", "Not-in-family", "Own-child", "Unmarried", "Wife", "Other-relative"],
    "race": ["White", "Black", "Asian-Pac-Islander", "Amer-Indian-Eskimo", "Other"],
    "income": ["<=50K", ">50K"],
}  # fmt: skip


def _noisy(shares: list[float], rng: random.Random, noise: float) -> list[float]:
    moved = [max(0.0, share * (1 + rng.gauss(0, noise))) for share in shares]
    return [share / sum(moved) for share in moved]


def _columns(rng: random.Random) -> list[dict[str, Any]]:
    columns: list[dict[str, Any]] = []
    for name, (low, high, shape) in NUMBERS.items():
        n = 24
        edges = [low + (high - low) * place / n for place in range(n + 1)]
        raw = [((place + 0.5) / n) ** (shape / 3 if shape < 9 else 1.2) * math.exp(-shape * (place + 0.5) / n) for place in range(n)]
        real = [share / sum(raw) for share in raw]
        columns.append({"name": name, "kind": "number", "edges": edges, "real": real})
    for name, labels in CATEGORIES.items():
        raw = [1 / (place + 1) ** 1.3 for place in range(len(labels))]
        real = [share / sum(raw) for share in raw]
        columns.append({"name": name, "kind": "category", "labels": labels, "real": real})
    edges = [f"{2019 + month // 12}-{month % 12 + 1:02d}-01" for month in range(25)]
    real = [0.03 + 0.02 * math.sin(place / 3) for place in range(24)]
    columns.append({"name": "surveyed-on", "kind": "date", "edges": edges, "real": [x / sum(real) for x in real]})
    for place, column in enumerate(columns):
        column["synthetic"] = _noisy(column["real"], rng, 0.28 / (1 + 0.2 * place))
        error = sum(abs(a - b) for a, b in zip(column["real"], column["synthetic"], strict=True)) / 2
        missing = {"occupation": 0.057, "workclass": 0.056, "native-country": 0.018}.get(column["name"], 0.0)
        column |= {"error": error, "ceiling": 0.011, "missing_real": missing, "missing_synthetic": 0.82 * missing}
    return sorted(columns, key=lambda column: -column["error"])


def _pairs(rng: random.Random) -> list[dict[str, Any]]:
    pairs: list[dict[str, Any]] = []
    for first, second in (("education", "occupation"), ("age", "marital-status"), ("relationship", "income")):
        across = CATEGORIES.get(first) or [f"{17 + 8 * i} to {25 + 8 * i}" for i in range(9)]
        down = CATEGORIES[second]
        raw = [
            [math.exp(-(((i / len(across) - j / len(down)) * 3) ** 2)) / (1 + i + j) for i in range(len(across))]
            for j in range(len(down))
        ]
        total = sum(map(sum, raw))
        real = [[cell / total for cell in row] for row in raw]
        fake = [[cell * max(0.0, 1 + rng.gauss(0, 0.35)) for cell in row] for row in real]
        total = sum(map(sum, fake))
        pairs.append({
            "columns": [first, second], "error": 0.12, "ceiling": 0.04, "x_labels": across, "y_labels": down,
            "real": real, "synthetic": [[cell / total for cell in row] for row in fake],
        })  # fmt: skip
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


def _score(family: str, label: str, value: float | None, anchors: tuple[Any, Any, Any], direction: str,
           meaning: str, reason: str | None = None) -> dict[str, Any]:  # fmt: skip
    ceiling, floor, copied = anchors
    error = None if value is None else 0.011
    score = {
        "value": value, "error": error, "direction": direction, "label": label, "meaning": meaning,
        "low": None if value is None else max(0.0, value - 0.021), "high": None if value is None else min(1.0, value + 0.021),
        "ceiling": ceiling, "floor": floor, "copy": copied, "n": 8_000, "family": family,
        "source": "Lopez-Paz and Oquab 2017 (arXiv:1610.06545).",
        "caveat": "Rises with the number of records: compare equal sizes alone.",
        "details": {"training_auc": 0.913, "n_trees": 200},
    }  # fmt: skip
    return score | ({"reason": reason} if reason else {})


def _scores() -> dict[str, Any]:
    high, low = "higher", "lower"
    return {
        "c2st": _score("real", "Told from real (AUC)", 0.683, (0.503, 0.981, 0.498), low,
                       "How well a classifier tells synthetic from real records; 0.5 is not at all."),
        "shape": _score("real", "Single columns", 0.962, (0.989, 0.987, 1.0), high,
                        "Agreement of each column's values, averaged over columns."),
        "trend": _score("real", "Pairs of columns", 0.921, (0.972, 0.744, 1.0), high,
                        "Agreement of how often two values occur together."),
        "coverage": _score("real", "Coverage", 0.871, (0.952, 0.412, 0.998), high,
                           "Share of real records with a synthetic one nearby."),
        "frechet": _score("real", "Fréchet distance, local features", 0.214, (0.031, 2.91, 0.0), low,
                          "Distance of means and spreads in the space of features."),
        "tstr": _score("useful", "Trained on synthetic (AUC)", 0.896, (0.921, 0.512, 0.921), high,
                       "A model trained on synthetic records, tested on real ones."),
        "both": _score("useful", "Trained on both (AUC)", 0.923, (0.921, 0.901, 0.921), high,
                       "Real and synthetic records together."),
        "copies": _score("private", "Exact copies", 0.0012, (0.0011, 0.0, 1.0), low,
                         "Share of synthetic records that are equal to a training record."),
        "singling_out": _score("private", "Singling out", 0.018, (0.0, 0.0, 0.94), low,
                               "Risk that an attacker finds a description of exactly one person."),
        "membership_auc": _score("private", "Membership (AUC)", 0.521, (0.5, 0.5, 1.0), low,
                                 "How well an attacker tells who was in the training data."),
        "linkability": _score("private", "Linkability", None, (None, None, None), low, "",
                              "The table has 3 columns; two groups of at least 2 are needed."),
        "valid": _score("valid", "Valid records", 1.0, (1.0, 1.0, 1.0), high,
                        "Share of records that keep every type, range and rule."),
    }  # fmt: skip


def _verdict() -> list[dict[str, Any]]:
    return [
        {"question": "Does it look real?", "level": "amber", "columns": ["capital-gain", "native-country"],
         "text": "A classifier tells it from real data in part (AUC 0.683; real data 0.503).",
         "scores": ["c2st", "coverage"], "limits": "Another classifier may find more. It says nothing about use."},
        {"question": "Are the numbers the same?", "level": "green", "columns": [],
         "text": "Single columns and pairs agree nearly as well as a real hold-out does.",
         "scores": ["shape", "trend"], "limits": "Columns and pairs can agree while triples do not."},
        {"question": "Is it useful?", "level": "green", "columns": [],
         "text": "Models trained on it reach 97% of those trained on real data.",
         "scores": ["tstr", "both"], "limits": "Shown for the column income alone."},
        {"question": "Does it give anyone away?", "level": "red", "columns": ["fnlwgt"],
         "text": "One attack does better than by chance: singling out, 1.8% (0% to 3.9%).",
         "scores": ["copies", "singling_out", "linkability"],
         "limits": "Attacks that were not tried may find more. No score is a proof of privacy."},
        {"question": "Is it valid?", "level": "grey", "columns": [], "text": "No rules were given.", "scores": [],
         "limits": ""},
    ]  # fmt: skip


def _risk(name: str, value: float, high: float) -> dict[str, Any]:
    return {"name": name, "value": value, "low": max(0.0, value - 0.02), "high": high, "main": 0.031 + value,
            "control": 0.031, "baseline": 0.012, "caveat": ""}  # fmt: skip


def _contest(target: str, unit: str, values: list[float]) -> dict[str, Any]:
    names = ["trained on real", "trained on synthetic", "trained on both", "independent columns"]
    return {
        "target": target, "unit": unit,
        "results": {name: {"value": x, "low": x - 0.012, "high": x + 0.012} for name, x in zip(names, values, strict=True)},
    }  # fmt: skip


def _portrait(rng: random.Random) -> dict[str, Any]:
    columns = _columns(rng)
    names = [column["name"] for column in columns]
    fake = ["39", "Private", "HS-grad", "Craft-repair", "Husband", "40", "<=50K"]
    real = ["38", "Private", "HS-grad", "Craft-repair", "Husband", "40", "<=50K"]
    risks = [_risk("Singling out", 0.018, 0.039), _risk("Linkability", 0.004, 0.017), _risk("Inference", 0.011, 0.024)]
    risks[1]["caveat"] = "The attack did no better than guessing: the value cannot be trusted."
    return {
        "columns": columns,
        "pairs": _pairs(rng),
        "association": _association(names, rng),
        "projection": {"explained": [0.31, 0.2], "real": _cloud(900, rng, 0.0), "synthetic": _cloud(900, rng, 0.25)},
        "giveaways": {
            "columns": {"capital-gain": 0.34, "native-country": 0.21, "fnlwgt": 0.14, "hours-per-week": 0.1, "age": 0.06},
            "pairs": {"education × education-num": 0.12, "relationship × sex": 0.07, "age × marital-status": 0.03},
        },
        "usefulness": [
            _contest("income", "AUC", [0.921, 0.896, 0.923, 0.512]),
            _contest("hours-per-week", "R2", [0.262, 0.201, 0.264, -0.03]),
        ],
        "risks": risks,
        "neighbours": {
            "columns": ["age", "workclass", "education", "occupation", "relationship", "hours-per-week", "income"],
            "pairs": [
                {"distance": 0.014, "synthetic": fake, "real": real},
                {"distance": 0.021, "synthetic": [*fake[:-2], "45", ">50K"], "real": real},
            ],
        },
    }  # fmt: skip


def census(name: str = "adult-synthetic.csv", seed: int = 0) -> dict[str, Any]:
    """A report as of 15 columns of census data."""
    rng = random.Random(seed)
    seen = list(range(0, 200_001, 5_000))
    series: dict[str, Any] = {
        "held-out score (AUC)": [0.68 + 0.31 * math.exp(-x / 40_000) + rng.gauss(0, 0.01) for x in seen],
        "coverage": [None, *[0.87 * (1 - math.exp(-x / 30_000)) for x in seen[1:]]],
        "discriminator accuracy, real": [0.6 + 0.1 * math.exp(-x / 20_000) + rng.gauss(0, 0.01) for x in seen],
    }
    return {
        "title": "Adult census: synthetic against real",
        "made": [["Gansmith", "0.1.0"], ["Seed", 0], ["Time", "6 min 12 s on 2 cores"],
                 ["Real data", "adult.csv, sha256 5f0c…e1"], ["Model", "adult.gan, sha256 91ab…07"]],
        "notes": ["20% of the real records were held out and never seen in training."],
        "training": {"samples_seen": seen, "series": series,
                     "findings": ["The best held-out score was reached after 165,000 samples; that state was kept."]},
        "cards": [{"name": name, "n_records": 8_000, "verdict": _verdict(), "scores": _scores(), "portrait": _portrait(rng)}],
    }  # fmt: skip


def several() -> dict[str, Any]:
    """Three data sets in one report."""
    report = census()
    for index, name in enumerate(("other-tool.csv", "independent.csv")):
        card = census(name, seed=index + 1)["cards"][0]
        for place, score in enumerate(card["scores"].values()):
            if score["value"] is not None and (place + index) % 3:
                for key in ("value", "low", "high"):
                    score[key] = round(score[key] * (1.01 if place % 2 else 0.93 - 0.1 * index), 4)
        report["cards"].append(card)
    return report


def nasty() -> dict[str, Any]:
    """The census with every name and sentence hostile."""
    report = census(NASTY[0])
    report["title"] = NASTY[0]
    report["made"] = [[name, name] for name in NASTY]
    report["notes"] = list(NASTY)
    report["training"]["series"] = {name: list(range(41)) for name in NASTY[:3]}
    report["training"]["findings"] = list(NASTY)
    card = report["cards"][0]
    portrait = card["portrait"]
    for index, column in enumerate(portrait["columns"]):
        column["name"] = NASTY[index % len(NASTY)] + ("" if index < len(NASTY) else str(index))
        if column["kind"] == "category":
            column["labels"] = [NASTY[place % len(NASTY)] for place in range(len(column["labels"]))]
    portrait["columns"][0] |= {"kind": "number", "edges": [0, 0, 1, 5, 1e9], "real": [0.25] * 4, "synthetic": [0.25] * 4}
    portrait["columns"][0].pop("labels", None)
    for pair in portrait["pairs"]:
        pair["columns"] = NASTY[:2]
        pair["x_labels"] = [NASTY[place % len(NASTY)] for place in range(len(pair["x_labels"]))]
    portrait["association"]["names"] = [column["name"] for column in portrait["columns"]]
    portrait["giveaways"] = {"columns": dict.fromkeys(NASTY, 0.1), "pairs": {f"{NASTY[0]} × {NASTY[1]}": 0.2}}
    portrait["usefulness"][0]["target"] = NASTY[0]
    portrait["risks"] = [risk | {"name": name, "caveat": name} for risk, name in zip(portrait["risks"], NASTY, strict=False)]
    portrait["neighbours"]["columns"] = NASTY[:7]
    portrait["neighbours"]["pairs"] = [{"distance": 0.0, "synthetic": NASTY[:7], "real": NASTY[3:10]}]
    for line in card["verdict"]:
        line |= {"question": NASTY[1], "text": NASTY[0], "columns": list(NASTY), "limits": NASTY[2]}
    for score in card["scores"].values():
        score |= {"label": NASTY[0], "meaning": NASTY[1], "source": NASTY[2], "details": {NASTY[1]: 1.0}}
    return report


def card_for_the_officer(name: str = "Adult census") -> dict[str, Any]:
    """A privacy card's dict."""

    def risk(what: str, level: str, question: str, value: float | None) -> dict[str, Any]:
        return {
            "risk": what, "question": question, "level": level, "value": value,
            "low": None if value is None else max(0.0, value - 0.014), "high": None if value is None else value + 0.016,
            "main": None if value is None else 0.041 + value, "control": 0.041, "baseline": 0.012,
            "caveat": "2,000 guesses. An attacker with more knowledge may do better.",
            "text": "Of 1,000 guesses about training records, 59 were right; of 1,000 about people never seen, 41.",
        }  # fmt: skip

    return {
        "title": f"Privacy card: {name}",
        "data": [["Real data", "adult.csv, 32,561 records, 15 columns"], ["Synthetic data", "8,000 records"]],
        "risks": [
            risk("Singling out", "amber", "Can one person be isolated?", 0.018),
            risk("Linkability", "green", "Can two records of one person be joined?", 0.004),
            risk("Inference", "grey", "Can an unknown value be deduced?", None),
        ],
        "further": [
            risk("Membership", "green", "Can it be told who was in the training data?", 0.009),
            risk("Copies", "green", "Does it repeat training records?", 0.0),
            risk("Rare values", "red", "Does it repeat rare values?", 0.12),
        ],
        "limits": ["Attacks that were not tried may succeed.", "Whoever holds the model itself may learn more."],
        "made": [["Gansmith", "0.1.0"], ["Made on", "2026-11-22"]],
    }
