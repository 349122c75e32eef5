"""How cells are spelt, whatever they say: formats, decimals, capitals, shapes, words; beside real ones.

Each cell falls into a class: so many decimals, all in capitals, "Xx Xx", ... Whether synthetic cells fall
into classes as held-out real ones do is one test of each column and manner, all of them together by Holm's
procedure; what is surely different is named where it is also much. Of real cells a shape is named only
where enough records share it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final

import numpy as np
import pyarrow as pa

from gansmith.disclosure import usual_min_count
from gansmith.scorecard.chance import CERTAIN, adjusted, chance_of_more, chance_unlike
from gansmith.scorecard.private.risk import Tally
from gansmith.tabular.cells import cells_of, floats_of, some_of, strings
from gansmith.tabular.columns.texts import WORDS
from gansmith.tabular.examples import example_of, is_spelt
from gansmith.tabular.schema import Column, Schema, Table

Labels = Sequence[str]
MAX_CELLS: Final = 5_000
"""Cells of a column that are looked at on each side."""
MAX_CLASSES: Final = 20
OTHER: Final = "otherwise"
MAX_DECIMALS: Final = 4
LARGE: Final = 0.2
"""Share of the cells that are in other classes than real ones from which on texts are unlike these."""
LARGE_OF_NUMBERS: Final = 0.05
"""The same of decimals and of times of day, which are settled by who writes them down."""
FEWEST_WORDS: Final = 3
"""Words of a usual text, of which it can be said that no real one has them."""
SHORTEST_WORD: Final = 3
_GROUPED: Final = 1_000
_STYLE: Final = ("point", "thousands", "prefix", "suffix")
_STEPS: Final = {
    86_400_000_000: "whole days",
    3_600_000_000: "whole hours",
    60_000_000: "whole minutes",
    1_000_000: "whole seconds",
}
_WORD: Final = re.compile(r"[^\W\d_]+")
_RUNS: Final = (
    (re.compile(r"[A-ZÀ-ÖØ-Þ]+"), "X"),
    (re.compile(r"[^\W\d_X]+"), "x"),
    (re.compile(r"\d+"), "9"),
    (re.compile(r"(?:X9|x9|9X|9x){2,}[Xx9]?"), "*"),
    (re.compile(r"(\S+)(?:\s+\1){2,}(?=\s|$)"), r"\1 ..."),
)
"""Capitals, small letters and digits; letters and digits in turn; three times the same in a row."""
_LONGEST_SHAPE: Final = 24
_PLACEHOLDERS: Final = frozenset(WORDS)


@final
@dataclass(frozen=True)
class Difference:
    """In what cells of a column are unlike real ones."""

    said: str
    """What synthetic cells are, with their share and that of real ones."""
    chance: float
    """Of a difference so large in honest data, by itself."""
    effect: float
    """Share of the cells, 0 to 1, ..."""
    large: float
    """... and from which on it matters."""


def unlike_real(fake: Table, train: Table, holdout: Table) -> dict[str, str]:
    """The columns whose cells are spelt unlike real ones, and in what, in words.

    Args:
        fake: Synthetic records; columns may be lacking, or of other kinds.
        train: What they were learnt from, with the kinds of its columns.
        holdout: Real records that were not learnt from: what synthetic ones are compared with.
    """
    said, found = dict[str, str](), dict[tuple[str, str], Difference]()
    for column in train.schema.columns:
        name = column.name
        if name not in fake.records.column_names or name not in holdout.records.column_names:
            continue
        ours, real = (_some(part.records, name) for part in (fake, holdout))
        if not len(ours) or not len(real):
            continue
        if format := _other_format(ours, fake.schema, (train.schema, holdout.schema), column):
            said[name] = format
        known = _some(train.records, name)
        least = usual_min_count(len(train))
        found |= {(name, how): one for how, one in _differences(column, ours, real, known, least).items()}
    chances = adjusted({key: one.chance for key, one in found.items()})
    for (name, how), one in found.items():
        if chances[name, how] < CERTAIN and one.effect > one.large:
            said.setdefault(name, one.said)
    return said


def _some(records: pa.Table, name: str) -> pa.Array:
    """Cells of a column that are not missing, many enough."""
    cells = cells_of(records, name).drop_null()
    return cells.take(pa.array(some_of(len(cells), MAX_CELLS)))


def _other_format(cells: pa.Array, ours: Schema, real: Sequence[Schema], column: Column) -> str:
    """Both formats of a column of times or numbers, where it had to be read otherwise than the real ones."""
    found = ours.column(column.name)
    if not is_spelt(found) or not (found.type in (column.type, "double") or found.format):
        return ""
    if found.traits.is_number and column.traits.is_number:
        is_other = all(_style(found) != _style(schema.column(column.name)) for schema in real)
        if found.thousands != column.thousands:  # few large ones may stand in no training record
            is_other &= bool(np.mean(np.abs(floats_of(cells)) >= _GROUPED) > LARGE_OF_NUMBERS)
    else:
        formats = [schema.column(column.name).format for schema in real]
        is_other = bool(found.format and all(formats)) and found.format not in formats
    here, there = example_of(found), example_of(column)
    return f"{here} (real: {there})" if is_other and here != there else ""


def _style(column: Column) -> tuple[object, ...]:
    return tuple(getattr(column, name) for name in _STYLE)


def _differences(
    column: Column, ours: pa.Array, real: pa.Array, known: pa.Array, least: int
) -> dict[str, Difference]:
    """In what a column's cells may differ, by the manner; what is to be said first stands first."""
    if column.traits.is_number and not (pa.types.is_string(ours.type) or pa.types.is_string(real.type)):
        both = _decimals(ours), _decimals(real)
        return {"decimals": _of_classes(*both, least, LARGE_OF_NUMBERS)}
    if all(pa.types.is_timestamp(part.type) or pa.types.is_time(part.type) for part in (ours, real)):
        return {"clock": _of_classes(_clocks(ours), _clocks(real), least, LARGE_OF_NUMBERS)}
    are_texts = all(pa.types.is_string(part.type) for part in (ours, real, known))
    if not are_texts or not (column.traits.is_made_anew or column.parts):
        return {}
    here, there = strings(ours), strings(real)
    found: dict[str, Difference] = {}
    if column.traits.is_free_text and not column.traits.is_unique:
        found = _of_words(here, there, strings(known))
    for how, manner in _MANNERS.items():
        if not column.semantic_type or how in _OF_INVENTED:
            found[how] = _of_classes(*manner(here, there), least, LARGE)
    if column.semantic_type:
        found["strange"] = _of_strange_shapes(here, there, strings(known), least)
    return found


