"""How pieces are made: step after step, voice after voice, each drawn from what the network says.

A condition says how many steps, what attributes, and perhaps what is given: tokens as they sound, `FREE`
where a voice is to be made. Whatever is given is kept; all chance is a hash of a piece's noise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from gansmith.modalities.draws import Draws
from gansmith.modalities.music.along import LAGS_BARS, age_class, harmony, in_range, lags, places
from gansmith.modalities.music.codec import PieceCodec
from gansmith.modalities.music.harmonising import N_CHORDS, NO_CHORD
from gansmith.modalities.music.keeping import Rules
from gansmith.modalities.music.records import END, FIRST, HOLD, METRE, REST, moved

if TYPE_CHECKING:
    from gansmith.modalities.music.networks import PieceGenerator

_NEVER: Final = -1e8
FREE: Final = -2
"""What is to be made, among what is given."""
GIVEN_TEMPERATURE: Final = 0.5
"""By which what is said is divided where tracks are given: a melody is to get usual chords."""


@final
class Making:
    """Pieces in the making, of one codec."""

    def __init__(self, codec: PieceCodec) -> None:
        self.codec = codec
        self.n_first = codec.n_conditions

    def pieces(
        self, network: PieceGenerator, noise: Float[Tensor, "n n_noise"], conditions: Tensor | None
    ) -> Float[Tensor, "n steps voices"]:
        """See `PieceGenerator.forward`."""
        codec, n = self.codec, len(noise)
        if conditions is None:
            asked = torch.zeros(n, self.n_first)
            asked[:, 0] = codec.n_bars * codec.form.bar_steps(codec.metre)
        else:
            asked = conditions
        n_steps = asked[:, 0].long().numpy()
        given = self._given(asked)
        longest = max(int(n_steps.max(initial=1)), codec.longest if given is None else given.shape[1])
        work = _Work(codec, network, asked[:, : self.n_first].float(), n_steps, given)
        draws = Draws(noise)
        for step in range(int(n_steps.max(initial=0))):
            work.step(step, draws)
        found = np.full((n, longest, codec.form.n_voices), END, np.int16)
        found[:, : work.made.shape[1]] = work.sounding_tokens()
        return torch.from_numpy(found.astype(np.float32))

    def _given(self, asked: Tensor) -> np.ndarray | None:
        """What is given, shape `(n, n_steps, n_voices)`; None: nothing is."""
        more = asked[:, self.n_first :]
        if not more.shape[1]:
            return None
        return more.reshape(len(asked), -1, self.codec.form.n_voices).numpy().astype(np.int64)


@final
class _Work:
    """Some pieces as far as they are made; `made` are tokens as the network sees them."""

    def __init__(
        self,
        codec: PieceCodec,
        network: PieceGenerator,
        asked: Tensor,
        n_steps: np.ndarray,
        given: np.ndarray | None,
    ) -> None:
        n, n_voices = len(asked), codec.form.n_voices
        self.codec, self.network, self.asked, self.n_steps, self.given = codec, network, asked, n_steps, given
        attributes = asked[:, 1:]
        shifts = attributes.numpy() @ codec.shift_weights if attributes.shape[1] else np.zeros(n)
        self.shifts = np.rint(shifts).astype(np.int64) + codec.shift_at_rest
        self.bars = self._bars(attributes)
        self.lags = np.array([lags(bar) for bar in self.bars.tolist()])  # (n, n_lags)
        whole = max(int(n_steps.max(initial=1)), 1)
        self.made = np.zeros((n, whole, n_voices), np.int64)
        self.sounds, self.since = np.zeros((n, n_voices), np.int64), np.zeros((n, n_voices), np.int64)
        self.runs = np.zeros((n, len(LAGS_BARS)), np.int64)
        self.nothing = np.array(codec.sizes)
        self.hidden: Tensor | None = None
        self.rules = Rules(codec, self.shifts)
        self.chords, self.is_led = np.full(n, N_CHORDS), np.zeros(n, bool)
        self.known_chords = np.full((n, whole), N_CHORDS)
        self.seen, self.heard = self._read(whole) if given is not None else (None, None)

    def _bars(self, attributes: Tensor) -> np.ndarray:
        """Steps of a bar of each piece."""
        codec = self.codec
        if METRE not in codec.attributes.names:
            return np.full(len(attributes), codec.form.bar_steps(codec.metre))
        metres = codec.attributes.decode(attributes).columns[METRE].tolist()
        return np.array([codec.form.bar_steps(str(one or codec.metre)) for one in metres])

    def _read(self, whole: int) -> tuple[np.ndarray, Tensor | None]:
        """What is given as the network sees it, and as it is read in both directions.

        Only voices that are given throughout are read ahead; of others what comes is not known.
        """
        assert self.given is not None
        codec, n_voices = self.codec, self.codec.form.n_voices
        seen = np.full((len(self.given), whole, n_voices), FREE, np.int64)
        for place, (row, shift) in enumerate(zip(self.given, self.shifts.tolist(), strict=True)):
            some = row[:whole]
            known = np.where(some >= 0, some, REST).astype(np.int16)
            there = np.where(some >= 0, in_range(codec, known, shift), FREE)
            seen[place, : len(some)] = there
            whole_rows = (some >= 0).all(1)
            self.known_chords[place, : len(some)] = np.where(
                whole_rows, harmony(codec, known, shift), N_CHORDS
            )
        within = np.arange(whole)[None, :, None] < self.n_steps[:, None, None]
        is_given = ((seen != FREE) | ~within).all(1) & (seen != FREE).any(1)  # (n, n_voices)
        tokens = np.where(seen == FREE, 0, seen)
        before = before_of(tokens)
        steps = np.arange(whole)[None, :]
        where = places(steps, self.n_steps[:, None], self.bars[:, None])
        self.is_led = is_given.any(1)
        read, sounds, ahead, at = map(torch.from_numpy, (tokens, before, is_given, where))
        return seen, self.network.context(read, sounds, ahead, at, self.asked)

    def step(self, at: int, draws: Draws) -> None:
        """Make one step of all pieces."""
        network, n = self.network, len(self.made)
        looks = np.tile(self.nothing, (n, len(LAGS_BARS), 1))
        rows, columns = np.nonzero(self.lags <= at)
        looks[rows, columns] = self.made[rows, at - self.lags[rows, columns]]
        looked = torch.from_numpy(looks)
        before = torch.from_numpy(self.sounds)
        told = network.rows_at(
            before,
            torch.from_numpy(age_class(self.since)),
            looked,
            torch.from_numpy(np.log1p(self.runs).astype(np.float32)),
            torch.from_numpy(places(np.full(n, at), self.n_steps, self.bars)),
            self.asked,
        )
        if self.heard is not None:
            told = told + self.heard[:, at]
        if network.is_accompanying:
            told = told + network.after_chord(torch.from_numpy(self.chords))
        past, self.hidden = network.advance(told, self.hidden)
        chords = self._chord(at, past, draws)
        context, sum_of_before = (
            network.beside(network.under(past, chords), looked),
            torch.zeros_like(past),
        )
        sounding = torch.zeros_like(before)
        for voice in range(self.made.shape[2]):
            logits = network.logits_of(context[:, voice] + sum_of_before, voice, before, sounding, chords)
            logits = self.rules.kept(logits, voice, self.sounds, self.made[:, at])
            chosen = _drawn(logits / self.temperature, draws.at(n, at, voice))
            if self.seen is not None:
                own = self.seen[:, at, voice]
                chosen = np.where(own == FREE, chosen, own)
                chosen = np.where((chosen == HOLD) & (self.sounds[:, voice] == 0), REST, chosen)
            self.made[:, at, voice] = chosen
            after = np.where(chosen == HOLD, self.sounds[:, voice], np.maximum(chosen - 1, 0))
            sounding[:, voice] = torch.from_numpy(after)
            sum_of_before = sum_of_before + network.with_voice(voice, sounding[:, voice])
        self._note(at, looks)

    def _chord(self, at: int, past: Tensor, draws: Draws) -> Tensor:
        """The chord of this step: said when a quarter note begins, or known of what is given."""
        begins = at % self.codec.form.grid == 0
        heard = None if self.heard is None else self.heard[:, at]
        said = self.network.planned(past, heard, torch.from_numpy(self.is_led)) if begins else None
        if said is not None:
            is_within = torch.from_numpy((at < self.n_steps - self.bars) & (not self.codec.falls_silent))
            said = said.masked_fill(is_within[:, None] & (torch.arange(N_CHORDS) == NO_CHORD), _NEVER)
            drawn = _drawn(said / self.temperature, draws.at(len(past), at, self.made.shape[2]))
            known = self.known_chords[:, at]
            self.chords = np.where(known == N_CHORDS, drawn, known)
        return torch.from_numpy(self.chords)

    @property
    def temperature(self) -> float:
        """By which what is said is divided."""
        return float(self.network.temperature) if self.heard is None else GIVEN_TEMPERATURE

    def _note(self, at: int, looks: np.ndarray) -> None:
        """What is known after a step."""
        now = self.made[:, at]
        begins = (now >= FIRST) | ((now == REST) & (self.sounds > 0))
        self.since = np.where(begins, 1, self.since + 1)
        self.sounds = np.where(now == HOLD, self.sounds, np.maximum(now - 1, 0))
        equal = (looks == now[:, None]).all(2)
        self.runs = np.where(equal, self.runs + 1, 0)

    def sounding_tokens(self) -> np.ndarray:
        """The pieces as they sound, what was given letter for letter."""
        codec, found = self.codec, np.full(self.made.shape, END, np.int16)
        lows = np.array(codec.lowest)
        for place, (made, shift, n) in enumerate(
            zip(self.made, self.shifts.tolist(), self.n_steps.tolist(), strict=True)
        ):
            home = np.where(made >= FIRST, made - FIRST + lows + FIRST, made).astype(np.int16)
            sounds = moved(home, shift, codec.form.pitched)[:n]
            if self.given is not None:
                own = self.given[place][:n]
                sounds[: len(own)] = np.where(own >= 0, own, sounds[: len(own)])
            found[place, :n] = sounds
        return found


def before_of(tokens: np.ndarray) -> np.ndarray:
    """What sounds before each step, shape as `tokens`, `(n, n_steps, n_voices)`."""
    steps = np.arange(tokens.shape[1])[None, :, None]
    last = np.maximum.accumulate(np.where(tokens != HOLD, steps, 0), axis=1)
    sounds = np.maximum(np.take_along_axis(tokens, last, 1) - 1, 0)
    before = np.zeros_like(sounds)
    before[:, 1:] = sounds[:, :-1]
    return before


def _drawn(logits: Float[Tensor, "n things"], chance: Float[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    """One thing for each row, by a number from 0 to 1."""
    shares = logits.double().softmax(-1).cumsum(-1).numpy()
    shares /= shares[:, -1:]
    return np.minimum((shares <= chance[:, None]).sum(1), logits.shape[1] - 1)
