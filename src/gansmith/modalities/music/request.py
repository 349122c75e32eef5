"""What is asked of pieces that are to be made: key, metre, how many bars; and how phrases follow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, final

import numpy as np
import torch

from gansmith.errors import UsageError
from gansmith.modalities.attribute_request import AttributeRequest
from gansmith.modalities.attribute_request import request_for as attribute_request_for
from gansmith.modalities.attributes import Attributes
from gansmith.modalities.capabilities import Origins, Question
from gansmith.modalities.music.along import in_range
from gansmith.modalities.music.codec import PieceCodec
from gansmith.modalities.music.dataset import conditions_of
from gansmith.modalities.music.making import before_of
from gansmith.modalities.music.phrases import NOTHING, phrase_condition, phrase_steps, shown, with_end
from gansmith.modalities.music.records import BARS, KEY, METRE, USUAL_METRE, Pieces, moved
from gansmith.modalities.music.theory import shift_to, spelt_key
from gansmith.modalities.recipe import Compact
from gansmith.tabular.where import Term, Where, terms_of

MOST_BARS: Final = 1_000


@final
@dataclass(frozen=True, eq=False)
class PieceRequest:
    """See `Request` of the base."""

    codec: PieceCodec
    of_attributes: AttributeRequest | None
    n_bars: int = 0
    """Of each piece; 0: as it comes."""

    @property
    def texts(self) -> tuple[str, ...]:
        """See `Request`."""
        bars = (f"{BARS}={self.n_bars}",) if self.n_bars else ()
        return (*(self.of_attributes.texts if self.of_attributes else ()), *bars)

    def doubts(self, n_learnt: int, free: Callable[[], Compact]) -> tuple[str, ...]:
        """See `Request`; of pieces, not of the stretches that a network learns from."""
        if self.of_attributes is None:
            return ()
        return self.of_attributes.doubts(self.codec.n_pieces, free)

    def block(self, size: int, first_index: int, n_wanted: int, seed: int) -> PieceBlock | PhraseBlock:
        """See `Request`."""
        attributes = Attributes()
        if self.of_attributes is not None:
            attributes = self.of_attributes.block(size, first_index, n_wanted, seed).attributes
        steps = self.codec.planned(attributes, self.n_bars)
        steps = np.broadcast_to(steps, size)
        kind = PhraseBlock if self.codec.phrase_bars else PieceBlock
        return kind(self.codec, attributes, np.array(steps), self.n_bars)


@final
class PieceBlock:
    """See `ConditionalBlock`: asked once."""

    def __init__(self, codec: PieceCodec, attributes: Attributes, n_steps: np.ndarray, n_bars: int) -> None:
        self._codec, self._attributes, self._steps = codec, attributes, n_steps
        self._compact: Compact | None = None

    @property
    def is_done(self) -> bool:
        """See `ConditionalBlock`."""
        return self._compact is not None

    def ask(self, fresh: Origins) -> Question:
        """See `ConditionalBlock`."""
        return Question(fresh, conditions_of(self._codec, self._attributes, self._steps))

    def take(self, compact: Compact) -> None:
        """See `ConditionalBlock`."""
        self._compact = compact

    @property
    def compact(self) -> Compact:
        """See `ConditionalBlock`."""
        assert self._compact is not None
        return self._compact

    def settled(self, records: Pieces) -> Pieces:
        """See `ConditionalBlock`."""
        return known(self._codec, records, self._attributes)


@final
class PhraseBlock:
    """See `ConditionalBlock`: phrase after phrase, each given the one before it."""

    def __init__(self, codec: PieceCodec, attributes: Attributes, n_steps: np.ndarray, n_bars: int) -> None:
        self._codec, self._attributes, self._steps = codec, attributes, n_steps
        self._n_phrases = int(-(-int(n_steps.max()) // phrase_steps(codec)))
        self._made: list[np.ndarray] = []
        metres = attributes.columns.get(METRE, np.full(len(n_steps), codec.metre, object))
        self._bars = np.array([codec.form.bar_steps(str(one or codec.metre)) for one in metres])

    @property
    def is_done(self) -> bool:
        """See `ConditionalBlock`."""
        return len(self._made) == self._n_phrases

    def ask(self, fresh: Origins) -> Question:
        """See `ConditionalBlock`."""
        codec, n = self._codec, phrase_steps(self._codec)
        told = conditions_of(codec, self._attributes, self._steps)
        earlier = np.full((len(self._steps), 2, n, codec.form.n_voices), NOTHING, np.int16)
        if self._made:
            whole = np.concatenate(self._made, 1)
            inner = np.stack([in_range(codec, one, 0) for one in whole])
            earlier = shown(codec, inner, before_of(inner))[:, :, -n:]
        firsts = np.full(len(self._steps), n * len(self._made))
        return Question(fresh, phrase_condition(told, firsts, self._bars, torch.from_numpy(earlier)))

    def take(self, compact: Compact) -> None:
        """See `ConditionalBlock`."""
        self._made.append(compact.numpy().astype(np.int64))

    @property
    def compact(self) -> Compact:
        """See `ConditionalBlock`: as it sounds, in the keys that were asked for."""
        codec = self._codec
        keys = self._attributes.columns.get(KEY, np.full(len(self._steps), codec.key, object)).tolist()
        whole = np.concatenate(self._made, 1)
        sounds = [
            moved(one, shift_to(str(key or codec.key)), codec.form.pitched)
            for one, key in zip(whole, keys, strict=True)
        ]
        return torch.from_numpy(with_end(np.stack(sounds), self._steps).astype(np.float32))

    def settled(self, records: Pieces) -> Pieces:
        """See `ConditionalBlock`."""
        return known(self._codec, records, self._attributes)


def known(codec: PieceCodec, records: Pieces, attributes: Attributes) -> Pieces:
    """Made pieces with what they were made to be; what all of them are is said, too."""
    n = len(records)
    columns = {name: column[:n] for name, column in attributes.columns.items()}
    columns.setdefault(METRE, np.full(n, codec.metre, object))
    if codec.key:
        columns.setdefault(KEY, np.full(n, codec.key, object))
    bars = [len(one) // codec.form.bar_steps(str(metre or USUAL_METRE)) for one, metre in
            zip(records.tokens, columns[METRE].tolist(), strict=True)]  # fmt: skip
    columns[BARS] = np.array(bars, np.float64)
    return records.with_attributes(Attributes(columns))


def request_for(codec: PieceCodec, where: Where, balance: str) -> PieceRequest | None:
    """The request for pieces; keys may be spelt in any way, and bars beyond those that were learnt.

    Raises:
        UsageError: An attribute or a value is not known, with the nearest known one.
    """
    names = (*codec.attributes.names, BARS)
    kept, n_bars = list[str](), 0
    for term in terms_of(where, names) if where else ():
        if term.column == BARS and term.operator == "=":
            n_bars = _bars_of(term)
        else:
            kept += _spelt(term)
    if codec.attributes.is_empty and not kept and not balance:
        return PieceRequest(codec, None, n_bars)
    return PieceRequest(codec, attribute_request_for(codec.attributes, kept, balance), n_bars)


def _bars_of(term: Term) -> int:
    text = str(term.values[0]) if len(term.values) == 1 else ""
    if not text.isdecimal() or not 0 < int(text) <= MOST_BARS:
        raise UsageError(
            f"--where {' '.join(term.texts)}: wanted: one number of bars from 1 to {MOST_BARS:,}."
        )
    return int(text)


def _spelt(term: Term) -> tuple[str, ...]:
    """Terms as texts, keys as we spell them."""
    if term.column != KEY:
        return term.texts
    return tuple(f"{KEY}{term.operator}{spelt_key(str(value)) or value}" for value in term.values)
