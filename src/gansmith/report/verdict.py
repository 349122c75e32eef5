"""The verdict: a few questions, each answered with a level, a sentence and the scores it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

from gansmith.report.scores import ScoreRow, Scores, score_row
from gansmith.report.wording import Level, level


@final
@dataclass(frozen=True)
class Answer:
    """One question of the verdict with its answer."""

    question: str
    level: Level
    text: str
    columns: tuple[str, ...]
    """Named as the cause; look at them first."""
    rows: tuple[ScoreRow, ...]
    """The scores that the answer rests on."""
    limits: str
    """What the answer does not prove."""


def answers(card: Mapping[str, Any]) -> list[Answer]:
    """The verdict of one data set, in the order given."""
    scores: Scores = card.get("scores") or {}
    return [
        Answer(
            question=str(line.get("question") or ""),
            level=level(line.get("level")),
            text=str(line.get("text") or ""),
            columns=tuple(str(name) for name in line.get("columns") or []),
            rows=tuple(
                score_row(name, scores[name])
                for name in line.get("scores") or []
                if name in scores and scores[name].get("value") is not None
            ),
            limits=str(line.get("limits") or ""),
        )
        for line in card.get("verdict") or []
    ]
