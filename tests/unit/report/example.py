"""Reports to render: a made-up census, several data sets, and hostile names.

Read by path (`runpy.run_path`) from the tests here and in `tests/faces`.
"""

from __future__ import annotations

import math
import random
import runpy
from pathlib import Path
from typing import Any

PLOTS = runpy.run_path(str(Path(__file__).with_name("example_plots.py")))
PICTURES = runpy.run_path(str(Path(__file__).with_name("example_pictures.py")))
HOSTILE = runpy.run_path(str(Path(__file__).with_name("example_hostile.py")))
NASTY: list[str] = HOSTILE["NASTY"]


def _score(
    family: str,
    label: str,
    value: float | None,
    anchors: tuple[Any, Any, Any],
    direction: str,
    meaning: str,
    reason: str | None = None,
) -> dict[str, Any]:
    ceiling, floor, copied = anchors
    error = None if value is None else 0.011
    score = {
        "value": value,
        "error": error,
        "direction": direction,
        "label": label,
        "meaning": meaning,
        "low": None if value is None else max(0.0, value - 0.021),
        "high": None if value is None else min(1.0, value + 0.021),
        "ceiling": ceiling,
        "floor": floor,
        "copy": copied,
        "n": 8_000,
        "family": family,
        "source": "Lopez-Paz and Oquab 2017 (arXiv:1610.06545).",
        "caveat": "",
        "details": {"training_auc": 0.913, "n_trees": 200},
    }
    return score | ({"reason": reason} if reason else {})


def _scores() -> dict[str, Any]:
    high, low = "higher", "lower"
    return {
        "c2st": _score(
            "real",
            "two-sample AUC",
            0.683,
            (0.503, 0.981, 0.498),
            low,
            "How well a classifier tells synthetic from real records; 0.5 is not at all.",
        ),
        "shape": _score(
            "real",
            "Single columns",
            0.962,
            (0.989, 0.987, 1.0),
            high,
            "Agreement of each column's values, averaged over columns.",
        ),
        "trend": _score(
            "real",
            "Pairs of columns",
            0.921,
            (0.972, 0.744, 1.0),
            high,
            "Agreement of how often two values occur together.",
        ),
        "coverage": _score(
            "real",
            "Coverage",
            0.871,
            (0.952, 0.412, 0.998),
            high,
            "Share of real records with a synthetic one nearby.",
        ),
        "frechet": _score(
            "real",
            "Fréchet distance, local features",
            0.214,
            (0.031, 2.91, 0.0),
            low,
            "Distance of means and spreads in the space of features.",
        ),
        "tstr": _score(
            "useful",
            "Trained on synthetic (AUC)",
            0.896,
            (0.921, 0.512, 0.921),
            high,
            "A model trained on synthetic records, tested on real ones.",
        ),
        "both": _score(
            "useful",
            "Trained on both (AUC)",
            0.923,
            (0.921, 0.901, 0.921),
            high,
            "Real and synthetic records together.",
        ),
        "copies": _score(
            "private",
            "Exact copies",
            0.0012,
            (0.0011, 0.0, 1.0),
            low,
            "Share of synthetic records that are equal to a training record.",
        ),
        "singling_out": _score(
            "private",
            "Singling out",
            0.018,
            (0.0, 0.0, 0.94),
            low,
            "Risk that an attacker finds a description of exactly one person.",
        ),
        "membership_auc": _score(
            "private",
            "Membership (AUC)",
            0.521,
            (0.5, 0.5, 1.0),
            low,
            "How well an attacker tells who was in the training data.",
        ),
        "linkability": _score(
            "private",
            "Linkability",
            None,
            (None, None, None),
            low,
            "",
            "The table has 3 columns; two groups of at least 2 are needed.",
        ),
        "valid": _score(
            "valid",
            "Valid records",
            1.0,
            (1.0, 1.0, 1.0),
            high,
            "Share of records that keep every type, range and rule.",
        ),
    }


def _verdict() -> list[dict[str, Any]]:
    return [
        {
            "question": "Does it look real?",
            "level": "amber",
            "columns": ["capital-gain", "native-country"],
            "text": "A classifier tells it from real data in part (AUC 0.683; real data 0.503).",
            "scores": ["c2st", "coverage"],
            "limits": "Another classifier may find more. It says nothing about use.",
        },
        {
            "question": "Are the numbers the same?",
            "level": "green",
            "columns": [],
            "text": "Single columns and pairs agree nearly as well as a real hold-out does.",
            "scores": ["shape", "trend"],
            "limits": "Columns and pairs can agree while triples do not.",
        },
        {
            "question": "Is it useful?",
            "level": "green",
            "columns": [],
            "text": "Models trained on it reach 97% of those trained on real data.",
            "scores": ["tstr", "both"],
            "limits": "Shown for the column income alone.",
        },
        {
            "question": "Does it give anyone away?",
            "level": "red",
            "columns": ["fnlwgt"],
            "text": "One attack does better than by chance: singling out, 1.8% (0% to 3.9%).",
            "scores": ["copies", "singling_out", "linkability"],
            "limits": "Attacks that were not tried may find more. No score is a proof of privacy.",
        },
        {
            "question": "Is it valid?",
            "level": "grey",
            "columns": [],
            "text": "No rules were given.",
            "scores": [],
            "limits": "",
        },
    ]


