"""Cells put together from parts: `PC 17599`, `103/81`, `40.7,-74.0`, `ORD-2024-000123`.

A column has one or several patterns, regular expressions with a group for each part. Parts are columns of
their own: numbers and dates are learnt with all others, words are categories, and what carries nothing is a
key, made anew. One more part says which pattern a cell has. A cell is of the first pattern that it matches;
those that match none are learnt from as if they were of one, and never come out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, Final, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gansmith.disclosure import usual_min_count
from gansmith.errors import DataError
from gansmith.tabular.cells import Counts, Mask, are_missing, mask_of, matches, strings, without
from gansmith.tabular.columns.base import MANY_DISTINCT, AbstractPartedKind, Attempt, Cells
from gansmith.tabular.columns.check_digits import found_check, with_check
from gansmith.tabular.columns.codecs import AbstractColumnCodec
from gansmith.tabular.columns.identifiers import MIN_IDENTIFIERS, is_id_name, is_regular
from gansmith.tabular.columns.keys import KeyCodec
from gansmith.tabular.columns.shapes import MIN_FITTING, Segment, key_of, segment_of, shaped
from gansmith.tabular.expressions import Piece, escaped, read_pattern, read_template
from gansmith.tabular.schema import FIRST_PARTS, Check, Column

WHICH: Final = FIRST_PARTS[0]
"""The part that says which pattern a cell has."""
MAX_RARE: Final = 0.1
"""Share of the records whose cells are too rare, up to which whole cells are better learnt as they are."""


@final
class Pattern(AbstractPartedKind):
    """Texts of one or several patterns, which have parts."""

    name: ClassVar[str] = "pattern"
    codec: ClassVar[type[AbstractColumnCodec]] = KeyCodec
    wider: ClassVar[tuple[str, ...]] = ("pattern", "text")
    is_made_anew: ClassVar[bool] = True

    def find(self, cells: Cells) -> Attempt | None:
        """Patterns of nearly all cells, where many of these are too rare to come out as categories."""
        missing = cells.missing_texts
        counts, present = cells.counts[~missing], cells.present(missing)
        min_count = usual_min_count(len(cells.codes))
        n_rare = counts[counts < min_count].sum()
        if len(present) <= MANY_DISTINCT or n_rare <= MAX_RARE * counts.sum():
            return None
        column = found_patterns(cells.name, present, counts, min_count)
        if column is None:
            return None
        return self._attempt(cells, column)

    def read(self, cells: Cells) -> Attempt:
        """The patterns of the schema, or those that are found however rarely cells come again."""
        missing, given = cells.missing_texts, cells.wish.given
        counts, present = cells.counts[~missing], cells.present(missing)
        if given.parts:
            return Attempt(given, without(cells.raw, missing), missing)
        min_count = usual_min_count(len(cells.codes))
        if given.pattern:
            column = _by_expressions(cells.name, given.pattern, given.check, present, counts, min_count)
            fits = np.ones(len(missing), bool)
            fits[~missing] = mask_of(pc.not_equal(self.split(present, column)[column.parts[0].name], ""))
            attempt = self._attempt(cells, column)
            return replace(attempt, values=without(attempt.values, ~fits))
        column = found_patterns(cells.name, present, counts, min_count, is_wanted=True)
        if column is None:
            raise DataError(
                f"column {cells.name!r}: no pattern was found that nearly all cells have, such as "
                f"{str(present[0].as_py())!r}. Give it in the schema as 'pattern', or choose another kind."
            )
        return self._attempt(cells, column)

    def _attempt(self, cells: Cells, column: Column) -> Attempt:
        missing = cells.missing_texts
        n = np.bincount(np.asarray(cells.codes), minlength=len(missing))
        split = self.split(without(cells.trimmed, missing), column)
        is_odd = mask_of(pc.equal(split[column.parts[0].name], ""))
        parts = tuple(
            replace(part, missing_rate=float(n[are_missing(split[part.name])].sum() / n.sum()))
            for part in column.parts
        )
        told = f"{int(n[is_odd].sum()):,} cells have none of its patterns, and are never made"
        values = without(cells.raw, missing)
        return Attempt(replace(column, parts=parts), values, missing, told if is_odd.any() else "")

    def split(self, cells: pa.Array, column: Column) -> dict[str, pa.Array]:
        encoded = cells.dictionary_encode()
        texts = pc.utf8_trim_whitespace(encoded.dictionary)
        first, *others = column.parts
        which = pa.array([""] * len(texts), pa.string())
        found = {part.name: pa.nulls(len(texts), part.arrow_type) for part in others}
        is_left = np.ones(len(texts), bool)
        for expression in column.pattern:
            fits, parsed = _parsed(texts, expression, column)
            fits &= is_left
            is_left &= ~fits
            which = pc.if_else(pa.array(fits), expression, which)
            for name, values in parsed.items():
                found[name] = pc.if_else(pa.array(fits), values, found[name])
        split = {first.name: which, **found}
        return {name: values.take(encoded.indices) for name, values in split.items()}

    def join(self, parts: Mapping[str, pa.Array], column: Column) -> pa.Array:
        which = _known(parts[column.parts[0].name], column)
        cells = pa.nulls(len(which), pa.string())
        for expression in column.pattern:
            is_of_it = mask_of(pc.equal(which, expression))
            if is_of_it.any():
                cells = pc.if_else(pa.array(is_of_it), _spelt(parts, expression, column), cells)
        if not column.check:
            return cells
        encoded = cells.dictionary_encode()
        made = [with_check(text[:-1], column.check) for text in strings(encoded.dictionary)]
        texts = pa.array(made, pa.string())
        return texts.take(encoded.indices)

    def needed(self, first: pa.Array, column: Column) -> dict[str, Mask]:
        which = _known(first, column)
        return {
            f"{column.name}.{piece.name}": mask_of(pc.equal(which, expression))
            for expression in column.pattern
            for piece in read_template(expression)
            if piece.name
        }

    def check_parts(self, column: Column) -> None:
        """See the base class: a part for each group, after the one that says which pattern a cell has."""
        if not column.pattern:
            raise DataError(f"column {column.name!r} of kind pattern: wanted a 'pattern' beside the rest.")
        if not column.parts:
            return
        pieces = [piece for expression in column.pattern for piece in read_template(expression)]
        wanted = [
            f"{column.name}.{WHICH}",
            *(f"{column.name}.{one.name}" for one in pieces if not one.is_fixed),
        ]
        had = [part.name for part in column.parts]
        if sorted(had) != sorted(wanted) or had[0] != wanted[0]:
            raise DataError(
                f"column {column.name!r}: its parts are {', '.join(had)}, and its pattern has "
                f"{', '.join(wanted)}. Leave 'parts' out to have them found."
            )

    def in_words(self, column: Column) -> str:
        """See the base class: the patterns, parts by their names."""
        return " or ".join(map(in_short, column.pattern))

    def holds(self, cells: pa.ChunkedArray, column: Column) -> str:
        return self.in_words(column)


PATTERN: Final = Pattern()


def in_short(expression: str) -> str:
    """An expression for people, parts by their names.

    Example:
        >>> in_short("ORD-(?P<year>[0-9]{4})-(?P<code>[0-9]{6})")
        'ORD-{year}-{code}'
    """
    pieces = read_template(expression)
    return "".join(piece.expression if piece.is_fixed else f"{{{piece.name}}}" for piece in pieces)


def _known(which: pa.Array, column: Column) -> pa.Array:
    """Which pattern each cell has; the first one where it has none."""
    is_known = pc.is_in(which, value_set=pa.array(column.pattern, pa.string()))
    return pc.if_else(pc.or_(is_known, pc.is_null(which)), which, column.pattern[0])


def _parsed(texts: pa.Array, expression: str, column: Column) -> tuple[Mask, dict[str, pa.Array]]:
    """Which texts match an expression, and their parts by name."""
    whole = f"^(?:{expression.removeprefix('^').removesuffix('$')})$"
    fits = matches(texts, whole)
    names = [piece.name for piece in read_template(expression) if piece.name]
    if not names:
        return fits, {}
    groups = pc.extract_regex(texts, pattern=whole)
    known = {part.name: part for part in column.parts}
    found: dict[str, pa.Array] = {}
    for name in names:
        part = known[f"{column.name}.{name}"]
        group = pc.struct_field(groups, name)
        found[part.name] = part.traits.parse(without(group, ~fits), part)
        fits &= ~are_missing(found[part.name])
    return fits, found


def _spelt(parts: Mapping[str, pa.Array], expression: str, column: Column) -> pa.Array:
    """Cells of one pattern; a part that is missing is what the expression begins with."""
    known = {part.name: part for part in column.parts}
    n = len(parts[column.parts[0].name])
    pieces: list[pa.Array | pa.Scalar] = [pa.array([""] * n, pa.string())]
    for piece in read_template(expression):
        if piece.is_fixed:
            pieces.append(pa.scalar(piece.expression))
        else:
            part = known[f"{column.name}.{piece.name}"]
            spelt = part.traits.spell(parts[part.name], part)
            pieces.append(pc.fill_null(spelt, read_pattern(piece.expression).text(0)))
    return pc.call_function("binary_join_element_wise", [*pieces, ""])


def found_patterns(
    name: str, present: pa.Array, counts: Counts, min_count: int, *, is_wanted: bool = False
) -> Column | None:
    """The column with the patterns and parts that are found; None: it has none.

    Args:
        name: Of the column.
        present: Distinct trimmed cells that are not missing.
        counts: How many records have each.
        min_count: Records that must share what is kept.
        is_wanted: Whether somebody says that it has patterns.
    """
    texts = strings(present)
    is_single = bool((counts == 1).all()) and len(texts) >= MIN_IDENTIFIERS
    has_point = bool(matches(present, r"[0-9]\.[0-9]").any())  # a number, of which two may be alike
    is_key = is_single and is_regular(name, present) and (is_id_name(name) or not has_point)
    check: Check = found_check(texts) or ""
    found = (
        [[_checked(texts, min_count, is_unique=is_single)]]
        if check
        else shaped(texts, counts, min_count, has_key=is_key)
    )
    if found is None:
        return None
    if is_key and not (is_wanted or any(one.says_something for row in found for one in row)):
        return None  # an identifier, and nothing else
    if not is_wanted and is_id_name(name) and len(found) == 1 and _is_bare_number(found[0]):
        return None  # a key that repeats
    column = _column(name, found, check)
    odd = mask_of(pc.equal(PATTERN.split(present, column)[column.parts[0].name], ""))
    return column if counts[odd].sum() <= (1 - MIN_FITTING) * counts.sum() else None


def _is_bare_number(segments: Sequence[Segment]) -> bool:
    """Whether there is nothing but a whole number and fixed text."""
    (*others, last) = [one.column for one in segments if one.column is not None] or [None]
    return not others and last is not None and last.traits.is_whole and last.traits.is_number


def _checked(texts: Sequence[str], min_count: int, *, is_unique: bool) -> Segment:
    """Numbers with a check digit, all of them made anew; the digit that will stand there is no choice."""
    body = key_of([text[:-1] for text in texts], min_count, is_unique=is_unique)
    assert body.column is not None
    made = replace(body.column, pattern=(f"{body.expression}0",))
    return replace(body, expression=f"{body.expression}[0-9X]", column=made)


def _column(name: str, patterns: Sequence[Sequence[Segment]], check: Check) -> Column:
    """The column of some patterns, its parts named after what they are."""
    taken: dict[str, int] = {}
    expressions: list[str] = []
    parts = [Column(f"{name}.{WHICH}", "category")]
    for segments in patterns:
        spelt = ""
        for one in segments:
            if one.column is None:
                spelt += escaped(one.text)
                continue
            taken[one.called] = number = taken.get(one.called, 0) + 1
            called = one.called if number == 1 else f"{one.called}_{number}"
            spelt += f"(?P<{called}>{one.expression})"
            parts.append(replace(one.column, name=f"{name}.{called}"))
        expressions.append(spelt)
    return Column(name, PATTERN.name, pattern=tuple(expressions), parts=tuple(parts), check=check)


def _by_expressions(
    name: str, expressions: Sequence[str], check: Check, present: pa.Array, counts: Counts, min_count: int
) -> Column:
    """The column of patterns that a person gave: what has no name gets one, and what it is is found."""
    taken = {piece.name for expression in expressions for piece in read_template(expression)}
    named: list[str] = []
    for expression in expressions:
        spelt = ""
        for piece in read_template(expression):
            called = piece.name or _free_name(taken)
            if not piece.is_fixed:
                taken.add(called)
            spelt += escaped(piece.expression) if piece.is_fixed else f"(?P<{called}>{piece.expression})"
        named.append(spelt)
    parts = [Column(f"{name}.{WHICH}", "category")]
    for expression in named:
        pieces = [piece for piece in read_template(expression) if not piece.is_fixed]
        fits = matches(present, f"^(?:{expression})$")
        groups = (
            pc.extract_regex(present.filter(pa.array(fits)), pattern=f"^(?:{expression})$")
            if pieces
            else None
        )
        for piece in pieces:
            texts = strings(pc.struct_field(groups, piece.name))
            parts.append(_part(f"{name}.{piece.name}", piece, texts, counts[fits], min_count))
    return Column(name, PATTERN.name, pattern=tuple(named), parts=tuple(parts), check=check)


def _free_name(taken: set[str]) -> str:
    return next(name for number in range(1, 10_000) if (name := f"part_{number}") not in taken)


def _part(name: str, piece: Piece, texts: Sequence[str], counts: Counts, min_count: int) -> Column:
    """What a group of an expression is; what is made anew is made of the expression itself."""
    found = segment_of(texts, counts, min_count, is_sure=True) if texts else None
    if found is None or found.column is None or found.is_key:
        return Column(name, "key", pattern=(piece.expression,))
    return replace(found.column, name=name)
