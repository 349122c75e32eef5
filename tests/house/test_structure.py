"""What `docs/explanation/architecture.md` claims of the structure, kept."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pandas as pd
import pytest
from torch import nn

from gansmith.engine.games import GAMES
from gansmith.tasks.runs.fit import start
from gansmith.tasks.runs.settings import FitConfig

SOURCE = Path(__file__).parents[2] / "src" / "gansmith"

KNOW_NO_GAME = [
    "engine/train.py",
    "engine/checkpoint.py",
    "engine/games/base.py",
    "store/model_file.py",
    "tasks/model.py",
    "tasks/runs/budget.py",
    "tasks/runs/fit.py",
    "tasks/runs/origin.py",
    "tasks/runs/preparing.py",
    "tasks/sampling.py",
]
"""They handle games of any networks; the base class may say what a name means, in prose."""
PLAYERS = re.compile(
    r"[a-z_]*(generator|discriminator|latent|logit|encoder|decoder)|\w+(Generator|Discriminator)\b"
)
"""`collections.abc.Generator`, Python's own, has a capital and nothing before it."""
CHECKERS = ("beartype", "jaxtyping", "annotations.py")
"""Files of those who check annotations, and so stand between caller and called."""


def named_players(text: str) -> list[str]:
    """The lines that name a player or what only some players know, in code, comments or docstrings."""
    return [line.strip() for line in text.splitlines() if PLAYERS.search(line)]


@pytest.mark.parametrize("name", KNOW_NO_GAME)
def test_training_models_and_files_name_no_player(name):
    assert named_players((SOURCE / name).read_text("utf-8")) == []


def test_the_test_can_fail():
    for line in (
        "self.generator.step()",
        "n_latents = 3",
        "real_logits.mean()",
        'networks["decoder"]',
        "TableGenerator()",
    ):
        assert named_players(line) == [line]
    assert named_players("from collections.abc import Generator, Iterator") == []


def test_a_game_is_one_file_and_training_knows_none_of_them():
    files = {path.stem for path in (SOURCE / "engine" / "games").glob("*.py")}
    assert files == {"__init__", "base", *GAMES}
    for name in KNOW_NO_GAME:
        text = (SOURCE / name).read_text("utf-8")
        assert not re.search(rf"games\.({'|'.join(GAMES)})\b", text), name


def test_a_record_climbs_back_up_the_house_twice():
    """While it plays the engine asks upwards for the samples of a batch and for a score, and nothing else."""
    found: set[str] = set()

    def watch(frame, event, arg):
        back = frame.f_back  # beyond those who check annotations
        while back and any(checker in back.f_code.co_filename for checker in CHECKERS):
            back = back.f_back
        caller, callee = (str(one.f_globals.get("__name__")) for one in (back or frame, frame))
        is_climb = caller.startswith("gansmith.engine.") and callee.startswith(
            ("gansmith.modalities.", "gansmith.tasks.", "gansmith.faces.")
        )
        is_own = Path(frame.f_code.co_filename).is_file()
        if event == "call" and is_climb and is_own and not isinstance(frame.f_locals.get("self"), nn.Module):
            found.add(f"{callee.removeprefix('gansmith.')}:{frame.f_code.co_name}")

    people = pd.DataFrame({"age": [20 + n % 40 for n in range(300)], "city": ["Ulm", "Rom"] * 150})
    run = start(people, FitConfig(preset="small", samples_seen=500, threads=1))
    sys.setprofile(watch)
    try:
        list(run)
    finally:
        sys.setprofile(None)
    assert found == {"modalities.table.recipe:samples", "modalities.table.recipe:score"}
