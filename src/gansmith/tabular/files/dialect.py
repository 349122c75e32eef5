"""How a delimited text file is laid out: its encoding, delimiter, quotes, and blanks after delimiters."""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, replace
from typing import Final, final

from gansmith.errors import DataError, UsageError
from gansmith.tabular.text_style import Delimiter, Quote, Quoting, TextStyle

_DELIMITERS: Final[tuple[Delimiter, ...]] = ("\t", ";", "|", ",")
_QUOTES: Final[tuple[Quote, ...]] = ('"', "'")
_SAMPLE_CHARACTERS: Final = 256 * 1024
_QUOTING_CHARACTERS: Final = 16 * 1024
_SAMPLE_BYTES: Final = 64 * 1024
MIN_LETTERS: Final = 10
"""Letters that must speak for another alphabet."""
_OTHER_ALPHABETS: Final = (
    "cp1251", "koi8_r", "cp866", "cp1253", "cp1255", "cp1256", "shift_jis", "euc_jp", "gb18030", "big5",
    "euc_kr",
)  # fmt: skip
_NUMBER: Final = re.compile(r"[+-]?[0-9.,]+(?:[eE][+-]?[0-9]+)?")
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@final
@dataclass(frozen=True)
class Dialect:
    """How cells are told apart."""

    delimiter: Delimiter = ","
    """One of tab, semicolon, bar and comma."""
    quote: Quote = '"'
    """The double or the single quote."""
    has_escapes: bool = False
    """Whether a quote inside quotes has a backslash before it, rather than being doubled."""
    is_spaced: bool = False
    """Whether a blank follows every delimiter and belongs to it, not to the cell."""


def decode(raw: bytes, encoding: str | None) -> tuple[str, str, str]:
    """The text of a file, its encoding, and a note for the user when that had to be guessed.

    Args:
        raw: All bytes.
        encoding: The user's word for it; None: by its mark, or UTF-8 when it is that, else the likeliest.

    Raises:
        DataError: The bytes are no text in that encoding; the line is named.
        UsageError: There is no such encoding.
    """
    marked = next((name for bom, name in _BOMS if raw.startswith(bom)), None)
    if encoding is None and marked is None and b"\0" in raw:
        line = raw.count(b"\n", 0, raw.index(b"\0")) + 1
        raise DataError(
            f"line {line} holds a NUL byte, so this is a binary file or text of another encoding. "
            "Give a text file, or name its encoding with --encoding (for example utf-16-le)."
        )
    chosen = encoding or marked or "utf-8"
    try:
        return raw.decode(chosen), chosen, ""
    except LookupError as error:
        raise UsageError(f"There is no encoding {chosen!r}. Try utf-8, utf-16, cp1252 or latin-1.") from error
    except UnicodeDecodeError as error:
        if encoding is not None or marked is not None:
            raise DataError(_undecodable(raw, error, chosen)) from error
        line = raw.count(b"\n", 0, error.start) + 1
    chosen = _likeliest(raw)
    try:
        text = raw.decode(chosen)
    except UnicodeDecodeError as error:
        raise DataError(_undecodable(raw, error, f"utf-8 nor {chosen}")) from error
    told = f"line {line} is not valid UTF-8, so the file was read as {chosen} (name another with --encoding)"
    return text, chosen, told


def _likeliest(raw: bytes) -> str:
    """The encoding of text that is not UTF-8: cp1252 but for other alphabets.

    The variants for Latin letters are not told apart: of a few names and places nobody could, and a wrong
    guess is worse than the usual one.
    """
    from charset_normalizer import from_bytes  # most files are UTF-8

    sample = raw[: raw.rfind(b"\n", 0, _SAMPLE_BYTES) + 1] or raw
    cells = dict.fromkeys(re.split(rb"[,;\t\r\n]", sample))  # numbers say nothing, and repetitions mislead
    words = b"\n".join(cell for cell in cells if not cell.isascii())
    found = from_bytes(words, cp_isolation=[*_OTHER_ALPHABETS, "cp1252"]).best()
    letters = [letter for letter in str(found) if ord(letter) > 127 and letter.isalpha()] if found else []
    n_others = sum(not unicodedata.name(letter, "LATIN").startswith("LATIN") for letter in letters)
    return found.encoding if found and n_others >= max(MIN_LETTERS, len(letters) / 2) else "cp1252"


