"""The scorecards of synthetic tables."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from gansmith.errors import DataError
from gansmith.modalities.table.features import common_types, table_features, told
from gansmith.modalities.table.validity import Rule, rules_of
from gansmith.scorecard.card import Scorecard
from gansmith.scorecard.features import Features, draws
from gansmith.scorecard.judge import Judge
from gansmith.scorecard.private.copies import copied_texts
from gansmith.scorecard.private.risk import Attack, Tally, measured_risk
from gansmith.scorecard.score import CEILING, COPY, FLOOR, Effort, Entry, valid_share
from gansmith.tabular.cells import are_in, cells_of
from gansmith.tabular.columns.rare import usual_min_count
from gansmith.tabular.rows import with_rare_ones_as_text
from gansmith.tabular.schema import Schema, Table


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
    # Categories that hardly anybody shares are texts, as they are when they are learnt.
    min_count = usual_min_count(len(train))
    known = with_rare_ones_as_text(train.records, train.schema, min_count, kept=target or "")
    train = replace(train, schema=known)
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
        card = judges[key].card(ours, more, defects, lacking)
        notes = (*fake.notes, *_not_judged(schema))
        yield replace(card, name=fake.name, n_records=len(fake), notes=notes)


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
        f"{', '.join(names)}: texts or identifiers. Only their gaps are compared, and whether texts are "
        "copied."
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
