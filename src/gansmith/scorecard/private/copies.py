"""Copies: records that stand in the training data or too near to it, its texts and its rare values."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from gansmith.errors import DataError
from gansmith.scorecard.chance import Tally, chance_of_more
from gansmith.scorecard.features import Features, check_comparable, draws
from gansmith.scorecard.points import as_points, nearest
from gansmith.scorecard.private.risk import Attack, Risk, attack_of, measured_risk, wilson_rate
from gansmith.scorecard.score import SHARE, Score, error_of_share

Keys = Sequence[Hashable] | np.ndarray

N_BINS: Final = 100
"""Quantile bins of a number's known values: numbers in one bin count as equal."""
RARE: Final = 5
"""A value that fewer records have than this is rare."""
ALL: Final = "all columns"
NEAR_OTHERS: Final = "near copies of hold-out records"
"""Share of the synthetic records, were there as many hold-out records as training records."""


def exact_copies(fake_keys: Keys, train_keys: Keys | frozenset[Any]) -> Score:
    """Share of synthetic records that are equal to a training record, in all that their keys are made of.

    Not 0 by itself: records of few short columns meet by chance, real ones too, so the anchor is the share of
    hold-out records that stand in training. Clearly more than that is copying; no more than that is no proof
    of privacy.

    Args:
        fake_keys: One hashable key per synthetic record, or an array whose first axis is the records (bytes
            are compared, so pictures as they are).
        train_keys: The same of the training records, made in the same way, or all of these as a set.

    Raises:
        DataError: No synthetic record, or arrays of different types or record shapes, which are never equal.
    """
    if not len(fake_keys):
        raise DataError("No synthetic record to look for in training. Draw one at least.")
    if isinstance(fake_keys, np.ndarray) and isinstance(train_keys, np.ndarray):
        _check_same_layout(fake_keys, train_keys)
    known = train_keys if isinstance(train_keys, frozenset) else set(_hashable(train_keys))
    return share_of(
        sum(key in known for key in _hashable(fake_keys)),
        len(fake_keys),
        label="exact copies",
        meaning="Share of the records that are equal to a training record.",
    )


def near_copies(fake: Features, known: Features, *, seed: int = 0) -> Score:
    """Share of synthetic records that agree with a known record in all columns but one at the most.

    Categories agree when they are equal, numbers when they lie in the same of 100 quantile bins of the known
    records (a value that is itself the edge of a bin has a cell of its own), and missing agrees with missing.
    As with exact copies, real records of few columns meet by chance: the anchor is the share of hold-out
    records, as many of them known. Random numbers stand for the cells: two records that differ are taken for
    alike with a probability of about 2^-64 for each pair of them.

    Source:
        Sums of random numbers as the keys of cells: Zobrist 1970, "A new hashing method with application for
        game playing", University of Wisconsin, technical report 88.
    """
    check_comparable(fake, known, n_records=1)
    rng = draws(seed)
    fake_keys, known_keys = (np.empty(part.values.shape, dtype=np.uint64) for part in (fake, known))
    for column, is_category in enumerate(fake.is_category):
        cells = _cells(fake.values[:, column], known.values[:, column], is_category=bool(is_category))
        keys = rng.integers(0, 2**64, size=int(cells.max()) + 1, dtype=np.uint64)[cells]
        fake_keys[:, column], known_keys[:, column] = keys[: len(fake)], keys[len(fake) :]
    fake_sums, known_sums = fake_keys.sum(axis=1), known_keys.sum(axis=1)  # modulo 2^64
    is_near = np.zeros(len(fake), dtype=bool)
    for column in range(fake.n_columns):
        # A column's own key subtracted leaves the sum of all others.
        is_near |= np.isin(fake_sums - fake_keys[:, column], known_sums - known_keys[:, column])
    few_columns = "cannot be trusted: with fewer than three columns, records agree by chance"
    return share_of(
        int(is_near.sum()),
        len(fake),
        label="near copies",
        meaning="Share of the records that agree with a training record in all columns, or all but one.",
        source="Agreement of cells; Zobrist 1970 for the search.",
        caveat="" if fake.n_columns > 2 else few_columns,
    )


