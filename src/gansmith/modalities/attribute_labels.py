"""What is known of records that are files: by the folder each lies in, or by a table of names and values."""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final

import numpy as np

from gansmith.disclosure import shared_ends, usual_min_count
from gansmith.errors import DataError
from gansmith.modalities.attributes import Attributes
from gansmith.modalities.record_files import Wanted, is_picture_name, is_record_name, natural

LABEL: Final = "label"
"""The attribute that the folder of a file becomes."""
SPLIT: Final = "split"
"""The attribute that the folders `train` and `test` above those of classes become."""
FEW_VALUES: Final = 12
"""A column of numbers with more different ones is one of numbers; with fewer each is a class."""
PICTURE: Final = "picture"
"""What a record is, where nobody says."""
CLASSES: Final = (LABEL, SPLIT, "class", "category", "target", "digit", "y", "pitch", "note", "midi")
"""Columns whose numbers are names of classes, however many there are."""
_N_SHOWN: Final = 12
MAX_LABELS: Final = 64
"""Yes-or-no attributes that a column of several labels per record becomes."""
_SPLITS: Final = frozenset(("train", "training", "test", "testing", "val", "valid", "validation", "dev"))
_NUMBER: Final = re.compile(r"[+-]?(?:0|[1-9]\d*|(?=\.))(?:\.\d*)?(?:[eE][+-]?\d+)?")
"""Numbers as people write them; 007 is a code."""

_PARTING: Final = re.compile(r"[_-]")

Texts = Mapping[str, Sequence[str | None]]
"""Columns by name, None where nothing is known."""


@final
@dataclass(frozen=True)
class Known:
    """Attributes, and what a person should know about how they were found."""

    attributes: Attributes
    notes: tuple[str, ...] = ()


@final
@dataclass(frozen=True)
class _Match:
    """The column of a table that names records."""

    column: str
    pictures: list[int]
    """Of each row: the number of its record, -1 for none."""

    @property
    def n_found(self) -> int:
        return len(set(self.pictures) - {-1})


# --- Folders ------------------------------------------------------------------------------------------------


def by_folder(names: Sequence[str]) -> dict[str, list[str | None]]:
    """The folder of each file below what all share, as the column "label"; none where it is one alone.

    Example:
        >>> by_folder(["animals/cat/1.png", "animals/cat/2.png", "animals/dog/1.png"])
        {'label': ['cat', 'cat', 'dog']}
        >>> by_folder(["train/a/1.png", "test/a/2.png"])
        {'label': ['a', 'a'], 'split': ['train', 'test']}
    """
    parts_of = {folder: folder.split("/") if folder else [] for folder in map(_folder, names)}
    if len(parts_of) < 2:
        return {}
    n_shared = _n_shared(list(parts_of.values()))
    below = {folder: parts[n_shared:] for folder, parts in parts_of.items()}
    is_split = all(len(parts) > 1 and parts[0].lower() in _SPLITS for parts in below.values())
    labels = {folder: _label(parts[is_split:]) for folder, parts in below.items()}
    columns = {LABEL: [labels[_folder(name)] for name in names]}
    if is_split:
        columns[SPLIT] = [below[_folder(name)][0] for name in names]
    return columns


def _n_shared(paths: Sequence[list[str]]) -> int:
    """How many of their first parts all paths share."""
    first, last = min(paths), max(paths)  # whatever these share, those between them share
    return next((place for place, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))


def _folder(name: str) -> str:
    return name.rpartition("/")[0]


def _label(parts: Sequence[str]) -> str | None:
    return printable("/".join(parts)) or None


def by_name(names: Sequence[str], fields: Sequence[str] = ()) -> dict[str, list[str | None]]:
    """The parts of file names that are parted by "_" or "-", as columns; none where names differ in that.

    Args:
        names: Paths of the files.
        fields: What the parts are called; "" for one that is left out. None given: "part 1" and so on.

    Raises:
        DataError: Parts are named, and some file has another number of them.

    Example:
        >>> by_name(["7_jo_0.wav", "8_jo_1.wav"], ("digit", "speaker", ""))
        {'digit': ['7', '8'], 'speaker': ['jo', 'jo']}
    """
    parts = [_PARTING.split(_name_stem(name)) for name in names]
    sizes = {len(one) for one in parts}
    if fields and sizes != {len(fields)}:
        odd = next(name for name, one in zip(names, parts, strict=True) if len(one) != len(fields))
        raise DataError(
            f"{odd}: its name has not {counted(len(fields), 'part')} parted by _ or -, as --name-parts has. "
            "Name as many, or rename the file."
        )
    if len(sizes) != 1 or sizes == {1}:
        return {}
    called = fields or [f"part {place + 1}" for place in range(len(parts[0]))]
    return {
        name: [printable(one[place]) for one in parts] for place, name in enumerate(called) if name.strip()
    }


# --- Tables -------------------------------------------------------------------------------------------------


