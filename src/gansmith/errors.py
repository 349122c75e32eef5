"""Every error that Gansmith raises on purpose.

    GansmithError                 exit code 1
    |-- UsageError                exit code 2   the question was wrong: an unknown option, name or value
    |-- DataError                 exit code 3   the data cannot be learnt from, or cannot be read or written
    |   `-- ModelFileError        exit code 3   a `.gan` file is damaged, hostile or of another format
    |-- TrainingError             exit code 1   the game broke down and could not be mended
    `-- QualityError              exit code 4   a score missed what `--require` asked for

Each message says what came in, where, what was wanted and what to do. What is no error, but should be known,
is a note; a `Caution` is one that asks for an answer, and Python hears of it by a `GansmithWarning`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import ClassVar, TypeVar, final

T = TypeVar("T")


class GansmithError(Exception):
    """The root of all errors raised on purpose; `exit_code` is what the command line leaves with."""

    exit_code: ClassVar[int] = 1


class UsageError(GansmithError):
    """What was asked for does not exist: an option, a name, a column or a value."""

    exit_code: ClassVar[int] = 2


class DataError(GansmithError):
    """The data is missing, malformed, or cannot be learnt from, read or written."""

    exit_code: ClassVar[int] = 3


class ModelFileError(DataError):
    """A model file is damaged, hostile, or of a format this version does not know."""


class TrainingError(GansmithError):
    """The game broke down and rolling back did not mend it."""


class QualityError(GansmithError):
    """A score missed what was required of it."""

    exit_code: ClassVar[int] = 4


class GansmithWarning(UserWarning):
    """Something was not learnt, or is not to be had, as it was meant; the message says what would help."""


@final
class Caution(str):
    """A note that asks for an answer: something was not learnt as it was given, and somebody can help that.

    Other notes say how data was understood. Whoever shows notes may treat both alike.
    """

    __slots__ = ()


def find(known: Mapping[str, T], what: str, name: str) -> T:
    """What is known by that name.

    Raises:
        UsageError: When nothing is, with the nearest known name.
    """
    if name not in known:
        raise UsageError(f"{what} {name!r} is not known. {did_you_mean(name, known)}")
    return known[name]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A sentence naming the nearest known name, or all of them when none is near.

    Example:
        >>> did_you_mean("hinje", ["hinge", "minimax"])
        "Did you mean 'hinge'?"
    """
    options = list(known)
    folded = {option.casefold(): option for option in options}
    near = get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    if near:
        return f"Did you mean {folded[near[0]]!r}?"
    shown = ", ".join(repr(option) for option in options[:12])
    return f"Known: {shown}{', ...' if len(options) > 12 else ''}."
