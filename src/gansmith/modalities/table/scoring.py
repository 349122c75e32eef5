"""The scorecards of synthetic tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pyarrow as pa

from gansmith.errors import DataError
from gansmith.modalities.table.features import common_types, table_features, told
from gansmith.modalities.table.files.reading import Table
from gansmith.modalities.table.schema import Schema
from gansmith.modalities.table.validity import broken_rules
from gansmith.scorecard.card import Scorecard
from gansmith.scorecard.effort import Effort
from gansmith.scorecard.features import Features
from gansmith.scorecard.judge import Judge
from gansmith.scorecard.score import CEILING, COPY, FLOOR, Entry
from gansmith.scorecard.seeds import draws
from gansmith.scorecard.validity import valid_share


def score_tables(
    fakes: Sequence[Table], train: Table, holdout: Table, target: str | None, seed: int, effort: Effort
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

    Yields:
        The card of each table.

    Raises:
        DataError: A table has no record, or no column of the real one.
    """
    judges: dict[tuple[object, ...], Judge] = {}
    real_tables, schema = common_types([train.records, holdout.records], train.schema)
    whole = pa.concat_tables(real_tables).combine_chunks()
    anchors = {
        CEILING: _validity(real_tables[1], real_tables[0], schema).score,  # by rules that it had no say in
        FLOOR: _validity(_independent(real_tables[0], seed), whole, schema).score,
        COPY: valid_share(len(train), {})[0],
    }
    for fake in fakes:
        ours, real, held = _features(fake, train, holdout)
        key = (ours.names, real.values.tobytes(), held.values.tobytes())
        if key not in judges:
            judges[key] = Judge(real, held, told(ours).names, target or "", seed, effort)
        valid = _validity(fake.records, whole, schema)
        entry = Entry("valid", valid.score, anchors, valid.details, "valid")
        card = judges[key].card(ours, [entry])
        yield replace(card, name=fake.name, n_records=len(fake), notes=fake.notes)


def _features(fake: Table, train: Table, holdout: Table) -> list[Features]:
    """Of the synthetic, the training and the hold-out table: the columns that all have."""
    shared = [name for name in train.schema.names if name in fake.records.column_names]
    if not shared:
        raise DataError(
            f"{fake.name}: none of its columns is in the real data. Give a table like the real one."
        )
    # What a model made anew, because its categories were too rare, is not to be judged as categories.
    made_anew = {column.name for column in fake.schema.columns if column.kind == "text"}
    columns = tuple(
        replace(column, kind="text") if column.name in made_anew and column.kind == "category" else column
        for column in (train.schema.column(name) for name in shared)
    )
    tables = [part.records.select(shared) for part in (train, holdout, fake)]
    tables, schema = common_types(tables, Schema(columns))
    real, held, ours = table_features(tables, schema)
    return [ours, real, held]


def _validity(fake: pa.Table, real: pa.Table, schema: Schema) -> Entry:
    score, details = valid_share(fake.num_rows, broken_rules(fake, real, schema))
    return Entry("valid", score, {}, details, "valid")


def _independent(table: pa.Table, seed: int) -> pa.Table:
    """Each column shuffled by itself."""
    rng = draws(seed)
    columns = [column.take(pa.array(rng.permutation(table.num_rows))) for column in table.columns]
    return pa.table(columns, schema=table.schema)
