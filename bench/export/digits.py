"""Check digits, written out: the validator stands on its own."""

from __future__ import annotations


def luhn(digits: str) -> int:
    """The digit that completes a card number."""
    doubled = [int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(digits))]
    return -sum(value // 10 + value % 10 for value in doubled) % 10


def ean(digits: str) -> int:
    """The digit that completes the twelve of an EAN-13."""
    return -sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits)) % 10


def iban(country: str, account: str) -> int:
    """The two check digits of an international account number (ISO 7064, mod 97-10)."""
    return 98 - int("".join(str(int(letter, 36)) for letter in f"{account}{country}00")) % 97
