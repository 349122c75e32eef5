"""How text files spell bare numbers: reading that, and spelling values alike.

Every reader here maps distinct trimmed cells to values of the same length, null where a cell is not so spelt;
every speller maps values back to cells. Nothing loops over cells in Python.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gansmith.tabular.cells import Counts, Mask, are_missing, matches, without
from gansmith.tabular.schema import NOT_ROUNDED, Column

# Beyond these digits a decimal number is no longer told apart by a double.
_DOUBLE_DIGITS: Final = 15
_MEASURED_DECIMALS: Final = 12
_NOISY_DECIMALS: Final = 6
_NOISE: Final = 2.0**-46
_NOISE_CAP: Final = 1e-3
_WHOLE: Final = r"^[+-]?[0-9]{1,19}$"
_DIGITS: Final = r"^[+-]?[0-9]{19,}$"
_LEADING_ZERO: Final = r"^[+-]?0[0-9]"
_DECIMAL: Final = r"^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,4})?$"
_DECIMAL_COMMA: Final = r"^[+-]?[0-9]+(,[0-9]+)?$"
_INFINITE: Final = r"(?i)^[+-]?inf(inity)?$"


def has_leading_zeros(cells: pa.Array) -> bool:
    """Whether any cell is a code of digits such as 007 or 01013, which no number can spell back."""
    return bool(matches(cells, _LEADING_ZERO + "+$").any())


def has_endless_digits(cells: pa.Array) -> bool:
    """Whether any cell is a whole number of more than 64 bits, of which no number would keep all digits."""
    long = cells.filter(pa.array(matches(cells, _DIGITS)))
    return bool(len(long)) and read_integers(long).null_count > 0


def is_infinite(cells: pa.Array) -> Mask:
    """Which cells spell an infinite number."""
    return matches(cells, _INFINITE)


def read_integers(cells: pa.Array) -> pa.Array:
    """Whole numbers of at most 64 bits; null where a cell is none."""
    whole = matches(cells, _WHOLE)
    kept = without(cells, ~whole)
    try:
        return pc.cast(_without_plus(kept), pa.int64())
    except pa.ArrowInvalid:  # 19 digits may be more than 64 bits
        short = whole & matches(cells, r"^[+-]?[0-9]{1,18}$")
        return pc.cast(_without_plus(without(cells, ~short)), pa.int64())


def read_decimals(cells: pa.Array, point: str) -> pa.Array:
    """Numbers as doubles; null where a cell is none. An infinite one stays infinite."""
    number = matches(cells, _DECIMAL if point == "." else _DECIMAL_COMMA)
    if point == ".":
        number |= is_infinite(cells)
    kept = without(cells, ~number)
    if point != ".":
        kept = pc.replace_substring(kept, pattern=point, replacement=".")
    return pc.cast(_without_plus(kept), pa.float64())


def _without_plus(cells: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(cells, pattern=r"^\+", replacement="")


def decimal_style(cells: pa.Array, values: pa.Array, point: str) -> tuple[int, bool, bool]:
    """How decimals are spelt: `Column.decimals`, `is_padded` and `has_point`.

    Digits beyond those of a double (19.890000000000001) are what a computer wrote, not what was measured:
    such columns are judged by the shortest spelling of their values (19.89).

    Args:
        cells: Distinct trimmed cells, each a finite number, at least one.
        values: The same as doubles.
        point: The decimal point of `cells`.
    """
    has_exponent = bool(matches(cells, "[eE]").any())
    if not has_exponent and _significant_digits(cells, point) <= _DOUBLE_DIGITS:
        return _unless_full(_style_of(cells, point))
    if (decimals := _noisy_decimals(values)) is not None:
        return decimals, False, _has_pointed_whole(cells, point)
    shortest = pc.cast(values, pa.string())
    if bool(matches(shortest, "e").any()) or _significant_digits(shortest, ".") > _DOUBLE_DIGITS:
        return NOT_ROUNDED, False, _has_pointed_whole(cells, point)
    decimals, _, _ = _style_of(shortest, ".")
    return _unless_full((decimals, False, _has_pointed_whole(cells, point)))


def _unless_full(style: tuple[int, bool, bool]) -> tuple[int, bool, bool]:
    """Nobody measures to thirteen decimals: such numbers were computed, in full precision."""
    return style if style[0] <= _MEASURED_DECIMALS else (NOT_ROUNDED, False, style[2])


def _noisy_decimals(values: pa.Array) -> int | None:
    """The decimals of sums of prices, last bits away from them (1334.8799999999999); None: no such."""
    numbers = np.abs(np.asarray(values, dtype=np.float64))
    for decimals in range(_NOISY_DECIMALS + 1):
        scaled = numbers * 10.0**decimals
        is_near = np.abs(scaled - np.rint(scaled)) <= np.minimum(_NOISE * scaled, _NOISE_CAP)
        if (is_near & (scaled < 2.0**53)).all() and _is_noise_beyond(numbers, decimals):
            return decimals
    return None


def _is_noise_beyond(numbers: np.ndarray, decimals: int) -> bool:
    """Whether what is beyond these decimals is noise: not in the digits that a double keeps."""
    spelt = np.array([float(f"{number:.{_DOUBLE_DIGITS}g}") for number in numbers])
    return bool((np.abs(spelt - np.round(spelt, decimals)) < 10.0**-_NOISY_DECIMALS / 2).all())


def _style_of(cells: pa.Array, point: str) -> tuple[int, bool, bool]:
    written = _digits_after(cells, point)
    needed = _digits_after(_trim_zeros(cells, point), point)
    most = int(written.max())
    if int(needed.max()) == 0 and most <= 1:
        return 0, False, most == 1
    is_padded = most > 0 and int(written.min()) == most
    return (most if is_padded else int(needed.max())), is_padded, _has_pointed_whole(cells, point)


def _has_pointed_whole(cells: pa.Array, point: str) -> bool:
    whole = matches(cells, rf"^[+-]?[0-9]+([{point}]0*)?$")
    pointed = whole & matches(cells, f"[{point}]0")
    return bool(pointed.any()) and 2 * int(pointed.sum()) >= int(whole.sum())


def _digits_after(cells: pa.Array, point: str) -> Counts:
    at = np.asarray(pc.find_substring(cells, pattern=point), dtype=np.int64)
    length = np.asarray(pc.utf8_length(cells), dtype=np.int64)
    return np.where(at < 0, 0, length - at - 1)


def _trim_zeros(cells: pa.Array, point: str) -> pa.Array:
    has_point = pc.match_substring(cells, pattern=point)
    bare = pc.utf8_rtrim(pc.utf8_rtrim(cells, characters="0"), characters=point)
    return pc.if_else(has_point, bare, cells)


def _significant_digits(cells: pa.Array, point: str) -> int:
    digits = pc.replace_substring_regex(_trim_zeros(cells, point), pattern=r"[^0-9]", replacement="")
    return int(pc.max(pc.utf8_length(pc.utf8_ltrim(digits, characters="0"))).as_py() or 0)


def spell_decimals(values: pa.Array, column: Column) -> pa.Array:
    """Doubles as cells, rounded and padded as `column` says; null stays null.

    Args:
        values: Finite doubles or floats, shape (n,).
        column: Its `decimals`, `is_padded`, `has_point` and `point` are used.
    """
    if column.decimals == NOT_ROUNDED:
        cells = pc.cast(values, pa.string())
    else:
        cells = _rounded(values, column)
    if column.has_point:
        bare = pc.match_substring_regex(cells, pattern=r"^-?[0-9]+$")
        cells = pc.if_else(bare, pc.binary_join_element_wise(cells, "0", "."), cells)
    if column.point != ".":
        cells = pc.replace_substring(cells, pattern=".", replacement=column.point)
    return cells


def _rounded(values: pa.Array, column: Column) -> pa.Array:
    """Fixed-point spelling by whole-number arithmetic; numbers too large for it are spelt shortest."""
    numbers = np.asarray(pc.fill_null(values, 0), dtype=np.float64)
    missing = are_missing(values)
    with np.errstate(over="ignore"):
        scaled = np.rint(np.abs(numbers) * 10.0**column.decimals)
    is_large = ~(scaled < 2.0**53)
    whole = np.where(is_large, 0, scaled).astype(np.int64)
    cells = pc.cast(pa.array(whole, mask=missing), pa.string())
    if column.decimals > 0:
        cells = pc.utf8_lpad(cells, width=column.decimals + 1, padding="0")
        at = -column.decimals
        cells = pc.utf8_replace_slice(cells, start=at, stop=at, replacement=".")
        if not column.is_padded:
            cells = pc.utf8_rtrim(pc.utf8_rtrim(cells, characters="0"), characters=".")
    is_negative = pa.array((numbers < 0) & (whole > 0))
    cells = pc.if_else(is_negative, pc.binary_join_element_wise("-", cells, ""), cells)
    if is_large.any():
        cells = pc.if_else(pa.array(is_large & ~missing), pc.cast(values, pa.string()), cells)
    return cells