def share_of(n_hits: int, n: int, *, label: str, meaning: str, source: str = "", caveat: str = "") -> Score:
    """A share of records that are suspicious."""
    rate = wilson_rate(Tally(n_hits, n))
    return Score(
        value=n_hits / n,
        error=error_of_share(n_hits, n),
        bounds=(rate.low, rate.high),
        limits=SHARE,
        n=n,
        direction="lower",
        label=label,
        meaning=meaning,
        source=source,
        caveat=caveat,
    )


def _cells(fake: np.ndarray, known: np.ndarray, *, is_category: bool) -> np.ndarray:
    """Which cell each value lies in: shape (n_fake + n_known,), whole numbers from 0."""
    values = np.concatenate([fake, known])
    present = known[~np.isnan(known)]
    if is_category or not len(present):
        return np.unique(values, return_inverse=True)[1]
    edges = np.unique(np.quantile(present, np.arange(1, N_BINS) / N_BINS))
    # The sum of both sides tells a value on an edge from its neighbours: a number that many records share
    # (no capital gain) is no neighbour of others.
    cells = np.searchsorted(edges, values, side="left") + np.searchsorted(edges, values, side="right")
    return np.where(np.isnan(values), 2 * len(edges) + 1, cells)


def _hashable(keys: Keys) -> list[Hashable]:
    if isinstance(keys, np.ndarray) and keys.ndim > 1:
        return [record.tobytes() for record in keys]
    return list(keys.tolist() if isinstance(keys, np.ndarray) else keys)


def _check_same_layout(fake: np.ndarray, train: np.ndarray) -> None:
    types: list[Any] = [side.dtype if fake.ndim > 1 else side.dtype.kind for side in (fake, train)]
    for what, ours, theirs in (("records of shape", fake.shape[1:], train.shape[1:]), ("type", *types)):
        if ours != theirs:
            raise DataError(
                f"Synthetic records have {what} {ours}, training records {theirs}: they cannot be equal. "
                "Make both keys in the same way."
            )


def nearest_neighbour_share(
    fake: Features, train: Features, holdout: Features, *, seed: int, n_max: int = 5_000
) -> Score:
    """Share of synthetic records nearer to a training than to a hold-out record: a smoke test.

    This is no evidence of privacy. Well above one half, records are copied with small changes. At one half
    nothing is shown: data that passes has been attacked with success record by record. Ties count one half,
    so that tables of few categories are not flattered. Where training is far larger than hold-out, most
    originals are left out by the equal sizes, and even a full copy stays near one half. No hold-out record
    may be among `fake`. The error is that of as many real records falling into training as into hold-out by
    lot, each counted as often as synthetic records have it for their nearest.

    Source:
        What it cannot show: Yao et al. 2025, "The DCR Delusion" (arXiv:2505.01524).
    """
    check_comparable(fake, train, holdout, n_records=1)
    rng = draws(seed)
    n_references = min(len(train), len(holdout), n_max)
    fake = fake.sample(n_max, rng)
    train, holdout = train.sample(n_references, rng), holdout.sample(n_references, rng)
    points, train_points, holdout_points = as_points(fake, train, holdout)
    to_train, which_train = nearest(points, train_points)
    to_holdout, which_holdout = nearest(points, holdout_points)
    n = len(points)
    is_tie = np.abs(to_train - to_holdout) <= 1e-9 * (1.0 + np.square(points).sum(axis=1))
    is_train = ~is_tie & (to_train < to_holdout)
    share = float((is_train + 0.5 * is_tie).mean())
    winner = np.where(is_train, which_train, n_references + which_holdout)[~is_tie]
    n_won = np.bincount(winner, minlength=2 * n_references)  # synthetic records a real one is nearest to
    coins = 0.25 * float(np.square(n_won - n_won.mean()).sum()) / n**2
    return Score(
        value=share,
        error=max(float(np.sqrt(coins)), 0.5 / n),
        n=n,
        direction="lower",
        label="nearer to training than to hold-out (smoke test)",
        meaning="Share of records nearer to training than to hold-out; "
        "above 0.5 they are too near, 0.5 proves nothing.",
        limits=SHARE,
    )


