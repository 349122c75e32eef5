"""Number formats: $1,234.50, 12.5%, 1.234,50 €, (1,200), +5, 90 km/h.

A number format is what stands around and between the digits: prefix, suffix, separators of thousands, signs.
It is taken off before a number is read and put on after it is spelt. It is only seen as one where all cells
have it alike, so that putting it on again gives every cell back, letter for letter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, final

import pyarrow as pa
import pyarrow.compute as pc

from gansmith.tabular.cells import mask_of, matches, strings
from gansmith.tabular.columns.decimals import has_leading_zeros
from gansmith.tabular.schema import NEGATIVES, Column

_MAX_SHAPES: Final = 500
_MAX_CHARACTERS: Final = 48
_MANY: Final = 20
_SPACES: Final = " \u00a0\u202f\u2009"
_CURRENCIES: Final = frozenset(
    (  # noqa: SIM905 - a list of quoted words reads worse
        "$ € £ ¥ ₹ ₽ ₩ ₺ ₪ ₫ ฿ ₴ ₦ ₱ ₡ ₸ ₿ ¢ R$ US$ A$ C$ NZ$ HK$ S$ CA$ AU$ kr kr. Kč zł Ft lei лв Rs "
        "Rs. Fr. SFr. USD EUR GBP JPY CHF CNY INR RUB BRL AUD CAD NZD SEK NOK DKK PLN CZK HUF RON BGN TRY "
        "ILS ZAR MXN KRW SGD HKD THB IDR MYR PHP VND AED SAR EGP NGN KES CLP COP ARS PEN UAH BTC ETH"
    ).split()
)
_UNITS: Final = frozenset(
    (  # noqa: SIM905 - a list of quoted words reads worse
        "% ‰ ° °C °F mm cm dm m km µm nm ft yd mi mg g kg oz lb lbs ml cl dl gal mph kmh km/h m/s kn ms s "
        "min h hr hrs d px pt dpi kb KB MB GB TB kB Hz kHz MHz GHz mV kV mA kW MW kWh MWh Wh kJ cal kcal "
        "hPa kPa MPa bar mbar psi m² km² sqm sqft ha ppm bps rpm cc CC bhp hp kmpl"
    ).split()
)
_WORD: Final = re.compile(rf"[{_SPACES}][^\W\d_][^\W\d_/²³.°µ%]{{0,14}}")
_SHAPE: Final = re.compile(
    r"(?P<outer>\(?)(?P<before>[-−+]?)(?P<prefix>(?:Rs\.|kr\.|Fr\.|[^9(),.+−-])*)"
    rf"(?P<inner>\(?)(?P<inside>-?)(?P<number>9(?:[9.,'’{_SPACES}]*9)?|[.,]9+)(?P<close>\)?)"
    r"(?P<suffix>[^9(),+−-]*?)(?P<after>-?)(?P<last>\)?)"
)
_ORDERS: Final = {
    "": "-<9>", "inside": "<-9>", "after": "<9>-", "brackets": "(<9>)", "inner brackets": "<(9)>",
    "typographic": "−<9>",
}  # fmt: skip
"""How the parts of a negative number follow each other: < is the prefix, 9 the digits, > the suffix."""
_THOUSANDS: Final = frozenset({"", ",", ".", "'", "’", *_SPACES})


@final
@dataclass(frozen=True)
class _Shape:
    """A way cells are spelt, each digit a 9, and how many distinct cells are spelt so."""

    number: str
    prefix: str
    suffix: str
    negative: str | None
    """None: it is not negative."""
    has_plus: bool
    n_cells: int


def has_number_format(column: Column) -> bool:
    """Whether the numbers of a column wear anything but their digits, a minus and a decimal point."""
    return any((column.prefix, column.suffix, column.thousands, column.negative, column.plus))


def bare_numbers(cells: pa.Array, column: Column) -> pa.Array:
    """Bare numbers, with a minus and the decimal point of `column`; null where a cell has another format.

    Args:
        cells: Trimmed cells.
        column: Its `prefix`, `suffix`, `thousands`, `negative`, `plus` and `point` are used.
    """
    if not has_number_format(column):
        return cells
    body = f"({_body(column.thousands, column.point)})"
    plain = f"^{re.escape(column.prefix)}{body}{re.escape(column.suffix)}$"
    parts = {"<": re.escape(column.prefix), "9": body, ">": re.escape(column.suffix)}
    negative = "".join(parts.get(sign, re.escape(sign)) for sign in _ORDERS[column.negative])
    forms = [(plain, r"\1"), (f"^{negative}$", r"-\1")]
    if column.plus:
        zero = rf"^{re.escape(column.prefix)}(0+(?:[.,]0*)?){re.escape(column.suffix)}$"
        zeros = [(zero, r"\1")] if column.plus == "positive" else []
        forms = [(plain.replace("^", r"^\+", 1), r"\1"), *zeros, forms[1]]
    bare = pa.nulls(len(cells), pa.string())
    for pattern, replacement in forms:
        found = pc.replace_substring_regex(cells, pattern=pattern, replacement=replacement)
        bare = pc.if_else(pa.array(matches(cells, pattern)), found, bare)
    return pc.replace_substring(bare, pattern=column.thousands, replacement="") if column.thousands else bare


def formatted(cells: pa.Array, column: Column) -> pa.Array:
    """Bare numbers in the number format of `column`: the inverse of `bare_numbers`; null stays null."""
    if not has_number_format(column):
        return cells
    is_negative = pc.starts_with(cells, pattern="-")
    bare = pc.utf8_ltrim(cells, characters="-")
    if column.thousands:
        for _ in range(int(pc.max(pc.utf8_length(bare)).as_py() or 0) // 3):
            # The first run of digits loses its last three to a group of their own.
            pattern, replacement = "^([0-9]+)([0-9]{3})", rf"\1{column.thousands}\2"
            bare = pc.replace_substring_regex(bare, pattern=pattern, replacement=replacement)
    positive = _joined(column.prefix, bare, column.suffix)
    if column.plus:
        is_bare = pa.array(matches(bare, "^[0.,]+$") & (column.plus == "positive"))
        positive = pc.if_else(is_bare, positive, _joined("+", positive))
    parts = {"<": column.prefix, "9": bare, ">": column.suffix}
    negative = _joined(*(parts.get(sign, sign) for sign in _ORDERS[column.negative]))
    return pc.if_else(is_negative, negative, positive)


def _joined(*parts: str | pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(*parts, "")


def _body(thousands: str, point: str) -> str:
    """The regular expression of digits with their separators."""
    apart, fraction = re.escape(thousands), f"{re.escape(point)}[0-9]"
    whole = f"[0-9]{{1,3}}(?:{apart}[0-9]{{3}})*" if thousands else "[0-9]+"
    return f"(?:{whole}(?:{fraction}*)?|{fraction}+)"


def find_number_format(
    column: Column, cells: pa.Array, *, is_comma_decimal: bool
) -> tuple[Column, str] | None:
    """`column` with the number format that all cells have, and a remark for the user, mostly empty.

    Args:
        column: An integer or decimal one, without a number format.
        cells: Distinct trimmed cells that are not missing.
        is_comma_decimal: Whether 3,14 is a number where nothing else tells; where it is not, a comma that
            could be either separates thousands.

    Returns:
        None when no number format fits all cells.
    """
    shapes = _shapes(cells)
    negatives = {shape.negative for shape in shapes} - {None}
    if len({(shape.prefix, shape.suffix) for shape in shapes}) != 1 or len(negatives) > 1:
        return None
    style = _style(shapes, cells, is_comma_decimal)
    if style is None:
        return None
    thousands, point, remark = style
    negative = next((name for name in NEGATIVES if name in negatives), "")
    plus = "" if not any(shape.has_plus for shape in shapes) else "positive"
    if plus and matches(cells, "^[+][^1-9]*0[^1-9]*$").any():
        plus = "all"
    found = replace(column, prefix=shapes[0].prefix, suffix=shapes[0].suffix)
    found = replace(found, thousands=thousands, point=point, negative=negative, plus=plus)
    bare = bare_numbers(cells, found)
    if (
        bare.null_count
        or has_leading_zeros(bare)
        or not mask_of(pc.equal(formatted(bare, found), cells)).all()
    ):
        return None
    return found, remark


def _shapes(cells: pa.Array) -> list[_Shape]:
    """The shapes of the cells; none when one of them is no number."""
    if any(_parsed(_SHAPE.fullmatch(re.sub("[0-9]", "9", cell)), 1) is None for cell in strings(cells[:50])):
        return []
    if int(pc.max(pc.utf8_length(cells)).as_py() or 0) > _MAX_CHARACTERS:
        return []
    counted = pc.value_counts(pc.replace_substring_regex(cells, pattern="[0-9]", replacement="9"))
    if len(counted) > _MAX_SHAPES:
        return []
    spellings, counts = strings(counted.field("values")), counted.field("counts").to_pylist()
    found = [_parsed(_SHAPE.fullmatch(spelling), n) for spelling, n in zip(spellings, counts, strict=True)]
    return [shape for shape in found if shape] if all(found) else []


def _parsed(match: re.Match[str] | None, n_cells: int) -> _Shape | None:
    if match is None:
        return None
    part: Mapping[str, str] = match.groupdict()
    is_inner = bool(part["close"] and (part["inner"] or (part["outer"] and part["suffix"])))
    is_outer = bool(part["outer"] and (part["last"] or part["close"])) and not is_inner
    worn = {
        "": part["before"] == "-",
        "typographic": part["before"] == "−",
        "brackets": is_outer,
        "inner brackets": is_inner,
        "inside": part["inside"] == "-",
        "after": part["after"] == "-",
    }
    signs = [name for name, is_worn in worn.items() if is_worn]
    brackets = part["outer"] + part["inner"] + part["close"] + part["last"]
    if len(brackets) not in (0, 2) or len(signs) > 1 or (brackets and not is_outer and not is_inner):
        return None
    prefix, suffix = part["prefix"], part["suffix"]
    is_unit = suffix.strip(_SPACES) in _CURRENCIES | _UNITS or _WORD.fullmatch(suffix) is not None
    is_unit &= suffix.strip(_SPACES).lower() not in ("am", "pm")
    if prefix.strip(_SPACES) not in _CURRENCIES | {""} or (suffix and not is_unit):
        return None
    negative = signs[0] if signs else None
    return _Shape(part["number"], prefix, suffix, negative, part["before"] == "+", n_cells)


def _style(shapes: list[_Shape], cells: pa.Array, is_comma_decimal: bool) -> tuple[str, str, str] | None:
    """Separator of thousands, decimal point, and a remark when nothing but custom could tell them."""
    signs = {letter for shape in shapes for letter in shape.number if letter != "9"}
    if not signs:
        return "", ".", ""
    numbers = [shape.number.replace("9", "0") for shape in shapes]
    fitting = [
        (thousands, point)
        for thousands in sorted({"", *signs} & _THOUSANDS)
        for point in ((signs - {thousands}) & {".", ","} or {"," if thousands == "." else "."})
        if signs <= {thousands, point}
        and all(re.fullmatch(_body(thousands, point), number) for number in numbers)
    ]
    if len(fitting) == 2:
        return _by_custom(shapes, cells, fitting[0][1], is_comma_decimal)
    if not fitting:
        return None
    thousands, point = fitting[0]
    is_marked = any(shape.prefix or shape.suffix or shape.negative for shape in shapes)
    is_decimal_comma = not thousands and point == ","
    return (thousands, point, "") if is_comma_decimal or is_marked or not is_decimal_comma else None


def _by_custom(
    shapes: list[_Shape], cells: pa.Array, sign: str, is_comma_decimal: bool
) -> tuple[str, str, str]:
    """What 1,234 is where all cells with a separator have three digits after it."""
    n_with = sum(shape.n_cells for shape in shapes if sign in shape.number)
    n_without = sum(shape.n_cells for shape in shapes) - n_with
    is_thousands = (sign == ",") != is_comma_decimal
    # Decimals hardly ever have three digits or none, and if they do, none of them ends in a zero.
    has_zero = bool(matches(cells, f"[{sign}][0-9]{{2}}0[^0-9]*$").any())
    is_known = n_without > 0 and (n_with >= _MANY or has_zero)
    if is_known:
        is_thousands = True
    meant = "thousands" if is_thousands else "decimals"
    is_told = is_known or (is_thousands and not is_comma_decimal and n_without > 0)
    told = f"1{sign}234 was read as {meant}, which nothing tells; see 'thousands' and 'point' in its schema"
    remark = "" if is_told else told
    other = "," if sign == "." else "."
    return (sign, other, remark) if is_thousands else ("", sign, remark)
