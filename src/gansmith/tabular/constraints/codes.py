"""Many codes, each of which goes with one value of another column, such as post codes and their cities.

Where few records share a code it cannot be learnt, nor may it come out. So the city is learnt, and a code of
it is made: one that enough records share comes as it is, as often as it does; the others are made anew behind
a beginning that enough records share, all of them of this city. Where nearly all records have a shared code,
none is made anew.

A key, such as a customer's number, is no code: what it begins with tells nothing of what it goes with.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from functools import cached_property
from typing import Any, ClassVar, Final, NamedTuple, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gansmith.disclosure import usual_min_count
from gansmith.errors import DataError, UsageError
from gansmith.settings import Annotated, Field, settings
from gansmith.tabular.cells import Mask, are_missing, cells_of, codes_of, replaced
from gansmith.tabular.constraints.base import AbstractConstraint, Cells, Named, check_kinds, empty, typed
from gansmith.tabular.constraints.dependency import MAX_LOG_CHANCE, MIN_RECORDS_PER_VALUE, log_chance
from gansmith.tabular.constraints.view import View
from gansmith.tabular.keyed import Keyed
from gansmith.tabular.schema import INTEGER_TYPES, Column

MIN_SHARE: Final = 0.5
"""Of the records, whose codes must come from what is known: else a code tells nothing but itself."""
MIN_VALUES: Final = 50
"""Of a column of codes."""
MIN_WHOLE: Final = 0.9
"""Share of the records whose code enough others have, for no other code to be made."""
MAX_TOLD_BY_CHANCE: Final = 0.5
"""Records whose code tells what it goes with if codes are dealt out anew, as a share of those that do now."""
MAX_LENGTH: Final = 40
"""Characters of a code."""
_OPEN: Final = {"9": "0123456789", "A": "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "a": "abcdefghijklmnopqrstuvwxyz"}
"""What a character after a shared beginning may be, by its shape."""

Places = Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(strict=False)]
Texts = Annotated[tuple[str, ...], Field(strict=False)]
Counts = Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(strict=False)]


@final
class _Beginning(NamedTuple):
    """What enough codes of one value begin with."""

    text: str
    shape: str
    """Of what follows; empty: nothing does, it is a whole code."""
    owner: str
    n_records: int


@final
@settings(eq=False, error=DataError)
class Codes(AbstractConstraint):
    """Each value of `column` goes with one value of `by`; it may be missing with any."""

    kind: ClassVar[str] = "codes"
    learns: ClassVar = ("keys", "owners", "beginnings", "shapes", "counts", "may_be_missing")

    column: Named
    by: Named
    keys: pa.Array = field(default_factory=lambda: pa.nulls(0))
    """Values of `by`, each once."""
    owners: Places = ()
    """Of each beginning the place of the value that it belongs to, ascending."""
    beginnings: Texts = ()
    """Whole codes, and what codes begin with."""
    shapes: Texts = ()
    """Of what follows: 9 for a digit, A and a for letters, anything else for itself."""
    counts: Counts = ()
    """Records of each."""
    may_be_missing: bool = False

    def __post_init__(self) -> None:
        check_kinds((self.column, self.by), _can_be_code, "texts or whole numbers")
        wanted = "values that can be looked up. Give it the kind category"
        check_kinds([self.by], lambda one: one.traits.is_exact, wanted)

    @property
    def writes(self) -> tuple[str, ...]:
        return (self.column.name,)

    def in_words(self) -> str:
        return f"each {self.column.name} has one {self.by.name}"

    def violating(self, records: pa.Table) -> Mask:
        """See the base class; where nothing is learnt yet, the first record with a code is right."""
        cells, by = cells_of(records, self.column.name), cells_of(records, self.by.name)
        if not self.owners:
            codes, values = codes_of(cells), codes_of(by)
            first = np.unique(codes, return_index=True)[1]
            return (values[first][codes] != values) & ~are_missing(cells)
        owners, found = self._owners_of(cells), pc.index_in(by, value_set=self.keys)
        return (owners >= 0) & (owners != found.fill_null(-1).to_numpy(zero_copy_only=False))

    def learnt(self, records: pa.Table, min_count: int = 1) -> Codes:
        cells, by = cells_of(records, self.column.name), cells_of(records, self.by.name).cast(pa.string())
        is_there = ~are_missing(cells) & ~are_missing(by)
        pairs = Counter(
            zip(
                cells.filter(pa.array(is_there)).cast(pa.string()).to_pylist(),
                by.filter(pa.array(is_there)).to_pylist(),
                strict=True,
            )
        )
        whole = [_Beginning(code, "", one, n) for (code, one), n in sorted(pairs.items()) if n >= min_count]
        is_whole = bool(whole) and sum(one.n_records for one in whole) >= MIN_WHOLE * pairs.total()
        found = sorted(whole if is_whole else _beginnings(pairs, "", min_count), key=lambda one: one.owner)
        if not found:
            raise DataError(f"{self.in_words()}: no beginning of a code is shared by {min_count} records.")
        keys = sorted({one.owner for one in found})
        places = {key: place for place, key in enumerate(keys)}
        return replace(
            self,
            keys=pa.array(keys, pa.string()).cast(self.by.arrow_type),
            owners=tuple(places[one.owner] for one in found),
            beginnings=tuple(one.text for one in found),
            shapes=tuple(one.shape for one in found),
            counts=tuple(one.n_records for one in found),
            may_be_missing=cells.null_count > 0,
        )

    def learnt_again(self, state: Mapping[str, Any]) -> Codes:
        found = replace(self, **{**state, "keys": typed(state["keys"], self.by)})
        n = len(found.owners)
        if not len(found.beginnings) == len(found.shapes) == len(found.counts) == n or not n:
            raise DataError("its 'owners', 'beginnings', 'shapes' and 'counts' are not equally many.")
        if len(pc.unique(found.keys)) != len(found.keys) or set(found.owners) != set(range(len(found.keys))):
            raise DataError("its 'owners' are not the places of its 'keys'.")
        if (np.diff(found.owners) < 0).any() or max(map(len, found.shapes)) > MAX_LENGTH:
            raise DataError("its 'owners' do not go up, or a code is too long.")
        typed([found._made(place, 0.5) for place in range(n)], self.column)
        return found

    def keeping(self, emitted: Mapping[str, pa.Array]) -> Codes:
        if self.by.name not in emitted:
            return self
        is_kept = pc.is_in(self.keys.cast(pa.string()), value_set=emitted[self.by.name]).to_pylist()
        kept = [place for place, owner in enumerate(self.owners) if is_kept[owner]]
        if not kept:
            raise DataError(f"{self.in_words()}: no {self.by.name} is shared by enough records to come out.")
        places = {owner: place for place, owner in enumerate(sorted({self.owners[one] for one in kept}))}
        return replace(
            self,
            keys=self.keys.filter(pa.array(is_kept)),
            owners=tuple(places[self.owners[one]] for one in kept),
            beginnings=tuple(self.beginnings[one] for one in kept),
            shapes=tuple(self.shapes[one] for one in kept),
            counts=tuple(self.counts[one] for one in kept),
        )

    def reduced(self) -> Mapping[str, Column]:
        if not self.may_be_missing:
            return empty([self.column])
        return {self.column.name: Column(self.column.name, "boolean", missing_rate=self.column.missing_rate)}

    def reduce(self, records: pa.Table) -> pa.Table:
        is_there = pc.is_valid(cells_of(records, self.column.name))
        nothing = pa.nulls(records.num_rows)
        left = pc.if_else(is_there, True, pa.scalar(None, pa.bool_())) if self.may_be_missing else nothing
        return replaced(records, {self.column.name: left})

    def restore(self, records: pa.Table, rng: np.random.Generator, made: Keyed) -> pa.Table:
        """See the base class; a value of `by` of which no code is known becomes any that has one."""
        by = cells_of(records, self.by.name)
        draws = rng.random((len(by), 3))  # record by record: more of them change none
        places = pc.index_in(by, value_set=self.keys).fill_null(-1).to_numpy(zero_copy_only=False)
        strange = (places < 0) & ~are_missing(by)
        places = np.where(places < 0, (draws[:, 0] * len(self.keys)).astype(np.int64), places)
        upto = np.concatenate([[0], np.cumsum(self.counts)])
        first, last = (np.searchsorted(self.owners, places, side) for side in ("left", "right"))
        aims = upto[first] + draws[:, 1] * (upto[last] - upto[first])
        chosen = np.clip(np.searchsorted(upto, aims, "right") - 1, first, last - 1)
        texts = [self._made(place, share) for place, share in zip(chosen.tolist(), draws[:, 2], strict=True)]
        cells = pa.array(texts, pa.string()).cast(self.column.arrow_type)
        if self.may_be_missing:
            is_there = pc.is_valid(cells_of(records, self.column.name))
            cells = pc.if_else(is_there, cells, pa.scalar(None, cells.type))
        by = pc.if_else(pa.array(strange), self.keys.take(pa.array(places)), by)
        return replaced(records, {self.column.name: cells, self.by.name: by})

    def conditions_for(self, cells: Cells) -> tuple[Cells, Cells]:
        """See the base class; the value is asked for that the code goes with, and the code looked for."""
        left, own = self.apart(cells)
        if not own:
            return cells, {}
        cell = own[self.column.name]
        if cell.null_count:
            nothing = {**left, self.column.name: pa.nulls(1, pa.bool_())}
            return (nothing, {}) if self.may_be_missing else (left, own)
        owner = int(self._owners_of(cell)[0])
        if owner < 0:
            raise UsageError(
                f"no {self.by.name} is known of {self.column.name}={cell[0].as_py()}: too few records have "
                "such a code. Ask for another."
            )
        return {self.by.name: self.keys[owner : owner + 1], **left}, own

    def nudged(self, records: pa.Table, sought: Mapping[str, pa.Scalar]) -> pa.Table:
        """See the base class: a record with the right `by` gets the code."""
        wanted = sought.get(self.column.name)
        if wanted is None or not wanted.is_valid:
            return records
        cells, by = cells_of(records, self.column.name), cells_of(records, self.by.name)
        owner = int(self._owners_of(pa.array([wanted.as_py()], cells.type))[0])
        if owner < 0:
            return records
        is_right = pc.and_(pc.equal(by, self.keys[owner]), pc.is_valid(cells))
        return replaced(records, {self.column.name: pc.if_else(is_right, wanted, cells)})

    def told(self, records: pa.Table) -> pa.Table:
        """See the base class: a code says what `by` is."""
        owners = self._owners_of(cells_of(records, self.column.name))
        known = self.keys.take(pa.array(owners, mask=owners < 0))
        return replaced(records, {self.by.name: pc.coalesce(cells_of(records, self.by.name), known)})

    @cached_property
    def _by_beginning(self) -> dict[str, int]:
        return dict(zip(self.beginnings, self.owners, strict=True))

    def _owners_of(self, cells: pa.Array) -> np.ndarray:
        """The place of the key that each code belongs to by its longest known beginning, -1: none."""
        encoded = cells.cast(pa.string()).dictionary_encode()
        found = [self._owner(text) for text in encoded.dictionary.to_pylist()]
        places = encoded.indices.fill_null(len(found)).to_numpy(zero_copy_only=False)
        return np.array([*found, -1])[places]

    def _owner(self, code: str) -> int:
        ends = range(len(code), -1, -1)
        return next((self._by_beginning[code[:end]] for end in ends if code[:end] in self._by_beginning), -1)

    def _made(self, place: int, share: float) -> str:
        """A code: its beginning, and the rest as a uniform number says."""
        letters: list[str] = []
        for shape in self.shapes[place]:
            choice = _OPEN.get(shape, shape)
            share *= len(choice)
            letters.append(choice[int(share)])
            share %= 1.0
        return self.beginnings[place] + "".join(letters)


def _beginnings(pairs: Mapping[tuple[str, str], int], prefix: str, min_count: int) -> Iterator[_Beginning]:
    """Of codes that begin alike: whole codes and longer beginnings that enough records share, and the rest.

    Args:
        pairs: How many records have each code and owner.
        prefix: What all of them begin with.
        min_count: Records that must share what comes out.
    """
    below: dict[str, dict[tuple[str, str], int]] = {}
    rest: Counter[tuple[str, str]] = Counter()
    for (code, owner), count in pairs.items():
        if code == prefix and count >= min_count:
            yield _Beginning(code, "", owner, count)
        elif code != prefix:
            below.setdefault(code[: len(prefix) + 1], {})[code, owner] = count
    for longer, some in below.items():
        if sum(some.values()) >= min_count and len(longer) <= MAX_LENGTH:
            yield from _beginnings(some, longer, min_count)
        else:
            for (code, owner), count in some.items():
                rest[owner, _shape(code[len(prefix) :])] += count
    if len({owner for _, owner in pairs}) == 1 and prefix and rest:
        ((owner, shape), _), count = rest.most_common(1)[0], rest.total()
        yield _Beginning(prefix, shape, owner, count)


def _shape(text: str) -> str:
    return "".join(
        "9" if letter.isdigit() else "A" if letter.isupper() else "a" if letter.islower() else letter
        for letter in text[:MAX_LENGTH]
    )


def find_codes(view: View, taken: frozenset[str]) -> list[Codes]:
    """Columns of few records a value, each of which goes with one value of another: of the most values.

    Others, too, if what they go with is decided by something else already: such as a city by a number plate.
    """
    n = view.sample.num_rows
    columns = [one for one in view.schema.columns if one.traits.is_varied and _can_be_code(one)]
    codes = {one.name: codes_of(cells_of(view.sample, one.name)) for one in columns}
    n_values = {name: int(found.max()) + 1 for name, found in codes.items()}
    least = min(MIN_VALUES, n / MIN_RECORDS_PER_VALUE)
    many = [one for one in columns if least < n_values[one.name] < n]
    found: list[Codes] = []
    for column in many:
        others = [
            one for one in columns if one.traits.is_exact and 2 * n_values[one.name] < n_values[column.name]
        ]
        if n_values[column.name] * MIN_RECORDS_PER_VALUE <= n:
            others = [one for one in others if one.name in taken]
        others.sort(key=lambda one: -n_values[one.name])
        if column.name in taken or not _are_codes(cells_of(view.sample, column.name)):
            continue
        for by in others:
            rule = _rule(view, column, by, codes[column.name], codes[by.name], len(columns) ** 2)
            if rule is not None:
                found.append(rule)
                break
    return found


def _can_be_code(column: Column) -> bool:
    traits = column.traits
    is_invented = traits.is_made_anew and not traits.is_free_text
    is_typed = column.type == "string" or column.type in INTEGER_TYPES
    return is_typed and not traits.is_unique and not is_invented


def _are_codes(cells: pa.Array) -> bool:
    """Whether these are texts, or whole numbers of equally many digits, with which nobody calculates."""
    if pa.types.is_string(cells.type):
        return True
    texts = cells.drop_null().cast(pa.string())
    lengths = pc.min_max(pc.utf8_length(texts)).as_py()
    return pa.types.is_integer(cells.type) and lengths["min"] == lengths["max"] >= 4


def _rule(
    view: View, column: Column, by: Column, codes: np.ndarray, values: np.ndarray, n_tried: int
) -> Codes | None:
    rule = Codes(column, by)
    first = np.unique(codes, return_index=True)[1]
    missing = are_missing(cells_of(view.sample, column.name))
    if (values[first][codes] != values)[~missing].any() or _decide_presence(values, missing):
        return None
    is_weak = log_chance(codes, values) > MAX_LOG_CHANCE - float(np.log(n_tried))
    if is_weak or rule.violating(view.records).any():
        return None
    min_count = usual_min_count(view.records.num_rows)
    try:
        learnt = rule.learnt(view.records, min_count)
    except DataError:
        return None
    if sum(learnt.counts) < MIN_SHARE * view.records.num_rows or _is_key(view.records, rule, min_count):
        return None
    return rule


def _decide_presence(values: np.ndarray, missing: Mask) -> bool:
    """Whether the column is there with some values of the other one, never with the rest."""
    shares = np.bincount(values, missing) / np.maximum(np.bincount(values), 1)
    return bool(missing.any() and np.isin(shares, (0, 1)).all())


def _is_key(records: pa.Table, rule: Codes, min_count: int) -> bool:
    """Whether codes dealt out anew to the same values would tell those nearly as well by how they begin."""
    cells, by = (cells_of(records, one.name).cast(pa.string()) for one in (rule.column, rule.by))
    both = pa.table({"code": cells, "by": by}).drop_null()
    pairs = Counter(zip(*(both.column(name).to_pylist() for name in ("code", "by")), strict=True))
    some = list(pairs)
    order = np.random.default_rng(0).permutation(len(some)).tolist()
    dealt = {
        (some[place][0], owner): pairs[some[place]] for place, (_, owner) in zip(order, some, strict=True)
    }
    told, by_chance = (
        sum(one.n_records for one in _beginnings(each, "", min_count) if one.shape) for each in (pairs, dealt)
    )
    return told > 0 and by_chance > MAX_TOLD_BY_CHANCE * told
