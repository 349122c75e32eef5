"""What is wrong with single columns of a table: mostly missing, or one value under several spellings."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from typing import Final

import pyarrow.compute as pc

from gansmith.findings import (
    FEW_OF_A_CLASS,
    MAX_NAMED,
    WEAKENS,
    WORTH_KNOWING,
    Finding,
    named,
)
from gansmith.tabular.audit.subject import MAX_GROUPS, Subject
from gansmith.tabular.cells import cells_of
from gansmith.tabular.constraints.emptiness import MissingWhen
from gansmith.tabular.constraints.presence import OnePresent
from gansmith.tabular.schema import Column

MOSTLY: Final = 0.5
"""Share of the cells above which a column is mostly missing."""
MAX_SPELLINGS: Final = 20_000
"""Different values of a column at most that are compared: more are no words to choose from."""
_BETWEEN: Final = re.compile(r"(?<=[^\W\d_])[\s._,'’/-]+(?=\w)|(?<=\w)[\s._,'’/-]+(?=[^\W\d_])|\.$")
"""What stands between words, or ends an abbreviation; between digits it says something: 1.5, 10-19."""


def mostly_missing(subject: Subject) -> tuple[Finding, ...]:
    """Columns with few cells, but for those that another column says when to have."""
    of_gaps = [one for one in subject.rules if isinstance(one, (MissingWhen, OnePresent))]
    ruled = {name for one in of_gaps for name in (*one.reads, *one.writes)}
    columns = subject.table.schema.columns
    found = [one for one in columns if one.missing_rate > MOSTLY and one.name not in ruled]
    if not found:
        return ()
    found.sort(key=lambda one: -one.missing_rate)
    shown = [f"{one.name!r} ({one.missing_rate:.0%})" for one in found[:MAX_NAMED]]
    more = f" and {len(found) - MAX_NAMED} more" if len(found) > MAX_NAMED else ""
    said = f"mostly missing: {', '.join(shown)}{more}"
    cure = "Values are learnt from the few records that have one. Leave out columns that nobody needs."
    names = tuple(one.name for one in found)
    n = max(round(one.missing_rate * subject.n) for one in found)
    return (Finding("mostly missing", WORTH_KNOWING, said, cure, names, n),)


def spellings(subject: Subject) -> tuple[Finding, ...]:
    """Values that differ in nothing but capitals, blanks, accents, hyphens or full stops."""
    columns, n_records = list[str](), 0
    examples: list[str] = []
    for column in subject.words:
        if column.type != "string" or subject.n_values(column.name) > MAX_SPELLINGS:
            continue
        for group in _spelt_alike(_texts(subject, column)):
            n_records += sum(group.values()) - max(group.values())
            columns.append(column.name)
            shown = [f"{text!r} ({n:,})" for text, n in group.most_common() if n >= subject.min_count]
            if len(shown) > 1:
                examples.append(" and ".join(shown[:MAX_NAMED]))
    if not columns:
        return ()
    n_values, names = len(columns), tuple(dict.fromkeys(columns))
    values = "a value is" if n_values == 1 else f"{n_values:,} values are"
    some = f": {'; '.join(examples[:2])}{'; ...' if len(examples) > 2 else ''}" if examples else ""
    said = f"{values} spelt in several ways in {named(names)}{some}"
    cure = "Each spelling is learnt as a value of its own. Unify them before learning."
    return (Finding("spellings", WEAKENS, said, cure, names, n_records),)


def _texts(subject: Subject, column: Column) -> Counter[str]:
    """How often each text occurs in a column; of lists each item."""
    found = pc.value_counts(cells_of(subject.table.records, column.name).drop_null())
    counts: Counter[str] = Counter()
    for text, n in zip(found.field("values").to_pylist(), found.field("counts").to_pylist(), strict=True):
        for item in text.split(column.delimiter) if column.traits.has_items else (text,):
            counts[item] += n
    return counts


def _spelt_alike(counts: Counter[str]) -> list[Counter[str]]:
    """Texts that are one when folded."""
    groups: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for text, n in counts.items():
        groups[folded(text)][text] += n
    return [group for name, group in groups.items() if len(group) > 1 and name]


def folded(text: str) -> str:
    """A text without what people spell now so, now so.

    Example:
        >>> {folded(text) for text in ("New York", "new  york ", "NewYork", "New-York")}
        {'newyork'}
        >>> folded("A+"), folded("A-"), folded("10-19")
        ('a+', 'a-', '10-19')
    """
    bare = "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one))
    return _BETWEEN.sub("", bare.strip()).casefold()


def rare_groups(subject: Subject) -> tuple[Finding, ...]:
    """Groups of records of which there are hardly any: a value of a column that has few."""
    found: dict[str, int] = {}
    for column in subject.words:
        if column.name == subject.target or subject.n_values(column.name) > MAX_GROUPS:
            continue
        n_few = sum(n < FEW_OF_A_CLASS for n in subject.counts(column.name).values())
        if n_few:
            found[column.name] = n_few
    if not found or subject.n < FEW_OF_A_CLASS * MAX_GROUPS:  # there everything is rare
        return ()
    n_values = sum(found.values())
    values, have = ("1 value", "has") if n_values == 1 else (f"{n_values:,} values", "have")
    said = f"{values} of {named(found)} {have} fewer than {FEW_OF_A_CLASS} records"
    cure = "Little can be learnt of such groups: merge them with others if they matter."
    return (Finding("rare groups", WORTH_KNOWING, said, cure, tuple(found), 0),)
