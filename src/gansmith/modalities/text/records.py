"""Texts, and what is known of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Literal, final

import numpy as np

from gansmith.errors import DataError
from gansmith.modalities.attributes import Attributes, joined_attributes

Layout = Literal["lines", "paragraphs", "files", "table"]


@final
@dataclass(frozen=True)
class Form:
    """How texts came, so that others can be written alike."""

    layout: Layout = "lines"
    column: str = "text"
    """Of the table that held them."""
    suffix: str = ".txt"
    """Of the files that held them."""

    @property
    def noun(self) -> str:
        """What one of them is."""
        return {"lines": "line", "paragraphs": "paragraph", "files": "document", "table": "text"}[self.layout]


@final
@dataclass(frozen=True, eq=False)
class Texts:
    """Some texts."""

    texts: tuple[str, ...]
    form: Form = Form()
    attributes: Attributes = field(default_factory=Attributes)
    name: str = "text"
    notes: tuple[str, ...] = ()
    """What a person should know about how they were read."""
    persons: tuple[str, ...] = ()
    """Whose each is; empty: nobody says, so each counts as another person's."""

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, indices: np.ndarray) -> Texts:
        """The texts with these numbers, in this order."""
        chosen = np.asarray(indices, np.int64)
        return replace(
            self,
            texts=tuple(self.texts[index] for index in chosen.tolist()),
            attributes=self.attributes.take(chosen),
            persons=tuple(self.persons[index] for index in chosen.tolist()) if self.persons else (),
        )

    def with_attributes(self, attributes: Attributes) -> Texts:
        """The same texts, and of each this is known instead."""
        for column in attributes.columns.values():
            if len(column) != len(self):
                raise DataError(f"{len(column)} attributes for {len(self)} texts. Give one for each.")
        return replace(self, attributes=attributes)

    def owners(self) -> Sequence[str]:
        """Whose each text is; each its own where nobody says."""
        return self.persons or [str(place) for place in range(len(self))]

    @property
    def fingerprint(self) -> str:
        """The same text for the same texts, another for others."""
        digest = blake2b(
            repr((self.form, self.attributes.fingerprint, self.persons)).encode(), digest_size=16
        )
        for one in self.texts:
            digest.update(repr(one).encode())
        return digest.hexdigest()

    def keys(self) -> list[bytes]:
        """One key for each text, equal where these are."""
        return [one.encode("utf-8", "surrogatepass") for one in self.texts]


def joined(blocks: Sequence[Texts]) -> Texts:
    """Several sets as one."""
    return replace(
        blocks[0],
        texts=tuple(one for block in blocks for one in block.texts),
        attributes=joined_attributes([block.attributes for block in blocks]),
        persons=tuple(one for block in blocks for one in block.persons),
    )
