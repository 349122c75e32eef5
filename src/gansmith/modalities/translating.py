"""How models turn records into others: what is wished of them, and the way in which they do it.

A kind of data whose models do so is `Translating`; whoever applies and measures them needs no more of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, final, runtime_checkable

from torch import Tensor

from gansmith.engine.games import AbstractRules, Networks
from gansmith.modalities.grids import Translatable
from gansmith.tabular.where import Where


@final
@dataclass(frozen=True)
class Wish:
    """What is wanted of a model that turns records into others."""

    strength: float = 1.0
    """From 0, what there was before any game, to 1, all that was learnt."""
    seed: int = 0
    """Of what many answers are right for; another seed, another answer."""
    is_back: bool = False
    """Whether records of the second set are to become such as those of the first."""
    where: Where = ()
    """What records shall become, of several things that the model knows."""


@final
@dataclass(frozen=True)
class Way:
    """How a model turns a record into another."""

    turn: Callable[[Sequence[Tensor]], Tensor]
    """Parts, of shapes `(1, ..., *grid)`, to a record, shape `(1, n_made, *grid * factor)`."""
    parts: Callable[[Tensor], list[Tensor]]
    """A whole record, shape `(1, n_given, *grid)` or with one channel more where it `has_masks`, to those."""
    reach: int
    """How far a point of the result may see, in points of the record."""
    multiple: int
    """What sides of tiles are multiples of."""
    translatable: Translatable
    """The format of the records."""
    kind: str
    """Of the records."""
    n_given: int
    """Channels of a record."""
    n_made: int
    """Channels of the result."""
    factor: int = 1
    """By which sides are multiplied."""
    size: int = 0
    """Longest side that whole records are brought to; 0: none."""
    has_masks: bool = False
    """Whether masks may say what of a record counts as missing."""
    makes_masks: bool = False
    """Whether results are to be counted, not looked at."""
    is_always_marked: bool = False
    """Whether results carry marks whatever is wished, in memory, too."""
    is_various: bool = False
    """Whether many answers are right, so that noise decides."""
    weaker: tuple[str, str] | None = None
    """A name for what strength 0 makes, and what it is; None: it leaves records as they are."""
    returning: Wish | None = None
    """What turns results back; None: nothing does."""
    said: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What a person should know of it later, by name."""


@runtime_checkable
class Aiming(Protocol):
    """Models of this kind turn records into any of several things."""

    def targets(self, codec: Any, where: Where) -> Mapping[str, Where]:
        """By a name for people what is asked of each: every value that fulfils the conditions.

        Raises:
            UsageError: There is no such attribute, or it never has that value.
        """
        ...


@runtime_checkable
class Translating(Protocol):
    """Models of this kind turn records into others."""

    def way(self, codec: Any, rules: AbstractRules, networks: Networks, wish: Wish) -> Way:
        """How finished networks do what is wished.

        Raises:
            UsageError: The model cannot, with what it can.
        """
        ...