def _undecodable(raw: bytes, error: UnicodeDecodeError, encoding: str) -> str:
    line = raw.count(b"\n", 0, error.start) + 1
    return (
        f"line {line} holds the byte 0x{raw[error.start]:02x}, which is not {encoding}. "
        "Name the right encoding with --encoding, or save the file as UTF-8."
    )


def find_dialect(text: str, preferred: Delimiter | None = None) -> Dialect:
    """The dialect in which the first records have the most regular number of cells.

    Args:
        text: The whole file or its beginning.
        preferred: A delimiter that wins when it stands in the first line (the tab of a .tsv file).
    """
    sample = text[:_SAMPLE_CHARACTERS]
    if len(sample) < len(text) and "\n" in sample:
        sample = sample[: sample.rindex("\n") + 1]
    first = sample.split("\n", 1)[0]
    best, best_score = Dialect(), 0.0
    has_escapes = '\\"' in sample and '""' not in sample
    for delimiter in (preferred,) if preferred and preferred in first else _DELIMITERS:
        if delimiter not in sample:
            continue
        for quote in _QUOTES if "'" in sample and '"' not in sample else _QUOTES[:1]:
            dialect = Dialect(delimiter, quote, has_escapes and quote == '"')
            score = _regularity(records_of(sample, dialect))
            if score > best_score + 0.02:
                best, best_score = dialect, score
    rows = records_of(sample, best)[:-1] or records_of(sample, best)
    later = [cell for row in rows for cell in row[1:]]
    is_spaced = bool(later) and all(cell.startswith(" ") for cell in later)
    return replace(best, is_spaced=is_spaced)


def records_of(text: str, dialect: Dialect) -> list[list[str]]:
    """The records of a short text, blank lines left out."""
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=dialect.delimiter,
        quotechar=dialect.quote,
        doublequote=not dialect.has_escapes,
        escapechar="\\" if dialect.has_escapes else None,
    )
    limit = csv.field_size_limit(len(text) + 1)
    try:
        return [row for row in reader if row]
    finally:
        csv.field_size_limit(limit)


def _regularity(rows: list[list[str]]) -> float:
    """Share of the records that have the most frequent number of cells; 0 when that number is one."""
    counts = Counter(map(len, rows))
    if not counts:
        return 0.0
    n_cells, n_rows = counts.most_common(1)[0]
    return n_rows / len(rows) if n_cells > 1 else 0.0


def style_of(text: str, dialect: Dialect, encoding: str) -> TextStyle:
    """How the text is laid out, as far as a text file of ours can be laid out alike.

    Args:
        text: The whole file or its beginning.
        dialect: In which it is.
        encoding: In which its bytes are.
    """
    line_end = "\r\n" if "\r\n" in text[:_SAMPLE_CHARACTERS] else "\n"
    return TextStyle(dialect.delimiter, dialect.quote, _quoting(text, dialect), line_end, encoding.lower())


def _quoting(text: str, dialect: Dialect) -> Quoting:
    """Which cells of the first records are quoted."""
    apart, quote = re.escape(dialect.delimiter), re.escape(dialect.quote)
    cell = re.compile(rf"({quote}(?:[^{quote}]|{quote}{quote})*{quote}|[^{apart}\r\n]*)({apart}|\r?\n|$)")
    sample = text[:_QUOTING_CHARACTERS]
    sample = sample[: sample.rfind("\n") + 1] or sample
    cells = [match[1] for match in cell.finditer(sample) if match[1]]
    is_quoted = [item.startswith(dialect.quote) for item in cells]
    if not any(is_quoted):
        return "needed"
    if all(is_quoted):
        return "all"
    is_number = [_NUMBER.fullmatch(item) is not None or item in ("NA", "NaN", "NULL") for item in cells]
    return "text" if all(a != b for a, b in zip(is_quoted, is_number, strict=True)) else "needed"
