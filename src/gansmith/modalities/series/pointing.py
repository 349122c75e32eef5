"""Which day the next event falls on: the days ahead are looked at in the calendar.

A gap of eleven days says little; the twenty-fifth of the month, a Monday, or the day on which the last salary
came says much. So each gap that may be drawn is judged by the day it leads to as well: by its weekday, its
place in month and year, and by whether an earlier event fell on the same day of its month.

Source:
    Vinyals et al. 2015, "Pointer networks" (arXiv:1506.03134): choices judged by what they point at.
"""

from __future__ import annotations

from typing import Final, final

import numpy as np
import torch
from jaxtyping import Float, Int
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
_BESIDE: Final = (-2, -1, 0, 1, 2)
"""Days from the same day of the month that are told apart: what falls on a weekend is moved."""
AHEAD: Final = 800
"""Days of the calendar after the last one that was learnt from; what lies beyond is like the last of them."""
AGAIN_DAYS: Final = 20
"""Events that lie nearer are of the same month."""
_N_LEFT: Final = 5
Days = Int[Tensor, "*rows"]


@final
class Pointer(nn.Module):
    """Judges gaps by the days they lead to.

    Args:
        steps: What was learnt of steps; their first column is the gap, in days.
        width: Of what is known before a step, the attributes of the series among it.
        n_known: Of what a network knows without them.
    """

    calendar: Tensor
    of_month: Tensor
    offsets: Tensor

    def __init__(self, steps: StepCodec, width: int, n_known: int) -> None:
        super().__init__()
        timing, codec = steps.timing, steps.columns[0]
        assert isinstance(codec, NumberCodec)
        self.first = int(timing.local(np.array([timing.first]))[0] // DAY)
        last = int(timing.local(np.array([timing.last]))[0] // DAY)
        calendar, of_month = _calendar(np.arange(self.first, last + AHEAD))
        self.register_buffer("calendar", torch.from_numpy(calendar), persistent=False)
        self.register_buffer("of_month", torch.from_numpy(of_month), persistent=False)
        self.register_buffer("offsets", torch.from_numpy(_offsets(codec)), persistent=False)
        self.told = layers((calendar.shape[1], N_HIDDEN, N_TOLD), "silu")
        self.usual = nn.Linear(calendar.shape[1], 1, bias=False)
        nn.init.zeros_(self.usual.weight)
        self.wanted = nn.Linear(width, N_TOLD)
        n_again = steps.route.n_recalled * len(_BESIDE)
        self.again = nn.Linear(width, n_again) if n_again else None
        self.day = nn.Linear(N_TOLD, n_known)

    def logits(
        self,
        context: Float[Tensor, "*rows width"],
        days: Int[Tensor, "*rows"],
        seen: Int[Tensor, "*rows n_recalled"],
    ) -> Float[Tensor, "*rows states"]:
        """What the days ahead add to the logits of the gaps that lead there.

        Args:
            context: What is known before a step.
            days: Of the step before, since 1970.
            seen: Days on which each remembered state was last there; negative: it was not.
        """
        ahead = self._place(days)[..., None] + self.offsets  # (*rows, states)
        ahead = ahead.clamp(max=len(self.calendar) - 1)
        told = self.told(self.calendar)[ahead]  # (*rows, states, n_told)
        found = (told * self.wanted(context)[..., None, :]).sum(-1)
        found = found + self.usual(self.calendar)[:, 0][ahead]
        if self.again is None:
            return found
        of_month = self.of_month[ahead]
        before = self.of_month[self._place(seen.clamp_min(0))]
        is_long_ago = days[..., None, None] + self.offsets[:, None] - seen[..., None, :] >= AGAIN_DAYS
        apart = of_month[..., None] - before[..., None, :]  # (*rows, states, n_recalled)
        is_meant = (seen >= 0)[..., None, :] & is_long_ago
        is_again = (apart[..., None] == apart.new_tensor(_BESIDE)) & is_meant[..., None]
        return found + (is_again.flatten(-2) * self.again(context)[..., None, :]).sum(-1)

    def context(self, days: Int[Tensor, "*rows"]) -> Float[Tensor, "*rows width"]:
        """What a day itself says."""
        return self.day(self.told(self.calendar)[self._place(days)])

    def _place(self, days: Int[Tensor, "*rows"]) -> Int[Tensor, "*rows"]:
        return (days - self.first).clamp(0, len(self.calendar) - 1)


def _calendar(days: Int[np.ndarray, " n"]) -> tuple[Float[np.ndarray, "n n_told"], Int[np.ndarray, " n"]]:
    """What is told of days, and which day of the month each is."""
    parts = calendar_parts(days * DAY)
    turn = 2 * np.pi * parts.day_of_year / 365.25
    left = np.eye(_N_LEFT + 1)[np.minimum(parts.days_left, _N_LEFT)][:, :_N_LEFT]
    eyes = [np.eye(7)[parts.weekday], np.eye(31)[parts.day - 1], left, np.eye(12)[parts.month - 1]]
    told = np.concatenate([*eyes, np.stack([np.sin(turn), np.cos(turn)], 1)], 1, dtype=np.float32)
    return told, parts.day.astype(np.int64)


def _offsets(codec: NumberCodec) -> Int[np.ndarray, " states"]:
    """The days of each state of a column of gaps: of a bin those in its middle."""
    states = np.arange(codec.n_states)
    numbers, _ = codec.numbers(states, np.zeros(len(states), np.float32))
    return np.maximum(np.round(numbers), 0).astype(np.int64)
