"""The longest passage that a piece has from training pieces, in whatever key."""

from __future__ import annotations

from collections import defaultdict
from typing import Final, final

import numpy as np
from jaxtyping import Float

from gansmith.modalities.music.records import FIRST, Pieces, Tokens

SEED_NOTES: Final = 4
"""Notes by which passages that may be equal are found."""
MOST_PLACES: Final = 400
"""Of one beginning in the training pieces that are looked at; the most frequent ones are not a copy."""

Event = tuple[int, ...]


def events_of(tokens: Tokens) -> tuple[list[Event], np.ndarray]:
    """What happens whenever something begins: time since the last one, and what all voices then do.

    Pitches are told by the distance from the one before in the same voice, so keys do not matter.

    Returns:
        The events, and at which step each is.
    """
    begins = np.flatnonzero((tokens >= FIRST).any(1))
    last = np.full(tokens.shape[1], -1)
    events, before = list[Event](), 0
    for step in begins.tolist():
        row = tokens[step].astype(np.int64)
        moves = np.where(row >= FIRST, np.where(last >= 0, row - last, 100), np.where(row == 0, 201, 202))
        last = np.where(row >= FIRST, row, last)
        events.append((step - before, *moves.tolist()))
        before = step
    return events, begins


@final
class Copies:
    """Passages of training pieces.

    Args:
        train: What is looked for.
    """

    def __init__(self, train: Pieces) -> None:
        self._events = [events_of(tokens)[0] for tokens in train.tokens]
        self._places: dict[tuple[Event, ...], list[tuple[int, int]]] = defaultdict(list)
        for number, events in enumerate(self._events):
            for at in range(1, len(events) - SEED_NOTES + 1):
                self._places[tuple(events[at : at + SEED_NOTES])].append((number, at))

    def longest(self, tokens: Tokens) -> int:
        """How many events in a row are those of one training piece, the first one's distance left out."""
        events, _ = events_of(tokens)
        best = 0
        for at in range(1, len(events) - SEED_NOTES + 1):
            if at + best >= len(events):
                break
            for number, there in self._places.get(tuple(events[at : at + SEED_NOTES]), [])[:MOST_PLACES]:
                other = self._events[number]
                if (
                    best >= SEED_NOTES
                    and events[at + best : at + best + 1] != other[there + best : there + best + 1]
                ):
                    continue
                n = SEED_NOTES
                while at + n < len(events) and there + n < len(other) and events[at + n] == other[there + n]:
                    n += 1
                best = max(best, n)
        return best

    def all_longest(self, pieces: Pieces) -> Float[np.ndarray, " n"]:
        """Of each piece."""
        return np.array([self.longest(tokens) for tokens in pieces.tokens], np.float64)
