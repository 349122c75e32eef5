"""Keeping a run within its budget."""

from __future__ import annotations

from gansmith.tasks.runs.budget import MIN_STEPS, Pace


class Clock:
    """A clock that is set by hand."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_a_run_in_time_is_left_alone():
    clock = Clock()
    pace = Pace(100, 100, 0, clock)
    for step in range(100, 1001, 100):
        clock.seconds = step / 10
        assert pace.look(step, 1000) == 1000


def test_a_little_late_is_in_time():
    clock = Clock()
    pace = Pace(100, 100, 0, clock)
    clock.seconds = 51.4
    assert pace.look(500, 1000) == 1000
    clock.seconds = 53
    assert pace.look(510, 1000) < 1000


def test_a_machine_at_half_its_speed_does_half_of_what_was_left():
    clock = Clock()
    pace = Pace(100, 100, 0, clock)
    for step in range(100, 501, 100):
        clock.seconds = step / 10
        pace.look(step, 1000)
    planned = 1000
    for step in range(525, 626, 25):  # two tenths of a second a step instead of one
        clock.seconds += 5
        planned = pace.look(step, 1000)
    assert planned == 625 + (100 - 75) * 5


def test_a_budget_that_is_over_ends_the_run_at_once_but_for_a_few_steps():
    clock = Clock()
    pace = Pace(10, 10, 0, clock)
    clock.seconds = 11
    assert pace.look(2, 1000) == MIN_STEPS
    clock.seconds = 12
    assert pace.look(400, 1000) == 401
