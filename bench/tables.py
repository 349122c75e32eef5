"""A table learnt with a time budget and scored on records that the model has never seen.

Every data set is a folder with `train.csv.gz` and `holdout.csv.gz`. They are looked for where GANSMITH_DATA
says, else in `../shared/data` beside the project; nothing is downloaded. Where GANSMITH_SCORER (else
`../shared/score/score_table.py`) names an independent score card, its numbers are printed as well.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from bench.machine import machine
from gansmith.tasks.judging import score
from gansmith.tasks.synthesize import Synthesizer

TARGETS: Final = {"adult": "income", "magic": "class", "beijing_pm25": "pm2.5"}
BESIDE: Final = Path(__file__).parents[2] / "shared"


def run(name: str = "adult", budget: str = "5m", seed: int = 0) -> dict[str, Any]:
    """Fit, sample as many records as were learnt from, score; prints both cards.

    Args:
        name: Folder of the data set.
        budget: Time to learn.
        seed: Of everything.
    """
    folder = Path(os.environ.get("GANSMITH_DATA", BESIDE / "data")) / name
    train, holdout = folder / "train.csv.gz", folder / "holdout.csv.gz"
    if not train.exists():
        print(f"{train} is not there: set GANSMITH_DATA to measure on your own copy. Skipped.")
        return {}
    target = TARGETS.get(name, "")
    print(f"{name}, --budget {budget}, seed {seed}; {machine()}")
    started = time.monotonic()
    model = Synthesizer(budget=budget, seed=seed).fit(str(train), target).model_
    seconds = time.monotonic() - started
    with tempfile.TemporaryDirectory() as temporary:
        synthetic = Path(temporary) / "synthetic.csv"
        with model.modality.format.writer(
            synthetic, model.codec.empty, {}, model.modality.options()
        ) as writer:
            for block in model.blocks(model.manifest["data"]["n_records"], seed):
                writer.write(block)
        card = score(str(synthetic), str(train), str(holdout), target=target or None, seed=seed)
        independent = _independent(train, holdout, synthetic, target)
    print(f"fitted in {seconds:.0f} s, {model.manifest['training']['steps']:,} steps")
    for entry in card.entries:
        print(
            f"  {entry.name:24}{entry.score!s:>18}   real hold-out {entry.anchors.get('ceiling', '')!s:>18}"
        )
    if independent:
        print(f"  independent card: {json.dumps(independent)}")
    return {"seconds": seconds, "card": card.to_dict(), "independent": independent}


def _independent(train: Path, holdout: Path, synthetic: Path, target: str) -> dict[str, Any]:
    scorer = Path(os.environ.get("GANSMITH_SCORER", BESIDE / "score" / "score_table.py"))
    if not scorer.exists() or not target:
        return {}
    command = [sys.executable, str(scorer), str(train), str(holdout), str(synthetic), target, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"  independent card: not to be had ({done.stderr.strip().splitlines()[-1]})")
        return {}
    return json.loads(done.stdout.strip().splitlines()[-1])
