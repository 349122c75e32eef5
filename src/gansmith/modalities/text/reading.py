"""Text is found in files, folders, columns of tables and memory, and becomes records."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Literal, cast

import numpy as np

from gansmith.errors import DataError, UsageError, did_you_mean
from gansmith.modalities.attribute_labels import attributes_of, by_folder, like, plain
from gansmith.modalities.attributes import Attributes
from gansmith.modalities.record_files import is_hidden
from gansmith.modalities.text import TextOptions
from gansmith.modalities.text.graphemes import normalised
from gansmith.modalities.text.records import Form, Texts
from gansmith.tabular.files.dialect import decode, find_dialect, records_of
from gansmith.tabular.files.subset import priorities
from gansmith.tabular.files.texts import texts_of_file, texts_of_frame

PROSE: Final = (".txt", ".text", ".md", ".rst", ".tex", ".srt")
CODE: Final = (
    ".py", ".js", ".ts", ".c", ".h", ".cpp", ".hpp", ".java", ".go", ".rs", ".rb", ".r", ".jl", ".sh", ".sql",
    ".html", ".css",
)  # fmt: skip
SUFFIXES: Final = (*PROSE, *CODE)
TABLES: Final = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
MOST_BYTES: Final = 64 << 20
"""Of all texts together; of more a random subset is read."""
MOST_CHARACTERS: Final = 20_000
"""Of one text; longer ones are cut."""
LONG_DOCUMENT: Final = 4_000
"""Characters of a usual file of a folder from which on paragraphs are the records."""
FEWEST: Final = 2
_SEVERAL_LINES: Final = 1.5
"""Lines of a paragraph, on average, from which on paragraphs are the records of a file."""
_N_SAMPLED: Final = 2_000
_HEAD_BYTES: Final = 1 << 16
_CONTROLS: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_BLANK_LINES: Final = re.compile(r"\n(?:[ \t]*\n)+")
Layout = Literal["lines", "paragraphs"]


def looks_like_text(source: object) -> bool:
    """A file of text that is no table, a folder most of whose files are such, or texts in memory."""
    if isinstance(source, Texts):
        return True
    if isinstance(source, list):
        some = cast("Sequence[object]", source)[:_N_SAMPLED]
        return bool(some) and all(isinstance(one, str) for one in some)
    if isinstance(source, np.ndarray):
        return source.ndim == 1 and source.dtype.kind == "U"
    if not isinstance(source, (str, Path)):
        return False
    path = Path(source)
    suffix = path.suffix.lower()
    if path.is_dir():
        names = [one.name for one in _some(path.rglob("*"))]
        n = sum(Path(name).suffix.lower() in SUFFIXES for name in names)
        return n > 0 and 2 * n >= len(names)
    return suffix in SUFFIXES and not (suffix in (".txt", ".text") and path.is_file() and _is_table(path))


def _some(paths: Iterator[Path]) -> Iterator[Path]:
    for _, path in zip(range(_N_SAMPLED), paths, strict=False):
        if path.is_file() and not is_hidden(path.name):
            yield path


def _is_table(path: Path) -> bool:
    """Whether a file has as many cells in nearly all of its first lines, two or more, or numbers alone."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    try:
        text, _, _ = decode(head[: head.rfind(b"\n") + 1] or head, None)
    except DataError:
        return False
    lines = [line for line in text.split("\n") if line.strip()][:200]
    rows = records_of("\n".join(lines), find_dialect(text)) if lines else []
    sizes = [len(row) for row in rows]
    if not sizes:
        return False
    usual = max(set(sizes), key=sizes.count)
    if usual > 1 and sizes.count(usual) >= 0.95 * len(sizes) and len(rows) >= 0.9 * len(lines):
        return all(len(cell) < 200 for row in rows[:50] for cell in row) and not _is_prose(rows)
    return sum(line.strip().replace(".", "", 1).lstrip("-").isdigit() for line in lines) >= 0.9 * len(lines)


def _is_prose(rows: Sequence[Sequence[str]]) -> bool:
    """Whether what follows delimiters begins with a blank, as after commas of sentences."""
    after = [cell for row in rows for cell in row[1:]]
    return sum(cell.startswith(" ") and " " in cell.strip() for cell in after) > 0.5 * len(after)


def read_texts(source: object, options: TextOptions, known: Texts | None = None) -> Texts:
    """The user's text.

    Args:
        source: A path, or texts, a data frame or an array of texts in memory.
        options: How it is read.
        known: Texts that it is to be compared with: their form, and what is known of them.

    Raises:
        DataError: It is missing, no text, or of fewer than two records.
    """
    if known is not None:
        options = replace(options, records=options.records, text_column=options.text_column)
    found = _read(source, options, known)
    if known is None and len(found) < FEWEST:
        raise DataError(
            f"{found.name}: {len(found)} {found.form.noun} of text. Wanted: {FEWEST} at the least. "
            "Say what a record is with --records lines or paragraphs."
        )
    if known is None:
        return found
    kept = {
        name: found.attributes.columns[name]
        for name in known.attributes.names
        if name in found.attributes.names
    }
    return replace(found, form=known.form, attributes=like(Attributes(kept), known.attributes))


