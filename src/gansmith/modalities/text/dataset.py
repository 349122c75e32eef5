"""All texts as one stream in rows of equal length, from which a network learns without any padding.

Texts stand behind each other in an order of their own, an end between them; a row begins wherever the one
before it ends. What was before a row is not known there, as it is not known before a text.
"""

from __future__ import annotations

from typing import Final, final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from gansmith.engine.batches import Batch, Indices
from gansmith.modalities.attributes import Attributes
from gansmith.modalities.text.codec import NOTHING, TextCodec
from gansmith.modalities.text.records import Texts
from gansmith.modalities.text.tokens import END, UNKNOWN

ROW: Final = (32, 128)
"""Tokens of a row, at least and at most: twice as many as a text has."""


@final
class Stream:
    """See `Dataset`: rows of `real` codes, of those `before` each, what is `known` there, and which count.

    The `condition` of a row is what its first text would be asked for.
    """

    def __init__(self, codec: TextCodec, texts: Texts, seed: int) -> None:
        self.texts = texts
        order = np.random.default_rng(seed).permutation(len(texts))
        codes = [np.array([*codec.codes(texts.texts[place]), END]) for place in order.tolist()]
        length = row_tokens(codec)
        whole = np.concatenate(codes)
        n_rows = -(-len(whole) // length)
        self._codes = np.full(n_rows * length, NOTHING)
        self._codes[: len(whole)] = whole
        self._before = np.concatenate([[END], np.maximum(self._codes[:-1], END)]).reshape(n_rows, length)
        self._codes = self._codes.reshape(n_rows, length)
        self._owners = np.zeros(n_rows * length, np.int64)
        self._owners[: len(whole)] = np.repeat(order, [len(one) for one in codes])
        self._owners = self._owners.reshape(n_rows, length)
        self._conditions = conditions_of(codec, texts.attributes, len(texts))

    def __len__(self) -> int:
        return len(self._codes)

    def batch(self, indices: Indices) -> Batch:
        """See `Dataset`; what is unknown is not learnt, but may stand before something."""
        chosen = indices.numpy()
        codes, owners = self._codes[chosen], self._owners[chosen]
        return Batch(
            {
                "real": torch.from_numpy(codes.astype(np.float32)),
                "before": torch.from_numpy(self._before[chosen]),
                "counts": torch.from_numpy((codes != NOTHING) & (codes != UNKNOWN)),
                "known": self._conditions[torch.from_numpy(owners)],
                "condition": torch.cat(
                    [torch.zeros(len(chosen), 1), self._conditions[torch.from_numpy(owners[:, 0])]], 1
                ),
            }
        )


@final
class Whole:
    """See `Dataset`: a text a row, for those who judge texts; padded, so slower to learn from."""

    def __init__(self, codec: TextCodec, texts: Texts) -> None:
        self.texts = texts
        self._codes = codec.encode(texts, 0)
        self._conditions = conditions_of(codec, texts.attributes, len(texts))

    def __len__(self) -> int:
        return len(self.texts)

    def batch(self, indices: Indices) -> Batch:
        """See `Dataset`."""
        codes = self._codes[indices]
        known = self._conditions[indices]
        before = torch.cat([torch.zeros(len(codes), 1), codes[:, :-1]], 1).long().clamp_min(END)
        return Batch(
            {
                "real": codes,
                "before": before,
                "counts": (codes != NOTHING) & (codes != UNKNOWN),
                "known": known[:, None].expand(-1, codes.shape[1], -1),
                "condition": torch.cat([torch.zeros(len(codes), 1), known], 1),
            }
        )


def row_tokens(codec: TextCodec) -> int:
    """Tokens of a row."""
    return int(np.clip(2 * codec.mean_tokens, *ROW))


def conditions_of(codec: TextCodec, attributes: Attributes, n: int) -> Float[Tensor, "n n_conditions"]:
    """What is known of texts, as a network is told it; zeros where nothing is known."""
    if not codec.attributes.n_conditions or not attributes.columns:
        return torch.zeros(n, codec.attributes.n_conditions)
    return codec.attributes.encode(attributes)
