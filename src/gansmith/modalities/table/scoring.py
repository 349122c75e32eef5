"""The scorecards of synthetic tables, and what holds for every real record: which synthetic ones break it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gansmith.disclosure import usual_min_count
from gansmith.errors import DataError
from gansmith.modalities.table.features import common_types, table_features, told
from gansmith.scorecard.card import Scorecard
from gansmith.scorecard.features import Features, draws
from gansmith.scorecard.judge import Judge
from gansmith.scorecard.measuring import Progress, unheard
from gansmith.scorecard.private.copies import copied_texts
from gansmith.scorecard.private.risk import Attack, Tally, measured_risk
from gansmith.scorecard.score import CEILING, COPY, FLOOR, Effort, Entry, valid_share
from gansmith.tabular.cells import Mask, are_again, are_in, cells_of, floats_of, mask_of
from gansmith.tabular.constraints import read_constraints
from gansmith.tabular.constraints.finding import find
from gansmith.tabular.parts import split
from gansmith.tabular.rows import with_rare_ones_as_text
from gansmith.tabular.schema import Column, Schema, Table


def score_tables(
    fakes: Sequence[Table],
    train: Table,
    holdout: Table,
    target: str | None,
    seed: int,
    effort: Effort,
    progress: Progress = unheard,
) -> Iterator[Scorecard]:
    """Score synthetic tables against held-out records, each score beside its anchors.

    The columns that a synthetic table shares with the real ones are scored; those that it lacks are notes
    and break a rule of validity. Tables are compared in types that all three have, see `common_types`.

    Args:
        fakes: Synthetic tables.
        train: What the generator learnt from.
        holdout: Records of the same source that neither the training nor the choice of a checkpoint has seen.
        target: The column to predict; None: all in turn.
        seed: Of everything drawn.
        effort: How many records and repetitions.
        progress: Told what is being measured.

    Yields:
        The card of each table.

    Raises:
        DataError: A table has no record, or no column of the real one.
    """
    judges: dict[tuple[object, ...], Judge] = {}
    # Categories that hardly anybody shares are texts, as they are when they are learnt.
    min_count = usual_min_count(len(train))
    known = with_rare_ones_as_text(train.records, train.schema, min_count, kept=target or "")
    train, holdout, *fakes = (_flat(part, known) for part in (replace(train, schema=known), holdout, *fakes))
    real_tables, wider = common_types([train.records, holdout.records], train.schema)
    schema = replace(wider, constraints=train.schema.constraints)
    whole = pa.concat_tables(real_tables).combine_chunks()
    fresh = rules_of(real_tables[1], real_tables[0], schema)  # the hold-out, by rules that it had no say in
    by_chance = {rule.gist: _tally(rule.is_broken) for rule in fresh}
    anchors = {
        CEILING: _validity(len(holdout), fresh).score,
        FLOOR: _validity(len(train), rules_of(_independent(real_tables[0], seed), whole, schema)).score,
        COPY: valid_share(len(train), {})[0],
    }
    for fake in fakes:
        ours, real, held = _features(fake, train, holdout)
        values = real.values.tobytes() + held.values.tobytes() + real.is_category.tobytes()
        key = (ours.names, hashlib.sha256(values).hexdigest())
        if key not in judges:
            judges[key] = Judge(real, held, told(ours).names, target or "", seed, effort)
        rules = rules_of(fake.records, whole, schema)
        entry = replace(_validity(len(fake), rules), anchors=anchors)
        broken = [rule for rule in rules if _is_defect(rule, by_chance.get(rule.gist))]
        defects = {rule.words: (float(rule.is_broken.mean()), rule.columns) for rule in broken}
        lacking = [name for name in schema.names if name not in fake.records.column_names]
        more = [entry, *_copied_texts(fake.records, real_tables[0], real_tables[1], schema)]
        card = judges[key].card(ours, more, defects, lacking, progress)
        notes = (*fake.notes, *_not_judged(schema))
        yield replace(card, name=fake.name, n_records=len(fake), notes=notes)


def _flat(table: Table, known: Schema) -> Table:
    """A table with the columns that are put together taken apart, as the real ones are."""
    whole = [column for column in known.columns if column.parts and column.name in table.records.column_names]
    columns, arrays = list[Column](), dict[str, pa.Array]()
    own = {column.name: column for column in (*table.schema.columns, *whole)}
    for column in (own[name] for name in table.records.column_names):
        cells = cells_of(table.records, column.name)
        if column in whole:
            found = split(pa.table({column.name: cells.cast(pa.string())}), Schema((column,)))
            arrays |= {part.name: cells_of(found, part.name) for part in column.flat}
            columns += column.flat
        else:
            arrays[column.name] = cells
            columns.append(column)
    return Table(
        pa.table(arrays), Schema(tuple(columns), None, table.schema.constraints), table.name, table.notes
    )


def _tally(is_hit: np.ndarray) -> Tally:
    return Tally(int(is_hit.sum()), len(is_hit))


def _is_defect(rule: Rule, by_chance: Tally | None) -> bool:
    """Whether a rule is broken, and more often than fresh real records break what may be broken."""
    broken = _tally(rule.is_broken)
    if not rule.may_break or by_chance is None or not broken.n_hits:
        return broken.n_hits > 0
    return measured_risk(broken, by_chance, None).low > 0


def _not_judged(schema: Schema) -> list[str]:
    """A note on the columns of which nothing is compared but copied cells."""
    names = [repr(column.name) for column in schema.columns if column.traits.is_made_anew]
    if not names:
        return []
    return [
        f"{', '.join(names)} (texts or identifiers): only their missing cells are compared, and whether "
        "texts are copied."
    ]


def _copied_texts(fake: pa.Table, train: pa.Table, holdout: pa.Table, schema: Schema) -> list[Entry]:
    """An entry where there are columns of text; numbers that only count records tell nobody."""
    names = [
        column.name
        for column in schema.columns
        if column.traits.is_made_anew and column.type == "string" and column.name in fake.column_names
    ]
    ours, known, held = (
        {name: cells_of(table, name).drop_null().cast(pa.string()) for name in names}
        for table in (fake, train, holdout)
    )
    names = [name for name in names if min(len(ours[name]), len(known[name]), len(held[name]) // 2)]
    if not names:
        return []

    def attack(fakes: Mapping[str, pa.Array], control: Mapping[str, pa.Array]) -> Attack:
        found = {
            name: [_tally(are_in(part[name], known[name])) for part in (fakes, control)] for name in names
        }
        return copied_texts({name: (main, other) for name, (main, other) in found.items()})

    first = {name: held[name][: len(held[name]) // 2] for name in names}
    second = {name: held[name][len(held[name]) // 2 :] for name in names}
    found, copy = attack(ours, held), attack(known, held).score
    anchors = {CEILING: attack(first, second).score, FLOOR: copy, COPY: copy}
    return [Entry("copied_texts", found.score, anchors, found.details, "private")]


def _features(fake: Table, train: Table, holdout: Table) -> list[Features]:
    """Of the synthetic, the training and the hold-out table: the columns that all have."""
    shared = [name for name in train.schema.names if name in fake.records.column_names]
    if not shared:
        raise DataError(
            f"{fake.name}: none of its columns is in the real data. Give a table like the real one."
        )
    # What a model made anew, because its categories were too rare, is not to be judged as categories.
    made_anew = {one.name: one.kind for one in fake.schema.columns if one.traits.is_made_anew}
    columns = tuple(
        replace(column, kind=made_anew.get(column.name, column.kind)) if column.traits.rare_as else column
        for column in (train.schema.column(name) for name in shared)
    )
    tables = [part.records.select(shared) for part in (train, holdout, fake)]
    tables, schema = common_types(tables, Schema(columns))
    real, held, ours = table_features(tables, schema)
    return [ours, real, held]


def _validity(n_records: int, rules: Sequence[Rule]) -> Entry:
    score, details = valid_share(n_records, {rule.words: rule.is_broken for rule in rules})
    return Entry("valid", score, {}, details, "valid")


def _independent(table: pa.Table, seed: int) -> pa.Table:
    """Each column shuffled by itself."""
    rng = draws(seed)
    columns = [column.take(pa.array(rng.permutation(table.num_rows))) for column in table.columns]
    return pa.table(columns, schema=table.schema)


@final
@dataclass(frozen=True, eq=False)
class Rule:
    """What holds for every real record, and which synthetic ones break it."""

    words: str
    columns: tuple[str, ...]
    is_broken: Mask
    may_break: bool = False
    """Whether fresh real records may break it, too: it was only found in those at hand."""

    @property
    def gist(self) -> tuple[tuple[str, ...], str]:
        """The same for the same rule found in other records, of which it may name other numbers."""
        return self.columns, self.words.partition(" (")[0]


def rules_of(fake: pa.Table, real: pa.Table, schema: Schema) -> list[Rule]:
    """What holds for all real records, and which synthetic ones break it.

    The rules: every cell is of its column's kind, a number or a time lies within the real range (with some
    air where the real ones thin out), a category occurs in the real data, a cell is missing only where real
    ones are, keys are unique, and all constraints hold, those of the schema and those that are found in the
    real records.

    Args:
        fake: The synthetic table; a column may be of another type than the schema's, or lacking.
        real: All real records, those held out among them.
        schema: Of the real records, with the constraints that were declared.

    Raises:
        DataError: A real record breaks a constraint of the schema.
    """
    rules: list[Rule] = []
    fitting: list[str] = []
    for column in schema.columns:
        name = column.name
        if name not in fake.column_names:
            rules.append(Rule(f"column {name!r} is there", (name,), np.ones(fake.num_rows, dtype=bool)))
            continue
        cells, known = cells_of(fake, name), cells_of(real, name)
        read = _as_kind(cells, known.type)
        if not cells.type.equals(known.type):
            is_other = mask_of(pc.and_(pc.is_valid(cells), pc.is_null(read)))
            article = "an" if column.kind[0] in "aeiou" else "a"
            rules.append(Rule(f"{name!r} is {article} {column.kind}", (name,), is_other))
        else:
            fitting.append(name)
        rules += _of_cells(column, cells, read, known)
    return [*rules, *_of_constraints(fake, real, schema, frozenset(fitting))]


def _as_kind(cells: pa.Array, wanted: pa.DataType) -> pa.Array:
    """Cells in the type of the real ones, missing where they cannot be."""
    if cells.type.equals(wanted):
        return cells
    try:
        return cells.cast(wanted)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        pass
    known = pc.unique(cells)
    read = pa.array([_one_as(value, wanted) for value in known], wanted)
    return read.take(pc.index_in(cells, known))


def _one_as(value: pa.Scalar, wanted: pa.DataType) -> object:
    try:
        return value.cast(wanted).as_py()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None


def _of_cells(column: Column, original: pa.Array, cells: pa.Array, known: pa.Array) -> Iterator[Rule]:
    """What holds for the cells of one column."""
    name, is_there = column.name, mask_of(pc.is_valid(cells))
    if not known.null_count:
        yield Rule(f"{name!r} is never missing", (name,), mask_of(pc.is_null(original)))
    if column.traits.is_made_anew:
        if column.traits.is_unique and len(pc.unique(known)) == len(known):
            yield Rule(f"{name!r} is unique", (name,), is_there & are_again(cells))
        return
    if not column.traits.is_measure:
        is_known = pc.is_in(cells, value_set=pc.unique(known.drop_null()))
        yield Rule(f"{name!r} has known values", (name,), is_there & ~mask_of(is_known), may_break=True)
        return
    low, high = _room(known)
    if low is None:
        return
    values = floats_of(cells)
    yield Rule(f"{name!r} is within its range", (name,), (values < low) | (values > high), may_break=True)


def _room(known: pa.Array) -> tuple[float, float] | tuple[None, None]:
    """Between what numbers may lie: the real ends, and some air where the real numbers thin out.

    Fresh real records go beyond the ends of others, too: by no more than twice the distance from the last to
    the tenth last of these, but for one time in hundreds. Where many share the last number it is an end; and
    so is zero where no real number lies beyond it.
    """
    values = np.sort(floats_of(known.drop_null()))
    values = values[np.isfinite(values)]
    if not len(values):
        return None, None
    tenth = min(9, len(values) - 1)
    low = values[0] - 2 * (values[tenth] - values[0])
    high = values[-1] + 2 * (values[-1] - values[-1 - tenth])
    return max(low, 0.0) if values[0] >= 0 else low, min(high, 0.0) if values[-1] <= 0 else high


def _of_constraints(
    fake: pa.Table, real: pa.Table, schema: Schema, fitting: frozenset[str]
) -> Iterator[Rule]:
    """Constraints between columns whose types fit."""
    declared = read_constraints(schema.constraints or (), schema)
    for number, constraint in enumerate([*declared, *find(real, schema, declared)]):
        columns = tuple(dict.fromkeys((*constraint.reads, *constraint.writes)))
        if fitting.issuperset(columns):
            is_broken = constraint.learnt(real).violating(fake)
            yield Rule(constraint.in_words(), columns, is_broken, may_break=number >= len(declared))
