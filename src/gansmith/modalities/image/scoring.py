"""The scorecard of generated pictures."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from gansmith.errors import DataError
from gansmith.modalities.image.pictures import Pictures, joined
from gansmith.scorecard.card import Scorecard
from gansmith.scorecard.features import Features
from gansmith.scorecard.private.copies import exact_copies, nearest_neighbour_share
from gansmith.scorecard.real.coverage import neighbourhoods
from gansmith.scorecard.score import CEILING, Entry, Score, error_of_share
from gansmith.scorecard.verdict.answers import Evidence
from gansmith.scorecard.verdict.questions import verdict

MAX_PICTURES: Final = 10_000
"""Pictures of each set that a score looks at, at most."""
_N_FOLDS: Final = 5


def score_pictures(fake: Pictures, train: Pictures, holdout: Pictures, seed: int) -> Scorecard:
    """Score generated pictures against held-out ones, each score beside what real pictures reach.

    Masks count as parts of the pictures where all sets have the same ones, else they are left out.

    - "recognised" (only where all have labels, and more than one): see `recognised`.
    - "coverage": share of held-out pictures with a generated one near them; anchor: the same of as many
      training pictures. Both sides are reduced to equal size.
    - "density": whether the generated pictures lie where held-out ones are dense; anchor likewise.
    - "nearer": nearer to training or to held-out pictures, a check against copying; anchor: one half of the
      hold-out in the place of the generated pictures, the other half as the hold-out.
    - "copies": generated pictures that stand pixel for pixel in training; anchor: hold-out pictures that do.

    Args:
        fake: Generated pictures.
        train: What the generator learnt from.
        holdout: Pictures of the same source that it never saw.
        seed: Of everything drawn.

    Raises:
        DataError: Too few pictures, or sets of different sizes of picture.
    """
    if len({part.form.masks for part in (fake, train, holdout)}) > 1:
        fake, train, holdout = fake.without_masks, train.without_masks, holdout.without_masks
    _check_sizes(fake, train, holdout)
    entries: list[Entry] = []
    known = joined([train, holdout])
    if fake.labels is not None and known.labels is not None and len(set(known.labels.tolist())) > 1:
        entries.append(recognised(fake, known))
    entries += [
        *_coverage(fake, train, holdout, seed),
        _nearer(fake, train, holdout, seed),
        Entry(
            "copies",
            exact_copies(fake.pixels, train.pixels),
            {CEILING: exact_copies(holdout.pixels, train.pixels)},
            family="private",
        ),
    ]
    lines = verdict(Evidence({entry.name: entry for entry in entries}))
    return Scorecard(f"Scores of {len(fake):,} generated pictures", tuple(entries), lines)


def recognised(fake: Pictures, real: Pictures) -> Entry:
    """Share of generated pictures that a classifier takes for what they were meant to be.

    The classifier (a support vector machine on pixels: 97 % right on handwritten digits that it has not seen)
    learns from all real pictures. The anchor is the share of real pictures of the same labels that it
    recognises when it has learnt from others alone (five-fold cross-validation).

    Raises:
        DataError: Labels are missing, or all real ones are the same.
    """
    from sklearn.model_selection import cross_val_predict  # heavy: only for those who score
    from sklearn.svm import SVC

    if fake.labels is None or real.labels is None or len(set(real.labels.tolist())) < 2:
        raise DataError(
            "To recognise pictures, all of them need labels, and the real ones more than one label."
        )
    classifier: Any = SVC(C=10.0, gamma=12.8 / real.pixels[0].size)
    points, labels = _points(real), real.labels.astype(str)
    predicted: np.ndarray = classifier.fit(points, labels).predict(_points(fake))
    is_asked = np.isin(labels, fake.labels.astype(str))
    rarest = int(np.unique(labels, return_counts=True)[1].min())
    anchor = _share(np.zeros(0, bool))
    if rarest >= 2:
        unseen: Any = cross_val_predict(classifier, points, labels, cv=min(_N_FOLDS, rarest))
        anchor = _share((unseen == labels)[is_asked])
    return Entry("recognised", _share(predicted == fake.labels.astype(str)), {CEILING: anchor})


def _share(is_right: np.ndarray) -> Score:
    n = max(1, len(is_right))
    return Score(
        value=int(is_right.sum()) / n if len(is_right) else float("nan"),
        error=error_of_share(int(is_right.sum()), n),
        n=n,
        direction="higher",
        label="recognised",
        meaning="Share of the pictures that a classifier of real ones takes for what they should be.",
    )


def _coverage(fake: Pictures, train: Pictures, holdout: Pictures, seed: int) -> list[Entry]:
    n = min(len(fake), len(train), len(holdout), MAX_PICTURES)
    ours, others, real = (
        _points(part.take(np.random.default_rng(seed).permutation(len(part))[:n]))
        for part in (fake, train, holdout)
    )
    k = min(5, n - 1)
    scores, anchors = (neighbourhoods(part, real, k=k, seed=seed) for part in (ours, others))
    return [Entry(name, scores[name], {CEILING: anchors[name]}) for name in ("coverage", "density")]


def _nearer(fake: Pictures, train: Pictures, holdout: Pictures, seed: int) -> Entry:
    halves = np.array_split(np.random.default_rng(seed).permutation(len(holdout)), 2)
    asked, reference = (_features(holdout.take(half)) for half in halves)
    known = _features(train)
    score = nearest_neighbour_share(_features(fake), known, _features(holdout), seed=seed)
    anchor = nearest_neighbour_share(asked, known, reference, seed=seed)
    return Entry("nearer", score, {CEILING: anchor}, family="private")


def _points(pictures: Pictures) -> np.ndarray:
    """Pictures as points, shape `(n, n_values)`, each value from 0 to 1."""
    return pictures.pixels.reshape(len(pictures), -1).astype(np.float64) / pictures.highest


def _features(pictures: Pictures) -> Features:
    values = _points(pictures)
    names = tuple(f"pixel {index}" for index in range(values.shape[1]))
    return Features(names, values, np.zeros(values.shape[1], bool))


def _check_sizes(fake: Pictures, train: Pictures, holdout: Pictures) -> None:
    sizes = [part.pixels.shape[1:] for part in (fake, train, holdout)]
    if len(set(sizes)) > 1:
        raise DataError(f"Pictures of different sizes {sizes} cannot be compared. Scale them to one size.")
    if min(len(fake), len(train)) < 2 or len(holdout) < 4:
        raise DataError(
            f"{len(fake)} generated, {len(train)} training and {len(holdout)} held-out pictures. "
            "Wanted: 2, 2 and 4 at the least."
        )
