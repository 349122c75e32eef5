"""The scorecard of generated pictures."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, Final

import numpy as np

from gansmith.errors import DataError
from gansmith.modalities.image.pictures import Form, Pictures, joined
from gansmith.scorecard.card import Scorecard
from gansmith.scorecard.features import Features, draws
from gansmith.scorecard.private.copies import exact_copies, nearest_neighbour_share
from gansmith.scorecard.real.coverage import neighbourhoods
from gansmith.scorecard.score import CEILING, Entry, Score, error_of_share
from gansmith.scorecard.verdict.answers import Evidence
from gansmith.scorecard.verdict.questions import verdict

MAX_PICTURES: Final = 10_000
"""Pictures of each set that a score looks at, at most; copies are looked for among all."""
MAX_NUMBERS: Final = 40_000_000
"""Numbers of all these pictures together: of large pictures fewer are looked at."""
MIN_PICTURES: Final = 1_000
"""So many are looked at, however large they are."""
_BLOCK: Final = 1_000
"""Pictures read at once where copies are looked for."""
_N_FOLDS: Final = 5


def score_pictures(fake: Pictures, train: Pictures, holdout: Pictures, seed: int) -> Scorecard:
    """Score generated pictures against held-out ones, each score beside what real pictures reach.

    Masks count as parts of the pictures where all sets have the same ones, else they are left out. Of large
    sets some are looked at, drawn by the seed; see `most_pictures`.

    - "recognised" (only where all sets have labels, and more than one): see `recognised`.
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
    keys = [_keys(part) for part in (fake, train, holdout)]
    copies = Entry(
        "copies",
        exact_copies(keys[0], keys[1]),
        {CEILING: exact_copies(keys[2], keys[1])},
        family="private",
    )
    name = f"Scores of {len(fake):,} generated pictures"
    fake, train, holdout = (_some(part, most_pictures(part.form), seed) for part in (fake, train, holdout))
    known, entries = joined([train, holdout]), list[Entry]()
    if _classes(fake) and len(_classes(known)) > 1:
        entries.append(recognised(fake, known, seed))
    entries += [*_coverage(fake, train, holdout, seed), _nearer(fake, train, holdout, seed), copies]
    lines = verdict(Evidence({entry.name: entry for entry in entries}))
    return Scorecard(name, tuple(entries), lines)


def most_pictures(form: Form) -> int:
    """Pictures of this form that a score looks at, at most.

    Example:
        >>> most_pictures(Form(28, 28)), most_pictures(Form(64, 64, 3)), most_pictures(Form(512, 512, 3))
        (10000, 3255, 1000)
    """
    return min(MAX_PICTURES, max(MIN_PICTURES, MAX_NUMBERS // form.n_values))


def recognised(fake: Pictures, real: Pictures, seed: int = 0) -> Entry:
    """Share of generated pictures that a classifier takes for what they were meant to be.

    The classifier (a support vector machine on pixels: 97 % right on handwritten digits that it has not seen)
    learns from all real pictures. The anchor is the share of real pictures of the same labels that it
    recognises when it has learnt from others alone (five-fold cross-validation). Pictures without a label are
    left out.

    Args:
        fake: Generated pictures.
        real: Real ones.
        seed: Of the pictures that are looked at where there are more than `most_pictures`.

    Raises:
        DataError: Labels are missing, or all real ones are the same.
    """
    from sklearn.model_selection import cross_val_predict  # heavy: only for those who score
    from sklearn.svm import SVC

    fake, real = (_some(_labelled(part), most_pictures(part.form), seed) for part in (fake, real))
    if not len(fake) or len(_classes(real)) < 2:
        raise DataError("To recognise pictures, all sets need labels, and the real ones more than one label.")
    asked, labels = (np.asarray(part.labels).astype(str) for part in (fake, real))
    gamma: Any = 12.8 / real.form.n_values
    classifier: Any = SVC(C=10.0, gamma=gamma)
    points = _points(real)
    predicted: np.ndarray = classifier.fit(points, labels).predict(_points(fake))
    is_asked = np.isin(labels, asked)
    rarest = int(np.unique(labels, return_counts=True)[1].min())
    anchor = _share(np.zeros(0, bool))
    if rarest >= 2:
        unseen: Any = cross_val_predict(classifier, points, labels, cv=min(_N_FOLDS, rarest))
        anchor = _share((unseen == labels)[is_asked])
    return Entry("recognised", _share(predicted == asked), {CEILING: anchor})


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
    n = min(len(fake), len(train), len(holdout))
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


def _some(pictures: Pictures, n_most: int, seed: int) -> Pictures:
    """So many of them at most, in their order; the same for the same seed."""
    if len(pictures) <= n_most:
        return pictures
    return pictures.take(np.sort(draws(seed).permutation(len(pictures))[:n_most]))


def _classes(pictures: Pictures) -> set[str]:
    """Their labels."""
    return set() if pictures.labels is None else {one for one in pictures.labels.tolist() if one is not None}


def _labelled(pictures: Pictures) -> Pictures:
    """Those that have a label."""
    labels = [] if pictures.labels is None else pictures.labels.tolist()
    return pictures.take(np.array([row for row, one in enumerate(labels) if one is not None], np.intp))


def _keys(pictures: Pictures) -> list[bytes]:
    """Of each picture, equal for equal ones; read block by block."""
    blocks = np.array_split(np.arange(len(pictures)), -(-len(pictures) // _BLOCK) or 1)
    return [
        blake2b(np.ascontiguousarray(one).tobytes(), digest_size=16).digest()
        for rows in blocks
        for one in pictures.take(rows).pixels
    ]


def _points(pictures: Pictures, number: type[np.floating[Any]] = np.float32) -> np.ndarray:
    """Pictures as points of such numbers, shape `(n, n_values)`, black 0 and white 1."""
    form, points = pictures.form, pictures.pixels.reshape(len(pictures), -1).astype(number)
    points -= form.lowest
    points /= form.highest - form.lowest
    return points


def _features(pictures: Pictures) -> Features:
    values = _points(pictures, np.float64)
    names = tuple(f"pixel {index}" for index in range(values.shape[1]))
    return Features(names, values, np.zeros(values.shape[1], bool))


def _check_sizes(fake: Pictures, train: Pictures, holdout: Pictures) -> None:
    forms = [part.form for part in (fake, train, holdout)]
    sizes = [(form.height, form.width, form.n_channels) for form in forms]
    if len(set(sizes)) > 1:
        raise DataError(f"Pictures of different sizes {sizes} cannot be compared. Scale them to one size.")
    types = [form.pixel_type for form in forms]
    if len(set(types)) > 1:
        raise DataError(f"Pixels of different types {types} cannot be compared. Bring them to one.")
    if min(len(fake), len(train)) < 2 or len(holdout) < 4:
        raise DataError(
            f"{len(fake)} generated, {len(train)} training and {len(holdout)} held-out pictures. "
            "Wanted: 2, 2 and 4 at the least."
        )
