"""A column is the product of others: total = quantity * price * (1 - discount), rounded as it is.

Shares may be in percent: then a discount is 1 - discount / 100 of the price.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import ClassVar, Final, Literal, final

import numpy as np
import pyarrow as pa
from jaxtyping import Float, Int

from gansmith.errors import DataError
from gansmith.settings import Annotated, Field, settings
from gansmith.tabular.cells import Mask, Numbers, cells_of
from gansmith.tabular.columns.measures import step_of, units
from gansmith.tabular.constraints.base import Columns, Named, check_kinds
from gansmith.tabular.constraints.derived import RELATIVE, AbstractFormula, held
from gansmith.tabular.constraints.view import MIN_RECORDS, View
from gansmith.tabular.schema import Column

MAX_TOGETHER: Final = 40
"""Columns that are looked at together."""
MAX_TRIED: Final = 50
"""Products that are looked at closely for one column."""
MAX_HELD: Final = 4
"""Products that are looked at in all records for one column."""
MAX_LOOKS: Final = 3
_FEW: Final = 16
"""Records by which nearly all products are ruled out."""
_TIMES: Final = (1.0, 100.0, 0.01, 10_000.0)
"""What a product may be multiplied with: percentages, and metres that are given in centimetres."""

Role = Literal["factors", "divisors", "less", "more", "without"]


@final
@settings(eq=False, error=DataError)
class Product(AbstractFormula):
    """`column` is a product, and missing where one of the others is, or where it would be divided by zero."""

    kind: ClassVar[str] = "product"

    column: Named
    factors: Annotated[Columns, Field(min_length=1)]
    """Multiplied with each other."""
    divisors: tuple[Named, ...] = ()
    """Divided by each of these, which may stand there twice: weight / height / height."""
    less: Columns = ()
    """And times one minus each of these shares: discounts."""
    more: Columns = ()
    """And times one plus each of these: taxes."""
    without: Columns = ()
    """And divided by one plus each of these."""
    percent: bool = False
    """Whether shares are in percent."""
    times: float = 1.0
    """And times this: 100 for a ratio in percent, 0.01 for a percentage of something."""
    may_be_missing: bool = False

    def __post_init__(self) -> None:
        once = dict.fromkeys(self.divisors)
        others = [one for one in self._sources if one not in once]
        check_kinds((self.column, *others, *once), lambda one: one.traits.is_number, "numbers")
        if not self.times:
            raise DataError("'times' is 0, and so would be every product. Give another number.")
        if len(self._sources) < 2:
            raise DataError("it names one factor alone. For a multiple of one column take the kind 'sum'.")

    @property
    def target(self) -> Column:
        return self.column

    def in_words(self) -> str:
        each = "{} / 100" if self.percent else "{}"
        parts = [
            *([f"{self.times:g}"] if self.times != 1 else []),
            *(one.name for one in self.factors),
            *(f"(1 - {each.format(one.name)})" for one in self.less),
            *(f"(1 + {each.format(one.name)})" for one in self.more),
        ]
        below = [one.name for one in self.divisors]
        below += [f"(1 + {each.format(one.name)})" for one in self.without]
        return f"{self.column.name} = {' / '.join([' * '.join(parts), *below])}"

    def exact(self, records: pa.Table) -> tuple[Numbers, Mask, Numbers]:
        found = {one.name: units(cells_of(records, one.name), one) for one in self._sources}
        missing = np.logical_or.reduce([lacking for _, lacking in found.values()])
        share = 0.01 if self.percent else 1.0
        made = np.full(records.num_rows, self.times)
        for one in self.factors:
            made = made * found[one.name][0]
        for sign, some in ((-share, self.less), (share, self.more)):
            for one in some:
                made = made * (1 + sign * found[one.name][0])
        below = [found[one.name][0] for one in self.divisors]
        below += [1 + share * found[one.name][0] for one in self.without]
        for one in below:
            missing = missing | (one == 0)
            made = made / np.where(one == 0, 1.0, one)
        return made, missing, np.abs(made)

    @property
    def is_ratio(self) -> bool:
        """Whether something is divided."""
        return bool(self.divisors or self.without)

    @property
    def _sources(self) -> tuple[Column, ...]:
        return (*self.factors, *self.divisors, *self.less, *self.more, *self.without)


@final
@dataclass(frozen=True)
class _Term:
    """What a column may be in a product."""

    place: int
    role: Role
    values: Float[np.ndarray, " few"]
    percent: bool = False
    n_times: int = 1
    """How often it stands there."""


def find_products(view: View, taken: frozenset[str]) -> list[Product]:
    """Products of two or three columns that hold for every record, the likeliest first.

    Of a product each factor is a ratio. What was computed has about as many values as what it comes from.
    """
    found: list[tuple[bool, bool, Product]] = []
    for first in range(0, len(view.measures), MAX_TOGETHER):
        columns = view.measures[first : first + MAX_TOGETHER]
        quick = view.numbers(columns, view.quick)
        if len(columns) < 3 or len(quick) < MIN_RECORDS:
            continue
        n_values = {one.name: len(np.unique(quick[:, place])) for place, one in enumerate(columns)}
        for products in _likely(columns, quick, taken):
            likely = [one for one in products if one.held_by(view.quick) is not None]
            for one in likely[:MAX_HELD]:
                rule = held(view.records, [one], len(columns) ** 4)
                if rule is not None:
                    is_few = 4 * n_values[rule.column.name] < max(n_values[name] for name in rule.reads)
                    found.append((is_few, rule.is_ratio, rule))
    return [rule for _, _, rule in sorted(found, key=lambda one: one[:2])]


def _likely(
    columns: list[Column], quick: Float[np.ndarray, "n k"], taken: frozenset[str]
) -> Iterator[list[Product]]:
    """Of each column the products that it may be, as far as few records show, the shortest first."""
    found: dict[int, dict[tuple[bool, int, float, tuple[int, ...]], tuple[_Term, ...]]] = {}
    for rows in _telling(quick):
        terms = _terms(columns, quick, quick[rows])
        owners = np.array([term.place for term in terms])
        divides = np.array([term.role in ("divisors", "without") for term in terms])
        for places, values in _products(terms):
            values = values[(order := np.argsort(values[:, 0]))]
            places, first = places[order], np.ascontiguousarray(values[:, 0])
            for target, times in product(range(len(columns)), _TIMES):
                wanted, slack = quick[rows, target], 0.5001 * step_of(columns[target])
                if columns[target].name in taken or np.isnan(wanted[0]):
                    continue
                near = places[_near(values, first, wanted / times, slack / times)]
                near = near[(owners[near] != target).all(1)]
                is_ratio = divides[near].any(1)
                for kind in (False, True):
                    for some in near[is_ratio == kind][:MAX_TRIED].tolist():
                        key = kind, len(some), times, tuple(some)
                        found.setdefault(target, {})[key] = tuple(terms[one] for one in some)
    for target, some in found.items():
        likely = sorted(some.items(), key=lambda one: one[0][:2])[:MAX_TRIED]
        yield [_product(columns, target, terms, key[2]) for key, terms in likely]


def _telling(quick: Float[np.ndarray, "n k"]) -> Iterator[np.ndarray]:
    """A few records, the first of which lacks little and holds few zeros; others for what that lacks."""
    empty = np.isnan(quick) | (quick == 0)  # (n, k)
    left = np.ones(quick.shape[1], bool)
    for _ in range(MAX_LOOKS):
        order = np.lexsort((empty.sum(1), empty[:, left].sum(1)))
        yield order[:_FEW]
        left &= empty[order[0]]
        if not left.any():
            return


def _near(
    values: Float[np.ndarray, "n few"],
    first: Float[np.ndarray, " n"],
    wanted: Float[np.ndarray, " few"],
    slack: float,
) -> Int[np.ndarray, " n_near"]:
    """Which products are wanted wherever all is there, and that in half of the records at least.

    Args:
        values: Of the products, in the order of the first record.
        first: That record's.
        wanted: Of the column.
        slack: How far it may be rounded.
    """
    reach = slack + RELATIVE * abs(wanted[0])
    low, high = np.searchsorted(first, wanted[0] - reach), np.searchsorted(first, wanted[0] + reach, "right")
    near = values[low:high]
    unknown = np.isnan(near) | np.isnan(wanted)
    is_right = unknown | (np.abs(near - wanted) <= slack + RELATIVE * np.abs(near))
    return low + np.flatnonzero(is_right.all(1) & (2 * unknown.sum(1) <= len(wanted)))


def _terms(columns: list[Column], quick: np.ndarray, few: np.ndarray) -> list[_Term]:
    """All that each column may be: first factors, then divisors, and shares where their values allow."""
    factors = [_Term(place, "factors", few[:, place]) for place in range(len(columns))]
    found: list[_Term] = []
    for place, column in enumerate(columns):
        present = quick[:, place][~np.isnan(quick[:, place])]
        below = 1 / np.where(few[:, place] == 0, np.nan, few[:, place])
        found += [_Term(place, "divisors", below), _Term(place, "divisors", below**2, n_times=2)]
        if not len(present) or present.min() < 0 or present.max() > 100:
            continue
        for percent in (False, True) if present.max() <= 1 and not column.traits.is_whole else (True,):
            share = few[:, place] * (0.01 if percent else 1.0)
            found += [
                _Term(place, "less", 1 - share, percent),
                _Term(place, "more", 1 + share, percent),
                _Term(place, "without", 1 / (1 + share), percent),
            ]
    return [*factors, *found]


def _products(terms: list[_Term]) -> Iterator[tuple[Int[np.ndarray, "n k"], Float[np.ndarray, "n few"]]]:
    """Terms of pairs, then of triples, each of which begins with a factor; and their products."""
    places, values = np.array([term.place for term in terms]), np.stack([term.values for term in terms])
    is_factor = np.array([term.role == "factors" for term in terms])
    n_factors = int(is_factor.sum())
    numbers = np.arange(len(terms))
    first, other = (side.ravel() for side in np.meshgrid(numbers[:n_factors], numbers, indexing="ij"))
    kept = (places[first] != places[other]) & (~is_factor[other] | (other > first))
    pairs = np.stack([first[kept], other[kept]], 1)
    yield pairs, values[pairs].prod(1)
    both = pairs[is_factor[pairs[:, 1]]]  # (n_pairs, 2)
    one, other = (side.ravel() for side in np.meshgrid(np.arange(len(both)), numbers, indexing="ij"))
    kept = (places[both[one]] != places[other][:, None]).all(1) & (~is_factor[other] | (other > both[one, 1]))
    triples = np.column_stack([both[one[kept]], other[kept]])
    yield triples, values[triples].prod(1)


def _product(columns: list[Column], target: int, terms: tuple[_Term, ...], times: float) -> Product:
    roles: dict[Role, tuple[Column, ...]] = {}
    for term in terms:
        roles[term.role] = (*roles.get(term.role, ()), *(columns[term.place],) * term.n_times)
    return Product(
        columns[target],
        roles["factors"],
        roles.get("divisors", ()),
        roles.get("less", ()),
        roles.get("more", ()),
        roles.get("without", ()),
        any(term.percent for term in terms),
        times,
    )