def copied_texts(found: Mapping[str, tuple[Tally, Tally]]) -> Attack:
    """Risk that a cell of a text or identifier column is that of a training record.

    Fresh real records have some texts in common with others (a name such as "Kelly, Mr. James"): what counts
    is how much more often synthetic ones do.

    Args:
        found: By column: how many synthetic cells occur among those of the training records, and how many
            hold-out cells do.

    Returns:
        The risk of the worst column; the intervals of all hold together.

    Raises:
        DataError: There is no column, or one without cells.

    Source:
        Counting, against a control group as Giomi et al. 2023 (arXiv:2211.10459).
    """
    if not found or not all(tally.n for both in found.values() for tally in both):
        raise DataError("There is no text to look for in training. Give columns of text with some cells.")
    parts = {
        name: measured_risk(main, control, None, n_parts=len(found))
        for name, (main, control) in found.items()
    }
    return attack_of(
        parts,
        label="copied texts (risk)",
        meaning="Risk that a text or an identifier is copied from a training record, beyond chance.",
    )


def rare_values(fake: Features, train: Features, holdout: Features, *, seed: int) -> Attack:
    """How many rare values of training came through, beyond what fresh records would bring along?

    Rare is a value that fewer than 5 training records have, and no hold-out record; the control group are the
    rare values of as many hold-out records that no training record has. Numbers count by their exact value.
    All columns' values are counted together; the parts show each column by itself.

    Source:
        The counts are ours; the risk and its interval follow Giomi et al. 2023 (arXiv:2211.10459).
    """
    check_comparable(fake, train, holdout, n_records=1)
    rng = draws(seed)
    n = min(len(train), len(holdout))
    train, holdout = train.sample(n, rng), holdout.sample(n, rng)
    found = np.zeros((fake.n_columns, 2, 2), dtype=np.int64)  # column, training or hold-out, hits and all
    whose = np.zeros((2, 2, n), dtype=bool)  # training or hold-out, hits and all, record
    for column in range(fake.n_columns):
        known, ours, others = (part.values[:, column] for part in (fake, train, holdout))
        for side, (rare, records) in enumerate((_rare(ours, others), _rare(others, ours))):
            is_found = np.isin(rare, known)
            found[column, side] = is_found.sum(), len(rare)
            whose[side, 0, records[is_found]] = whose[side, 1, records] = True
    parts = {
        name: _risk_of(counts, n_parts=fake.n_columns)
        for name, counts in zip(fake.names, found, strict=True)
        if counts[:, 1].all()
    }
    parts = dict(sorted(parts.items(), key=lambda part: (-part[1].low, -part[1].value)))
    # Values of one record come together: what counts for the chance is whose values were found.
    by_record = chance_of_more(*(Tally(int(hits), int(n)) for hits, n in whose.sum(axis=2)))
    whole = attack_of(
        {ALL: replace(_risk_of(found.sum(axis=0), n_parts=1), chance=by_record)},
        label="rare values (risk)",
        meaning="Risk that a value of fewer than 5 training records is repeated.",
    )
    return replace(whole, parts={**whole.parts, **parts})


def _rare(ours: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values that fewer than 5 of ours and none of the others have, and a record that has each."""
    places = np.flatnonzero(~np.isnan(ours))
    values, first, counts = np.unique(ours[places], return_index=True, return_counts=True)
    is_rare = (counts < RARE) & ~np.isin(values, others)
    return values[is_rare], places[first[is_rare]]


def _risk_of(counts: np.ndarray, *, n_parts: int) -> Risk:
    main, control = (Tally(int(n_hits), int(n)) for n_hits, n in counts)
    return measured_risk(main, control, None, n_parts=n_parts)
