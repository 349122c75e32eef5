"""How a delimited text file is laid out: as the user's own file is, so that synthetic ones look alike."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, cast, final

from gansmith.errors import DataError, did_you_mean

QUOTINGS: Final = ("needed", "text", "all")
DELIMITERS: Final = (",", ";", "\t", "|")
LINE_ENDS: Final = ("\n", "\r\n")


@final
@dataclass(frozen=True)
class TextStyle:
    """The layout of a text file.

    Raises:
        DataError: From the constructor, when a field is none of its values.
    """

    delimiter: str = ","
    """Between cells: one of comma, semicolon, tab and bar."""
    quote: str = '"'
    """The double or the single quote."""
    quoting: str = "needed"
    """Which cells are quoted: where it is "needed", all but numbers and missing cells ("text"), or "all"."""
    line_end: str = "\n"
    """A line feed, after a carriage return or alone."""
    encoding: str = "utf-8"
    """As Python calls it; "utf-8-sig" and "utf-16" begin with their mark."""

    def __post_init__(self) -> None:
        limits: tuple[tuple[str, str, tuple[str, ...]], ...] = (
            ("delimiter", self.delimiter, DELIMITERS),
            ("quote", self.quote, ('"', "'")),
            ("quoting", self.quoting, QUOTINGS),
            ("line_end", self.line_end, LINE_ENDS),
        )
        for name, value, wanted in limits:
            if value not in wanted:
                raise DataError(
                    f"the schema's text style: {name} is {value!r}. Wanted: one of "
                    f"{', '.join(map(repr, wanted))}."
                )
        try:
            is_text = "\n".encode(self.encoding) != b"" and codecs.lookup(self.encoding).name != "idna"
        except (LookupError, UnicodeError, ValueError):
            is_text = False
        if not is_text:
            raise DataError(f"the schema's text style: there is no encoding {self.encoding!r}. Try utf-8.")

    def to_json(self) -> dict[str, str]:
        """Every field."""
        return asdict(self)

    @staticmethod
    def from_json(obj: object) -> TextStyle:
        """The style that `to_json` or a person wrote.

        Raises:
            DataError: Not an object of texts, an unknown key, or a value that is none of those allowed.
        """
        known = [field.name for field in fields(TextStyle)]
        if not isinstance(obj, Mapping):
            raise DataError(f"the schema: 'text' is {obj!r}. Wanted: a JSON object with {', '.join(known)}.")
        values = cast("Mapping[Any, Any]", obj)
        for key, value in values.items():
            if key not in known:
                raise DataError(
                    f"the schema's text style: unknown key {key!r}. {did_you_mean(str(key), known)}"
                )
            if not isinstance(value, str):
                raise DataError(f"the schema's text style: {key!r} is {value!r}. Wanted: a string.")
        return TextStyle(**dict(cast("Mapping[str, str]", values)))
