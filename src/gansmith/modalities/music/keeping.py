"""What real voices keep to, and made ones shall: their ranges, no parallel octaves and fifths, no crossing.

What a network finds unlikely it makes now and then all the same. Rules that were found in the data are kept
by construction, as those of tables are: what would break one is not drawn.
"""

from __future__ import annotations

from typing import Final, final

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from gansmith.modalities.music.codec import PieceCodec
from gansmith.modalities.music.records import FIRST, HOLD
from gansmith.modalities.music.statistics import PERFECT

MOST_PITCH: Final = 1_000
"""Above all notes."""
_FORBIDDEN: Final = -1e8


@final
class Rules:
    """The rules of some pieces.

    Args:
        codec: What was learnt of them.
        shifts: By how many semitones each piece is higher than C major or A minor.
    """

    def __init__(self, codec: PieceCodec, shifts: Int[np.ndarray, " n"]) -> None:
        self._codec, self._pitched = codec, codec.form.pitched
        self._out = list[np.ndarray]()
        known = zip(codec.sizes, codec.lowest, codec.reach, self._pitched.tolist(), strict=True)
        for size, low, (lowest, highest), pitched in known:
            sounds = low + np.arange(size - FIRST) + (shifts[:, None] if pitched else 0)
            is_out = np.zeros((len(shifts), size), bool)
            is_out[:, FIRST:] = (sounds < lowest) | (sounds > highest)
            self._out.append(is_out)

    def kept(
        self,
        logits: Float[Tensor, "n things"],
        voice: int,
        before: Int[np.ndarray, "n voices"],
        made: Int[np.ndarray, "n voices"],
    ) -> Float[Tensor, "n things"]:
        """Logits of what a voice does next, so low where it would break a rule that it is not drawn.

        Args:
            logits: As the network says.
            voice: Which one.
            before: What sounds: 0 nothing, 1 and more the notes from the lowest on.
            made: What the voices before this one do now.
        """
        is_out = self._out[voice]
        if self._codec.avoids_parallels and self._pitched[voice]:
            is_out = is_out | self._parallel(voice, before, made)
        if self._codec.avoids_crossings and self._pitched[voice]:
            is_above = self._above(voice, before, made)
            is_stuck = (is_out | is_above)[:, FIRST:].all(1)  # a voice finds no place below the other
            is_out = is_out | (is_above & ~np.reshape(is_stuck, (-1, 1)))
        broken = np.zeros(logits.shape, bool)
        broken[:, : is_out.shape[1]] = is_out
        return logits + torch.from_numpy(np.where(broken, _FORBIDDEN, 0.0).astype(np.float32))

    def _above(self, voice: int, before: np.ndarray, made: np.ndarray) -> np.ndarray:
        """What would make this voice sound above the pitched one before it."""
        codec, size = self._codec, self._codec.sizes[voice]
        found = np.zeros((len(before), size), bool)
        others = np.flatnonzero(self._pitched[:voice])
        if not len(others):
            return found
        other = int(others[-1])
        sounds = np.where(made[:, other] == HOLD, before[:, other], np.maximum(made[:, other] - 1, 0))
        limit = np.where(sounds > 0, codec.lowest[other] + sounds - 1, MOST_PITCH)
        found[:, FIRST:] = codec.lowest[voice] + np.arange(size - FIRST) > limit[:, None]
        found[:, HOLD] = (before[:, voice] > 0) & (codec.lowest[voice] + before[:, voice] - 1 > limit)
        return found

    def _parallel(self, voice: int, before: np.ndarray, made: np.ndarray) -> np.ndarray:
        """Which notes would make this voice move in parallel with one before it."""
        codec, size = self._codec, self._codec.sizes[voice]
        notes = codec.lowest[voice] + np.arange(size - FIRST)
        was = codec.lowest[voice] + before[:, voice] - 1
        found = np.zeros((len(before), size), bool)
        for other in np.flatnonzero(self._pitched[:voice]).tolist():
            theirs = codec.lowest[other] + before[:, other] - 1
            now = codec.lowest[other] + made[:, other] - FIRST
            moves = (
                (made[:, other] >= FIRST) & (before[:, other] > 0) & (before[:, voice] > 0) & (now != theirs)
            )
            interval = (theirs - was) % 12
            moves &= np.isin(interval, PERFECT)
            same = (now[:, None] - notes) % 12 == interval[:, None]
            along = np.sign(notes - was[:, None]) == np.sign(now - theirs)[:, None]
            found[:, FIRST:] |= moves[:, None] & same & along
        return found
