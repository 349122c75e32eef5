"""The scores of texts, one small function each; a new score is a function and a line."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final, cast

import numpy as np
from sklearn.metrics import f1_score
from sklearn.multiclass import OneVsRestClassifier

from gansmith.errors import DataError
from gansmith.modalities.text.judging import MOST_READ, PASSAGE_WORDS, Case, some_characters
from gansmith.modalities.text.ngrams import NgramModel, bleu, distinct, self_bleu
from gansmith.modalities.text.records import Texts
from gansmith.modalities.text.statistics import (
    SmallNetwork,
    hashed,
    linear,
    moved,
    near_copies,
    spectrum,
)
from gansmith.modalities.text.telling import told_by_ngrams
from gansmith.scorecard.features import draws
from gansmith.scorecard.measuring import Found, Measure
from gansmith.scorecard.points import as_points
from gansmith.scorecard.private.copies import exact_copies, nearest_neighbour_share, share_of
from gansmith.scorecard.private.membership import membership
from gansmith.scorecard.real.coverage import neighbourhoods
from gansmith.scorecard.score import SHARE, Score, error_by_groups

N_TOLD: Final = 3_000
"""Texts on each side that n-grams tell apart."""
N_BLEU: Final = 500
"""Texts that BLEU is taken of, ..."""
N_REFERENCES: Final = 5_000
"""... and references."""
NEAR: Final = 0.9
"""Cosine of two texts' n-grams from which on they are all but the same."""
N_AGAIN: Final = 50
"""Times that held-out texts are drawn again, for the error of an F1."""
_ORDERS: Final = (2, 3, 4, 5)
_TEXYGEN: Final = "Zhu et al. 2018, Texygen (arXiv:1802.01886)"


# --- Does it look real? -------------------------------------------------------------------------------------


def _told_apart(case: Case) -> list[Found]:
    n = min(N_TOLD, case.effort.n_told, len(case.fake), len(case.real))
    auc, error = told_by_ngrams(case.fake.texts, case.real.texts, n, case.effort.n_folds, case.seed, linear)
    score = Score(
        value=auc,
        error=error,
        n=n,
        direction="lower",
        source="Lopez-Paz & Oquab 2017 (arXiv:1610.06545), AUC of a logistic regression on hashed n-grams.",
        label="two-sample AUC",
        meaning="How often a linear judge of up to four characters in a row picks the synthetic one of two "
        "texts, one real; 0.5 is perfect.",
        limits=SHARE,
    )
    return [Found("c2st", score)]


def _told_by_network(case: Case) -> list[Found]:
    n = min(N_TOLD, case.effort.n_told, len(case.fake), len(case.real))
    auc, error = told_by_ngrams(
        case.fake.texts, case.real.texts, n, min(case.effort.n_folds, 3), case.seed, SmallNetwork
    )
    score = Score(
        value=auc,
        error=error,
        n=n,
        direction="lower",
        source="The same of a network of one hidden layer.",
        label="two-sample AUC of a network",
        meaning="How often a small network picks the synthetic one of two texts, one real; 0.5 is perfect.",
        limits=SHARE,
    )
    return [Found("c2st_network", score)]


def _neighbourhoods(case: Case) -> list[Found]:
    n, rng = min(case.effort.n_points, len(case.fake), len(case.real)), draws(case.seed)
    sides = (case.profile(one).sample(n, rng) for one in (case.fake, case.real))
    fake, real = as_points(*sides)
    found = neighbourhoods(fake, real, k=max(1, min(5, n - 1)), seed=case.seed)
    return [Found(name, found[name]) for name in ("density", "coverage", "precision", "recall")]


def _bleu(case: Case) -> list[Found]:
    rng = draws(case.seed)
    fakes, reals = _texts(case.fake, N_BLEU, rng), _texts(case.real, N_REFERENCES, rng)
    found = bleu(fakes, reals, _ORDERS)
    return [
        Found(
            f"bleu_{order}",
            _mean_score(
                found[:, place],
                "higher",
                f"BLEU-{order}",
                f"How many sequences of up to {order} words are somewhere in held-out texts; what is safe "
                "and repeated has much of it, too: look at self-BLEU beside it.",
                _TEXYGEN,
            ),
        )
        for place, order in enumerate(_ORDERS)
    ]


def _self_bleu(case: Case) -> list[Found]:
    fakes = _texts(case.fake, N_BLEU, draws(case.seed))
    if len(fakes) < 2:
        raise DataError("one text alone has nothing to repeat")
    found = self_bleu(fakes, _ORDERS)
    return [
        Found(
            f"self_bleu_{order}",
            _mean_score(
                found[:, place],
                "lower",
                f"self-BLEU-{order}",
                f"How many sequences of up to {order} words are somewhere in other texts of the same set: "
                "above real texts it repeats itself.",
                _TEXYGEN,
            ),
        )
        for place, order in enumerate(_ORDERS)
        if order in (2, 4)
    ]


