"""What texts are like, in numbers: of each a row, of all spectra; and what was copied."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, cast, final

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

from gansmith.modalities.text.graphemes import words
from gansmith.modalities.text.records import Texts
from gansmith.scorecard.features import Features

N_HASHES: Final = 1 << 16
LONGEST_GRAM: Final = 4
"""Characters that a linear judge sees at once."""
N_USUAL: Final = 100
"""Most frequent words, which hold a language together."""
_SIGNS_OF_END: Final = frozenset(".!?…。।؟\"')”»")
LONGEST_RUN: Final = 60
"""Words of a copied passage that are counted."""
_FACTOR: Final = np.uint64(0x9E3779B97F4A7C15)
_HIDDEN: Final = (32,)
_N_PROJECTED: Final = 128


def hashed(texts: Sequence[str]) -> csr_matrix:
    """Counts of characters and of two to four in a row, as numbers of hashes; ends count as characters."""
    maker = HashingVectorizer(
        analyzer="char",
        ngram_range=(1, LONGEST_GRAM),
        n_features=N_HASHES,
        lowercase=False,
        alternate_sign=False,
    )
    return cast("csr_matrix", maker.transform([f"\x02{one}\x03" for one in texts]))


def linear(seed: int) -> LogisticRegression:
    """A judge by n-grams."""
    return LogisticRegression(C=10.0, max_iter=200, solver="liblinear", random_state=seed % (1 << 32))


@final
class SmallNetwork:
    """A judge by a network of one hidden layer, of what n-grams project to."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self._to = rng.standard_normal((N_HASHES, _N_PROJECTED)).astype(np.float32) / _N_PROJECTED**0.5
        self._scale = StandardScaler()
        self._judge: Any = MLPClassifier(
            _HIDDEN,
            early_stopping=True,
            max_iter=200,
            n_iter_no_change=5,
            tol=1e-3,
            random_state=seed % (1 << 32),
        )

    def fit(self, rows: csr_matrix, is_fake: np.ndarray) -> SmallNetwork:
        """Learn which rows are fake."""
        self._judge.fit(self._scale.fit_transform(rows @ self._to), is_fake)
        return self

    def decision_function(self, rows: csr_matrix) -> np.ndarray:
        """How fake rows look."""
        return self._judge.predict_proba(self._scale.transform(rows @ self._to))[:, 1]


# --- A row for each text ------------------------------------------------------------------------------------


@final
@dataclass(frozen=True)
class Profiler:
    """Says what texts are like, by what is usual in some of them."""

    frequent: frozenset[str]
    """The most frequent words."""
    known: frozenset[str]
    """All words that enough of them hold."""

    @classmethod
    def of(cls, usual: Sequence[str], min_count: int = 2) -> Profiler:
        """By what is usual in these texts."""
        said = [words(one) for one in usual]
        counts = Counter(word for row in said for word in row)
        holders = Counter(word for row in said for word in set(row))
        known = frozenset(word for word, n in holders.items() if n >= min_count)
        return cls(frozenset(word for word, _ in counts.most_common(N_USUAL) if word in known), known)

    def rows(self, texts: Texts) -> Features:
        """A row for each text."""
        found = [self._row(one) for one in texts.texts]
        names = tuple(self._row(""))
        values = np.array([list(one.values()) for one in found], np.float64).reshape(len(found), len(names))
        return Features(names, values, np.zeros(len(names), bool))

    def _row(self, text: str) -> Mapping[str, float]:
        said, n = words(text), max(len(text), 1)
        sizes = [len(word) for word in said] or [0]
        pairs = Counter(pairwise(said))
        return {
            "characters": float(np.log1p(len(text))),
            "words": float(np.log1p(len(said))),
            "mean length of words": float(np.mean(sizes)),
            "longest word": float(max(sizes)),
            "different words": len(set(said)) / max(len(said), 1),
            "frequent words": sum(word in self.frequent for word in said) / max(len(said), 1),
            "words that are known": sum(word in self.known for word in said) / max(len(said), 1),
            "pairs of words again": sum(count - 1 for count in pairs.values()),
            "capitals": sum(letter.isupper() for letter in text) / n,
            "digits": sum(letter.isdigit() for letter in text) / n,
            "blanks": sum(letter.isspace() for letter in text) / n,
            "signs": sum(not letter.isalnum() and not letter.isspace() for letter in text) / n,
            "letters beyond ASCII": sum(ord(letter) > 127 for letter in text) / n,
            "lines": float(text.count("\n")),
            "begins with a capital": float(text[:1].isupper()),
            "ends with a sign": float(text[-1:] in _SIGNS_OF_END),
        }


