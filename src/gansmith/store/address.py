"""Addresses of databases, such as postgresql://user@host/shop: never shown with a password."""

from __future__ import annotations

import re
from typing import Final

_ADDRESS: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9+.]*://")
_PASSWORD: Final = re.compile(r"(?<=://)([^/?#@:]*):([^/?#]*)@")
_USER: Final = re.compile(r"(?<=://)[^/?#@]*@")
_QUERY: Final = re.compile(r"(?i)([?&][^=&]*(?:password|passwd|secret|token|sslkey)[^=&]*=)[^&]*")


def is_address(text: str) -> bool:
    """Whether a text is an address rather than the name of a file."""
    return bool(_ADDRESS.match(text))


def without_password(address: str) -> str:
    """The address as it may be shown.

    Example:
        >>> without_password("postgresql://me:secret@host/shop")
        'postgresql://me:***@host/shop'
    """
    return _QUERY.sub(r"\1***", _PASSWORD.sub(r"\1:***@", address))


def without_user(address: str) -> str:
    """The address without who asks, and without what else is said: as it may be kept.

    Example:
        >>> without_user("postgresql://me:secret@host/shop?sslmode=require")
        'postgresql://host/shop'
    """
    return _USER.sub("", address).partition("?")[0]
