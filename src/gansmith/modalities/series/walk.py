"""Series step by step: what is known of the past when the next step is due, and a draft of its numbers.

What comes next depends on what came: the last values, how things have gone on the average, how much they
vary, how long ago each kind of event was, what the calendar says. The same walk is taken along real series,
to learn from them, and along those that are made, so both are seen alike.

A number that continues those before it (a price, a temperature) is drafted: predicted by a linear rule of
the last steps, those of a season ago, and the other numbers of the same step; what is learnt is how far it is
from its draft. So a series may wander, grow and swing as its numbers do, at any height.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Final, final

import numpy as np
from jaxtyping import Bool, Float, Int

from gansmith.errors import DataError
from gansmith.modalities.series.staying import Staying, memory_of, remember
from gansmith.modalities.series.timing import Timing, to_same_day
from gansmith.settings import Field, NonNegativeInt, settings

FAST, SLOW = 0.3, 0.02
"""Weights of the newest value in the two running means."""
FARTHEST: Final = 8.0
"""Standard deviations from the mean beyond which nothing is told apart."""
MAX_RECALLED: Final = 16
"""States of a column up to which it is remembered when each was last there."""
N_OF_RECALL: Final = 8
"""Numbers that tell how long ago a state was there."""
MONTH_DAYS: Final = 30.44
MOST_DECIMALS: Final = 17
LENGTH_SCALE: Final = 0.25
"""Of the logarithm of how many steps there were."""
FAR_IN: Final = 32
"""Steps after which it does not matter where a stretch began."""
_HATS: Final = np.array([0.0, 1.0, 2.0, 3.0, 5.0])
"""Days before the same day of the next month that are told apart."""

_OF_SERIES: Final = (
    "first_times", "n_steps", "last_times", "times", "numbers", "last", "fast", "slow", "size", "off",
    "absent", "n_seen", "run", "seen_at", "n_at", "number_at", "usual",
    "doubts", "of_kind",
)  # fmt: skip
Numbers = Float[np.ndarray, "n n_measures"]
States = Int[np.ndarray, "n n_columns"]


@final
@settings(error=DataError)
class Measure:
    """A number of each step."""

    column: NonNegativeInt
    """Its place among the columns of a step."""
    is_drafted: bool = False
    """Whether its distance from a draft is learnt, instead of the number."""
    is_log: bool = False
    """Whether its logarithm is drafted: it varies the more, the larger it is."""
    mean: float = 0.0
    """Of the numbers, or of their logarithms."""
    deviation: Annotated[float, Field(gt=0)] = 1.0
    low: float = -1e300
    """No number is made below, ..."""
    high: float = 1e300
    """... none above."""
    singles: Annotated[tuple[float, ...], Field(strict=False)] = ()
    """Numbers that stand out, ascending: each is a state of its own, whatever its draft."""
    decimals: Annotated[int, Field(ge=0, le=MOST_DECIMALS)] = MOST_DECIMALS
    """That numbers have; the most: any."""

    def standard(self, numbers: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """Numbers around their mean, in standard deviations."""
        if self.is_log:
            numbers = np.log(np.maximum(numbers, 1e-12))
        return np.clip((numbers - self.mean) / self.deviation, -FARTHEST, FARTHEST)

    def number(self, standard: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """The inverse, within the range."""
        found = standard * self.deviation + self.mean
        found = np.clip(np.exp(found) if self.is_log else found, self.low, self.high)
        return found if self.decimals == MOST_DECIMALS else np.round(found, self.decimals)

    def place_of(self, numbers: Float[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
        """Which of the single numbers each is; their number for all others."""
        known = np.array(self.singles)
        if not len(known):
            return np.zeros(len(numbers), np.int64)
        near = np.minimum(np.searchsorted(known, numbers), len(known) - 1)
        return np.where(known[near] == numbers, near, len(known))


@final
@dataclass(frozen=True, eq=False)
class Draft:
    """Linear rules by which the drafted numbers of a step are predicted, one for each length of the past."""

    past: Float[np.ndarray, "n_pasts n_regressors n_drafted"]
    beside: Float[np.ndarray, "n_pasts n_drafted n_drafted"]
    """Weights of the numbers of the same step, those of later columns zero."""
    spread: Float[np.ndarray, "n_pasts n_drafted"]
    """Standard deviation of what is left."""
    doubt: Float[np.ndarray, "n_doubted n_drafted n_regressors n_regressors"]
    """Times standard normal numbers, how the weights of `past` may as well be: few steps do not tell them for
    certain. For each length of the past, or for none."""

    def doubted(
        self,
        past: int,
        regressors: Float[np.ndarray, "n n_regressors"],
        normal: Float[np.ndarray, "n n_drafted n_regressors"],
    ) -> Float[np.ndarray, "n n_drafted"]:
        """By how much drafts change with other weights, drawn for each series.

        Source:
            Gelman et al. 2013, "Bayesian Data Analysis", section 14.2: weights given data.
        """
        return np.einsum("nr,drs,nds->nd", regressors, self.doubt[past], normal, optimize=True)


@final
@dataclass(frozen=True, eq=False)
class Route:
    """What a walk looks at."""

    timing: Timing
    season: int
    """Steps after which things come again; 0: they do not."""
    measures: tuple[Measure, ...]
    recalled: tuple[tuple[int, int], ...]
    """Columns of which it is remembered when each state was last there, and how many states each has."""
    counted: tuple[tuple[int, int], ...] = ()
    """Columns of which it is counted how often each state was there, and how many states each has."""
    draft: Draft | None = None
    is_endless: bool = False
    """Whether series are stretches of one: where they begin and end says nothing."""
    staying: tuple[Staying, ...] = ()
    """Which numbers stay what they were."""

    @property
    def drafted(self) -> list[int]:
        """The places of the drafted numbers among all measures."""
        return [place for place, one in enumerate(self.measures) if one.is_drafted]

    @property
    def n_regressors(self) -> int:
        """Numbers that drafts are made of."""
        of_measures = (5 if self.season else 3) * len(self.drafted)
        return 1 + of_measures + self.timing.n_waves + self.is_endless

    @property
    def n_pasts(self) -> int:
        """Lengths of the past that have a rule of their own: none, one step, two, a season."""
        return 3 + (self.season > 0)

    def past_at(self, step: int) -> int:
        """Which rule serves at a step."""
        return 3 if self.season and step > self.season else min(step, 2)

    @property
    def n_recalled(self) -> int:
        """States that are remembered, of all columns."""
        return sum(n for _, n in self.recalled)

    @property
    def n_history(self) -> int:
        """Numbers that tell the past."""
        of_measures = (7 + (self.season > 0)) * len(self.measures)
        return of_measures + self.timing.n_usual + self.n_moment + 5

    @property
    def n_counted(self) -> int:
        """States that are counted, of all columns."""
        return sum(n for _, n in self.counted)

    @property
    def n_again(self) -> int:
        """Numbers that tell what it was the last time: see `Walk.again`."""
        return 2 * len(self.recalled) * len(self.measures)

    @property
    def n_moment(self) -> int:
        """Numbers that tell a point in time."""
        return self.timing.n_features + N_OF_RECALL * self.n_recalled + 1


@final
@dataclass(eq=False)
class Walk:
    """Some series under way, all at the same step.

    Args:
        route: What is looked at.
        first_times: When each series begins.
        n_steps: How long each will be.
        last_times: When each will end, about.
    """

    route: Route
    first_times: Int[np.ndarray, " n"]
    n_steps: Int[np.ndarray, " n"]
    last_times: Int[np.ndarray, " n"]
    step: int = 0
    numbers: Numbers = field(init=False)
    """The last number of each measure that was there; NaN: there was none yet."""

    def __post_init__(self) -> None:
        n, d = len(self.first_times), len(self.route.measures)
        self.times = self.first_times.copy()
        self.numbers = np.full((n, d), np.nan)
        self.last, self.fast, self.slow, self.size, self.off = (np.zeros((n, d)) for _ in range(5))
        self.absent, self.n_seen = np.zeros((n, d)), np.zeros((n, d))
        self.run = np.zeros((n, d))
        self.lags = np.zeros((self.route.season + 2, n, d))
        self.seen_at = np.full((n, self.route.n_recalled), -np.inf)
        self.n_at = np.zeros((n, self.route.n_counted))
        self.number_at = np.full((n, self.route.n_recalled, d), np.nan)
        self.usual = np.zeros((n, self.route.timing.n_usual))
        self.of_kind = memory_of(self.route.staying, n)
        """What numbers stay at; see `staying.py`."""
        self.doubts = np.zeros((n, 0, 0))
        """Standard normal numbers for the weights of each series' drafts; none: they are not doubted."""

    def keep(self, n: int) -> None:
        """Go on with the first n series alone."""
        self.choose(slice(n))

    def choose(self, rows: slice | Int[np.ndarray, " m"]) -> None:
        """Go on with some of the series, any of them several times."""
        for name in _OF_SERIES:
            setattr(self, name, getattr(self, name)[rows])
        self.lags = self.lags[:, rows]

    def history(self) -> Float[np.ndarray, "n n_history"]:
        """What is known before the next step."""
        absent = np.where(self.absent > 0, np.log1p(self.run), -np.log1p(self.run))
        parts = [self.last, self.fast, self.slow, self.size, self.off, self.absent, 0.3 * absent]
        if self.route.season:
            parts.append(self._lag(self.route.season - 1))
        parts.append(self.usual)
        left, to_go = self._left()
        step = min(self.step, FAR_IN) if self.route.is_endless else self.step
        place = [np.full(len(left), np.log1p(step) / 3), np.log1p(left) / 3, left <= 1, np.log1p(to_go) / 3]
        place.append(-self.pace() / 3)
        now = self.moment(self.times) if self.step else np.zeros((len(left), self.route.n_moment))
        return np.concatenate([*parts, now, np.stack(place, 1)], 1, dtype=np.float32)

    def pace(self) -> Float[np.ndarray, " n"]:
        """The logarithm of how many steps a day are left to go; always the same where there is no end."""
        left, to_go = self._left()
        return np.log((left + 1) / (to_go + 0.01)).clip(-6, 6)

    def _left(self) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
        """Steps and days to go; none where there is no end."""
        if self.route.is_endless:
            return np.zeros(len(self.times)), np.zeros(len(self.times))
        days_at = self.route.timing.days_at
        to_go = days_at(self.last_times) - days_at(self.times)
        return np.maximum(self.n_steps - self.step, 0).astype(float), np.maximum(to_go, 0.0)

    def moment(self, times: Int[np.ndarray, " n"]) -> Float[np.ndarray, "n n_moment"]:
        """What is known of the time of the next step."""
        timing = self.route.timing
        days, before = timing.days_at(times), timing.days_at(self.times)
        gap = np.log1p((days - before).clip(0) * 24) / 3 if self.step else np.zeros(len(days))
        parts = [timing.features(times), gap[:, None]]
        if self.route.n_recalled:
            parts.append(self._recall(days))
        return np.concatenate(parts, 1, dtype=np.float32)

    def days(self) -> Int[np.ndarray, " n"]:
        """The day of the last step, since 1970."""
        return np.floor(self.route.timing.days_at(self.times)).astype(np.int64)

    def seen_days(self) -> Int[np.ndarray, "n n_recalled"]:
        """The day on which each remembered state was last there; -1 where it was not."""
        return np.where(np.isfinite(self.seen_at), np.floor(self.seen_at), -1.0).astype(np.int64)

    def again(self, states: States) -> Float[np.ndarray, "n n_again"]:
        """The numbers of the last step that had the same state as the next one, and whether there was one.

        Args:
            states: Of all columns; those that are remembered count.
        """
        found, first = [np.zeros((len(self.times), 0))], 0
        for column, n_states in self.route.recalled:
            found.append(self.number_at[np.arange(len(states)), first + states[:, column]])
            first += n_states
        then = np.concatenate(found, 1)
        return np.concatenate([np.nan_to_num(then), ~np.isnan(then)], 1, dtype=np.float32)

    def shares(self) -> Float[np.ndarray, "n one_and_counted"]:
        """In which share of the steps so far each counted state was; last, how many steps there were."""
        length = np.full((len(self.n_at), 1), LENGTH_SCALE * np.log1p(self.step))
        return np.concatenate([self.n_at / max(self.step, 1), length], 1, dtype=np.float32)

    def regressors(self, times: Int[np.ndarray, " n"]) -> Float[np.ndarray, "n n_regressors"]:
        """What drafts of a step at these times are made of."""
        places = self.route.drafted
        parts = [np.ones((len(self.times), 1)), self.last, self._lag(1), self.slow]
        parts = [parts[0], *(part[:, places] for part in parts[1:]), self.route.timing.waves(times)]
        if season := self.route.season:
            parts += [self._lag(season - 1)[:, places], self._lag(season)[:, places]]
        if self.route.is_endless:
            parts.append(self.route.timing.trend(times)[:, None])
        return np.concatenate(parts, 1)

    def push(self, times: Int[np.ndarray, " n"], states: States, numbers: Numbers, off: Numbers) -> None:
        """Take a step.

        Args:
            times: When it was.
            states: Of all columns.
            numbers: Of all measures, NaN where missing.
            off: How far each was from its draft, in its spread; zero where there was none.
        """
        route = self.route
        is_there = ~np.isnan(numbers)
        found = np.stack([one.standard(numbers[:, i]) for i, one in enumerate(route.measures)], 1) \
            if route.measures else self.last  # fmt: skip
        found = np.where(is_there, found, self.last)
        is_new = is_there & (self.n_seen == 0)
        self.n_seen += is_there
        weight = np.maximum(1 / np.maximum(self.n_seen, 1), SLOW) * is_there
        self.fast = np.where(is_new, found, self.fast + FAST * is_there * (found - self.fast))
        self.slow += weight * (found - self.slow)
        self.off = np.clip(off, -4, 4) / 3
        self.size += 0.1 * is_there * (np.abs(self.off) - self.size)
        is_same = (self.absent > 0) == ~is_there
        self.run = np.where(is_same, self.run + 1, 1)
        self.absent = (~is_there).astype(float)
        self.numbers = np.where(is_there, numbers, self.numbers)
        self.last = found
        self.lags[self.step % len(self.lags)] = found
        self._remember(times, states, np.where(is_there, found, np.nan))
        remember(self.of_kind, route.staying, states, numbers)
        self.usual += (route.timing.habit(times) - self.usual) / (self.step + 1)
        self.times = times
        self.step += 1

    def _lag(self, n: int) -> Float[np.ndarray, "n n_measures"]:
        """The standard numbers of n steps before the last one, or the last known where it began later."""
        if self.step <= n:
            return self.last
        return self.lags[(self.step - 1 - n) % len(self.lags)]

    def _remember(self, times: Int[np.ndarray, " n"], states: States, found: Numbers) -> None:
        rows, first = np.arange(len(times)), 0
        for column, n_states in self.route.counted:
            self.n_at[rows, first + states[:, column]] += 1
            first += n_states
        days, first = self.route.timing.days_at(times), 0
        for column, n_states in self.route.recalled:
            here = first + states[:, column]
            self.seen_at[rows, here] = days
            self.number_at[rows, here] = found
            first += n_states

    def _recall(self, days: Float[np.ndarray, " n"]) -> Float[np.ndarray, "n n_told"]:
        """How long ago each state was there, and how long it is to the same day of the next month."""
        since = days[:, None] - self.seen_at  # (n, n_recalled)
        is_seen = np.isfinite(since)
        since = np.where(is_seen, since, 0.0)
        left = to_same_day(days[:, None] - since, since)
        hats = np.maximum(0.0, 1 - np.abs(left[..., None] - _HATS)) * is_seen[..., None]
        told = np.stack([is_seen, np.log1p(since) / 3, np.minimum(since / MONTH_DAYS, 3)], 2)
        return np.concatenate([told, hats], 2).reshape(len(days), -1)


def distances(
    walk: Walk, times: Int[np.ndarray, " n"], numbers: Numbers
) -> tuple[Float[np.ndarray, "n n_drafted"], Bool[np.ndarray, "n n_drafted"]]:
    """How far the numbers of a step are from their drafts, in its spread, and which are the last ones again.

    Args:
        walk: Before that step.
        times: When it is.
        numbers: Of all measures, NaN where missing.
    """
    places, draft = walk.route.drafted, walk.route.draft
    if draft is None:
        return np.zeros((len(numbers), 0)), np.zeros((len(numbers), 0), bool)
    past = walk.route.past_at(walk.step)
    wanted = np.stack([walk.route.measures[p].standard(numbers[:, p]) for p in places], 1)
    filled = np.where(np.isnan(wanted), walk.last[:, places], wanted)
    drafted = walk.regressors(times) @ draft.past[past] + filled @ draft.beside[past]
    return (wanted - drafted) / draft.spread[past], numbers[:, places] == walk.numbers[:, places]


def lengths_first(lengths: Sequence[int] | Int[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    """The order in which the longest series come first."""
    return np.argsort(-np.asarray(lengths), kind="stable")
