"""Which day the next event falls on: the days ahead are looked at in the calendar, one after the other.

A gap of eleven days says little; the twenty-fifth of the month, a Monday, or the day on which the last salary
came says much. So each day ahead has a rate, as of a Poisson process: how many events are expected on it, if
none came before. Weekdays, the places of days in month and year, and days on which earlier events fell
multiply it. Who is paid on the fifteenth is paid on the Friday before, where that is a Sunday: a business day
stands for the days of a weekend before or after it, too.

Sources:
    Vinyals et al. 2015, "Pointer networks" (arXiv:1506.03134): choices judged by what they point at.
    Daley and Vere-Jones 2003, "An introduction to the theory of point processes", 7.2: the chance of the next
    event by the rates of the days until then.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, final

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from gansmith.modalities.series.steps import StepCodec
from gansmith.modalities.series.ticks import calendar_parts
from gansmith.nets.mlp import layers
from gansmith.tabular.columns.measures import NumberCodec
from gansmith.tabular.constraints.calendar import DAY

N_TOLD: Final = 16
"""Numbers that are learnt of a day, ..."""
N_HIDDEN: Final = 48
"""... by way of so many: the Friday before the 25th is a day of its own."""
GAIN: Final = 6.0
"""What judges a day outright counts as much more: some days are certain, and must be learnt to be soon."""
_BESIDE: Final = (-2, -1, 0, 1, 2)
"""Days from the same day of the month that are told apart: what falls on a weekend is moved."""
AHEAD: Final = 800
"""Days of the calendar after the last one that was learnt from; what lies beyond is like the last of them."""
LINEAR: Final = 2.0
"""Logarithm of a rate from which on it grows no faster than its logarithm."""
EXP_LINEAR: Final = math.exp(LINEAR)
N_WEEKDAYS: Final = 7
"""Where the calendar of days begins: which day of the week it is."""
N_MARKS: Final = 4
"""Numbers that say what a day is to such series."""
FIRST_SPREAD: Final = 0.01
AGAIN_DAYS: Final = 20
"""Events that lie nearer are of the same month."""
_N_LEFT: Final = 5
Days = Int[Tensor, "*rows"]


@final
class Pointer(nn.Module):
    """Judges gaps by the days they lead to.

    Args:
        steps: What was learnt of steps; their first column is the gap, in days.
        width: Of what is known before a step, the attributes of the series last.
        n_known: Of what a network knows without them.
        plain: Places of categories among the attributes: each may have its own days.
    """

    calendar: Tensor
    of_month: Tensor
    offsets: Tensor
    order: Tensor
    even: Tensor
    place: Tensor

    def __init__(self, steps: StepCodec, width: int, n_known: int, plain: Sequence[int]) -> None:
        super().__init__()
        timing, codec = steps.timing, steps.columns[0]
        assert isinstance(codec, NumberCodec)
        self.first = int(timing.local(np.array([timing.first]))[0] // DAY)
        last = int(timing.local(np.array([timing.last]))[0] // DAY)
        calendar, of_month = _calendar(np.arange(self.first, last + AHEAD))
        self.register_buffer("calendar", torch.from_numpy(calendar), persistent=False)
        self.register_buffer("of_month", torch.from_numpy(of_month), persistent=False)
        self.register_buffer("offsets", torch.from_numpy(_offsets(codec)), persistent=False)
        order = np.argsort(_offsets(codec), kind="stable")
        self.register_buffer("order", torch.from_numpy(order), persistent=False)
        share = 1 / np.arange(len(order), 1, -1)  # of what is left, in each but the last
        even = np.append(np.log(-np.log1p(-share)), 0).astype(np.float32)
        self.register_buffer("even", torch.from_numpy(even), persistent=False)
        self.register_buffer("place", torch.from_numpy(np.argsort(order)), persistent=False)
        self.told = layers((calendar.shape[1], N_HIDDEN, N_TOLD), "silu")
        self.plain = torch.from_numpy(n_known + np.array(plain, np.int64))
        self.usual: Tensor = nn.Parameter(torch.zeros(1 + len(plain), calendar.shape[1]))
        self.pace_of = nn.Parameter(torch.cat([torch.ones(1), torch.zeros(len(plain))]))
        self.wanted = nn.Linear(width, N_TOLD)
        n_again = steps.route.n_recalled * (len(_BESIDE) + 1)
        self.again = nn.Linear(width, n_again) if n_again else None
        self.habit: Tensor = nn.Parameter(torch.zeros(N_MARKS, n_again))
        self.habit_of: Tensor = nn.Parameter(_shared(1 + len(plain)))
        self.marks = nn.Parameter(torch.randn(N_MARKS, 1 + len(plain), calendar.shape[1]) * FIRST_SPREAD)
        self.again_marks = nn.Parameter(torch.zeros(n_again, N_MARKS))
        self.again_marks_of = nn.Parameter(_shared(1 + len(plain)))
        self.marked = nn.Linear(N_MARKS, n_known)
        self.day = nn.Linear(N_TOLD, n_known)

    def logits(
        self,
        context: Float[Tensor, "*rows width"],
        days: Int[Tensor, "*rows"],
        seen: Int[Tensor, "*rows n_recalled"],
        pace: Float[Tensor, "*rows"],
    ) -> Float[Tensor, "*rows states"]:
        """What the days ahead add to the logits of the gaps that lead there.

        Args:
            context: What is known before a step.
            days: Of the step before, since 1970.
            seen: Days on which each remembered state was last there; negative: it was not.
            pace: See `Walk.pace`: what is left to be done in the time that is left multiplies all rates.
        """
        ahead = self._place(days)[..., None] + self.offsets  # (*rows, states)
        ahead = ahead.clamp(max=len(self.calendar) - 1)
        told = self.told(self.calendar)[ahead]  # (*rows, states, n_told)
        found = (told * self.wanted(context)[..., None, :]).sum(-1)
        kind = self._kind(context)
        usual = GAIN * kind @ (self.usual @ self.calendar.T)  # (*rows, days)
        found = found + usual.gather(-1, ahead) + (kind @ self.pace_of * pace)[..., None]
        if self.again is None:
            return found
        again = self.again(context) + GAIN * (kind @ self.habit_of) @ self.habit
        return found + (self._is_again(days[..., None] + self.offsets, seen) * again[..., None, :]).sum(-1)

    def _is_again(
        self, ahead: Int[Tensor, "*rows days"], seen: Int[Tensor, "*rows n_recalled"]
    ) -> Bool[Tensor, "*rows days n_again"]:
        """Which days lie beside the day of the month on which a state was last there, or it never was."""
        of_month = self.of_month[self._place(ahead)]
        before = self.of_month[self._place(seen.clamp_min(0))]
        is_meant = (seen >= 0)[..., None, :] & (ahead[..., None] - seen[..., None, :] >= AGAIN_DAYS)
        apart = of_month[..., None] - before[..., None, :]  # (*rows, days, n_recalled)
        beside = (apart[..., None] == apart.new_tensor(_BESIDE)) & is_meant[..., None]
        never = (seen < 0)[..., None, :, None].expand(*apart.shape, 1)
        return torch.cat([beside, never], -1).flatten(-2)

    def _kind(self, context: Float[Tensor, "*rows width"]) -> Float[Tensor, "*rows one_and_plain"]:
        """What all series have in common, and the categories of each."""
        return torch.cat([torch.ones_like(context[..., :1]), context[..., self.plain]], -1)

    def waited(self, logits: Float[Tensor, "*rows states"]) -> Float[Tensor, "*rows states"]:
        """Logarithms of the chances of gaps.

        Args:
            logits: Of each the logarithm of how many events are expected in it; of zeros all are as likely.
        """
        found = logits[..., self.order] + self.even
        rate = torch.where(found < LINEAR, found.clamp(max=LINEAR).exp(), EXP_LINEAR * (1 + found - LINEAR))
        rate = rate.clamp_min(1e-9)
        not_yet = -torch.cumsum(rate, -1)
        not_before = torch.cat([torch.zeros_like(not_yet[..., :1]), not_yet[..., :-1]], -1)
        now = torch.log(-torch.expm1(-rate[..., :-1]))
        now = torch.cat([now, torch.zeros_like(rate[..., -1:])], -1)
        return (now + not_before)[..., self.place]

    def context(
        self,
        context: Float[Tensor, "rows width"],
        days: Int[Tensor, " rows"],
        seen: Int[Tensor, "rows n_recalled"],
    ) -> Float[Tensor, "rows n_known"]:
        """What a day itself says, and what it is to such series.

        Args:
            context: As for `logits`.
            days: Of the step.
            seen: As for `logits`.
        """
        place = self._place(days)
        kind = self._kind(context)
        marks = torch.einsum("rk,mkd,rd->rm", kind, self.marks, self.calendar[place])
        if self.again is not None:
            again = self._is_again(days[:, None], seen)[:, 0].to(marks) @ self.again_marks
            marks = marks + again * (kind @ self.again_marks_of)
        return self.day(self.told(self.calendar)[place]) + self.marked(GAIN * marks)

    def _place(self, days: Int[Tensor, "*rows"]) -> Int[Tensor, "*rows"]:
        return (days - self.first).clamp(0, len(self.calendar) - 1)


def _shared(n: int) -> Float[Tensor, "n n_marks"]:
    """Weights with which what is learnt of one kind of series is learnt of all, to begin with."""
    return torch.cat([torch.ones(1, N_MARKS), torch.zeros(n - 1, N_MARKS)]) + FIRST_SPREAD * torch.randn(
        n, N_MARKS
    )


def _calendar(days: Int[np.ndarray, " n"]) -> tuple[Float[np.ndarray, "n n_told"], Int[np.ndarray, " n"]]:
    """What is told of days, and which day of the month each is."""
    parts = calendar_parts(days * DAY)
    turn = 2 * np.pi * parts.day_of_year / 365.25
    is_business = parts.weekday < 5
    one_of_month = np.eye(31)[parts.day - 1]
    left = _hot(parts.days_left, _N_LEFT)
    eyes = [np.eye(7)[parts.weekday], one_of_month, left, np.eye(12)[parts.month - 1]]
    eyes += [_moved(days, is_business, ahead) for ahead in (1, -1)]
    month = days.astype("M8[D]").astype("M8[M]")
    first, last = (each.astype("M8[D]") for each in (month, month + 1))
    before, after = np.busday_count(first, days.astype("M8[D]")), np.busday_count(days.astype("M8[D]"), last)
    eyes += [_hot(before, _N_LEFT) * is_business[:, None], _hot(after - 1, _N_LEFT) * is_business[:, None]]
    told = np.concatenate([*eyes, np.stack([np.sin(turn), np.cos(turn)], 1)], 1, dtype=np.float32)
    return told, parts.day.astype(np.int64)


def _hot(numbers: Int[np.ndarray, " n"], n: int) -> Float[np.ndarray, "n n_told"]:
    """Ones for the first so many numbers."""
    return np.eye(n + 1)[np.clip(numbers, 0, n)][:, :n]


def _moved(days: Int[np.ndarray, " n"], is_business: np.ndarray, ahead: int) -> Float[np.ndarray, "n 31"]:
    """The days of the month for which each business day stands, where weekends are moved to the one before.

    Args:
        days: Since 1970.
        is_business: Which are no weekend.
        ahead: 1; or -1: they are moved to the one after.
    """
    found, is_open = np.zeros((len(days), 31)), is_business.copy()
    for k in range(3):
        then = days + k * ahead
        is_open = is_open & ((k == 0) | ((then + 3) % 7 >= 5))
        day = (then.astype("M8[D]") - then.astype("M8[D]").astype("M8[M]")).astype(np.int64)
        found[np.arange(len(days)), day] = np.maximum(found[np.arange(len(days)), day], is_open)
    return found


def _offsets(codec: NumberCodec) -> Int[np.ndarray, " states"]:
    """The days of each state of a column of gaps: of a bin those in its middle."""
    states = np.arange(codec.n_states)
    numbers, _ = codec.numbers(states, np.zeros(len(states), np.float32))
    return np.maximum(np.round(numbers), 0).astype(np.int64)