def _read(source: object, options: TextOptions, known: Texts | None) -> Texts:
    if isinstance(source, Texts):
        return source
    if isinstance(source, (str, Path)):
        return _of_path(Path(source), options, known)
    if isinstance(source, (list, tuple, np.ndarray)):
        texts = cast("Sequence[object]", source)
        bad = next((place for place, one in enumerate(texts) if not isinstance(one, str)), None)
        if bad is not None:
            raise DataError(f"text {bad}: {texts[bad]!r:.60} is no text. Give a list of texts.")
        return _made([str(one) for one in texts], Form(), "texts in memory", {}, options)
    columns = texts_of_frame(source)
    if columns is None:
        raise DataError(
            f"{source!r:.80} is no text. Give a file, a folder, a list of texts, or a data frame "
            "with a column of text."
        )
    return _of_columns(columns, "data frame", options, known)


def _of_path(path: Path, options: TextOptions, known: Texts | None) -> Texts:
    if path.is_dir():
        return _of_folder(path, options, known)
    if not path.exists():
        names = sorted(one.name for one in path.parent.iterdir()) if path.parent.is_dir() else []
        raise DataError(f"{path}: there is no such file. {did_you_mean(path.name, names)}")
    is_table = path.suffix.lower() in TABLES or bool(options.text_column)
    if is_table:
        return _of_columns(_columns_of(path), str(path), options, known)
    layout = _wanted_layout(options, known)
    if path.stat().st_size > MOST_BYTES:
        return _of_large(path, layout, options)
    text, note = _decoded(path)
    chosen = layout or _layout_of(text)
    form = Form(chosen, suffix=path.suffix or ".txt")
    made = _made(_split(text, chosen), form, str(path), {}, options)
    return replace(made, notes=(*((note,) if note else ()), *made.notes))


def _wanted_layout(options: TextOptions, known: Texts | None) -> Layout | None:
    if known is not None and known.form.layout in ("lines", "paragraphs"):
        return known.form.layout
    if options.records == "files":
        raise UsageError(
            "--records files: one file alone is given. Give a folder of files, or another --records."
        )
    return None if options.records == "auto" else options.records


def _decoded(path: Path) -> tuple[str, str]:
    content = _bytes_of(path)
    try:
        text, _, note = decode(content, None)
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    return normalised(text), note


