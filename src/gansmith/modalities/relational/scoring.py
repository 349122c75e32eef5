"""The scorecards of synthetic databases: families judged as rows, and what only databases have beside them.

A family is a root row, or the row of the table that most hangs on, beside aggregates of what hangs on it. So
every score of tables is one of whole families, those of privacy as well. Beside them stand the scores across
tables, each next to that of real families and of *independent parts*: every column shuffled by itself, while
keys point where real ones do, which is hard to beat.

Source:
    Hudovernik et al. 2024, "Benchmarking the fidelity and utility of synthetic relational data" (SyntheRela,
    arXiv:2410.03411): children with their parents joined, parents with aggregates of their children.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, final

import numpy as np

from gansmith.disclosure import usual_min_count
from gansmith.errors import DataError
from gansmith.modalities.relational.judged import (
    families_beside,
    independent,
    joined_columns,
    main_table,
    queries_of,
)
from gansmith.modalities.relational.records import Database, n_each
from gansmith.modalities.relational.rules import rules_across
from gansmith.modalities.relational.sharing import of_many_families
from gansmith.scorecard.card import Scorecard
from gansmith.scorecard.features import Features, draws
from gansmith.scorecard.judge import Judge
from gansmith.scorecard.learners import SMALL_TREES, TREES
from gansmith.scorecard.measuring import Progress, unheard
from gansmith.scorecard.relations import (
    cardinality_similarity,
    cross_trend,
    families_told_apart,
    query_errors,
    score_of,
    with_error,
)
from gansmith.scorecard.score import CEILING, FLOOR, Effort, Entry, Score
from gansmith.scorecard.validity import defects, valid_share
from gansmith.tabular.features import common_types, table_features, told
from gansmith.tabular.rows import with_rare_ones_as_text
from gansmith.tabular.schema import Schema, Table

FEWEST_ROWS: Final = 50
_SYNTHERELA: Final = (
    "SyntheRela (arXiv:2410.03411), here the AUC of boosted trees, with whole families in each fold."
)


@final
@dataclass(frozen=True, eq=False)
class _Side:
    """A database, and which of its rows are compared."""

    database: Database

    def of(self, table: str) -> np.ndarray:
        """The numbers of the rows of a table that are compared."""
        return np.flatnonzero(self.database.counts(table))


def score_databases(
    fakes: Sequence[Database],
    train: Database,
    holdout: Database,
    target: str | None,
    seed: int,
    effort: Effort,
    progress: Progress = unheard,
) -> Iterator[Scorecard]:
    """Score synthetic databases against held-out families.

    Raises:
        DataError: There are too few families to compare.
    """
    train, holdout, *fakes = (_with_rare_ones_as_text(one, train) for one in (train, holdout, *fakes))
    floor = independent(train, seed)
    for fake in fakes:
        sides = {"fake": _Side(fake), CEILING: _Side(train), FLOOR: _Side(floor)}
        progress("across tables", 0.0)
        across = [
            *_keys(fake, train),
            *_cardinalities(sides, holdout),
            *_trends(sides, holdout, seed),
            *_told_apart(sides, holdout, seed, effort),
            *_queries(sides, holdout),
        ]
        rules = rules_across(fake, train)
        n_rows = fake.n_rows
        score, details = valid_share(
            max(1, max((len(rule.is_broken) for rule in rules), default=1)),
            {rule.words: _padded(rule.is_broken, rules) for rule in rules},
        )
        entries = [*across, Entry("valid", score, {}, details, "valid")]
        card = _families(fake, train, holdout, seed, effort, entries, defects(rules), progress)
        yield replace(
            card,
            title=f"Scores of a synthetic database of {n_rows:,} rows",
            name=fake.name,
            n_records=n_rows,
            notes=(*fake.notes, *card.notes),
            plots={**card.plots, "schema": drawn_schema(train, fake)},
        )


def _with_rare_ones_as_text(database: Database, train: Database) -> Database:
    """The database with categories that hardly anybody shares as texts, as they are when they are learnt."""
    tables = dict(database.tables)
    for table in train.plan.made if train.plan else ():
        known = train.tables[table.name]
        least, families = usual_min_count(len(known)), train.family_of(table.name)
        shared = of_many_families(known.records, known.schema, families, least, draws(0))
        schema = with_rare_ones_as_text(*shared, least)
        own = tables[table.name]
        columns = tuple(
            schema.column(one.name) if one.name in schema.names and one.type == "string" else one
            for one in own.schema.columns
        )
        tables[table.name] = replace(own, schema=replace(own.schema, columns=columns))
    return replace(database, tables=tables)


def _padded(mask: np.ndarray, rules: Sequence[Any]) -> np.ndarray:
    n = max(len(rule.is_broken) for rule in rules)
    return np.concatenate([mask, np.zeros(n - len(mask), bool)])


def _families(
    fake: Database,
    train: Database,
    holdout: Database,
    seed: int,
    effort: Effort,
    more: Sequence[Entry],
    broken: Any,
    progress: Progress,
) -> Scorecard:
    """The card of families as rows, with the scores across tables."""
    table = main_table(train)
    tables = [families_beside(one, table) for one in (train, holdout, fake)]
    ours, real, held = _features(tables)
    judge = Judge(real, held, told(ours).names, "", seed, effort)
    card = judge.card(ours, more, broken, progress=progress)
    note = f"A record is a row of {table!r} beside aggregates of what points at it."
    return replace(card, notes=(note,))


def _features(tables: Sequence[Table]) -> tuple[Features, Features, Features]:
    """Of fake, train and hold-out, by one code book."""
    shared = [
        name for name in tables[0].schema.names if all(name in one.records.column_names for one in tables)
    ]
    if not shared:
        raise DataError("these databases have no column in common. Give one like the real one.")
    schema = Schema(tuple(tables[0].schema.column(name) for name in shared))
    typed, schema = common_types([one.records.select(shared) for one in tables], schema)
    real, held, ours = table_features(typed, schema)
    return ours, real, held


# --- Across tables ------------------------------------------------------------------------------------------


def _links(database: Database) -> Iterator[tuple[str, str, str]]:
    """Keys of tables that are learnt: the table, the key, and where it points."""
    assert database.plan
    for table in database.plan.made:
        for link in table.links:
            yield table.name, link.name, link.parent


def _keys(fake: Database, train: Database) -> list[Entry]:
    """Share of the keys that point at a row that is there."""
    n_set, n_right, details = 0, 0, dict[str, float]()
    for table in fake.schema.tables:
        for key in table.foreign_keys:
            records = fake.tables[table.name].records
            is_set = np.ones(len(records), bool)
            for name in key.columns:
                is_set &= records.column(name).is_valid().to_numpy()
            right = int((is_set & (fake.links[table.name, key.name] >= 0)).sum())
            n_set, n_right = n_set + int(is_set.sum()), n_right + right
            if right < is_set.sum():
                details[f"{table.name}.{key.name}"] = 1 - right / int(is_set.sum())
    value = n_right / n_set if n_set else 1.0
    said = "Share of the foreign keys that point at a row that is there."
    score = score_of(value, 0.0, max(n_set, 1), "foreign keys", said, "Counting.")
    return [Entry("foreign_keys", score, {}, details, "valid")]


def _cardinalities(sides: Mapping[str, _Side], holdout: Database) -> list[Entry]:
    found: dict[str, dict[str, float]] = {name: {} for name in sides}
    n = 0
    for table, key, parent in _links(holdout):
        rows = np.flatnonzero(holdout.counts(parent))
        held = n_each(holdout.links[table, key], len(holdout.tables[parent]))[rows]
        if len(held) < FEWEST_ROWS:
            continue
        n += len(held)
        for name, side in sides.items():
            counts = n_each(side.database.links[table, key], len(side.database.tables[parent]))
            found[name][f"{table}.{key}"] = cardinality_similarity(counts[side.of(parent)], held)
    return _mean_entry(
        "cardinality", found, n, "cardinalities",
        "How alike the numbers of rows that point at each row are; 1 is equal; the mean over keys.",
        'SDMetrics 0.32, "Cardinality Shape Similarity".',
    )  # fmt: skip


def _trends(sides: Mapping[str, _Side], holdout: Database, seed: int) -> list[Entry]:
    entries: list[Entry] = []
    for depth, name in ((1, "parent_trend"), (2, "grandparent_trend")):
        found: dict[str, dict[str, float]] = {side: {} for side in sides}
        errors: list[float] = []
        n = 0
        for table in [one.name for one in holdout.plan.made] if holdout.plan else []:
            held = joined_columns(holdout, table, np.flatnonzero(holdout.counts(table)), depth, depth)
            if held is None or len(held.table) < FEWEST_ROWS:
                continue
            n += len(held.table)
            for side, one in sides.items():
                ours = joined_columns(one.database, table, one.of(table), depth, depth)
                if ours is None or not len(ours.table):
                    continue
                fake, _, real = _features([held.table, held.table, ours.table])
                n_own = sum(column in held.own for column in fake.names)
                measure = _measured(n_own)
                value, error = with_error(measure, fake, real, seed) if side == "fake" else (
                    measure(fake, real), 0.0
                )  # fmt: skip
                if np.isfinite(value):
                    found[side][table] = value
                    errors += [error] if side == "fake" else []
        entries += _mean_entry(
            name, found, n, "trends along keys" if depth == 1 else "trends along two keys",
            "How alike a row's columns and those of its "
            f"{'parents' if depth == 1 else 'grandparents'} go together; 1 is equal; the mean over tables.",
            'SDMetrics 0.32, "Inter-table trends".', _of_mean(errors),
        )  # fmt: skip
    return entries


def _of_mean(errors: Sequence[float]) -> float:
    """The standard error of a mean of numbers with these errors."""
    return float(np.sqrt(np.square(errors).sum()) / max(len(errors), 1))


def _measured(n_own: int) -> Callable[[Features, Features], float]:
    return lambda fake, real: cross_trend(fake, real, n_own)


def _told_apart(sides: Mapping[str, _Side], holdout: Database, seed: int, effort: Effort) -> list[Entry]:
    """Two-sample AUC of children with their parents, and of parents with aggregates of their children."""
    entries: list[Entry] = []
    assert holdout.plan
    for name, label, meaning in (
        ("c2st_children", "children told apart", "rows with their parents and grandparents beside them"),
        ("c2st_parents", "parents told apart", "rows with aggregates of what hangs on them beside them"),
    ):
        found: dict[str, dict[str, Score]] = {side: {} for side in sides}
        for table in holdout.plan.made:
            view = _view(name, table.name)
            held_rows = np.flatnonzero(holdout.counts(table.name))
            held, families = view(holdout, held_rows), holdout.family_of(table.name)[held_rows]
            if held is None or len(held) < FEWEST_ROWS:
                continue
            for side, one in sides.items():
                ours = view(one.database, one.of(table.name))
                if ours is None or len(ours) < FEWEST_ROWS:
                    continue
                fake, _, real = _features([held, held, ours])
                theirs = one.database.family_of(table.name)[one.of(table.name)]
                value, error = families_told_apart(
                    fake,
                    real,
                    (theirs, families),
                    TREES if effort.is_full else SMALL_TREES,
                    seed,
                    effort.n_told,
                )
                n = min(len(fake), len(real))
                if np.isfinite(value):
                    found[side][table.name] = score_of(value, error, n, label, "", _SYNTHERELA, is_lower=True)
        if not found["fake"]:
            continue
        worst = {side: max(each.values(), key=lambda one: one.value) for side, each in found.items() if each}
        details = {
            table: one.value for table, one in sorted(found["fake"].items(), key=lambda it: -it[1].value)
        }
        entries.append(_auc_entry(name, label, meaning, worst, details))
    return entries


def _auc_entry(
    name: str, label: str, meaning: str, worst: Mapping[str, Score], details: Mapping[str, float]
) -> Entry:
    said = (
        f"How often a classifier tells synthetic {meaning} from real ones; 0.5 is perfect; the worst table."
    )
    scores = {
        side: replace(one, label=label, meaning=said, source=_SYNTHERELA) for side, one in worst.items()
    }
    anchors = {side: one for side, one in scores.items() if side != "fake"}
    return Entry(name, scores["fake"], anchors, details, "real")


def _view(name: str, table: str) -> Callable[[Database, np.ndarray], Table | None]:
    """What is told apart: rows with what they point at, or with aggregates of what hangs on them."""

    def seen(database: Database, rows: np.ndarray) -> Table | None:
        if name == "c2st_children":
            joined = joined_columns(database, table, rows, 1, 3)
            return None if joined is None else joined.table
        found = families_beside(database, table, rows)
        return found if any("(" in column for column in found.schema.names) else None

    return seen


def _queries(sides: Mapping[str, _Side], holdout: Database) -> list[Entry]:
    """How far answers of joined aggregates are off; those of the whole real data are right."""
    whole = replace(holdout, families=None)
    real = queries_of(whole, whole)
    if not real:
        return []
    found: dict[str, dict[str, float]] = {}
    for side, one in sides.items():
        database = whole if side == CEILING else one.database
        found[side] = query_errors(queries_of(database, whole), real)
    scores = {
        side: score_of(
            float(np.median([*errors.values()])),
            float(1.25 * np.std([*errors.values()]) / np.sqrt(len(errors))),
            len(errors), "queries",
            "How far answers of joined queries are off, as a share of the real ones: the median query.",
            "Counting; the queries are the means and counts along the most used keys.", is_lower=True,
        )
        for side, errors in found.items()
    }  # fmt: skip
    details = dict(sorted(found["fake"].items(), key=lambda item: -item[1]))
    anchors = {side: one for side, one in scores.items() if side == FLOOR}
    return [Entry("queries", scores["fake"], anchors, details, "useful")]


def _mean_entry(
    name: str,
    found: Mapping[str, Mapping[str, float]],
    n: int,
    label: str,
    meaning: str,
    source: str,
    error: float | None = None,
) -> list[Entry]:
    """An entry of the mean over keys or tables, the lowest ones first among its details."""
    if not found["fake"]:
        return []
    scores: dict[str, Score] = {}
    for side, each in found.items():
        if each:
            own = 0.5 / np.sqrt(max(n, 1)) if error is None else error
            scores[side] = score_of(float(np.mean([*each.values()])), float(own), n, label, meaning, source)
    details = dict(sorted(found["fake"].items(), key=lambda item: item[1]))
    anchors = {side: one for side, one in scores.items() if side != "fake"}
    return [Entry(name, scores["fake"], anchors, details, "real")]


def drawn_schema(train: Database, fake: Database) -> dict[str, Any]:
    """The tables and keys, for a page to draw."""
    assert train.plan
    return {
        "tables": [
            {
                "name": one.name,
                "way": one.way,
                "real": one.n_rows,
                "synthetic": len(fake.tables[one.name]) if one.name in fake.tables else 0,
            }
            for one in train.plan.tables
        ],
        "keys": [
            {"from": one.name, "to": link.parent, "by": link.name, "role": link.role}
            for one in train.plan.tables
            for link in one.links
        ],
    }
