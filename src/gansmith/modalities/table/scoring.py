"""The scorecards of synthetic tables: features for the judge, and what only tables have beside them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pyarrow as pa

from gansmith.disclosure import usual_min_count
from gansmith.errors import DataError
from gansmith.modalities.table.copied import copied_cells
from gansmith.modalities.table.entities import entity_column, known_entities
from gansmith.modalities.table.rules import Rulebook
from gansmith.modalities.table.spelling import unlike_real
from gansmith.scorecard.card import Scorecard
from gansmith.scorecard.features import Features, draws
from gansmith.scorecard.judge import Judge
from gansmith.scorecard.measuring import Progress, unheard
from gansmith.scorecard.score import CEILING, COPY, FLOOR, Effort, Entry
from gansmith.scorecard.validity import Rule, defects, valid_share
from gansmith.tabular.cells import cells_of
from gansmith.tabular.features import common_types, table_features, told
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
    train = replace(train, schema=known)
    entities, time = known_entities(train, holdout, entity_column(train, train.entity)), train.time
    spelt = [unlike_real(fake, train, holdout) for fake in fakes]
    train, holdout, *fakes = (_flat(part, known) for part in (train, holdout, *fakes))
    real_tables, wider = common_types([train.records, holdout.records], train.schema)
    schema = replace(wider, constraints=train.schema.constraints)
    rulebook = Rulebook(real_tables[0], real_tables[1], schema)
    anchors = {
        CEILING: _validity(len(holdout), rulebook.fresh).score,
        FLOOR: _validity(len(train), rulebook.judged(_independent(real_tables[0], seed))).score,
        COPY: valid_share(len(train), {})[0],
    }
    for fake, spelling in zip(fakes, spelt, strict=True):
        ours, real, held = _features(fake, train, holdout, time)
        values = real.values.tobytes() + held.values.tobytes() + real.is_category.tobytes()
        key = (ours.names, hashlib.sha256(values).hexdigest())
        if key not in judges:
            judges[key] = Judge(real, held, told(ours).names, target or "", seed, effort)
        rules = rulebook.judged(fake.records)
        entry = replace(_validity(len(fake), rules), anchors=anchors)
        lacking = [name for name in schema.names if name not in fake.records.column_names]
        more = [entry, *copied_cells(fake.records, real_tables[0], real_tables[1], schema)]
        warning = entities.warning if entities else ""
        card = judges[key].card(ours, more, defects(rules), lacking, progress, spelling, warning)
        notes = (*fake.notes, *_not_judged(schema), *([entities.said] if entities else ()))
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


def _not_judged(schema: Schema) -> list[str]:
    """A note on the columns of which not the values are compared."""
    names = [repr(column.name) for column in schema.columns if column.traits.is_made_anew]
    if not names:
        return []
    return [
        f"{', '.join(names)} (texts or identifiers): only their missing cells are compared, how they are "
        "spelt, and whether they are copied."
    ]


def _features(fake: Table, train: Table, holdout: Table, time: str) -> list[Features]:
    """Of the synthetic, the training and the hold-out table: the columns that all have, but that of time."""
    apart = {time, *(name for name in train.schema.names if time and name.startswith(f"{time}."))}
    shared = [name for name in train.schema.names if name in fake.records.column_names and name not in apart]
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