def _bytes_of(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: it cannot be read ({error.strerror or error}).") from error
    _check(content[:_HEAD_BYTES], path)
    return content


def _check(head: bytes, path: Path) -> None:
    """Raise DataError where a file is empty or no text."""
    if not head.strip():
        raise DataError(f"{path}: there is nothing in it. Give a file of text.")
    is_marked = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    if not is_marked and len(_CONTROLS.findall(head)) > len(head) // 1_000:
        raise DataError(f"{path}: this is a binary file, no text. Give text, such as UTF-8.")


def _layout_of(text: str) -> Layout:
    """Paragraphs where most of them have several lines."""
    blocks = [block for block in _BLANK_LINES.split(text.strip("\n")) if block.strip()]
    n_lines = sum(block.count("\n") + 1 for block in blocks)
    return "paragraphs" if len(blocks) > FEWEST and n_lines >= _SEVERAL_LINES * len(blocks) else "lines"


def _split(text: str, layout: Layout) -> list[str]:
    return text.split("\n") if layout == "lines" else _BLANK_LINES.split(text.strip("\n"))


def _of_large(path: Path, layout: Layout | None, options: TextOptions) -> Texts:
    """A random subset of the records of a file, which is read piece by piece."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    _check(head, path)
    encoding = "utf-16" if head.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
    chosen = layout or _layout_of(head.decode(encoding, "replace"))
    border = np.uint64(int(MOST_BYTES / size * 2.0**63)) << np.uint64(1)
    kept, n = list[str](), 0
    with path.open(encoding=encoding, errors="replace") as lines:
        for block in _blocks(lines, chosen):
            n += 1
            if priorities(n, 1)[0] < border:
                kept.append(normalised(block))
    made = _made(kept, Form(chosen, suffix=path.suffix or ".txt"), str(path), {}, options)
    note = (
        f"{size:,} bytes are more than a model can use: {len(kept):,} of {n:,} records were read, by chance"
    )
    return replace(made, notes=(note, *made.notes))


def _blocks(lines: Iterable[str], layout: Layout) -> Iterator[str]:
    """Lines, or what lies between empty ones."""
    block = list[str]()
    for line in lines:
        bare = line.rstrip("\n")
        if layout == "lines":
            if bare.strip():
                yield bare
        elif bare.strip():
            block.append(bare)
        elif block:
            yield "\n".join(block)
            block = []
    if block:
        yield "\n".join(block)


def _of_folder(folder: Path, options: TextOptions, known: Texts | None) -> Texts:
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and not is_hidden(path.name)]
    chosen = [path for path in paths if path.suffix.lower() in SUFFIXES]
    if not chosen:
        raise DataError(
            f"{folder}: no file of it holds text ({', '.join(SUFFIXES[:6])}, ...). Check the folder."
        )
    names, texts, broken, n_bytes = list[str](), list[str](), list[str](), 0
    for number in np.argsort(priorities(0, len(chosen))).tolist():
        if n_bytes > MOST_BYTES:
            break
        try:
            texts.append(_decoded(chosen[number])[0])
            names.append(str(chosen[number].relative_to(folder)))
            n_bytes += len(texts[-1])
        except DataError as error:
            broken.append(str(error))
    if not texts:
        raise DataError(f"{folder}: none of its files is text. The first: {broken[0]}")
    order = np.argsort(np.array(names))
    names, texts = [names[place] for place in order], [texts[place] for place in order]
    notes = [f"{len(broken):,} files were left out: {' '.join(broken[:3])}"] if broken else []
    if len(names) + len(broken) < len(chosen):
        notes.append(
            f"{len(names):,} of {len(chosen):,} files were read, by chance: more than a model can use"
        )
    labels = by_folder(names)
    layout = options.records if known is None else known.form.layout
    if layout == "auto":
        layout = "paragraphs" if np.median([*map(len, texts)]) > LONG_DOCUMENT else "files"
    if layout in ("lines", "paragraphs"):
        pieces = [_split(text, layout) for text in texts]
        labels = {
            name: [value for value, own in zip(column, pieces, strict=True) for _ in own]
            for name, column in labels.items()
        }
        texts = [piece for own in pieces for piece in own]
    suffix = Path(names[0]).suffix
    made = _made(texts, Form(cast("Any", layout), suffix=suffix), str(folder), labels, options)
    return replace(made, notes=(*notes, *made.notes))


def _columns_of(path: Path) -> Mapping[str, Sequence[str | None]]:
    if path.suffix.lower() in (".csv", ".tsv", ".txt", ".text"):
        return texts_of_file(_bytes_of(path), str(path))
    from gansmith.tabular.files import read_table  # Parquet and JSON lines

    found = texts_of_frame(read_table(path).records)
    assert found is not None
    return found


def _of_columns(
    columns: Mapping[str, Sequence[str | None]], name: str, options: TextOptions, known: Texts | None
) -> Texts:
    wanted = options.text_column or (known.form.column if known and known.form.layout == "table" else "")
    if wanted and wanted not in columns:
        raise UsageError(
            f"--text-column {wanted}: {name} has no such column. {did_you_mean(wanted, [*columns])}"
        )
    text = wanted or max(columns, key=lambda one: sum(len(cell or "") for cell in columns[one]))
    labels = {one: [*cells] for one, cells in columns.items() if one != text}
    return _made([cell or "" for cell in columns[text]], Form("table", text), name, labels, options)


def _made(
    texts: Sequence[str],
    form: Form,
    name: str,
    labels: Mapping[str, Sequence[str | None]],
    options: TextOptions,
) -> Texts:
    """Texts without those that hold nothing, long ones cut, and what is known of each."""
    if options.person and options.person not in labels:
        raise UsageError(
            f"--person {options.person}: {name} has no such column. {did_you_mean(options.person, [*labels])}"
        )
    pieces = [(place, piece) for place, one in enumerate(texts) if one.strip() for piece in _cut(one)]
    notes = list[str]()
    n_long = sum(len(one) > MOST_CHARACTERS for one in texts)
    if n_long:
        notes.append(f"{n_long:,} texts of more than {MOST_CHARACTERS:,} characters were cut into pieces")
    places = [place for place, _ in pieces]
    known = attributes_of(
        plain(
            {
                one: [cells[place] for place in places]
                for one, cells in labels.items()
                if one != options.person
            }
        ),
        form.noun,
    )
    persons = labels.get(options.person, ())
    return Texts(
        tuple(normalised(piece) for _, piece in pieces),
        form,
        known.attributes,
        name,
        (*notes, *known.notes),
        tuple(str(persons[place] or "") for place in places) if persons else (),
    )


def _cut(text: str) -> Iterator[str]:
    """A text in pieces that are not too long, parted at blanks where there are any."""
    text = text.rstrip("\r\n")
    while len(text) > MOST_CHARACTERS:
        at = max(text.rfind(" ", 0, MOST_CHARACTERS), text.rfind("\n", 0, MOST_CHARACTERS))
        at = at if at > MOST_CHARACTERS // 2 else MOST_CHARACTERS
        yield text[:at]
        text = text[at:].lstrip(" \n")
    if text.strip():
        yield text