def census(name: str = "adult-synthetic.csv", seed: int = 0) -> dict[str, Any]:
    """A report as of 15 columns of census data."""
    rng = random.Random(seed)
    seen = list(range(0, 200_001, 5_000))
    series: dict[str, Any] = {
        "held-out score (AUC)": [0.68 + 0.31 * math.exp(-x / 40_000) + rng.gauss(0, 0.01) for x in seen],
        "coverage": [None, *[0.87 * (1 - math.exp(-x / 30_000)) for x in seen[1:]]],
        "discriminator accuracy, real": [
            0.6 + 0.1 * math.exp(-x / 20_000) + rng.gauss(0, 0.01) for x in seen
        ],
    }
    return {
        "title": "Adult census: synthetic against real",
        "made": [
            ["Gansmith", "0.1.0"],
            ["Seed", 0],
            ["Time", "6 min 12 s on 2 cores"],
            ["Real data", "adult.csv, sha256 5f0c…e1"],
            ["Model", "adult.gan, sha256 91ab…07"],
        ],
        "notes": ["20% of the real records were held out and never seen in training."],
        "training": {
            "samples_seen": seen,
            "series": series,
            "findings": ["The best held-out score was reached after 165,000 samples; that state was kept."],
        },
        "cards": [
            {
                "name": name,
                "n_records": 8_000,
                "verdict": _verdict(),
                "scores": _scores(),
                "plots": PLOTS["plots"](rng),
            }
        ],
    }


def pictures() -> dict[str, Any]:
    """A report of generated pictures."""
    report = census("shapes.zip")
    report["title"] = "Scorecard of shapes.zip"
    report["cards"][0]["plots"] = PICTURES["plots"]()
    report["training"]["film"] = PICTURES["film"]()
    for line in report["cards"][0]["verdict"]:
        line["columns"] = []
    return report


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
    return HOSTILE["nasty"](census())


def card_for_the_officer(name: str = "Adult census") -> dict[str, Any]:
    """A privacy card's dict, as long as one of a table gets."""

    def risk(
        what: str, level: str, question: str, value: float | None, unit: str = "share"
    ) -> dict[str, Any]:
        return {
            "risk": what,
            "question": question,
            "how": "Share of the records that are equal to a training record in all 15 columns compared.",
            "level": level,
            "unit": unit,
            "value": value,
            "low": None if value is None else max(0.0, value - 0.014),
            "high": None if value is None else value + 0.016,
            "amber": 0.5 if unit == "AUC" else 0.0,
            "red": 0.55 if unit == "AUC" else 0.05,
            "main": None if value is None else 0.041 + value,
            "control": 0.041,
            "baseline": 0.012,
            "caveat": "cannot be trusted: only 30 records of each kind, 99 needed" if level == "grey" else "",
            "text": "No more than chance gives (2,000 tries). Worst: secret column relationship, 2.1%.",
        }

    further = [
        risk("Singling out by one column", "amber", "Does a value fit exactly one training record?", 0.009),
        risk("Membership", "green", "Can it be told who was in the training data?", 0.509, "AUC"),
        *(risk(f"Attack {n}", "green", "Does it repeat training records?", 0.0) for n in range(8)),
        risk("Rare values", "red", "Does it repeat rare values?", 0.12),
    ]
    return {
        "title": f"Privacy card: {name}",
        "holds_real_records": False,
        "conclusion": {
            "question": "Does it give anybody away?",
            "level": "red",
            "text": "Rare values of the real data are repeated (final_weight): 0.12, by chance 0.",
        },
        "data": [["Real data", "adult.csv, 32,561 records, 15 columns"], ["Synthetic data", "8,000 records"]],
        "model": [
            ["Model", "table, sha256 9bc323fc2b3520f0"],
            ["Minimum count", "5 records must share a value"],
        ],
        "risks": [
            risk("Singling out", "amber", "Can one person be isolated?", 0.018),
            risk("Linkability", "green", "Can two records of one person be joined?", 0.004),
            risk("Inference", "grey", "Can an unknown value be deduced?", None),
        ],
        "further": further,
        "marks": " ".join(["Amber: more than chance gives, beyond the amber line."] * 6),
        "limits": ["Attackers may know more, try more, or have other means. " * 3] * 5,
        "notes": ["Columns 'name' (texts or identifiers): only their missing cells are compared."],
        "made": [["Gansmith", "0.1.0"], ["Made on", "2026-11-22"]],
    }
