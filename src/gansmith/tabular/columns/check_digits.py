"""Check digits that end a number: found in real ones, computed for those that are made.

>>> with_check("400638133393", "ean"), with_check("7992739871", "luhn"), with_check("080442957", "isbn10")
('4006381333931', '79927398713', '080442957X')
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal, get_args

from stdnum import ean, luhn

Check = Literal["ean", "luhn", "isbn10"]
CHECKS: Final[tuple[Check, ...]] = get_args(Check)
MIN_CHECKED: Final = 20
"""Numbers that must all be right: one in ten is by chance."""
_DIGITS: Final[Mapping[Check, Callable[[str], str]]] = {
    "ean": ean.calc_check_digit,
    "luhn": luhn.calc_check_digit,
    "isbn10": lambda body: "0123456789X"[sum(n * int(digit) for n, digit in enumerate(body, 1)) % 11],
}
_LENGTHS: Final[Mapping[Check, range | tuple[int, ...]]] = {
    "ean": (8, 12, 13, 14),
    "luhn": range(8, 21),
    "isbn10": (10,),
}


def found_check(texts: Sequence[str]) -> Check | None:
    """The check that the last character of all these texts is; None: they have no such."""
    if len(texts) < MIN_CHECKED:
        return None
    return next((check for check in CHECKS if all(_is_right(text, check) for text in texts)), None)


def with_check(body: str, check: Check) -> str:
    """A number with the character that ends it; what separates its digits stays."""
    return body + _DIGITS[check](re.sub("[^0-9]", "", body))


def _is_right(text: str, check: Check) -> bool:
    if not re.fullmatch(r"[0-9](?:[ -]?[0-9])*[ -]?[0-9X]", text):
        return False
    n_digits = len(re.sub("[ -]", "", text))
    return n_digits in _LENGTHS[check] and with_check(text[:-1], check) == text
