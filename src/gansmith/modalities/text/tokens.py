"""What text is made of, one after the other: characters, words, or parts of words learnt by byte-pair coding.

Only such as enough records hold are known; of others the code of the unknown says where they were, and
no text that is made has any.

Source:
    Sennrich et al. 2016, "Neural machine translation of rare words with subword units" (arXiv:1508.07909).
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Final, Literal, final

from gansmith.errors import ModelFileError
from gansmith.modalities.text.graphemes import characters, parted

Kind = Literal["characters", "subwords", "words"]
END: Final = 0
"""Ends a text, and stands before its first token."""
UNKNOWN: Final = 1
FIRST: Final = 2
"""The code of the first piece."""
MOST_PIECES: Final = 1 << 16
_LONGEST_PART: Final = 64
"""Characters of a part that pieces are learnt from."""


@final
@dataclass(frozen=True)
class Vocabulary:
    """Pieces of text by their code; immutable."""

    kind: Kind
    pieces: tuple[str, ...]
    """That of code `FIRST + k` in place k."""
    merges: tuple[tuple[str, str], ...] = ()
    """Pairs of pieces that become one, in the order in which they do."""

    @classmethod
    def fit(
        cls, texts: Sequence[str], owners: Sequence[str], kind: Kind, n_pieces: int, min_count: int
    ) -> Vocabulary:
        """The pieces of some texts.

        Args:
            texts: Learnt from.
            owners: Whose each is.
            kind: What pieces are.
            n_pieces: Of words, and of characters and parts together, at most.
            min_count: Owners that must hold a piece.
        """
        holders: dict[str, set[str]] = defaultdict(set)
        counts = Counter[str]()
        for text, owner in zip(texts, owners, strict=True):
            parts = parted(text)
            counts.update(parts)
            for part in dict.fromkeys(parts):
                if len(known := holders[part]) < min_count:
                    known.add(owner)
        if kind == "words":
            enough = [part for part, _ in counts.most_common() if len(holders[part]) >= min_count]
            return cls(kind, tuple(enough[:n_pieces]))
        of_letter: dict[str, set[str]] = defaultdict(set)
        for part, known in holders.items():
            for letter in set(characters(part)):
                if len(of_letter[letter]) < min_count:
                    of_letter[letter] |= known
        letters = sorted(letter for letter, known in of_letter.items() if len(known) >= min_count)
        if kind == "characters":
            return cls(kind, tuple(letters[:MOST_PIECES]))
        merges = _merges(counts, holders, frozenset(letters), n_pieces - len(letters), min_count)
        return cls(
            kind, (*letters, *dict.fromkeys(first + second for first, second in merges)), tuple(merges)
        )

    def __len__(self) -> int:
        return FIRST + len(self.pieces)

    @cached_property
    def _codes(self) -> Mapping[str, int]:
        return {piece: FIRST + place for place, piece in enumerate(self.pieces)}

    @cached_property
    def _ranks(self) -> Mapping[tuple[str, str], int]:
        return {pair: rank for rank, pair in enumerate(self.merges)}

    @cached_property
    def _known(self) -> dict[str, tuple[int, ...]]:
        """Codes of parts that were met."""
        return {}

    def encode(self, text: str) -> list[int]:
        """The codes of a text, without its end."""
        if self.kind == "characters":
            codes = self._codes
            return [codes.get(letter, UNKNOWN) for letter in characters(text)]
        found = list[int]()
        for part in parted(text):
            codes = self._known.get(part)
            if codes is None:
                codes = self._known[part] = tuple(self._encoded(part))
            found += codes
        return found

    def _encoded(self, part: str) -> Iterable[int]:
        if self.kind == "words":
            return (self._codes.get(part, UNKNOWN),)
        symbols = characters(part)
        while len(symbols) > 1:
            pairs = [self._ranks.get(pair, MOST_PIECES) for pair in pairwise(symbols)]
            best = min(pairs)
            if best == MOST_PIECES:
                break
            symbols = _merged(symbols, self.merges[best])
        return [self._codes.get(symbol, UNKNOWN) for symbol in symbols]

    def piece(self, code: int) -> str:
        """What a code stands for; nothing where it is no piece."""
        return self.pieces[code - FIRST] if code >= FIRST else ""

    def decode(self, codes: Iterable[int]) -> str:
        """The text of some codes, up to its end."""
        found = list[str]()
        for code in codes:
            if code <= END:
                break
            found.append(self.piece(code))
        return "".join(found)

    def state(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "kind": self.kind,
            "pieces": list(self.pieces),
            "merges": [list(pair) for pair in self.merges],
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Vocabulary:
        """The one that `state` came from.

        Raises:
            ModelFileError: It could not have come from one.
        """
        kind, pieces, merges = state["kind"], state["pieces"], state["merges"]
        texts = [*pieces, *(one for pair in merges for one in pair)]
        is_sound = kind in ("characters", "subwords", "words") and all(isinstance(one, str) for one in texts)
        if not is_sound or not 0 < len(pieces) <= MOST_PIECES or any(len(pair) != 2 for pair in merges):
            raise ModelFileError(f"{len(pieces)} pieces of kind {kind!r}")
        return cls(kind, tuple(pieces), tuple((first, second) for first, second in merges))


def _merged(symbols: list[str], pair: tuple[str, str]) -> list[str]:
    """The same with every such pair as one."""
    found, place, joined = list[str](), 0, pair[0] + pair[1]
    while place < len(symbols):
        if place + 1 < len(symbols) and symbols[place] == pair[0] and symbols[place + 1] == pair[1]:
            found.append(joined)
            place += 2
        else:
            found.append(symbols[place])
            place += 1
    return found


def _merges(
    counts: Mapping[str, int],
    holders: Mapping[str, set[str]],
    letters: frozenset[str],
    n: int,
    min_count: int,
) -> list[tuple[str, str]]:
    """The pairs that are most frequent, one after the other, as often as enough owners hold what they become.

    Pairs are counted anew only in the parts that a merge changes.
    """
    parts = [part for part in counts if 1 < len(part) <= _LONGEST_PART]
    symbols = [characters(part) for part in parts]
    n_pairs, where = Counter[tuple[str, str]](), defaultdict[tuple[str, str], set[int]](set)
    for place, known in enumerate(symbols):
        for pair in pairwise(known):
            if letters.issuperset(pair):
                n_pairs[pair] += counts[parts[place]]
                where[pair].add(place)
    heap = [(-count, pair) for pair, count in n_pairs.items()]
    heapq.heapify(heap)
    found = list[tuple[str, str]]()
    while heap and len(found) < n:
        count, pair = heapq.heappop(heap)
        if -count != n_pairs[pair]:  # it was counted before another merge
            if n_pairs[pair] > 0:
                heapq.heappush(heap, (-n_pairs[pair], pair))
            continue
        if -count < max(min_count, 2):
            break
        if not _is_held(pair, where[pair], parts, holders, min_count):
            n_pairs[pair] = 0
            continue
        found.append(pair)
        changed = set[tuple[str, str]]()
        for place in sorted(where.pop(pair)):
            before, after = symbols[place], _merged(symbols[place], pair)
            weight = counts[parts[place]]
            for old in pairwise(before):
                n_pairs[old] -= weight
            for new in pairwise(after):
                n_pairs[new] += weight
                where[new].add(place)
                changed.add(new)
            symbols[place] = after
        n_pairs[pair] = 0
        for new in sorted(changed):
            heapq.heappush(heap, (-n_pairs[new], new))
    return found


def _is_held(
    pair: tuple[str, str],
    places: set[int],
    parts: Sequence[str],
    holders: Mapping[str, set[str]],
    min_count: int,
) -> bool:
    """Whether enough owners hold a part with this pair."""
    joined, known = pair[0] + pair[1], set[str]()
    for place in places:
        if joined in parts[place]:
            known |= holders[parts[place]]
            if len(known) >= min_count:
                return True
    return False