def _of_classes(ours: Labels, real: Labels, least: int, large: float) -> Difference:
    """Whether cells fall into other classes, and which they fall into too often."""
    here, there = Counter(ours), Counter(real)
    kept = [label for label, _ in (here + there).most_common(MAX_CLASSES)]
    counts = np.array([[side[label] for label in kept] for side in (here, there)], dtype=np.int64)
    rest = [len(ours), len(real)] - counts.sum(axis=1)
    counts = np.append(counts, rest[:, None], axis=1)
    shares = counts / counts.sum(axis=1, keepdims=True)
    most = int(np.argmax(shares[0] - shares[1]))
    usual = int(np.argmax(counts[1]))
    what = [*kept, OTHER]
    beside = f"real: {_share(shares[1, most])}"
    if usual != most and counts[1, usual] >= least:
        beside += f"; {_share(shares[1, usual])} {what[usual]}"
    return Difference(
        said=f"{what[most]} in {_share(shares[0, most])} of the cells ({beside})",
        chance=chance_unlike(*counts),
        effect=float(np.abs(shares[0] - shares[1]).sum() / 2),
        large=large,
    )


def _share(value: float) -> str:
    """In per cent; none and all are said only where they are.

    Example:
        >>> _share(0.0), _share(0.0004), _share(0.37)
        ('none', '< 1 %', '37 %')
    """
    if value == 0:
        return "none"
    return "< 1 %" if value < 0.01 else f"{min(value, 0.99) if value < 1 else 1:.0%}".replace("%", " %")


# --- Numbers and times --------------------------------------------------------------------------------------


def _decimals(cells: pa.Array) -> Labels:
    """How many digits numbers need after the point."""
    if pa.types.is_floating(cells.type):  # single precision as it is written, not as doubles see it
        cells = cells.cast(pa.string()).cast(pa.float64())
    values = floats_of(cells)
    values = values[np.isfinite(values)]
    n_needed = np.full(len(values), MAX_DECIMALS)
    for n in reversed(range(MAX_DECIMALS)):
        n_needed[np.isclose(np.round(values, n), values, rtol=1e-12, atol=1e-12)] = n
    words = ["no decimals", "1 decimal", *(f"{n} decimals" for n in range(2, MAX_DECIMALS))]
    words.append(f"{MAX_DECIMALS} or more decimals")
    return [words[n] for n in n_needed.tolist()]


def _clocks(cells: pa.Array) -> Labels:
    """What times are whole multiples of."""
    ticks = cells.cast(pa.int64()).to_numpy(zero_copy_only=False)
    steps = np.array(list(_STEPS))
    first = (ticks[:, None] % steps[None, :] == 0) @ np.ones(len(steps), dtype=np.int64)  # (n_cells,)
    words = ["fractions of seconds", *reversed(_STEPS.values())]
    return [words[n] for n in first.tolist()]


# --- Texts --------------------------------------------------------------------------------------------------


def shape_of(text: str) -> str:
    """What a text looks like: runs of capitals, small letters and digits as one sign each.

    Example:
        >>> shape_of("Anna Berg"), shape_of("User123"), shape_of("she came too late"), shape_of("4f09-a1b2c3")
        ('Xx Xx', 'Xx9', 'x ...', '9x9-*')
    """
    for run, sign in _RUNS:
        text = run.sub(sign, text)
    return text[:_LONGEST_SHAPE]


