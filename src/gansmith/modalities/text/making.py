"""How texts are made: token after token, each drawn from what the network says.

A condition says at which temperature, what attributes, and perhaps what is given: codes that stand there,
`GAP` where a word is to be found, `FREE` where the text goes on to its end. No rare passage ever comes out:
when a word would complete one, the network goes back to where the word began and draws another, the warmer
the oftener; where nothing else comes of it the text begins anew, and at last stays empty. All chance is a
hash of noise.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, final

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from gansmith.modalities.draws import Draws
from gansmith.modalities.text.codec import NOTHING, TextCodec
from gansmith.modalities.text.graphemes import word_spans
from gansmith.modalities.text.passages import RarePassages
from gansmith.modalities.text.tokens import END

if TYPE_CHECKING:
    from gansmith.modalities.text.networks import Carried, TextGenerator

GAP: Final = -2
FREE: Final = -3
N_FIRST: Final = 1
"""Numbers of a condition before the attributes: the temperature, 0 for the network's own."""
_NEVER: Final = -1e9
MOST_TRIES: Final = 10
"""Of one word."""
MOST_RESTARTS: Final = 3
"""Of one text."""
WARMER: Final = 0.1
"""By which the temperature rises with each of them."""
_SPARE: Final = 3.0
"""Steps, for each token of the longest text, that are taken at most: some go back."""


@final
@dataclass
class Words:
    """The words of a text as far as it is written, by which rare passages are noticed."""

    rare: RarePassages
    tail: str = ""
    """What follows the last whole word, ..."""
    last: deque[str] = field(default_factory=deque[str])
    """... and that one and those before it, as many as a passage has, but one."""
    n: int = 0
    """Words so far."""

    def copy(self) -> Words:
        """The same, by itself."""
        return Words(self.rare, self.tail, deque(self.last), self.n)

    def add(self, piece: str, *, is_end: bool = False) -> tuple[int, bool]:
        """Write on.

        Returns:
            How many words that completed, and whether one of them completed a rare passage.
        """
        self.tail += piece
        n_done, cut, is_rare = 0, 0, False
        for begin, end in word_spans(self.tail):
            rest = self.tail[end:]
            if not is_end and (not rest or rest in ("'", "’")):
                break  # it may go on
            n_done, cut = n_done + 1, end
            said = self.tail[begin:end].casefold()
            if len(self.last) == self.rare.n_words - 1:
                is_rare = is_rare or self.rare.holds([*self.last, said])
                self.last.popleft()
            self.last.append(said)
        self.tail, self.n = self.tail[cut:], self.n + n_done
        if is_end and 0 < self.n < self.rare.n_words:
            is_rare = is_rare or self.rare.is_whole(self.last)
        return n_done, is_rare


@final
@dataclass
class _Place:
    """Where a text may go back to: what was written when its last word began."""

    n: int
    words: Words
    carried: tuple[Tensor, Tensor]
    before: int


@final
class Making:
    """Texts in the making, by one network."""

    def __init__(self, codec: TextCodec, network: TextGenerator) -> None:
        self.codec, self.network = codec, network

    def texts(
        self, noise: Float[Tensor, "n n_noise"], conditions: Tensor | None
    ) -> Float[Tensor, "n longest"]:
        """See `TextGenerator.forward`."""
        n_told = N_FIRST + self.codec.attributes.n_conditions
        asked = torch.zeros(len(noise), n_told) if conditions is None else conditions.float()
        given = asked[:, n_told:].numpy().astype(np.int64)
        warmth = asked[:, 0].double().numpy()
        warmth = np.where(warmth > 0, warmth, float(self.network.temperature))
        if (given == GAP).any():
            from gansmith.modalities.text.filling import filled  # gaps are rare

            return filled(self.codec, self.network, noise, asked[:, N_FIRST:n_told], given, warmth)
        work = _Work(self.codec, self.network, asked[:, N_FIRST:n_told], warmth, _prefixes(given))
        draws, n_steps = Draws(noise), int(_SPARE * self.codec.longest) + 8
        for step in range(n_steps):
            if not work.step(draws.at(len(noise), step, 0)):
                break
        return work.compact()


def _prefixes(given: Int[np.ndarray, "n n_given"]) -> list[list[int]]:
    return [[code for code in row if code >= 0] for row in given.tolist()]


