"""What is asked of texts that are to be made: labels, how they begin, how usual they are."""

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
from gansmith.modalities.recipe import Compact
from gansmith.modalities.text.codec import TextCodec
from gansmith.modalities.text.dataset import conditions_of
from gansmith.modalities.text.records import Texts
from gansmith.modalities.text.tokens import UNKNOWN
from gansmith.tabular.where import Where, terms_of

PROMPT: Final = "prompt"
TEMPERATURE: Final = "temperature"
_WARMEST: Final = 5.0


@final
@dataclass(frozen=True, eq=False)
class TextRequest:
    """See `Request` of the base."""

    codec: TextCodec
    of_attributes: AttributeRequest | None
    temperature: float = 0.0
    """0: the network's own."""
    prompt: str = ""

    @property
    def texts(self) -> tuple[str, ...]:
        """See `Request`."""
        own = (f"{TEMPERATURE}={self.temperature:g}",) if self.temperature else ()
        begins = (f"{PROMPT}={self.prompt}",) if self.prompt else ()
        return (*(self.of_attributes.texts if self.of_attributes else ()), *own, *begins)

    def doubts(self, n_learnt: int, free: Callable[[], Compact]) -> tuple[str, ...]:
        """See `Request`; of texts, not of the rows that a network learns from."""
        known = () if self.of_attributes is None else self.of_attributes.doubts(self.codec.n_texts, free)
        n_unknown = self.codec.codes(self.prompt).count(UNKNOWN)
        if not n_unknown:
            return known
        return (
            *known,
            f"{n_unknown} characters or words of the prompt are not known to the model: what follows does "
            "not depend on which they are.",
        )

    def block(self, size: int, first_index: int, n_wanted: int, seed: int) -> TextBlock:
        """See `Request`."""
        attributes = Attributes()
        if self.of_attributes is not None:
            attributes = self.of_attributes.block(size, first_index, n_wanted, seed).attributes
        codes = self.codec.codes(self.prompt)
        given = np.tile(np.array(codes, np.int64), (size, 1))
        return TextBlock(self.codec, attributes, self.temperature, given, self.prompt)


@final
class TextBlock:
    """See `ConditionalBlock`: asked once.

    Args:
        codec: Of the texts.
        attributes: What each of them shall be.
        temperature: 0: the network's own.
        given: Codes that stand there, shape `(n, n_given)`; see `making.py`.
        begins: How they begin, letter for letter.
    """

    def __init__(
        self,
        codec: TextCodec,
        attributes: Attributes,
        temperature: float,
        given: np.ndarray,
        begins: str = "",
    ) -> None:
        self._codec, self._attributes, self._temperature = codec, attributes, temperature
        self._given, self._begins = given, begins
        self._compact: Compact | None = None

    @property
    def is_done(self) -> bool:
        """See `ConditionalBlock`."""
        return self._compact is not None

    def ask(self, fresh: Origins) -> Question:
        """See `ConditionalBlock`."""
        n = len(self._given)
        told = conditions_of(self._codec, self._attributes, n)
        warmth = torch.full((n, 1), self._temperature)
        return Question(fresh, torch.cat([warmth, told, torch.from_numpy(self._given).float()], 1))

    def take(self, compact: Compact) -> None:
        """See `ConditionalBlock`."""
        self._compact = compact

    @property
    def compact(self) -> Compact:
        """See `ConditionalBlock`."""
        assert self._compact is not None
        return self._compact

    def settled(self, records: Texts) -> Texts:
        """See `ConditionalBlock`: what was given stands as it was."""
        from dataclasses import replace

        records = records.with_attributes(self._attributes.take(np.arange(len(records))))
        if not self._begins:
            return records
        codes = self.compact.numpy().astype(np.int64)[: len(records), self._given.shape[1] :]
        decode, fill = self._codec.vocabulary.decode, self._codec.entities.filled
        rest = [fill(decode(row.tolist()), [7, place]) for place, row in enumerate(codes)]
        return replace(records, texts=tuple(self._begins + one for one in rest))


def request_for(codec: TextCodec, where: Where, balance: str) -> TextRequest | None:
    """The request for texts; None where nothing is asked and nothing is known of texts.

    Raises:
        UsageError: An attribute or a value is not known, with the nearest known one.
    """
    known = codec.attributes.names
    own = [name for name in (PROMPT, TEMPERATURE) if name not in known]
    kept, prompt, temperature = list[str](), "", 0.0
    for term in terms_of(where, (*known, *own)) if where else ():
        if term.column == PROMPT and PROMPT in own:
            prompt = _one(term.values, PROMPT, term.operator)
        elif term.column == TEMPERATURE and TEMPERATURE in own:
            temperature = _warmth(_one(term.values, TEMPERATURE, term.operator))
        else:
            kept += term.texts
    if codec.attributes.is_empty and not kept and not balance:
        return TextRequest(codec, None, temperature, prompt) if prompt or temperature else None
    return TextRequest(codec, attribute_request_for(codec.attributes, kept, balance), temperature, prompt)


def _one(values: tuple[object, ...], name: str, operator: str) -> str:
    if len(values) != 1 or operator != "=":
        raise UsageError(f"--where {name}: wanted: one value, {name}=VALUE.")
    return str(values[0])


def _warmth(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found <= _WARMEST:
        raise UsageError(f"temperature {text!r}: wanted: a number from 0 to {_WARMEST:g}.")
    return found