def case_of(text: str) -> str:
    """How capitals are used in a text."""
    words = _WORD.findall(text)
    if not words:
        return "without letters"
    if text.isupper():
        return "all in capitals"
    if text.islower():
        return "all in small letters"
    if all(word[0].isupper() for word in words):
        return "a capital in each word"
    return "a capital at the beginning" if words[0][0].isupper() else "capitals within"


def letters_of(text: str) -> str:
    """Which alphabet a text is of."""
    if text.isascii():
        return "plain letters"
    is_latin = all(letter < "ɐ" for letter in text if letter.isalpha())
    return "letters with accents" if is_latin else "letters of another alphabet"


def _of_each(label: Callable[[str], str]) -> Callable[[Labels, Labels], tuple[Labels, Labels]]:
    return lambda ours, real: ([label(text) for text in ours], [label(text) for text in real])


def _shapes(ours: Labels, real: Labels) -> tuple[Labels, Labels]:
    return _of_each(lambda text: f"spelt like {shape_of(text)}")(ours, real)


def _ranges(count: Callable[[str], int], what: str) -> Callable[[Labels, Labels], tuple[Labels, Labels]]:
    """Lengths in eight classes with about as many cells of both sides each."""

    def manner(ours: Labels, real: Labels) -> tuple[Labels, Labels]:
        here, there = (np.array([count(text) for text in side]) for side in (ours, real))
        levels = np.quantile(np.concatenate([here, there]), np.arange(1, 8) / 8, method="lower")
        cuts = np.unique(levels).astype(int)

        def labels(counts: np.ndarray) -> Labels:
            places = np.searchsorted(cuts, counts, side="left")
            return [_between(cuts, int(place), what) for place in places]

        return labels(here), labels(there)

    return manner


def _between(cuts: np.ndarray, place: int, what: str) -> str:
    """Which lengths lie between two cuts, in words."""
    if place == len(cuts):
        return f"more than {cuts[-1]} {what}"
    if place == 0:
        return f"up to {cuts[0]} {what}"
    low, high = int(cuts[place - 1]) + 1, int(cuts[place])
    return f"{high} {what}" if low == high else f"{low} to {high} {what}"


_MANNERS: Final[Mapping[str, Callable[[Labels, Labels], tuple[Labels, Labels]]]] = {
    "case": _of_each(case_of),
    "shape": _shapes,
    "letters": _of_each(letters_of),
    "words": _ranges(lambda text: len(text.split()), "words"),
    "length": _ranges(len, "characters"),
}
_OF_INVENTED: Final = ("case", "letters")
"""Manners by which names, addresses and the like are compared: others than the real ones are wanted."""


def _of_strange_shapes(ours: Labels, real: Labels, known: Labels, least: int) -> Difference:
    """Whether more cells have a shape that no cell of training has."""
    seen = {shape_of(text) for text in known}
    here, there = ([shape for text in side if (shape := shape_of(text)) not in seen] for side in (ours, real))
    both = Tally(len(here), len(ours)), Tally(len(there), len(real))
    shares = [tally.n_hits / tally.n for tally in both]
    most = Counter(here).most_common(1)[0][0] if here else ""
    usual, n_usual = Counter(map(shape_of, real)).most_common(1)[0]
    beside = f"; mostly like {usual}" if n_usual >= least else ""
    said = f"spelt like {most} or as strange in {_share(shares[0])} of the cells"
    said = f"{said} (real: {_share(shares[1])}{beside})"
    return Difference(said, chance_of_more(*both), shares[0] - shares[1], LARGE)


def _of_words(ours: Labels, real: Labels, known: Labels) -> dict[str, Difference]:
    """Placeholders, and words that no text of training has, in texts of several words."""
    words = [_words(text) for text in known]
    if not words or np.mean([len(each) for each in words]) < FEWEST_WORDS:
        return {}
    vocabulary = frozenset(word for each in words for word in each)
    here, there = ([each for text in side if (each := _words(text))] for side in (ours, real))
    if not here or not there:
        return {}
    kinds = (
        ("placeholder text (lorem ipsum)", lambda word: word in _PLACEHOLDERS),
        ("words that no real text has", lambda word: word not in vocabulary),
    )
    return {what: _of_hits(what, here, there, is_hit) for what, is_hit in kinds}


def _of_hits(
    what: str, ours: Sequence[Labels], real: Sequence[Labels], is_hit: Callable[[str], bool]
) -> Difference:
    """Whether more texts are made of such words, for the most part, than real ones."""
    both = [
        Tally(sum(2 * sum(map(is_hit, each)) > len(each) for each in side), len(side))
        for side in (ours, real)
    ]
    shares = [tally.n_hits / tally.n for tally in both]
    said = f"{what} in {_share(shares[0])} of the cells (real: {_share(shares[1])})"
    return Difference(said, chance_of_more(*both), shares[0] - shares[1], LARGE)


def _words(text: str) -> Labels:
    return [word for word in map(str.casefold, _WORD.findall(text)) if len(word) >= SHORTEST_WORD]
