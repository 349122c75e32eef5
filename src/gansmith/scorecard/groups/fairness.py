"""The table by group: how useful the synthetic data is for each, and what it tells of its people."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, final

import numpy as np
from jaxtyping import Bool

from gansmith.scorecard.features import Features, draws
from gansmith.scorecard.groups.cells import Groups, cells_of, places_in
from gansmith.scorecard.groups.lost import FEWEST
from gansmith.scorecard.groups.relations import Sides
from gansmith.scorecard.naming import Naming
from gansmith.scorecard.plots import rounded
from gansmith.scorecard.points import as_points, nearest
from gansmith.scorecard.private.inference import are_right, reach_of
from gansmith.scorecard.private.risk import Tally, measured_risk
from gansmith.scorecard.useful import Contest, how_well

MAX_ROWS: Final = 12
_N_WORST: Final = 4
_N_ATTACKED: Final = 2_000
_N_SEARCHED: Final = 10_000
_MAX_COORDINATES: Final = 1_000_000
"""Of the synthetic records that are searched: wide tables give fewer, ..."""
_FEWEST_SEARCHED: Final = 1_000
"""... but so many at the least."""
_FEWEST_ATTACKED: Final = 20


@final
@dataclass(frozen=True, eq=False)
class Guesses:
    """The target guessed as that of the nearest synthetic record by all other columns."""

    train: Features
    holdout: Features
    is_right: tuple[np.ndarray, np.ndarray]
    """Of each training record, and of each held-out one."""


def guesses(fake: Features, train: Features, holdout: Features, target: str, *, seed: int) -> Guesses | None:
    """Guess the target of training and of held-out records; None: there is no other column.

    Source:
        As `inference`, Giomi et al. 2023 (arXiv:2211.10459), with the target as the secret.
    """
    others = [name for name in fake.names if name != target]
    if not others:
        return None
    rng = draws(seed)
    n = min(len(train), len(holdout), _N_ATTACKED)
    fake, train, holdout = (
        part.sample(size, rng) for part, size in ((fake, _N_SEARCHED), (train, n), (holdout, n))
    )
    ours, *theirs = as_points(*(part.keep(others) for part in (fake, train, holdout)))
    ours = ours[: max(_FEWEST_SEARCHED, _MAX_COORDINATES // ours.shape[1])]
    middle = ours.mean(axis=0)
    column = fake.position(target)
    truths = np.concatenate([train.values[:, column], holdout.values[:, column]])
    # Half the precision tells the nearest, in half the time.
    known, asked = ((side - middle).astype(np.float32) for side in (ours, np.concatenate(theirs)))
    said = fake.values[nearest(asked, known)[1], column]
    is_right = are_right(said, truths, 0.0 if fake.is_category[column] else reach_of(truths))
    return Guesses(train, holdout, (is_right[:n], is_right[n:]))


def rows_by_group(
    sides: Sides,
    naming: Naming,
    of: Contest,
    said: tuple[np.ndarray, np.ndarray],
    guessed: Guesses | None,
) -> list[dict[str, Any]]:
    """The largest groups by one column, and those whose target is furthest off, below all records: 12 rows.

    Returns:
        For each `group` its `real` and `synthetic` records; `share_of`, the rarer one of two classes of the
        target (of more the most frequent one, of a number a band), with `share_real` and `share_synthetic`;
        `unit`, `trtr` and `tstr`; and the `risk`, `low` to `high`, that the target of its training records is
        guessed, beyond that of its held-out ones. None stands where there are too few records. The intervals
        hold together.
    """
    label, (ours, theirs) = _share_of(sides, of.target, naming)
    chosen = _chosen(sides, ours, theirs, of.target)
    test = sides.groups.of(of.test)
    rows = [
        _Row("all records", *(np.ones(len(part), dtype=bool) for part in (sides.fake, sides.real))),
        *(_Row(sides.groups.labels[g], sides.fake_members[g], sides.real_members[g]) for g in chosen),
    ]
    tests = [np.ones(len(of.labels), dtype=bool), *test[chosen]]
    risks = _risks(sides.groups, chosen, guessed)
    return [
        {
            "group": row.label,
            "real": int(row.real.sum()),
            "synthetic": int(row.fake.sum()),
            "share_of": label,
            "share_real": rounded(float(theirs[row.real].mean())),
            "share_synthetic": rounded(float(ours[row.fake].mean())),
            "unit": of.unit,
            **_skills(inside, of, said),
            **risk,
        }
        for row, inside, risk in zip(rows, tests, risks, strict=True)
    ]


@final
@dataclass(frozen=True, eq=False)
class _Row:
    label: str
    fake: Bool[np.ndarray, " n_fake"]
    real: Bool[np.ndarray, " n_real"]


def _share_of(sides: Sides, target: str, naming: Naming) -> tuple[str, tuple[np.ndarray, np.ndarray]]:
    """The class (or the band) that is told, and which records have it."""
    cells = cells_of(naming, target)
    parts = (sides.fake, sides.real)
    ours, theirs = (places_in(cells, part.values[:, part.position(target)]) for part in parts)
    counts = np.bincount(theirs, minlength=len(cells))[: len(cells)]
    # Of two classes the rarer one, as usual; of more the most frequent.
    frequent = np.argsort(-counts, kind="stable")[: int((counts > 0).sum())]
    cell = int(frequent[-1] if len(frequent) == 2 else [*frequent, 0][0])
    return cells[cell].label, (ours == cell, theirs == cell)


def _chosen(sides: Sides, ours: np.ndarray, theirs: np.ndarray, target: str) -> list[int]:
    """Groups by one column, the largest and the worst, in the order of the columns."""
    groups = sides.groups
    alone = [
        place
        for place, cells in enumerate(groups.members)
        if len(cells) == 1 and target not in groups.columns[place] and groups.singles[cells[0]].is_part
    ]

    def far(group: int) -> float:
        one, other = ours[sides.fake_members[group]], theirs[sides.real_members[group]]
        error = (1 / len(one) + 1 / len(other)) ** 0.5
        return abs(float(one.mean() - other.mean())) / error

    worst = sorted(alone, key=far, reverse=True)[:_N_WORST]
    largest = sorted(alone, key=lambda group: -int(sides.real_members[group].sum()))
    return sorted(list(dict.fromkeys([*worst, *largest]))[: MAX_ROWS - 1])


def _skills(inside: np.ndarray, of: Contest, said: tuple[np.ndarray, np.ndarray]) -> dict[str, Any]:
    values: list[float] = [math.nan, math.nan]
    if inside.sum() >= 2 * FEWEST:
        values = [how_well(of.labels[inside], one[inside], of.unit, fewest=FEWEST)[0] for one in said]
    return dict(
        zip(("tstr", "trtr"), (rounded(one) if np.isfinite(one) else None for one in values), strict=True)
    )


def _risks(groups: Groups, chosen: Sequence[int], guessed: Guesses | None) -> list[dict[str, Any]]:
    """Of all records and of each group: how far training records are guessed beyond held-out ones."""
    if guessed is None:
        return [{}] * (1 + len(chosen))
    masks = [groups.of(part)[list(chosen)] for part in (guessed.train, guessed.holdout)]
    whole = [np.ones((1, len(part)), dtype=bool) for part in (guessed.train, guessed.holdout)]
    inside = [np.concatenate(pair) for pair in zip(whole, masks, strict=True)]
    found: list[dict[str, Any]] = []
    for row in range(1 + len(chosen)):
        main, control = (
            Tally(int(right[mask[row]].sum()), int(mask[row].sum()))
            for right, mask in zip(guessed.is_right, inside, strict=True)
        )
        if min(main.n, control.n) < _FEWEST_ATTACKED:
            found.append({"risk": None, "low": None, "high": None})
            continue
        risk = measured_risk(main, control, None, n_parts=1 + len(chosen))
        low, high = risk.bounds
        found.append({"risk": rounded(max(0.0, risk.value)), "low": rounded(low), "high": rounded(high)})
    return found
