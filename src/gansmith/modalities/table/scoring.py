"""The scorecard of a synthetic table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pyarrow as pa

from gansmith.errors import UsageError
from gansmith.modalities.table.features import common_types, record_keys, table_features
from gansmith.modalities.table.schema import MADE_ANEW, Schema
from gansmith.scorecard.card import CEILING, Entry, Scorecard
from gansmith.scorecard.features import Features
from gansmith.scorecard.real.two_sample import two_sample_auc
from gansmith.scorecard.real.marginals import marginal_errors, pair_errors
from gansmith.scorecard.private.privacy import exact_copies, nearest_neighbour_share
from gansmith.scorecard.usefulness import train_synthetic_test_real

MAX_RECORDS: Final = 50_000
"""Records of each table that column and pair errors are measured on, at most."""
_N_DETAILS: Final = 10


def score_table(
    fake: pa.Table, train: pa.Table, holdout: pa.Table, schema: Schema, target: str | None, seed: int
) -> Scorecard:
    """Score a synthetic table against held-out records, each score beside what real records reach.

    How each anchor is kept honest; `train` takes the part of the synthetic table, for it is as real as the
    hold-out and independent of it:

    - "c2st", "marginal", "pair": synthetic against hold-out; anchor: equally many training records against
      the same hold-out. Real records differ from real records, too: this is what is left to chance. A copy
      of the training table reaches the anchor and cannot beat it.
    - "tstr": learnt from synthetic, tested on hold-out; anchor: learnt from equally many training records.
      Only with a target.
    - "copies": synthetic records that stand in training; anchor: hold-out records that stand in training.
    - "nearer": the hold-out is cut at random into two halves. Nearer to training or to the second half, both
      reduced to equal size, is asked of the synthetic records, and for the anchor of the first half.

    Args:
        fake: The synthetic table.
        train: What the generator learnt from.
        holdout: Records of the same source that neither the training nor the choice of a checkpoint has seen.
        schema: Of the training table; the others may have wider types, see `common_types`.
        target: The column to predict for "tstr", or None.
        seed: Of everything drawn.

    Returns:
        The card; the details of "c2st" are the columns that gave the table away, those of "marginal" and
        "pair" the worst columns and pairs in %.

    Raises:
        UsageError: No such target, or one that cannot be predicted (constant, identifier, text).
        DataError: A table lacks a column or has too few records.
    """
    if target is not None and schema.column(target).kind in ("constant", *MADE_ANEW):
        raise UsageError(
            f"column {target!r} is a {schema.column(target).kind} and cannot be predicted. "
            "Choose a number, a category, a boolean or a date."
        )
    (train, fake, holdout), schema = common_types([train, fake, holdout], schema)
    real, ours, held = table_features([train, fake, holdout], schema)
    entries = [
        _told_apart(ours, real, held, seed),
        *_errors(ours, real, held, seed),
        *([_usefulness(ours, real, held, target, seed)] if target is not None else []),
        _copies(fake, train, holdout, schema),
        _nearer(ours, real, held, seed),
    ]
    return Scorecard(title=f"Scores of {fake.num_rows:,} synthetic records", entries=tuple(entries))


def _told_apart(fake: Features, train: Features, holdout: Features, seed: int) -> Entry:
    n_max = min(10_000, len(fake), len(train), len(holdout))
    result = two_sample_auc(fake, holdout, seed=seed, n_max=n_max)
    anchor = two_sample_auc(train, holdout, seed=seed, n_max=n_max)
    return Entry("c2st", result.score, {CEILING: anchor.score}, dict(result.giveaways))


def _errors(fake: Features, train: Features, holdout: Features, seed: int) -> list[Entry]:
    rng = np.random.default_rng(seed)
    n = min(MAX_RECORDS, len(fake), len(train))
    fake, train, holdout = fake.sample(n, rng), train.sample(n, rng), holdout.sample(MAX_RECORDS, rng)
    errors, score = marginal_errors(fake, holdout, seed=seed)
    marginal = Entry(
        "marginal",
        score,
        {CEILING: marginal_errors(train, holdout, seed=seed)[1]},
        _worst({name: float(error) for name, error in zip(fake.names, errors, strict=True)}),
    )
    matrix, score = pair_errors(fake, holdout, seed=seed)
    by_pair = {
        f"{fake.names[a]} × {fake.names[b]}": float(matrix[a, b])
        for a, b in np.argwhere(np.triu(~np.isnan(matrix)))
    }
    anchor = pair_errors(train, holdout, seed=seed)[1]
    return [marginal, Entry("pair", score, {CEILING: anchor}, _worst(by_pair))]


def _usefulness(fake: Features, train: Features, holdout: Features, target: str, seed: int) -> Entry:
    rng = np.random.default_rng(seed)
    n = min(len(fake), len(train))
    score, anchor = (
        train_synthetic_test_real(part.sample(n, rng), holdout, target, seed=seed) for part in (fake, train)
    )
    return Entry("tstr", score, {CEILING: anchor})


def _copies(fake: pa.Table, train: pa.Table, holdout: pa.Table, schema: Schema) -> Entry:
    known = record_keys(train, schema)
    score, anchor = (exact_copies(record_keys(table, schema), known) for table in (fake, holdout))
    return Entry("copies", score, {CEILING: anchor})


def _nearer(fake: Features, train: Features, holdout: Features, seed: int) -> Entry:
    halves = np.array_split(np.random.default_rng(seed).permutation(len(holdout)), 2)
    asked, reference = (holdout.take(half) for half in halves)
    score, anchor = (nearest_neighbour_share(part, train, reference, seed=seed) for part in (fake, asked))
    return Entry("nearer", score, {CEILING: anchor})


def _worst(errors: Mapping[str, float]) -> dict[str, float]:
    ordered = sorted(errors.items(), key=lambda item: -item[1])
    return dict(ordered[:_N_DETAILS])