@final
class _Work:
    """Some texts as far as they are written."""

    def __init__(
        self,
        codec: TextCodec,
        network: TextGenerator,
        conditions: Tensor,
        warmth: Float[np.ndarray, " n"],
        prefixes: Sequence[list[int]],
    ) -> None:
        n = len(conditions)
        self.codec, self.network, self.conditions = codec, network, conditions
        self.warmth, self.prefixes = warmth, prefixes
        self.codes: list[list[int]] = [[] for _ in range(n)]
        self.words = [Words(codec.rare) for _ in range(n)]
        self.is_done = np.zeros(n, bool)
        self.n_tries = np.zeros(n, np.int64)
        self.carried: Carried = network.beginning(n)
        self.before = np.full(n, END, np.int64)
        self.places: list[_Place | None] = [None] * n
        self.starts: list[_Place | None] = [None] * n
        self.n_restarts = np.zeros(n, np.int64)
        self.tried: list[set[int]] = [set() for _ in range(n)]
        pieces = (codec.vocabulary.piece(code) for code in range(len(codec.vocabulary)))
        self.has_letters = np.array([any(map(str.isalnum, piece)) for piece in pieces], bool)

    def step(self, chance: Float[np.ndarray, " n"]) -> bool:
        """One token more of each text; whether any is still to be written."""
        earlier = self.carried
        logits, self.carried = self.network.advance(
            torch.from_numpy(self.before), self.conditions, self.carried
        )
        warmth = self.warmth * (1 + WARMER * self.n_tries)
        for row in np.flatnonzero(self.n_tries).tolist():
            if self._first(row) is None:
                logits[row, [*self.tried[row]]] = _NEVER
        chosen = drawn(logits / torch.from_numpy(warmth)[:, None], chance)
        for row in np.flatnonzero(~self.is_done).tolist():
            prefix, n = self.prefixes[row], len(self.codes[row])
            if n < len(prefix):
                self._given(row, prefix[n])
            else:
                self._written(row, int(chosen[row]), earlier)
        return not self.is_done.all()

    def _given(self, row: int, code: int) -> None:
        """What is given stays, whatever it is."""
        self.codes[row].append(code)
        self.before[row] = code
        self.words[row].add(self.codec.vocabulary.piece(code))

    def _written(self, row: int, code: int, earlier: Carried) -> None:
        """A token that was drawn, unless a rare passage comes of it."""
        words = self.words[row]
        here = words.copy()
        is_last = code == END or len(self.codes[row]) + 1 >= self.codec.longest
        n_done, is_rare = words.add(self.codec.vocabulary.piece(code), is_end=is_last)
        if is_rare:
            self._go_back(row, code)
            return
        last = self.places[row]
        if last is None or (n_done and len(self.codes[row]) > last.n):
            carried = (earlier[0][:, row].clone(), earlier[1][:, row].clone())
            self.places[row] = _Place(len(self.codes[row]), here, carried, int(self.before[row]))
            self.starts[row] = self.starts[row] or self.places[row]
            self.n_tries[row], self.tried[row] = 0, set()
        self.codes[row].append(code)
        self.before[row] = max(code, END)
        self.is_done[row] = is_last

    def _first(self, row: int) -> int | None:
        """The first token with a letter that was written since the last word began; None: there is none."""
        place = self.places[row]
        since = self.codes[row][0 if place is None else place.n :]
        return next((code for code in since if self.has_letters[code]), None)

    def _go_back(self, row: int, code: int) -> None:
        """To where the last word began; then to where the text did, which at last is left empty."""
        place, begun = self.places[row] or self.starts[row], self._first(row)
        self.n_tries[row] += 1
        self.tried[row].add(code if begun is None else begun)
        if self.n_tries[row] >= MOST_TRIES:
            place, self.n_tries[row], self.tried[row] = self.starts[row], 0, set()
            self.n_restarts[row] += 1
        if place is None:  # nothing was written yet behind what is given
            self.is_done[row] = True
            return
        self.places[row] = place
        del self.codes[row][place.n :]
        self.words[row] = place.words.copy()
        if self.n_restarts[row] > MOST_RESTARTS:
            self.is_done[row] = True
            return
        for whole, own in zip(self.carried, place.carried, strict=True):
            whole[:, row] = own
        self.before[row] = place.before

    def compact(self) -> Float[Tensor, "n longest"]:
        """What was written, up to its last whole word where it was cut."""
        found = np.full((len(self.codes), self.codec.longest), NOTHING, np.float32)
        for number, (row, codes) in enumerate(zip(found, self.codes, strict=True)):
            is_short = self.words[number].n < self.codec.rare.n_words
            place = self.starts[number] if is_short else self.places[number]
            n = len(codes) if self.is_done[number] or place is None else place.n
            row[: min(n, len(row))] = codes[: min(n, len(row))]
        return torch.from_numpy(found)


def drawn(logits: Float[Tensor, "n tokens"], chance: Float[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    """One token for each row, by a number from 0 to 1."""
    shares = logits.double().softmax(-1).cumsum(-1).numpy()
    shares /= shares[:, -1:]
    return np.minimum((shares <= chance[:, None]).sum(1), logits.shape[1] - 1)
