"""Both score cards of one synthetic table: the independent one and our own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from bench.peers.datasets import Prepared
from bench.peers.results import Result
from bench.tables import BESIDE
from gansmith.errors import GansmithError
from gansmith.scorecard.card import Scorecard
from gansmith.scorecard.score import CEILING, Entry
from gansmith.tasks.judging import score

_FIGURES: Final = (
    ("c2st", "c2st", False),
    ("marginal", "shape", True),
    ("pair", "trend", True),
    ("tstr", "tstr", False),
    ("nearer", "nearer", False),
    ("copies", "copies", False),
)
"""What the page calls it, what the card calls it, and whether it is shown as an error in %."""


def scored(result: Result, prepared: Prepared, synthetic: Path) -> Result:
    """The result with both cards; a card that cannot be had says why."""
    return replace(
        result,
        independent_card=independent_card(
            prepared.train, prepared.holdout, synthetic, prepared.data_set.target
        ),
        own_card=own_card(prepared, synthetic, result.key.seed),
    )


def scored_holdout(result: Result, prepared: Prepared, copy: Result, cache: Path) -> Result:
    """What real records reach; training and hold-out records are two samples of one source.

    Independent card: shape, trend and same compare the whole hold-out with the training records; c2st and
    tstr are those of the training copy; dcr asks one half of the hold-out, the other half being the hold-out.
    Our own card holds these anchors beside every score.

    Args:
        result: Without scores.
        prepared: The data set.
        copy: Result of the training copy.
        cache: Where the halves are written.
    """
    target, train, holdout = prepared.data_set.target, prepared.train, prepared.holdout
    whole = independent_card(train, holdout, holdout, target)
    halves = independent_card(train, *_halves(holdout, cache / prepared.data_set.name), target)
    errors = [card for card in (whole, halves, copy.independent_card) if "error" in card]
    card = {
        **{name: whole.get(name) for name in ("shape", "trend", "same")},
        **{name: copy.independent_card.get(name) for name in ("c2st", "tstr", "trtr")},
        "dcr": halves.get("dcr"),
    }
    own = copy.own_card
    if "error" not in own:
        own = {
            name: {**numbers, "value": numbers["real"], "error": numbers["real_error"]}
            for name, numbers in own.items()
        }
    return replace(result, independent_card=errors[0] if errors else card, own_card=own)


def independent_card(train: Path, holdout: Path, synthetic: Path, target: str) -> dict[str, Any]:
    """Figures of the score card that GANSMITH_SCORER (else `../shared/score/score_table.py`) names."""
    scorer = Path(os.environ.get("GANSMITH_SCORER", BESIDE / "score" / "score_table.py"))
    if not scorer.exists():
        return {"error": "no independent score card here: set GANSMITH_SCORER."}
    command = [sys.executable, str(scorer), str(train), str(holdout), str(synthetic), target, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"error": done.stderr.strip().splitlines()[-1][:200]}
    return json.loads(done.stdout.strip().splitlines()[-1])


def own_card(prepared: Prepared, synthetic: Path, seed: int) -> dict[str, Any]:
    """Figures of `gansmith score`, each with its error and with what real records reach."""
    try:
        card: Scorecard = score(
            str(synthetic),
            str(prepared.train),
            str(prepared.holdout),
            target=prepared.data_set.target,
            seed=seed,
        )
    except GansmithError as error:
        return {"error": str(error)[:200]}
    return {name: _numbers(card[own], is_error) for name, own, is_error in _FIGURES if own in card.names}


def _numbers(entry: Entry, is_error: bool) -> dict[str, Any]:
    """Value and error beside those of real records; a similarity becomes an error in %."""
    mine, real = entry.score.to_dict(), entry.anchors[CEILING].to_dict()
    plain = {
        "value": mine["value"],
        "error": mine["error"],
        "real": real["value"],
        "real_error": real["error"],
    }
    if is_error:
        plain |= {
            name: None if plain[name] is None else 100 * (1 - plain[name]) for name in ("value", "real")
        }
        plain |= {
            name: None if plain[name] is None else 100 * plain[name] for name in ("error", "real_error")
        }
    return {name: None if number is None else round(number, 5) for name, number in plain.items()}


def _halves(holdout: Path, folder: Path) -> tuple[Path, Path]:
    table = pd.read_csv(holdout, dtype=str, keep_default_na=False)
    order = np.random.default_rng(0).permutation(len(table))
    paths = folder / "holdout_a.csv", folder / "holdout_b.csv"
    for path, rows in zip(paths, np.array_split(order, 2), strict=True):
        table.iloc[rows].to_csv(path, index=False)
    return paths