def spectrum(texts: Sequence[str], n: int, *, of_words: bool) -> Counter[Any]:
    """How often each character, word, or so many of them in a row, are there."""
    found = Counter[Any]()
    for one in texts:
        row: Sequence[str] = words(one) if of_words else f"\x02{one}\x03"
        found.update(zip(*(row[at:] for at in range(n)), strict=False))
    return found


def moved(one: Counter[Any], other: Counter[Any]) -> float:
    """The share of one spectrum that would have to move to make the other one: 0 to 1."""
    totals = max(one.total(), 1), max(other.total(), 1)
    return 0.5 * sum(abs(one[key] / totals[0] - other[key] / totals[1]) for key in {*one, *other})


# --- Copies -------------------------------------------------------------------------------------------------


@final
class Copies:
    """Passages that some texts share with learnt ones; those of each length are compared at once, as numbers.

    Source: rolling hashes, Karp and Rabin 1987.
    """

    def __init__(self, train: Texts) -> None:
        self._codes: dict[str, int] = {}
        self._train = self._rows(train.texts)
        person = {owner: number for number, owner in enumerate(dict.fromkeys(train.owners()))}
        self._owners = np.array([person[one] for one in train.owners()], np.int64)

    def _rows(self, texts: Sequence[str]) -> _Rows:
        """Texts as codes of words, one behind the other; words that are new get codes of their own."""
        codes = self._codes
        found = [[codes.setdefault(word, len(codes) + 1) for word in words(one)] for one in texts]
        sizes = np.array([*map(len, found)], np.int64)
        whole = np.array([code for row in found for code in row], np.uint64)
        owners = np.repeat(np.arange(len(texts)), sizes)
        left = np.repeat(np.cumsum(sizes), sizes) - np.arange(len(whole))
        return _Rows(whole, owners, left)

    def longest(self, texts: Sequence[str]) -> np.ndarray:
        """Words of the longest passage of each text that stands in a learnt one, `LONGEST_RUN` at most."""
        ours, theirs = self._rows(texts), self._train
        found = np.zeros(len(texts))
        alive = np.arange(len(ours.codes))
        hashes = [np.zeros(len(side.codes), np.uint64) for side in (ours, theirs)]
        for n in range(1, LONGEST_RUN + 1):
            for place, side in enumerate((ours, theirs)):
                hashes[place] = side.longer(hashes[place], n)
            alive = alive[ours.left[alive] >= n]
            alive = alive[np.isin(hashes[0][alive], hashes[1][theirs.left >= n])]
            if not len(alive):
                break
            found[ours.owners[alive]] = n
        return found

    def rare(self, n_words: int, min_count: int) -> np.ndarray:
        """Numbers of the passages that fewer persons than that hold."""
        keys, owners = self._train.passages(n_words)
        pairs = np.unique(np.stack([keys, self._owners[owners].astype(np.uint64)], 1), axis=0)
        distinct, n_holders = np.unique(pairs[:, 0], return_counts=True)
        return distinct[n_holders < min_count]

    def have(self, texts: Sequence[str], rare: np.ndarray, n_words: int) -> np.ndarray:
        """Which texts have one of these passages; shape `(n,)`."""
        keys, owners = self._rows(texts).passages(n_words)
        found = np.zeros(len(texts), bool)
        found[owners[np.isin(keys, rare)]] = True
        return found


@final
@dataclass(frozen=True, eq=False)
class _Rows:
    """Words of some texts, one behind the other."""

    codes: np.ndarray
    owners: np.ndarray
    """Of each word: the number of its text, ..."""
    left: np.ndarray
    """... and how many words of that follow from it on."""

    def longer(self, hashes: np.ndarray, n: int) -> np.ndarray:
        """Of n words in a row from each on, made of those of one less."""
        ahead = np.zeros_like(self.codes)
        ahead[: max(len(ahead) - n + 1, 0)] = self.codes[n - 1 :]
        with np.errstate(over="ignore"):
            return (hashes + ahead) * _FACTOR

    def passages(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Of all runs of n words their numbers, and whose they are."""
        hashes = np.zeros(len(self.codes), np.uint64)
        for length in range(1, n + 1):
            hashes = self.longer(hashes, length)
        return hashes[self.left >= n], self.owners[self.left >= n]


def near_copies(texts: Sequence[str], train: csr_matrix, border: float) -> np.ndarray:
    """Which texts have nearly the n-grams of a learnt one, by the cosine of their counts; shape `(n,)`."""
    ours = hashed(texts)
    found = [
        np.asarray((ours[at : at + 500] @ train.T).max(axis=1).todense()).ravel()
        for at in range(0, len(texts), 500)
    ]
    return np.concatenate([np.zeros(0), *found]) >= border