# --- Are the numbers right? ---------------------------------------------------------------------------------


def _likelihoods(case: Case) -> list[Found]:
    """Bits a character both ways: of synthetic text by real counts, of held-out text by synthetic ones."""
    rng = draws(case.seed)
    forth = case.judge.reader.bits_a_character(_texts(case.fake, N_BLEU, rng))
    counted = NgramModel(some_characters(case.fake.texts, case.seed))
    back = counted.bits_a_character(_texts(case.real, N_BLEU, rng))
    source = "Witten and Bell 1991; both ways: Semeniuta et al. 2018 (arXiv:1806.04936)."
    return [
        Found(
            "bits_forth",
            _mean_score(
                forth,
                "lower",
                "bits a character, by real counts",
                "How many bits a character takes by what real texts have after four others: far more than of "
                "real ones is gibberish, less is repetition.",
                source,
            ),
        ),
        Found(
            "bits_back",
            _mean_score(
                back,
                "lower",
                "bits a held-out character, by synthetic counts",
                "How many bits real text takes by what synthetic texts have: more than by real ones is what "
                f"they lack. Of {MOST_READ:,} characters at most.",
                source,
            ),
        ),
    ]


def _spectrum(name: str, n: int, label: str, *, of_words: bool) -> Measure[Case]:
    """How far a spectrum is from that of real texts, with the error that other texts would make."""

    def take(case: Case) -> list[Found]:
        sides = [_texts(side, N_REFERENCES, draws(case.seed)) for side in (case.fake, case.real)]

        def apart(some: np.ndarray, others: np.ndarray) -> tuple[float]:
            parts = zip(sides, (some, others), strict=True)
            counts = [
                spectrum([side[at] for at in chosen.tolist()], n, of_words=of_words) for side, chosen in parts
            ]
            return (100 * moved(*counts),)

        everybody = np.arange(len(sides[0])), np.arange(len(sides[1]))
        score = Score(
            value=apart(*everybody)[0],
            error=error_by_groups(apart, len(sides[0]), len(sides[1]), draws(case.seed))[0],
            n=min(map(len, sides)),
            direction="lower",
            source="Total variation distance.",
            label=label,
            meaning="Share that would have to be others to be as often as in held-out texts; real texts "
            "reach the ceiling, for no two sets have the same.",
            limits=(0.0, 100.0),
        )
        return [Found(name, score)]

    return Measure((name,), "real", take)


def _distinct(case: Case) -> list[Found]:
    n = min(N_BLEU, len(case.fake), len(case.real))
    rng = draws(case.seed)
    fakes = _texts(case.fake, n, rng)
    parts = {order: np.array([distinct([fakes[at]], order) for at in range(len(fakes))]) for order in (2,)}
    score = Score(
        value=distinct(fakes, 2),
        error=float(parts[2].std(ddof=1) / max(len(fakes), 1) ** 0.5) if len(fakes) > 1 else 0.5,
        n=len(fakes),
        direction="higher",
        source="Li et al. 2016 (arXiv:1510.03055), distinct-2.",
        label="different pairs of words",
        meaning=f"Of all pairs of words of {len(fakes):,} texts, the share that are different.",
        limits=SHARE,
    )
    return [Found("distinct", score)]


# --- Is it useful? ------------------------------------------------------------------------------------------


def _labelled(texts: Texts, target: str) -> tuple[list[str], np.ndarray]:
    column = texts.attributes.columns.get(target)
    if column is None or column.dtype != object:
        raise DataError(f"there is no label {target!r}")
    known = [place for place, value in enumerate(column.tolist()) if value is not None]
    return [texts.texts[place] for place in known], column[known].astype(str)


def _taught(case: Case) -> list[Found]:
    """What a judge of n-grams learns from these labels, tried on held-out ones."""
    if not case.target:
        raise DataError("texts have no label that could be predicted")
    learnt, labels = _labelled(case.fake, case.target)
    asked, truth = _labelled(case.real, case.target)
    if len(set(labels)) < 2 or len(set(truth)) < 2:
        raise DataError(f"all texts have the same {case.target!r}")
    judge = OneVsRestClassifier(linear(case.seed)).fit(hashed(learnt), labels)
    said = np.asarray(judge.predict(hashed(asked)))
    value = macro_f1(truth, said)
    rng = draws(case.seed)
    drawn = [rng.integers(0, len(truth), len(truth)) for _ in range(N_AGAIN)]
    again = [macro_f1(truth[rows], said[rows]) for rows in drawn]
    score = Score(
        value=value,
        error=float(np.std(again, ddof=1)),
        n=len(truth),
        direction="higher",
        source="Esteban et al. 2017 (arXiv:1706.02633), train on synthetic, test on real.",
        label=f"F1 of {case.target}, learnt from synthetic",
        meaning=f"The mean F1 of the classes of {case.target} of held-out texts, told by a judge of n-grams "
        "that learnt from these alone.",
        limits=SHARE,
    )
    return [Found("tstr", score)]


