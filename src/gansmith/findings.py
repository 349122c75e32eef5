"""What is found wrong with data before it is learnt from, whatever its kind.

A finding says what was found, where, how often, and what to do. Checks of a kind of data make them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, final

SPOILS: Final = 3
"""Weight of what makes records or scores wrong: it asks for an answer."""
WEAKENS: Final = 2
"""Weight of what limits how well records can be learnt or judged."""
WORTH_KNOWING: Final = 1
"""Weight of what is said to those who look at data, and not each time that it is learnt."""
MAX_FINDINGS: Final = 10
"""That are told of one data set."""
FEW_OF_A_CLASS: Final = 20
"""Records of a class below which little is known of it: a tenth of them, which is held out, is two."""
FEW_RECORDS: Final = 200
"""Below which a tenth that is held out is fewer than twenty: too few to choose the best networks by."""
MIN_COPIES_SHARE: Final = 0.01
"""Share of records that repeat an earlier one; below it neither what is learnt nor a score moves."""
MAX_NAMED: Final = 4
"""Columns or values that one finding names."""


@final
@dataclass(frozen=True)
class Finding:
    """What was found, where, how often, and what to do."""

    check: str
    """What has found it."""
    weight: int
    """`SPOILS`, `WEAKENS` or `WORTH_KNOWING`."""
    said: str
    """What was found, as a sentence without its full stop."""
    cure: str
    """What to do, as one or more sentences."""
    columns: tuple[str, ...] = ()
    """Where."""
    n_records: int = 0
    """How many records it concerns."""

    def __str__(self) -> str:
        return f"{self.said}. {self.cure}"


def worst_first(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings that are told, the worst first; of equal weight in the order in which they come."""
    return tuple(sorted(found, key=lambda one: -one.weight)[:MAX_FINDINGS])


def named(names: Iterable[str]) -> str:
    """Some names, and how many more there are.

    Example:
        >>> named(["a", "b", "c", "d", "e", "f"])
        "'a', 'b', 'c', 'd' and 2 more"
    """
    listed = list(names)
    shown = ", ".join(map(repr, listed[:MAX_NAMED]))
    return shown + (f" and {len(listed) - MAX_NAMED} more" if len(listed) > MAX_NAMED else "")


def few_records(n: int, what: str, cure: str) -> tuple[Finding, ...]:
    """A finding where there are too few of them to choose networks by."""
    if n >= FEW_RECORDS:
        return ()
    said = f"only {n:,} {what}: too few to choose the best networks by, or to judge what they make"
    return (Finding("few records", WEAKENS, said, cure, (), n),)


def rare_classes(counts: Mapping[str, int], target: str, min_count: int, what: str) -> tuple[Finding, ...]:
    """A finding where classes have too few records to be learnt.

    Args:
        counts: Records of each class.
        target: What the classes are of.
        min_count: Records that must share a class before it is named.
        what: What records are called.
    """
    few = {name: n for name, n in counts.items() if n < FEW_OF_A_CLASS}
    if not few or len(counts) < 2:
        return ()
    shown = [f"{name!r} ({n})" for name, n in sorted(few.items(), key=lambda one: -one[1]) if n >= min_count]
    n_classes = "a class has" if len(few) == 1 else f"{len(few):,} of {len(counts):,} classes have"
    some = f": {', '.join(shown[:MAX_NAMED])}{', ...' if len(few) > len(shown[:MAX_NAMED]) else ''}"
    said = f"{target!r}: {n_classes} fewer than {FEW_OF_A_CLASS} {what}{some if shown else ''}"
    cure = (
        "Little can be learnt from so few: collect more, merge classes, or see with "
        f"`gansmith rebalance DATA --target {target}` whether synthetic {what} help."
    )
    return (Finding("rare classes", SPOILS, said, cure, (target,), sum(few.values())),)


def copies(n_again: int, n: int, what: str, cure: str) -> tuple[Finding, ...]:
    """A finding where many of the records repeat an earlier one."""
    if n_again < max(2, MIN_COPIES_SHARE * n):
        return ()
    said = f"{n_again:,} of {n:,} {what} ({n_again / n:.1%}) repeat an earlier one"
    return (Finding("copies", SPOILS, said, cure, (), n_again),)
