"""Pieces as tokens and back: what every voice does at every step, in the range of notes that was learnt.

A compact record is a table of what voices do, shape `(n_steps, n_voices)`, followed by `END` where it is
shorter than the longest. Pitches stand as they sound; networks see them in C major or A minor, whatever the
key of a piece, so that all pieces teach all keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, final

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from gansmith.errors import DataError, ModelFileError, UsageError
from gansmith.modalities.attribute_codec import AttributeCodec
from gansmith.modalities.attributes import Attributes
from gansmith.modalities.music import MusicOptions
from gansmith.modalities.music.records import (
    BARS,
    END,
    FIRST,
    HOLD,
    KEY,
    METRE,
    REST,
    USUAL_METRE,
    Form,
    Pieces,
    Tokens,
    Track,
    moved,
    sounding,
)
from gansmith.modalities.music.statistics import crossings, parallels, ranges
from gansmith.modalities.music.theory import shift_to
from gansmith.modalities.recipe import AbstractCodec

BLOCK_NUMBERS: Final = 200_000
"""Of a block of pieces that are made at a time."""
MAX_BLOCK: Final = 64
MARGIN: Final = 2
"""Semitones beyond those that were learnt which a given voice may use without being moved by an octave."""
SELDOM: Final = 0.01
"""Share of moves that are parallel, or of steps that are crossed, below which these are avoided."""
FEWEST_MOVES: Final = 300
"""By which such a rule is known."""
MAX_LONGEST: Final = 1 << 16
N_ASKED_FIRST: Final = 1
"""Numbers of a condition before the attributes: how many steps there shall be."""


@final
@dataclass(frozen=True)
class PieceCodec(AbstractCodec[Pieces, MusicOptions]):
    """What was learnt of pieces before any network learns."""

    form: Form
    attributes: AttributeCodec
    longest: int
    """Steps of the longest piece."""
    lowest: tuple[int, ...]
    """The lowest pitch of each voice in C major or A minor, ..."""
    highest: tuple[int, ...]
    """... and the highest."""
    reach: tuple[tuple[int, int], ...]
    """Between which pitches each voice stays as it sounds."""
    avoids_parallels: bool
    """Whether voices hardly ever move in parallel octaves and fifths."""
    avoids_crossings: bool
    """Whether a voice is hardly ever above the one before it."""
    falls_silent: bool
    """Whether all voices rest together before the last bar, more than hardly ever."""
    key: str
    """The most frequent key, where it is no attribute."""
    metre: str
    n_bars: int
    phrase_bars: int = 0
    """Bars of a phrase that the adversarial game makes; 0: the game is of likelihood, and of whole pieces."""
    n_pieces: int = 0
    """That were learnt from."""

    @classmethod
    def fit(cls, records: Pieces, options: MusicOptions, seed: int) -> PieceCodec:
        shown = [_at_home(*one, records.form) for one in zip(records.tokens, records.key_names, strict=True)]
        heights = [np.concatenate([column[column >= FIRST] - FIRST for column in voice]) for voice in
                   zip(*(one.T for one in shown), strict=True)]  # fmt: skip
        lows = tuple(int(one.min()) - MARGIN if len(one) else 60 for one in heights)
        highs = tuple(int(one.max()) + MARGIN if len(one) else 60 for one in heights)
        metre = max(sorted(set(records.metres)), key=records.metres.count)
        bars = [len(one) // steps for one, steps in zip(records.tokens, records.bar_steps, strict=True)]
        keys = [one for one in records.key_names if one] or [""]
        return cls(
            records.form,
            AttributeCodec.fit(records.attributes),
            max(map(len, records.tokens)),
            lows,
            highs,
            _reach(records),
            _avoids_parallels(records),
            _avoids_crossings(records),
            _falls_silent(records),
            max(sorted(set(keys)), key=keys.count),
            metre,
            int(np.median(bars)),
            options.phrases,
            len(records),
        )

    @property
    def sizes(self) -> list[int]:
        """How many things each voice may do: be silent, hold, or begin a note."""
        return [FIRST + high - low + 1 for low, high in zip(self.lowest, self.highest, strict=True)]

    @property
    def n_values(self) -> int:
        return self.longest * self.form.n_voices

    @property
    def n_conditions(self) -> int:
        """Numbers that say what a piece shall be: steps, and attributes."""
        return N_ASKED_FIRST + self.attributes.n_conditions

    @property
    def block_size(self) -> int:
        return int(np.clip(BLOCK_NUMBERS // max(self.n_values, 1), 1, MAX_BLOCK))

    @property
    def empty(self) -> Pieces:
        known = self.attributes.decode(torch.zeros(0, self.attributes.n_conditions))
        return Pieces((), self.form, known, "generated music")

    # --- Records ---

    def check(self, records: Pieces) -> None:
        """Raise DataError unless pieces have the tracks and the grid that this codec knows."""
        ours, theirs = self.form, records.form
        if (ours.n_voices, ours.grid) != (theirs.n_voices, theirs.grid):
            raise DataError(
                f"{records.name}: music of {theirs}, but the model's is of {ours}. Bring it to that form."
            )

    def encode(self, records: Pieces, seed: int) -> Float[Tensor, "n longest n_voices"]:
        self.check(records)
        longest = max([self.longest, *map(len, records.tokens)])
        packed = np.full((len(records), longest, self.form.n_voices), END, np.float32)
        for row, tokens in zip(packed, records.tokens, strict=True):
            row[: len(tokens)] = tokens
        return torch.from_numpy(packed)

    def compact(self, samples: Tensor) -> Tensor:
        """See the base class; phrases of the adversarial game come out in C major or A minor."""
        if not self.phrase_bars:
            return samples
        from gansmith.modalities.music.phrases import as_tokens  # it knows this codec

        return as_tokens(self, samples)

    def decode(self, compact: Tensor, seed: int, first_index: int) -> Pieces:
        """See the base class; a voice that holds nothing is silent."""
        n_voices = self.form.n_voices
        values = compact.detach().cpu().numpy()
        rows = values.reshape(len(values), values[0].size // n_voices if len(values) else 0, n_voices)
        lengths = (rows[:, :, 0] != END).sum(1).tolist()
        found = tuple(tidy(np.rint(row[:n]).astype(np.int16)) for row, n in zip(rows, lengths, strict=True))
        return Pieces(found, self.form, Attributes(), "generated music")

    def shifts(self, keys: list[str]) -> Int[np.ndarray, " n"]:
        """By how many semitones each piece is lowered for networks."""
        return np.array([shift_to(key or self.key) for key in keys], np.int64)

    @property
    def shift_weights(self) -> Float[np.ndarray, " n_attributes"]:
        """A condition times these is the shift of its key."""
        weights, place = np.zeros(self.attributes.n_conditions, np.float32), 0
        for column in self.attributes.columns:
            if column.name == KEY:
                values: tuple[str, ...] = getattr(column, "values", ())
                weights[place : place + len(values)] = [shift_to(one) for one in values]
            place += column.width
        return weights

    @property
    def shift_at_rest(self) -> int:
        """The shift where no key is asked for: that of the only one, where there is one."""
        return 0 if KEY in self.attributes.names else shift_to(self.key)

    def planned(self, attributes: Attributes, n_bars: int = 0) -> Int[np.ndarray, " n"]:
        """Steps of pieces with these attributes; with `n_bars` so many bars each."""
        n = len(next(iter(attributes.columns.values()))) if attributes.columns else 1
        metres = [
            str(one or USUAL_METRE) for one in attributes.columns.get(METRE, np.full(n, self.metre, object))
        ]
        bars = attributes.columns.get(BARS, np.full(n, float(self.n_bars)))
        bars = np.where(np.isnan(bars.astype(float)), self.n_bars, bars.astype(float))
        chosen = np.maximum(np.rint(bars), 1).astype(np.int64) if not n_bars else np.full(n, n_bars)
        return chosen * np.array([self.form.bar_steps(one) for one in metres])

    # --- State ---

    def state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        known, tensors = self.attributes.state()
        tracks = [[one.name, one.program, one.n_voices, one.is_drums] for one in self.form.tracks]
        return {
            "tracks": tracks,
            "grid": self.form.grid,
            "longest": self.longest,
            "lowest": list(self.lowest),
            "highest": list(self.highest),
            "reach": [list(one) for one in self.reach],
            "avoids_parallels": self.avoids_parallels,
            "avoids_crossings": self.avoids_crossings,
            "falls_silent": self.falls_silent,
            "usual": [self.key, self.metre, self.n_bars],
            "phrase_bars": self.phrase_bars,
            "n_pieces": self.n_pieces,
            "attributes": known,
        }, tensors

    @classmethod
    def from_state(cls, state: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> PieceCodec:
        try:
            tracks = tuple(Track(*one) for one in state["tracks"])
            key, metre, n_bars = state["usual"]
            whole = [state["grid"], state["longest"], n_bars, state["phrase_bars"], state["n_pieces"]]
            codec = cls(
                Form(tracks, state["grid"]),
                AttributeCodec.from_state(state["attributes"], tensors),
                state["longest"],
                tuple(state["lowest"]),
                tuple(state["highest"]),
                tuple((low, high) for low, high in state["reach"]),
                bool(state["avoids_parallels"]),
                bool(state["avoids_crossings"]),
                bool(state["falls_silent"]),
                key,
                metre,
                n_bars,
                state["phrase_bars"],
                state["n_pieces"],
            )
            bounds = (*codec.lowest, *codec.highest, *(end for ends in codec.reach for end in ends))
            n = codec.form.n_voices
            if (
                not all(isinstance(one, int) and 0 <= one <= MAX_LONGEST for one in whole)
                or not state["grid"]
            ):
                raise ModelFileError(f"numbers {whole}")
            if not 0 < n <= 64 or len(bounds) != 4 * n or not all(-12 <= one < 140 for one in bounds):
                raise ModelFileError(f"{n} voices with ranges {bounds}")
            codec.form.bar_steps(metre)
            shift_to(key)
        except (KeyError, TypeError, ValueError, UsageError, DataError) as error:
            raise ModelFileError(
                f"the model's codec says {dict(state)!r:.200} ({error}). Wanted: tracks, a grid and ranges. "
                "The file is damaged; save the model again."
            ) from error
        return codec


def _reach(records: Pieces) -> tuple[tuple[int, int], ...]:
    """Between which pitches nearly all of each voice lies, as those who judge measure it."""
    lows, highs = ranges(records)
    return tuple((int(low), int(high)) for low, high in zip(lows, highs, strict=True))


def _avoids_parallels(records: Pieces) -> bool:
    """Whether they are so seldom that they are a rule to be kept."""
    pitched = records.form.pitched
    if pitched.sum() < 2:
        return False
    counts = np.array([parallels(tokens[:, pitched]) for tokens in records.tokens]).sum(0)
    return bool(counts[1] >= FEWEST_MOVES and counts[0] < SELDOM * counts[1])


def _avoids_crossings(records: Pieces) -> bool:
    """The same of steps at which a voice is above the one before it."""
    pitched = records.form.pitched
    if pitched.sum() < 2:
        return False
    found = np.concatenate([crossings(tokens[:, pitched]) for tokens in records.tokens])
    return bool(len(found) >= FEWEST_MOVES and found.mean() < SELDOM)


def _falls_silent(records: Pieces) -> bool:
    """Whether more than few steps are silent before the last bar, and after the first one."""
    found = [
        (sounding(tokens)[bar:-bar] < 0).all(1)
        for tokens, bar in zip(records.tokens, records.bar_steps, strict=True)
        if len(tokens) > 2 * bar
    ]
    return not found or bool(np.concatenate(found).mean() >= SELDOM)


def _at_home(tokens: Tokens, key: str, form: Form) -> Tokens:
    return moved(tokens, -shift_to(key), form.pitched)


def tidy(tokens: Tokens) -> Tokens:
    """The same, and a voice that holds nothing is silent."""
    holds_nothing = (tokens == HOLD) & (sounding(tokens) < 0) if len(tokens) else np.zeros(tokens.shape, bool)
    return np.where(holds_nothing, REST, tokens).astype(np.int16)