def macro_f1(truth: np.ndarray, said: np.ndarray) -> float:
    """The mean of the classes that there are."""
    known = np.unique(truth)
    return float(f1_score(truth, said, labels=known, average="macro", zero_division=cast("Any", 0.0)))


# --- Does it give anybody away? -----------------------------------------------------------------------------


def _copies(case: Case) -> list[Found]:
    found = exact_copies(case.fake.keys(), frozenset(case.train.keys()))
    return [Found("copies", replace(found, meaning="Share of the texts that are equal to a training text."))]


def _near_copies(case: Case) -> list[Found]:
    some = case.fake.take(np.sort(draws(case.seed).permutation(len(case.fake))[:N_TOLD]))
    n_near = int(near_copies(some.texts, case.judge.hashed_train, NEAR).sum())
    score = share_of(
        n_near,
        len(some),
        label="near copies",
        meaning="Share of the texts of which nearly all that up to four characters in a row say is that "
        "of one training text.",
        source=f"Cosine of counted n-grams, {NEAR} or more.",
    )
    return [Found("near_copies", score)]


def _passages(case: Case) -> list[Found]:
    some = case.fake.take(np.sort(draws(case.seed).permutation(len(case.fake))[:N_TOLD]))
    longest = case.judge.copies.longest(some.texts)
    rare = case.judge.copies.have(some.texts, case.judge.rare_passages, PASSAGE_WORDS)
    error = float(longest.std(ddof=1) / np.sqrt(len(longest))) if len(longest) > 1 else float(longest.mean())
    score = Score(
        value=float(longest.mean()),
        error=error,
        n=len(longest),
        direction="lower",
        source="The longest common run of words, whatever their case and the signs between them.",
        label="longest copied passage, words",
        meaning="Words in a row that stand in one training text; the mean of the longest passage of each "
        "text.",
        limits=(0.0, np.inf),
    )
    held = share_of(
        int(rare.sum()),
        len(some),
        label="texts with a rare passage",
        meaning=f"Share of the texts with {PASSAGE_WORDS} words in a row that hardly any training text "
        "holds, but some.",
    )
    return [
        Found("copied_passage", score, {"the longest of all": float(longest.max(initial=0.0))}),
        Found("rare_passages", held),
    ]


def _nearer(case: Case) -> list[Found]:
    sets = (case.profile(case.fake), case.profile(case.train), case.profile(case.real))
    return [Found("nearer", nearest_neighbour_share(*sets, seed=case.seed, n_max=case.effort.n_points))]


def _membership(case: Case) -> list[Found]:
    sets = (case.profile(case.fake), case.profile(case.train), case.profile(case.real))
    found = membership(*sets, seed=case.seed, n_max=case.effort.n_members)
    return [
        Found("membership_auc", found.auc, found.details),
        Found("membership_tpr", found.tpr, found.surer),
        Found("membership_auc_unusual", found.unusual_auc),
        Found("membership_tpr_unusual", found.unusual_tpr),
    ]


def _texts(of: Texts, n: int, rng: np.random.Generator) -> list[str]:
    return [of.texts[place] for place in rng.permutation(len(of))[:n].tolist()]


def _mean_score(values: np.ndarray, direction: Any, label: str, meaning: str, source: str) -> Score:
    n = len(values)
    error = float(values.std(ddof=1) / np.sqrt(n)) if n > 1 else float(abs(values).mean())
    return Score(float(values.mean()), error, n, direction, source, label, meaning, limits=(0.0, np.inf))


MEASURES: Final[tuple[Measure[Case], ...]] = (
    Measure(("c2st",), "real", _told_apart),
    Measure(("c2st_network",), "real", _told_by_network, is_dear=True),
    Measure(("density", "coverage", "precision", "recall"), "real", _neighbourhoods),
    Measure(tuple(f"bleu_{order}" for order in _ORDERS), "real", _bleu),
    Measure(("self_bleu_2", "self_bleu_4"), "real", _self_bleu),
    Measure(("distinct",), "real", _distinct),
    Measure(("bits_forth", "bits_back"), "real", _likelihoods),
    _spectrum("characters", 1, "characters, % moved", of_words=False),
    _spectrum("character_pairs", 2, "pairs of characters, % moved", of_words=False),
    _spectrum("words", 1, "words, % moved", of_words=True),
    _spectrum("word_pairs", 2, "pairs of words, % moved", of_words=True),
    Measure(("tstr",), "useful", _taught),
    Measure(("copies",), "private", _copies, stand_in="holdout"),
    Measure(("near_copies",), "private", _near_copies, stand_in="holdout"),
    Measure(("copied_passage", "rare_passages"), "private", _passages, stand_in="holdout"),
    Measure(("nearer",), "private", _nearer, stand_in="half"),
    Measure(
        ("membership_auc", "membership_tpr", "membership_auc_unusual", "membership_tpr_unusual"),
        "private",
        _membership,
        stand_in="half",
    ),
)
