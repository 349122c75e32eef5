"""Inference: do synthetic records tell the one column of a training record that is kept secret?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, final

import numpy as np

from gansmith.errors import DataError
from gansmith.scorecard.chance import Tally, chance_of_more_within
from gansmith.scorecard.features import Features, check_comparable, draws
from gansmith.scorecard.points import affordable, as_blocks
from gansmith.scorecard.private.risk import Attack, Risk, attack_of, measured_risk

MAX_SECRETS: Final = 50
FEWEST_MISSED: Final = 30
"""Wrong guesses without which a secret says nothing: nearly all are right anyway."""
TOLERANCE: Final = 0.05
"""How far a guessed number may be off, in widths of the middle nine tenths of the column. Our choice."""
_TARGETS, _REFERENCES = 256, 4_096
"""Sides of a tile of distances: 4 MB, which stay near the processor while each secret is looked at."""
_TENTHS: Final = np.arange(1, 10) / 10
_FEWEST_ALIKE: Final = 20
"""Records, of both sides together, that a group of like secrets has of its own."""
_MANY_COLUMNS: Final = 8
"""From here on records lie so far apart that single precision tells the nearest."""


def inference(fake: Features, train: Features, holdout: Features, *, seed: int, n_max: int = 2_000) -> Attack:
    """Can a secret column be guessed from all others and the synthetic records?

    Each column in turn is the secret, and the guess is its cell in the synthetic record that is nearest by
    all other columns. A category (or a missing cell) is guessed when it is the same, a number when it is off
    by no more than 5 % of the distance between the 5 % and the 95 % quantile of the real records. That the
    column can be predicted at all, in hold-out records too, is no risk: it is what the data is for. The
    control group is matched: hold-out records count as often as training records have their secret, so that
    other shares of easy and hard ones are no risk either. A secret that hardly anybody is missed for says
    nothing and is left out.

    Returns:
        The risk of the worst secret where it is surely one, else of all, and each; their intervals hold
        together. Of more than 50 columns
        50 random ones are the secrets. The guess to beat is the better of a random synthetic record's cell
        and the most frequent cell (for numbers, the median too).

    Raises:
        DataError: There is one column alone.

    Source:
        Giomi et al. 2023 (arXiv:2211.10459).
    """
    check_comparable(fake, train, holdout, n_records=1)
    if fake.n_columns < 2:
        raise DataError(
            f"One column alone, {fake.names[0]!r}, cannot be guessed from others. Wanted: two columns or "
            "more. Leave inference out."
        )
    rng = draws(seed)
    n = min(len(train), len(holdout), n_max)
    fake, train, holdout = fake.sample(affordable(fake), rng), train.sample(n, rng), holdout.sample(n, rng)
    secrets = np.sort(rng.permutation(fake.n_columns)[:MAX_SECRETS]).tolist()
    (fake_points, *target_points), blocks = as_blocks(fake, train, holdout)
    guessed = _nearest_without(np.concatenate(target_points), fake_points, [blocks[s] for s in secrets])
    tried: dict[str, _Tried] = {}
    for secret, nearest in zip(secrets, guessed, strict=True):
        known, is_category = fake.values[:, secret], bool(fake.is_category[secret])
        truths = np.stack([train.values[:, secret], holdout.values[:, secret]])  # (2, n)
        reach = 0.0 if is_category else reach_of(truths)
        drawn = known[rng.integers(0, len(known), size=n)]
        guesses = [drawn, *_typical(known, is_category=is_category)]
        tried[fake.names[secret]] = _Tried(
            are_right(known[nearest].reshape(2, n), truths, reach),
            _groups(truths, is_category=is_category),
            max(int(are_right(guess, truths[0], reach).sum()) for guess in guesses),
        )
    telling = {name: one for name, one in tried.items() if one.n_missed >= FEWEST_MISSED}
    silent = [name for name in tried if name not in telling]
    chosen = telling or tried
    said = f" Left out, missed by fewer than {FEWEST_MISSED} guesses: {', '.join(silent)}." if silent else ""
    found = attack_of(
        {name: one.risk(len(chosen)) for name, one in chosen.items()},
        label="inference (risk)",
        meaning="Risk that a secret value of a training record is inferred from all its other columns."
        f"{said}",
    )
    if telling:
        return found
    caveat = f"cannot be trusted: no secret is missed by {FEWEST_MISSED} guesses of hold-out records"
    return replace(found, score=replace(found.score, caveat=caveat, chance=1.0))


@final
@dataclass(frozen=True, eq=False)
class _Tried:
    """Guesses of one secret."""

    is_right: np.ndarray
    """Of training and of hold-out records: shape (2, n)."""
    groups: np.ndarray
    """Which secrets are alike, whole numbers from 0: shape (2, n)."""
    n_naive: int
    """Training records that a guess which knows nothing of them is right about."""

    @property
    def n_missed(self) -> int:
        """Of the side that is missed more often: the hold-out, where there is a risk."""
        return int((~self.is_right).sum(axis=1).max())

    def risk(self, n_parts: int) -> Risk:
        """With the control group matched to the training records."""
        ours, theirs = (
            [
                Tally(int(rights[groups == group].sum()), int((groups == group).sum()))
                for group in range(self.groups.max() + 1)
            ]
            for rights, groups in zip(self.is_right, self.groups, strict=True)
        )
        shared = [(main, control) for main, control in zip(ours, theirs, strict=True) if main.n and control.n]
        n = self.is_right.shape[1]
        main, control = _matched(shared)
        chance = chance_of_more_within(shared)
        return measured_risk(main, control, Tally(self.n_naive, n), n_parts=n_parts, chance=chance)


def _matched(groups: Sequence[tuple[Tally, Tally]]) -> tuple[Tally, Tally]:
    """Hits of training records, and of as many hold-out records in each group; of groups that both have.

    The tries of the control group are the effective ones: weights make some records count for several.

    Source:
        Post-stratification: Holt & Smith 1979, Journal of the Royal Statistical Society A 142; effective
        number: Kish 1965, "Survey sampling".
    """
    n = sum(main.n for main, _ in groups)
    if not n:
        return Tally(0, 0), Tally(0, 0)
    share = sum(main.n * control.n_hits / control.n for main, control in groups) / n
    n_effective = max(1, round(n**2 / sum(main.n**2 / control.n for main, control in groups)))
    return Tally(sum(main.n_hits for main, _ in groups), n), Tally(min(1.0, share) * n_effective, n_effective)


def _groups(truths: np.ndarray, *, is_category: bool) -> np.ndarray:
    """Secrets that are alike: equal codes, numbers of one tenth of all; rare ones are put together."""
    present = truths[~np.isnan(truths)]
    cells = truths
    if not is_category and len(present):
        cells = np.searchsorted(np.quantile(present, _TENTHS), truths) * 1.0
        cells[np.isnan(truths)] = -1.0
    _, groups, counts = np.unique(cells, return_inverse=True, return_counts=True)
    is_rare = counts < _FEWEST_ALIKE
    renumbered = np.where(is_rare, 0, np.cumsum(~is_rare))
    return np.unique(renumbered[groups], return_inverse=True)[1].reshape(truths.shape)


def _nearest_without(targets: np.ndarray, references: np.ndarray, blocks: list[slice]) -> np.ndarray:
    """For each block, each target's nearest reference by all other dimensions: shape (n_blocks, n_targets).

    A distance without a block is the whole distance minus the block's own part, so that the product of two
    large matrices is taken once for all blocks.
    """
    dtype = np.float32 if len(blocks) >= _MANY_COLUMNS else np.float64
    centre = references.mean(axis=0)
    targets, references = (targets - centre).astype(dtype), (references - centre).astype(dtype)
    best = np.full((len(blocks), len(targets)), np.inf, dtype=dtype)
    found = np.zeros((len(blocks), len(targets)), dtype=np.int64)
    distinct = [np.unique(targets[:, block], axis=0, return_inverse=True) for block in blocks]
    for start in range(0, len(references), _REFERENCES):
        tile = references[start : start + _REFERENCES]
        norms = np.square(tile).sum(axis=1)
        # A category has few values: the own part of each is a row to be looked up.
        own_parts = [
            _squared(values, tile[:, block]) if len(values) <= _TARGETS else None
            for block, (values, _) in zip(blocks, distinct, strict=True)
        ]
        for first in range(0, len(targets), _TARGETS):
            rows = slice(first, min(first + _TARGETS, len(targets)))
            whole = norms - 2 * targets[rows] @ tile.T  # (n_rows, n_in_tile)
            for index, (block, own) in enumerate(zip(blocks, own_parts, strict=True)):
                if own is None:
                    part = _squared(targets[rows, block], tile[:, block])
                else:
                    part = own[distinct[index][1].ravel()[rows]]
                np.subtract(whole, part, out=part)
                nearest = part.argmin(axis=1)
                squared = part[np.arange(len(part)), nearest]
                is_nearer = squared < best[index, rows]
                best[index, rows][is_nearer] = squared[is_nearer]
                found[index, rows][is_nearer] = nearest[is_nearer] + start
    return found


def _squared(points: np.ndarray, references: np.ndarray) -> np.ndarray:
    """Squared distances less the points' own norms: shape (n_points, n_references)."""
    return np.square(references).sum(axis=1) - 2 * points @ references.T


def reach_of(truths: np.ndarray) -> float:
    """How far a guessed number may be off, of these that are true; missing ones say nothing."""
    present = truths[~np.isnan(truths)]
    return TOLERANCE * float(np.ptp(np.quantile(present, (0.05, 0.95)))) if len(present) else 0.0


def are_right(guesses: np.ndarray | float, truths: np.ndarray, reach: float) -> np.ndarray:
    """Which cells are guessed: within reach, or missing as guessed."""
    return (np.abs(guesses - truths) <= reach) | (np.isnan(guesses) & np.isnan(truths))


def _typical(cells: np.ndarray, *, is_category: bool) -> list[float]:
    """The most frequent cell, missing ones among them, and of numbers the median."""
    values, counts = np.unique(cells, return_counts=True)
    typical = [float(values[counts.argmax()])]
    if not is_category and not np.isnan(cells).all():
        typical.append(float(np.nanmedian(cells)))
    return typical
