"""Finding the format that cells of text spell dates in, whatever stands where in them.

Of a few cells the words, numbers and signs are looked at: a number of four digits is a year, a known word is
a month, ... and all formats that these can be are tried on all cells. What reads every cell is taken; where
several do, the one that spells them back, and then the one that scatters them least over the years.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import permutations
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gansmith.tabular.cells import Mask, mask_of, matches, strings
from gansmith.tabular.columns.date_codes import compiled, has_clock, pattern_of, read_times, spell_times
from gansmith.tabular.columns.identifiers import is_id_name

ZONE: Final = re.compile(r" ?(?:Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2})")
_SAMPLE: Final = 50
_MAX_LENGTH: Final = 60
_MAX_WORDS: Final = 2
"""Words beside names of months and days that a date may have, such as UTC or um."""
_MONTHS: Final = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
    "november", "december",
)  # fmt: skip
_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NAMES: Final = {
    **dict.fromkeys(_MONTHS, "B"), **{name[:3]: "b" for name in _MONTHS}, "may": "bB",
    **dict.fromkeys(_DAYS, "A"), **{name[:3]: "a" for name in _DAYS},
}  # fmt: skip
"""The codes of names."""
_ENDINGS: Final = ("st", "nd", "rd", "th")
_NOON: Final = r"(?P<gap> ?)(?P<noon>[AaPp](?:[Mm]|\.[Mm]\.))"
_CLOCK: Final = re.compile(
    r"(?P<hour>[0-9]{1,2})(?P<sep>:)(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})"
    rf"(?:(?P<point>[.,:])(?P<digits>[0-9]{{1,9}}))?)?(?:{_NOON})?(?![0-9:])"
)
_DOTTED: Final = re.compile(
    r"(?<=[ T,])(?P<hour>[0-9]{1,2})(?P<sep>[.h])(?P<minute>[0-9]{2})(?:[.](?P<second>[0-9]{2})"
    rf"(?:(?P<point>[.,])(?P<digits>[0-9]{{1,9}}))?)?(?:{_NOON})?(?=$| )"
)
_HOUR: Final = re.compile(rf"(?P<hour>\b[0-9]{{1,2}}){_NOON}(?![A-Za-z])")
_UNPADDED: Final = {"%d": "%-d", "%m": "%-m", "%H": "%-H", "%I": "%-I"}
_COMPACT: Final = {
    14: ("%Y%m%d%H%M%S",), 12: ("%Y%m%d%H%M",), 8: ("%Y%m%d", "%d%m%Y", "%m%d%Y"), 7: ("%Y%j",),
    6: ("%Y%m", "%d%m%y", "%y%m%d"),
}  # fmt: skip
_SURE_COMPACT: Final = {
    14: ("%Y%m%d%H%M%S",), 12: ("%Y%m%d%H%M",), 8: ("%Y%m%d", "%d%m%Y", "%m%d%Y"), 6: ("%Y%m",),
}  # fmt: skip
_WEEKS: Final[dict[tuple[int, ...], tuple[str, ...]]] = {
    (4, 2): ("%G", "%V"), (4, 2, 1): ("%G", "%V", "%u"), (4, 3): ("%G", "%V%u"),
}  # fmt: skip
MIN_COMPACT: Final = 6
"""Different numbers that must all be days for 20140305 to be one; one in thirty is by chance."""
MIN_COMPACT_MONTHS: Final = 12
"""The same for months such as 201403; one in eight is by chance."""
_DATE_WORDS: Final = re.compile(r"(?i)date|day|month|datum|(?:^|_)(?:dt|tag|monat|period|fecha|jour|yyyymm)")
_MIN_GAP: Final = 10
"""Years that must be free for two digits to be told apart by them."""
_LOOKING: Final = 0.8
"""Share of the cells that must look like dates before they are said to."""
_MIN_LOOKING: Final = 5
_DAY_DIGITS: Final = re.compile("^(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])$")
_LOOKS: Final = re.compile(
    r"(?:^|[^0-9])(?:[0-9]{1,2}[-/. ]+(?:de )?[^\W\d_]{3,10}\.?[-/., ]+(?:de )?(?:19|20)[0-9]{2}"
    r"|(?:[0-9]{1,2}[-/. ]+){2}(?:19|20)[0-9]{2}|(?:19|20)[0-9]{2}(?:[-/. ]+[0-9]{1,2}){2}"
    r"|[^\W\d_]{3,10}\.? [0-9]{1,2},? (?:19|20)[0-9]{2})(?:[^0-9]|$)"
)
_LOOKS_TIMED: Final = re.compile("[0-9]:[0-9]{2}")
LATEST: Final = 2049
"""Two-digit years that would all lie in this century but reach beyond this are of the last one."""


def find_format(cells: pa.Array, *, is_compact_allowed: bool = False) -> tuple[str, str]:
    """The format that reads every cell, and a remark when another would too.

    Args:
        cells: Distinct trimmed cells that are not missing, at least one.
        is_compact_allowed: Whether 20210925 is a date rather than a number.

    Returns:
        The format, empty when no format reads all cells, and a remark for the user, mostly empty.
    """
    sample = strings(cells.slice(0, _SAMPLE))
    if not sample or not any(map(str.isdigit, sample[0])) or max(map(len, sample)) > _MAX_LENGTH:
        return "", ""
    likely = [
        form
        for form in _tried(sample, is_compact_allowed)
        if all(compiled(form).search(cell) for cell in sample)
    ]
    readable = {form: values for form in likely if (values := read_times(cells, form)).null_count == 0}
    if not readable:
        return "", ""
    variants = {form: _as_spelt(cells, values, form) for form, values in readable.items()}
    # The wrong order of day and month scatters the dates over the years.
    best = min(
        readable, key=lambda form: (_oddness(form) == 2, -variants[form][1], _scatter(form, readable[form]))
    )
    form, same = variants[best]
    alike = [other for other in readable if variants[other][1] == same and _oddness(other) <= _oddness(best)]
    others = [other for other in alike if not readable[other].equals(readable[best])]
    remarks = [f"read as {best}, though {others[0]} would do too"] if others else []
    if "%j" in form and _are_numbered(readable[best]):
        return "", ""
    form, told = _with_pivot(form, readable[best])
    return form, "; ".join([*remarks, *told])


def nearest_format(cells: pa.Array, *, is_clock_wanted: bool) -> tuple[str, Mask]:
    """The format that reads most cells, and which it reads; ISO 8601 when none does.

    Args:
        cells: Trimmed cells.
        is_clock_wanted: Whether it must have a time of day.
    """
    usual = "%Y-%m-%d %H:%M:%S" if is_clock_wanted else "%Y-%m-%d"
    tried = [
        form for form in _tried(strings(cells.slice(0, _SAMPLE)), False) if has_clock(form) == is_clock_wanted
    ]
    fits = {form: matches(cells, pattern_of(form)) for form in dict.fromkeys((usual, *tried))}
    best = max(fits, key=lambda form: int(fits[form].sum()))
    return best, fits[best]


def find_compact(name: str, cells: pa.Array) -> str:
    """The format of whole numbers that are days, months or moments, such as 20140305; empty: they are none.

    Args:
        name: What the column is called.
        cells: Distinct trimmed cells that are not missing.
    """
    first = str(cells[0].as_py()) if len(cells) else ""
    forms = _SURE_COMPACT.get(len(first), ())
    if not forms or is_id_name(name) or not matches(cells, f"^[0-9]{{{len(first)}}}$").all():
        return ""
    is_called_so = _DATE_WORDS.search(name) is not None
    if len(cells) < (2 if is_called_so else MIN_COMPACT_MONTHS if len(first) == 6 else MIN_COMPACT):
        return ""
    for form in forms:
        times = read_times(cells, form)
        if times.null_count == 0 and _are_years(np.asarray(pc.year(times))):
            return form
    return ""


def _are_years(years: np.ndarray) -> bool:
    """Whether nearly every year is one that people write dates of, but for marks such as 9999."""
    are_usual = (years >= 1700) & (years < 2200)
    return bool(are_usual.any() and (are_usual | (years == 9999)).all())


def _are_numbered(times: pa.Array) -> bool:
    """Whether days of the year are counted on from 001, as numbers of cases are."""
    years, days = (np.asarray(part(times)) for part in (pc.year, pc.day_of_year))
    return all(days[years == year].max() == len(np.unique(days[years == year])) for year in np.unique(years))


def unread_dates(cells: pa.Array) -> tuple[str, Mask]:
    """The format that reads most of cells that look like dates but are not read as such, and which it reads.

    The format is empty where they look like none, and none of them is read where no format is known.

    Args:
        cells: Distinct trimmed cells that are not missing.
    """
    nothing = np.zeros(len(cells), bool)
    sample = strings(cells.slice(0, _SAMPLE))
    if len(sample) < _MIN_LOOKING or len(sample[0]) > _MAX_LENGTH:
        return "", nothing
    if _look(sample, _DAY_DIGITS):
        are_days = matches(cells, _DAY_DIGITS.pattern)
        return ("%Y%m%d", are_days) if _LOOKING <= are_days.mean() < 1 else ("", nothing)
    if not _look(sample, _LOOKS):
        return "", nothing
    return nearest_format(cells, is_clock_wanted=_look(sample, _LOOKS_TIMED))


def _look(sample: Sequence[str], pattern: re.Pattern[str]) -> bool:
    """Whether most of these cells match; the first few tell, mostly."""
    first = sample[:_MIN_LOOKING]
    return any(map(pattern.search, first)) and sum(map(bool, map(pattern.search, sample))) >= _LOOKING * len(
        sample
    )


def _tried(sample: Sequence[str], is_compact_allowed: bool) -> list[str]:
    """All formats that a few cells can be of; the first, the shortest and the longest speak for all."""
    clocks = [found.groupdict() for cell in sample if (found := _clock_in(cell))]
    digits = {len(clock.get("digits") or "") for clock in clocks}
    fraction = digits.pop() if len(digits) == 1 else -1
    speaking = dict.fromkeys((sample[0], min(sample, key=len), max(sample, key=len))) if sample else ()
    found = [form for cell in speaking for form in _candidates(cell, fraction, is_compact_allowed)]
    return list(dict.fromkeys(found))


def _clock_in(cell: str) -> re.Match[str] | None:
    return _CLOCK.search(cell) or _DOTTED.search(cell) or _HOUR.search(cell)


def _candidates(cell: str, fraction: int, is_compact_allowed: bool) -> Iterator[str]:
    """The formats that one cell can be of, day before month first.

    Args:
        cell: Trimmed.
        fraction: Digits of the second that all cells have; -1: they vary.
        is_compact_allowed: Whether digits alone may be a date.
    """
    found = _clock_in(cell)
    if found is None:
        yield from _dates(cell, is_compact_allowed)
        return
    head, tail = cell[: found.start()], cell[found.end() :]
    zone = ZONE.fullmatch(tail)
    for form in _dates(f"{head}\0{'' if zone else tail}", True):
        yield form.replace("\0", _clock_format(found, fraction)) + (tail if zone else "")


def _clock_format(found: re.Match[str], fraction: int) -> str:
    parts = found.groupdict()
    noon, sep = parts["noon"], parts.get("sep") or ""
    form = "%I" if noon else "%H"
    form += f"{sep}%M" if parts.get("minute") else ""
    if parts.get("second"):
        form += f"{':' if sep == ':' else '.'}%S"
        point = parts["point"] or "."
        usual = {0: "", 3: f"{point}%g", 6: f"{point}%f", -1: f"%{point if point in '.,' else '.'}f"}
        form += usual.get(fraction, f"{point}%{fraction}f")
    if noon:
        form += f"{parts['gap']}%{'.' if '.' in noon else ''}{'P' if noon.islower() else 'p'}"
    return form


def _dates(text: str, is_compact_allowed: bool) -> Iterator[str]:
    """Formats of what a cell holds but for the time of day, which a NUL stands for."""
    tokens = re.findall(r"[A-Za-z]+|[0-9]+|[^A-Za-z0-9]+", text)
    places = [place for place, token in enumerate(tokens) if token.isdigit()]
    words = [place for place, token in enumerate(tokens) if token.isalpha()]
    known = [_NAMES.get(tokens[place].casefold(), "") for place in words]
    n_months = sum("b" in letters.lower() for letters in known)
    n_unknown = sum(not one and tokens[place] not in "TW" for one, place in zip(known, words, strict=True))
    n_allowed = _MAX_WORDS if n_months or len(places) > 2 else 0
    if n_months > 1 or n_unknown > n_allowed or not places or "%" in text:
        return
    for codes in _numbers([tokens[place] for place in places], bool(n_months), is_compact_allowed, tokens):
        yield from _joined(tokens, dict(zip(places, codes, strict=True)))


def _joined(tokens: Sequence[str], codes: dict[int, str]) -> Iterator[str]:
    """Formats with these codes in the places of numbers, and those of names and endings in their own."""
    forms = [""]
    for place, token in enumerate(tokens):
        before = codes.get(place - 1, "")
        if place in codes:
            choices: tuple[str, ...] = (codes[place],)
        elif before == "%d" and token in _ENDINGS:
            choices = ("%o",)
        elif token.isalpha():
            choices = _codes(token) or (token,)
        elif token.endswith("  ") and codes.get(place + 1) == "%d" and len(tokens[place + 1]) == 1:
            choices = (token[:-1] + "\1", token)
        else:
            choices = (token,)
        forms = [form + choice for form in forms for choice in choices]
    yield from (form.replace("\1%d", "%e") for form in forms)


def _codes(word: str) -> tuple[str, ...]:
    """The codes that can spell a word, a month or a day of the week, in its case; none: it is neither."""
    flag = "^" if word.isupper() else "~" if word.islower() else ""
    return tuple(f"%{flag}{letter}" for letter in _NAMES.get(word.casefold(), ""))


def _numbers(
    numbers: Sequence[str], has_month: bool, is_compact_allowed: bool, tokens: Sequence[str]
) -> Iterator[tuple[str, ...]]:
    """What the numbers of a date can be, in their order."""
    lengths = tuple(map(len, numbers))
    is_week = any(token in ("W", "w") for token in tokens)
    if has_month:
        wanted: tuple[str, ...] = ("%d", "%Y") if 4 in lengths else ("%d", "%y")
        is_short = lengths == (2,) and len(tokens) == 3 and tokens[1] in ("-", "'", " '")
        if lengths == (4,) or is_short:  # Mar-14, but Mar 14 is a day
            yield wanted[1:]
        elif len(numbers) == 2:
            yield from (codes for codes in permutations(wanted) if _fit(codes, lengths))
    elif is_week:
        yield from (_WEEKS[lengths],) if lengths in _WEEKS else ()
    elif lengths in ((8, 6), (8, 4)):
        yield "%Y%m%d", "%H%M%S" if lengths[1] == 6 else "%H%M"
    elif len(numbers) == 3:
        year, signs = ("%Y", "") if 4 in lengths else ("%y", tokens[1])
        if 1 in lengths and signs not in ("", ".", "/"):
            return
        orders = (("%d", "%m", year), ("%m", "%d", year), (year, "%m", "%d"), (year, "%d", "%m"))
        yield from (codes for codes in orders if _fit(codes, lengths))
    elif len(numbers) == 2 and 4 in lengths:
        other = "%j" if 3 in lengths else "%m"
        yield from (codes for codes in (("%Y", other), (other, "%Y")) if _fit(codes, lengths))
    elif len(numbers) == 1 and is_compact_allowed:
        yield from ((form,) for form in _COMPACT.get(lengths[0], ()))


def _fit(codes: Sequence[str], lengths: Sequence[int]) -> bool:
    widths = {"%Y": (4,), "%y": (2,), "%j": (3,)}
    return all(length in widths.get(code, (1, 2)) for code, length in zip(codes, lengths, strict=True))


def _oddness(form: str) -> int:
    """2 where hardly anybody writes dates so, days before months after a year; 1: a two-digit year first."""
    if -1 < form.find("%Y") < form.find("%d") < form.find("%m"):
        return 2
    return int(-1 < form.find("%y") < form.find("%d"))


def _scatter(form: str, times: pa.Array) -> int:
    """The time between the first and the last, several times that where a two-digit year stands first."""
    ends = pc.min_max(pc.cast(times, pa.int64())).as_py()
    doubt = 1 if _oddness(form) != 1 else 4 if len(times) >= MIN_COMPACT else 1000
    return (int(ends["max"]) - int(ends["min"])) * doubt


def _as_spelt(cells: pa.Array, times: pa.Array, form: str) -> tuple[str, int]:
    """`form` with the leading zeros of days, months and hours that the cells have, and how many it spells."""
    if spell_times(times, form).equals(cells):
        return form, len(cells)
    variants = [form]
    for code, bare in _UNPADDED.items():
        variants += [variant.replace(code, bare) for variant in variants if code in variant]
    same = [int(mask_of(pc.equal(spell_times(times, variant), cells)).sum()) for variant in variants]
    best = int(np.argmax(same))
    return variants[best], same[best]


def _with_pivot(form: str, times: pa.Array) -> tuple[str, list[str]]:
    """A format whose two-digit years lie where the data say, and what to tell of that."""
    if "%y" not in form:
        return form, []
    start, first, last = _pivot(np.unique(np.asarray(pc.year(times)) % 100))
    told = "its two-digit years are read as {} to {}; {} in the format of a schema reads them as {} to {}"
    if first >= 1969 and last <= 2068:
        return form, [told.format(1969, 2068, "%1930y", 1930, 2029)] if last > LATEST else []
    return form.replace("%y", f"%{start}y"), [told.format(start, start + 99, "%y", 1969, 2068)]


def _pivot(years: np.ndarray) -> tuple[int, int, int]:
    """The first of the hundred years that two digits stand for, and the first and last that occur.

    The widest gap between two-digit years is where one century ends and the next begins.

    Args:
        years: Two-digit years, distinct, ascending.
    """
    gaps = np.diff(np.append(years, years[0] + 100))
    widest = int(np.argmax(gaps))
    if gaps[widest] < _MIN_GAP:
        years = np.sort(np.where(years < 69, years + 2000, years + 1900))
        return 1969, int(years[0]), int(years[-1])
    first = int(years[(widest + 1) % len(years)])
    last = first + 100 - int(gaps[widest])
    century = 2000 if 2000 + last <= LATEST else 1900
    return century + first - int(gaps[widest]) // 2, century + first, century + last
