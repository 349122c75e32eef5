"""Phrases of a few bars as samples: what sounds and what begins, one-hot, given the phrase before."""

from __future__ import annotations

from typing import Final, final

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import one_hot

from gansmith.engine.batches import Batch, Indices
from gansmith.modalities.music.along import in_range
from gansmith.modalities.music.codec import PieceCodec
from gansmith.modalities.music.dataset import conditions_of
from gansmith.modalities.music.making import before_of
from gansmith.modalities.music.records import END, FIRST, HOLD, REST, Pieces

N_PLACE: Final = 2
"""Numbers that say where in its bar a phrase begins."""
NOTHING: Final = -1
"""What sounds before the beginning of a piece."""


def phrase_steps(codec: PieceCodec) -> int:
    """Steps of a phrase."""
    return codec.phrase_bars * codec.form.bar_steps(codec.metre)


def n_channels(codec: PieceCodec) -> int:
    """Of a sample: for each voice silence, its notes, and whether it begins."""
    return sum(size - FIRST + 2 for size in codec.sizes)


def n_phrase_conditions(codec: PieceCodec) -> int:
    """Numbers of a condition: those of a piece, where in the bar it is, and the phrase before."""
    return codec.n_conditions + N_PLACE + 2 * phrase_steps(codec) * codec.form.n_voices


def shown(codec: PieceCodec, tokens: Int[np.ndarray, "*n steps voices"], before: np.ndarray) -> np.ndarray:
    """What sounds, 0 for silence, and what begins, as networks see it: `(*n, 2, steps, voices)`."""
    sounds = np.where(tokens == HOLD, before, np.maximum(tokens - 1, 0))
    return np.stack([sounds, tokens >= FIRST], -3).astype(np.int16)


def as_samples(
    codec: PieceCodec, seen: Int[Tensor, "n two steps voices"]
) -> Float[Tensor, "n channels steps"]:
    """One-hot, voice after voice; of `NOTHING` nothing."""
    parts: list[Tensor] = []
    for voice, size in enumerate(codec.sizes):
        sounds = seen[:, 0, :, voice].long()
        is_there = (sounds != NOTHING)[:, None].float()
        parts.append(one_hot(sounds.clamp_min(0), size - FIRST + 1).transpose(1, 2).float() * is_there)
        parts.append(seen[:, 1, :, voice].float()[:, None] * is_there)
    return torch.cat(parts, 1)


def as_tokens(
    codec: PieceCodec, samples: Float[Tensor, "n channels steps"]
) -> Float[Tensor, "n steps voices"]:
    """What voices do, in C major or A minor; a voice that does not begin holds."""
    found, place = list[Tensor](), 0
    for size, low in zip(codec.sizes, codec.lowest, strict=True):
        n = size - FIRST + 1
        sounds, begins = samples[:, place : place + n].argmax(1), samples[:, place + n] > 0.5
        tokens = torch.where(begins, sounds - 1 + low + FIRST, HOLD)
        found.append(torch.where(sounds == 0, REST, tokens))
        place += n + 1
    return torch.stack(found, -1).float()


@final
class Phrases:
    """See `Dataset`: a phrase from every bar line on, and the one before it as part of its condition."""

    def __init__(self, codec: PieceCodec, pieces: Pieces) -> None:
        codec.check(pieces)
        self._codec, self._steps = codec, phrase_steps(codec)
        self._seen, spans = list[np.ndarray](), list[tuple[int, int]]()
        shifts = codec.shifts(pieces.key_names).tolist()
        for number, (tokens, shift, bar) in enumerate(
            zip(pieces.tokens, shifts, pieces.bar_steps, strict=True)
        ):
            inner = in_range(codec, tokens, shift)
            seen = shown(codec, inner, before_of(inner[None])[0])
            n_more = -len(tokens) % self._steps
            ahead = np.full((2, self._steps, tokens.shape[1]), NOTHING, np.int16)
            behind = np.zeros((2, n_more, tokens.shape[1]), np.int16)
            self._seen.append(np.concatenate([ahead, seen, behind], 1))
            last = max(len(tokens) + n_more - self._steps, 0)
            spans += [(number, first) for first in range(0, last + 1, bar)]
        self._spans = np.array(spans, np.int64)
        self._bars = np.array(pieces.bar_steps)
        lengths = np.array([len(one) for one in pieces.tokens])
        self._conditions = conditions_of(codec, pieces.attributes, lengths)

    def __len__(self) -> int:
        return len(self._spans)

    def batch(self, indices: Indices) -> Batch:
        """See `Dataset`."""
        owners, firsts = self._spans[indices.numpy()].T
        n = self._steps
        both = np.stack(
            [
                self._seen[owner][:, first : first + 2 * n]
                for owner, first in zip(owners.tolist(), firsts.tolist(), strict=True)
            ]
        )  # (batch, 2, 2 * steps, voices), the phrase before and this one
        told = self._conditions[torch.from_numpy(owners)]
        condition = phrase_condition(told, firsts, self._bars[owners], torch.from_numpy(both[:, :, :n]))
        return Batch({"real": torch.from_numpy(np.ascontiguousarray(both[:, :, n:])), "condition": condition})


def phrase_condition(
    told: Float[Tensor, "n n_told"],
    firsts: np.ndarray,
    bars: np.ndarray,
    earlier: Int[Tensor, "n two steps voices"],
) -> Float[Tensor, "n n_conditions"]:
    """What a phrase is to be: what its piece is, where in the bar it begins, what is before it."""
    turn = 2 * np.pi * (firsts % bars) / bars
    place = torch.from_numpy(np.stack([np.sin(turn), np.cos(turn)], 1).astype(np.float32))
    return torch.cat([told, place, earlier.flatten(1).float()], 1)


def with_end(tokens: np.ndarray, n_steps: np.ndarray) -> np.ndarray:
    """Tokens of pieces, `END` behind their ends."""
    is_behind = np.arange(tokens.shape[1]) >= n_steps[:, None]
    return np.where(is_behind[:, :, None], END, tokens).astype(np.int16)
