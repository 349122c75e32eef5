"""How a delimited text file is laid out."""

from __future__ import annotations

import codecs
from typing import Literal, final

from gansmith.errors import DataError
from gansmith.settings import settings

Delimiter = Literal[",", ";", "\t", "|"]
Quote = Literal['"', "'"]
Quoting = Literal["needed", "text", "all"]


@final
@settings(error=DataError)
class TextStyle:
    """How a delimited text file is laid out: as the user's own file is, so that synthetic ones be alike.

    Raises:
        DataError: From the constructor, when a field is none of its values.
    """

    delimiter: Delimiter = ","
    """Between cells: one of comma, semicolon, tab and bar."""
    quote: Quote = '"'
    """The double or the single quote."""
    quoting: Quoting = "needed"
    """Which cells are quoted: where it is "needed", all but numbers and missing cells ("text"), or "all"."""
    line_end: Literal["\n", "\r\n"] = "\n"
    """A line feed, after a carriage return or alone."""
    encoding: str = "utf-8"
    """As Python calls it; "utf-8-sig" and "utf-16" begin with their mark."""

    def __post_init__(self) -> None:
        try:
            is_text = "\n".encode(self.encoding) != b"" and codecs.lookup(self.encoding).name != "idna"
        except (LookupError, UnicodeError, ValueError):
            is_text = False
        if not is_text:
            raise DataError(f"the text style: there is no encoding {self.encoding!r}. Try utf-8.")
