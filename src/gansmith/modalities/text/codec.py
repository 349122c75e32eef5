"""Texts as codes of tokens, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final, final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from gansmith.disclosure import usual_min_count
from gansmith.errors import DataError, ModelFileError, UsageError
from gansmith.modalities.attribute_codec import AttributeCodec
from gansmith.modalities.attributes import Attributes
from gansmith.modalities.recipe import AbstractCodec
from gansmith.modalities.text import FOUND, TextOptions
from gansmith.modalities.text.entities import Entities
from gansmith.modalities.text.graphemes import normalised
from gansmith.modalities.text.passages import MOST_BYTES, RarePassages
from gansmith.modalities.text.records import Form, Texts
from gansmith.modalities.text.tokens import END, UNKNOWN, Kind, Vocabulary

NOTHING: Final = -1
"""Behind the end of a text."""
SHORT_CHARACTERS: Final = 24
"""Texts of a median length up to that are made of characters."""
CHARACTERS_PER_PIECE: Final = 250
"""Of all texts: for so many of them a vocabulary has one piece more, ..."""
PIECES: Final = (256, 4_000)
"""... within these limits."""
MOST_WORDS: Final = 8_000
LONGEST: Final = 2_000
"""Tokens of a text that is made; longer ones are learnt from, and end there."""
BLOCK_TOKENS: Final = 1 << 14
MAX_BLOCK: Final = 256


@final
@dataclass(frozen=True, eq=False)
class TextCodec(AbstractCodec[Texts, TextOptions]):
    """What was learnt of texts before any network learns."""

    form: Form
    vocabulary: Vocabulary
    entities: Entities
    attributes: AttributeCodec
    rare: RarePassages
    longest: int
    """Tokens of the longest text, `LONGEST` at most."""
    mean_tokens: float
    min_count: int
    n_texts: int
    """That were learnt from."""
    n_replaced: Mapping[str, int]
    """In how many texts something was replaced, by what it is."""
    is_played: bool = False
    """Whether a game against a discriminator follows likelihood."""

    @classmethod
    def fit(cls, records: Texts, options: TextOptions, seed: int) -> TextCodec:
        texts, owners = [normalised(one) for one in records.texts], [*records.owners()]
        min_count = options.min_count or usual_min_count(len(set(owners)))
        entities, n_replaced = Entities.fit(texts, options.replaced, min_count)
        masked = [entities.masked(one) for one in texts]
        n_characters = sum(map(len, masked))
        kind: Kind = options.tokens if options.tokens != "auto" else _usual_kind(masked)
        n_pieces = (
            MOST_WORDS if kind == "words" else int(np.clip(n_characters // CHARACTERS_PER_PIECE, *PIECES))
        )
        vocabulary = Vocabulary.fit(masked, owners, kind, n_pieces, min_count)
        if not vocabulary.pieces:
            raise DataError(
                f"{records.name}: nothing in it is held by {min_count} texts, so nothing can be learnt that "
                "is not somebody's. Give more texts, or suppress nothing: --min-count 1."
            )
        salt = blake2b(f"{seed} {len(texts)} {vocabulary.pieces}".encode("utf-8", "replace"), digest_size=16)
        n_tokens = [len(vocabulary.encode(one)) for one in masked]
        return cls(
            records.form,
            vocabulary,
            entities,
            AttributeCodec.fit(records.attributes),
            RarePassages.fit(masked, owners, options.passage, min_count, salt.digest()),
            min(max(n_tokens, default=1) + 1, LONGEST),
            float(np.mean(n_tokens)) + 1.0,
            min_count,
            len(texts),
            n_replaced,
            options.adversarial,
        )

    @property
    def n_values(self) -> int:
        return self.longest

    @property
    def block_size(self) -> int:
        return int(np.clip(BLOCK_TOKENS / max(self.mean_tokens, 1.0), 16, MAX_BLOCK))

    @property
    def empty(self) -> Texts:
        known = self.attributes.decode(torch.zeros(0, self.attributes.n_conditions))
        return Texts((), self.form, known, "generated text")

    def codes(self, text: str) -> list[int]:
        """A text as it is learnt from, without its end."""
        return self.vocabulary.encode(self.entities.masked(normalised(text)))

    def encode(self, records: Texts, seed: int) -> Float[Tensor, "n longest"]:
        """See the base class: codes, the end, and `NOTHING` behind it; long texts are cut."""
        packed = np.full((len(records), self.longest), NOTHING, np.float32)
        for row, text in zip(packed, records.texts, strict=True):
            codes = [*self.codes(text), END][: self.longest]
            row[: len(codes)] = codes
        return torch.from_numpy(packed)

    def decode(self, compact: Tensor, seed: int, first_index: int) -> Texts:
        """See the base class; what was replaced is invented."""
        rows = compact.detach().cpu().numpy().astype(np.int64)
        keys = [[seed % (1 << 63), first_index + place] for place in range(len(rows))]
        found = tuple(
            self.entities.filled(self.vocabulary.decode(row.tolist()), key)
            for row, key in zip(rows, keys, strict=True)
        )
        return Texts(found, self.form, Attributes(), "generated text")

    def state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        known, tensors = self.attributes.state()
        return {
            "form": [self.form.layout, self.form.column, self.form.suffix],
            "vocabulary": self.vocabulary.state(),
            "replaced": list(self.entities.replaced),
            "public": sorted(self.entities.public),
            "attributes": known,
            "passage": self.rare.n_words,
            "salt": self.rare.salt.hex(),
            "longest": self.longest,
            "mean_tokens": self.mean_tokens,
            "min_count": self.min_count,
            "n_texts": self.n_texts,
            "n_replaced": dict(self.n_replaced),
            "is_played": self.is_played,
        }, {**tensors, "rare": torch.from_numpy(self.rare.bits)}

    @classmethod
    def from_state(cls, state: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> TextCodec:
        try:
            bits = tensors["rare"].numpy()
            others = {name: one for name, one in tensors.items() if name != "rare"}
            whole = [state[name] for name in ("passage", "longest", "min_count", "n_texts")]
            if not all(isinstance(one, int) and 0 < one < 1 << 40 for one in whole):
                raise ModelFileError(f"numbers {whole}")
            if bits.dtype != np.uint8 or bits.ndim != 1 or not 0 < len(bits) <= MOST_BYTES:
                raise ModelFileError(f"rare passages of shape {bits.shape}")
            if state["longest"] > LONGEST or not set(state["replaced"]) <= set(FOUND):
                raise ModelFileError(f"{state['longest']} tokens, {state['replaced']}")
            return cls(
                Form(*state["form"]),
                Vocabulary.from_state(state["vocabulary"]),
                Entities(tuple(state["replaced"]), frozenset(state["public"])),
                AttributeCodec.from_state(state["attributes"], others),
                RarePassages(state["passage"], bytes.fromhex(state["salt"]), bits),
                state["longest"],
                float(state["mean_tokens"]),
                state["min_count"],
                state["n_texts"],
                dict(state["n_replaced"]),
                bool(state["is_played"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError, UsageError, DataError) as error:
            raise ModelFileError(
                f"the model's codec says {dict(state)!r:.200} ({error}). Wanted: a vocabulary, and what is "
                "rare. The file is damaged; save the model again."
            ) from error

    def n_unknown(self, records: Texts) -> int:
        """Tokens of texts that are not known."""
        return sum(self.codes(text).count(UNKNOWN) for text in records.texts)


def _usual_kind(texts: list[str]) -> Kind:
    return "characters" if np.median([*map(len, texts)]) <= SHORT_CHARACTERS else "subwords"