def path_column(table: Texts, is_wanted: Wanted = is_picture_name) -> str | None:
    """The column of a table whose values are mostly names of files of records; None when there is none."""
    for column, cells in table.items():
        known = [cell for cell in cells if cell is not None]
        if known and sum(map(is_wanted, known)) > 0.5 * len(cells):
            return column
    return None


def by_table(
    table: Texts, names: Sequence[str], said: str, *, is_strict: bool = False, noun: str = PICTURE
) -> Known | None:
    """What a table says of records; None when none of its columns names any of them.

    Args:
        table: A row for each record, or several; one of its columns names them, with or without their folder
            and suffix.
        names: Of their files.
        said: Where the table is, for messages.
        is_strict: Refuse rows that name no record.
        noun: What a record is, in messages.

    Raises:
        DataError: Rows name no record, and that is to be refused.
    """
    match = _best_match(table, names)
    if match is None:
        return None
    notes = list[str]()
    named = table[match.column]
    if lost := [named[row] or "" for row, number in enumerate(match.pictures) if number < 0]:
        what = f"{said}: {counted(len(lost), 'row')} without a {noun}: {shortened(lost)}"
        if is_strict:
            raise DataError(f"{what}. Add the files, drop the rows, or leave --strict out.")
        notes.append(what)
    rows: dict[int, list[int]] = defaultdict(list)
    for row, number in enumerate(match.pictures):
        if number >= 0:
            rows[number].append(row)
    if n_unknown := len(names) - len(rows):
        notes.append(f"{said}: says nothing of {counted(n_unknown, noun)}")
    columns = dict[str, list[list[str]]]()
    for column, cells in table.items():
        if column != match.column:
            columns[column] = [_values(cells, rows.get(number, ())) for number in range(len(names))]
    known = attributes_of(columns, noun)
    return Known(known.attributes, (*notes, *known.notes))


def picture_of_rows(table: Texts, names: Sequence[str]) -> tuple[str, Sequence[int]] | None:
    """The column of a table that names records, and of each row the number of its record, -1 for none.

    Args:
        table: One of its columns names records, with or without their folder and suffix.
        names: Of their files.

    Returns:
        None when no column names any of them.
    """
    match = _best_match(table, names)
    return None if match is None else (match.column, match.pictures)


def attributes_of(columns: Mapping[str, Sequence[Sequence[str]]], noun: str = PICTURE) -> Known:
    """Columns as attributes: numbers, classes, or a yes and no for each of several labels.

    Args:
        columns: By name, of each record its different values: none where nothing is known.
        noun: What a record is, in messages.
    """
    found, notes = dict[str, np.ndarray](), list[str]()
    for name, cells in columns.items():
        several = any(len(values) > 1 for values in cells)
        distinct = Counter(value for values in cells for value in values)
        is_number = name.lower() not in CLASSES and all(_NUMBER.fullmatch(value) for value in distinct)
        if not distinct or (several and is_number and len(distinct) > FEW_VALUES):
            notes.append(
                f"{name!r} is not used: {f'several numbers for one {noun}' if distinct else 'empty'}"
            )
        elif several:
            found |= _yes_and_no(name, cells, distinct, {*columns, *found}, notes)
        elif is_number and len(distinct) > FEW_VALUES and not _is_count(distinct):
            found[name] = np.array([float(values[0]) if values else np.nan for values in cells])
        elif _names_each(distinct, sum(map(len, cells))):
            notes.append(f"{name!r} is not used: {len(distinct)} different values name single {noun}s")
        else:
            found[name] = np.array([values[0] if values else None for values in cells], dtype=object)
    return Known(Attributes(found), tuple(notes))


def plain(columns: Texts) -> dict[str, list[list[str]]]:
    """Columns with one value for each record as `attributes_of` takes them; bars part several in a cell."""
    return {name: [_values(cells, (row,)) for row in range(len(cells))] for name, cells in columns.items()}


def spelt(value: object) -> str:
    """A label as text; a whole number is spelt as one, whatever its type.

    Example:
        >>> spelt(2.0), spelt(1234567.0), spelt(0.5), spelt("cat")
        ('2', '1234567', '0.5', 'cat')
    """
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def like(attributes: Attributes, other: Attributes) -> Attributes:
    """The same with numbers as numbers and texts as texts as another has them."""
    columns = dict(attributes.columns)
    for name, column in columns.items():
        wanted = other.columns.get(name)
        if wanted is None or (wanted.dtype == object) == (column.dtype == object):
            continue
        if wanted.dtype == object:
            texts = [None if np.isnan(value) else spelt(value) for value in column.tolist()]
            columns[name] = np.array(texts, dtype=object)
        elif all(text is None or _NUMBER.fullmatch(text) for text in column.tolist()):
            numbers = [np.nan if text is None else float(text) for text in column.tolist()]
            columns[name] = np.array(numbers)
    return Attributes(columns)


