"""Where a peer is better than Gansmith, in sentences that nobody has to write and nobody can leave out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, final

from bench.peers.competitors import COMPETITORS, OURS
from bench.peers.results import DEFAULT, Result

RACES: Final = ("as_mostlyai", DEFAULT)
"""Which of our runs is compared: the one at equal time where there is one."""


@final
@dataclass(frozen=True)
class Quantity:
    """Something that can be better."""

    label: str
    of: Callable[[Result], float | None]
    badness: Callable[[float], float]
    """Smaller is better."""
    form: str


def _measured(name: str) -> Callable[[Result], float | None]:
    return lambda result: result.measured.get(name)


def _independent(name: str) -> Callable[[Result], float | None]:
    return lambda result: result.independent_card.get(name)


def _own(name: str) -> Callable[[Result], float | None]:
    def value(result: Result) -> float | None:
        numbers: Any = result.own_card.get(name, {})
        return numbers.get("value") if isinstance(numbers, dict) else None

    return value


QUANTITIES: Final = (
    Quantity("shape", _independent("shape"), lambda x: x, ".2f"),
    Quantity("trend", _independent("trend"), lambda x: x, ".2f"),
    Quantity("c2st", _independent("c2st"), lambda x: abs(x - 0.5), ".3f"),
    Quantity("tstr", _independent("tstr"), lambda x: -x, ".3f"),
    Quantity("own c2st", _own("c2st"), lambda x: abs(x - 0.5), ".3f"),
    Quantity("own marginal", _own("marginal"), lambda x: x, ".2f"),
    Quantity("own pair", _own("pair"), lambda x: x, ".2f"),
    Quantity("own tstr", _own("tstr"), lambda x: -x, ".3f"),
    Quantity("fit seconds", _measured("fit_cpu_seconds"), lambda x: x, ",.0f"),
    Quantity("rows/s", _measured("rows_per_cpu_second"), lambda x: -x, ",.0f"),
    Quantity("MiB", _measured("peak_mib"), lambda x: x, ",.0f"),
)


FOUR: Final = ("shape", "trend", "c2st", "tstr")
"""The figures that a fight is about."""


def is_better(name: str, one: float, other: float) -> bool:
    """Whether `one` is a better value of the quantity called `name` than `other`."""
    badness = next(quantity.badness for quantity in QUANTITIES if quantity.label == name)
    return badness(one) < badness(other)


def better_peers(results: Sequence[Result]) -> list[str]:
    """One sentence for each peer that beats our run of the same table and seed in anything."""
    ours = our_run(results)
    if ours is None:
        return []
    sentences: list[str] = []
    for peer in results:
        if not COMPETITORS[peer.key.competitor].is_peer or peer.failed or peer.key.seed != ours.key.seed:
            continue
        wins = [said for quantity in QUANTITIES if (said := _win(quantity, peer, ours))]
        if wins:
            who = f"{COMPETITORS[peer.key.competitor].title}, {peer.key.length}"
            sentences.append(f"{who}, is better than Gansmith, {ours.key.length}, in {', '.join(wins)}.")
    return sentences


def our_run(results: Sequence[Result]) -> Result | None:
    """The run of ours that is compared with the peers."""
    mine = [one for one in results if one.key.competitor == OURS and not one.failed and not one.key.seed]
    by_length = {one.key.length: one for one in mine}
    return next((by_length[length] for length in RACES if length in by_length), None)


def _win(quantity: Quantity, peer: Result, ours: Result) -> str:
    theirs, mine = quantity.of(peer), quantity.of(ours)
    if theirs is None or mine is None or not is_better(quantity.label, theirs, mine):
        return ""
    return f"{quantity.label} ({theirs:{quantity.form}} against {mine:{quantity.form}})"