def summary(column: np.ndarray, noun: str = PICTURE) -> tuple[str, str]:
    """What kind of attribute a column is, and what it holds.

    Example:
        >>> summary(np.array(["cat", None, "dog", "cat", "dog", "mia"], dtype=object))
        ('class', '3 classes: cat, dog, 1 rare; unknown of 1 picture')
    """
    n_enough = usual_min_count(len(column))
    if column.dtype != object:
        n_unknown = int(np.isnan(column).sum())
        ends = shared_ends(column.astype(float), n_enough)
        about = "" if ends is None else f" {'' if ends.is_exact else 'about '}{ends.low:g} to {ends.high:g}"
        kind, holds = "number", f"numbers{about}"
    else:
        counts = Counter(column.tolist())
        n_unknown = counts.pop(None, 0)
        named = natural({value for value, n in counts.items() if n >= n_enough})
        rare = [f"{len(counts) - len(named)} rare"] if len(counts) > len(named) else []
        said = "1 class" if len(counts) == 1 else f"{len(counts)} classes"
        listed = [*named[:_N_SHOWN], *["..."] * (len(named) > _N_SHOWN), *rare]
        kind, holds = "class", f"{said}: {', '.join(listed)}"
    return kind, holds + (f"; unknown of {counted(n_unknown, noun)}" if n_unknown else "")


def _values(cells: Sequence[str | None], rows: Iterable[int]) -> list[str]:
    """The different values that some rows have, in their order."""
    texts = [text for row in rows if (text := cells[row]) is not None]
    return list(dict.fromkeys(part.strip() for text in texts for part in text.split("|") if part.strip()))


def _yes_and_no(
    name: str, cells: Sequence[Sequence[str]], distinct: Counter[str], taken: set[str], notes: list[str]
) -> dict[str, np.ndarray]:
    """An attribute for each of several labels: "yes" where a record has it, None where nothing is known."""
    kept = sorted(value for value, _ in distinct.most_common(MAX_LABELS))
    if len(distinct) > MAX_LABELS:
        notes.append(f"{name!r}: of {len(distinct)} different labels the {MAX_LABELS} most frequent are used")
    found = dict[str, np.ndarray]()
    for value in kept:
        called = value if value not in taken else f"{name} {value}"
        answers = [("yes" if value in values else "no") if values else None for values in cells]
        found[called] = np.array(answers, dtype=object)
    return found


def _is_count(distinct: Counter[str]) -> bool:
    """Whether numbers count the records: whole ones without gaps, each there once."""
    if max(distinct.values()) > 1 or not all(value.lstrip("+-").isdigit() for value in distinct):
        return False
    numbers = sorted(map(int, distinct))
    return numbers[-1] - numbers[0] == len(numbers) - 1


def _names_each(distinct: Counter[str], n_known: int) -> bool:
    """Whether values are names rather than classes: one for each record, or for nearly each of many."""
    return len(distinct) == n_known > 1 or (len(distinct) > FEW_VALUES and 2 * len(distinct) > n_known)


# --- Names --------------------------------------------------------------------------------------------------


def _best_match(table: Texts, names: Sequence[str]) -> _Match | None:
    """The column that names the most records, and how: by path or name, with or without suffix."""
    best: _Match | None = None
    for key in (_path, _path_stem, _name, _name_stem):
        numbers = _numbers(names, key)
        for column, cells in table.items():
            found = [-1 if cell is None else numbers.get(key(cell.replace("\\", "/")), -1) for cell in cells]
            match = _Match(column, found)
            if match.n_found > (best.n_found if best else 0):
                best = match
        if best and best.n_found == len(names):
            break
    return best


def _numbers(names: Sequence[str], key: Callable[[str], str]) -> dict[str, int]:
    """Numbers of records by their key; a key of several is none of them."""
    numbers = dict[str, int]()
    for number, name in enumerate(names):
        called = key(name)
        numbers[called] = -1 if called in numbers else number
    return numbers


def _path(name: str) -> str:
    return name.removeprefix("./")


def _path_stem(name: str) -> str:
    bare = os.path.splitext(name)[0] if is_record_name(name) else name  # noqa: PTH122 - many names
    return _path(bare)


def _name(name: str) -> str:
    return name.rpartition("/")[2]


def _name_stem(name: str) -> str:
    return _path_stem(_name(name))


# --- Words --------------------------------------------------------------------------------------------------


def counted(n: int, what: str) -> str:
    """A number of things.

    Example:
        >>> counted(1, "file"), counted(3000, "file")
        ('1 file', '3,000 files')
    """
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def printable(name: str) -> str:
    """The name of a file with marks in the place of bytes that are no UTF-8."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def shortened(items: Sequence[str], n_shown: int = 3) -> str:
    """The first of some things, and how many more there are."""
    more = len(items) - n_shown
    return ", ".join(map(printable, items[:n_shown])) + (f" and {more:,} more" if more > 0 else "")
