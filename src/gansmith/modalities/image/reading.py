"""Pictures from wherever the user has them: which reader takes what, and which of the pictures are wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from gansmith.errors import DataError, UsageError, did_you_mean
from gansmith.modalities.attribute_labels import LABEL, Texts, like, path_column, spelt
from gansmith.modalities.image import ImageOptions, npy
from gansmith.modalities.image.arrays import brought_to, pictures_of, reformed, with_columns
from gansmith.modalities.image.containers import (
    container_among,
    is_container_name,
    is_idx_name,
    read_array,
    read_container,
)
from gansmith.modalities.image.picture_files import read_files
from gansmith.modalities.image.pictures import BUNDLED_DIGITS, Form, Pictures, bundled_digits
from gansmith.modalities.image.pixel_tables import read_pixel_table
from gansmith.modalities.image.recognising import (
    TABLE_FILES,
    first_texts,
    folder_of,
    frame_texts,
    is_frame,
    looks_like_pictures,
)
from gansmith.modalities.record_files import Listed, files_in, is_archive_name, is_picture_name
from gansmith.tabular.where import Term, terms_of

__all__ = ["looks_like_pictures", "read_like", "read_pictures", "read_to_judge"]


def read_pictures(source: object, options: ImageOptions) -> Pictures:
    """Pictures from wherever the user has them; of a single one, if it is large, pieces.

    Args:
        source: A folder, perhaps with one for each class; a zip or tar of such; a file of several pictures
            (idx, npy, npz, GIF, TIFF, a scan); a CSV file or a data frame with a column of paths; a list of
            paths; comma-separated text with one square picture per line; an array `(n, height, width)`,
            `(n, side * side)` or `(n, height, width, n_channels)`; a pair (array, labels) or (array, frame of
            attributes); what scikit-learn's `load_digits` returns; `Pictures`; or "bundled:digits".
        options: Size, fit, channels, labels, masks and boxes as the user chose them; `where` keeps some
            pictures; `strict` refuses what is otherwise left out; `has_header` and `encoding` are of text
            files.

    Raises:
        DataError: Pictures are missing, malformed, or fewer than two.
        UsageError: `where` names something that is not there; a size or channels that do not exist.
    """
    pictures = _wanted(_all_pictures(source, options, None), options)
    if len(pictures) == 1 and not isinstance(source, Pictures):
        from gansmith.modalities.image.pieces import pieces_of  # only for those who have one picture

        pictures = pieces_of(pictures, source, options)
    _check_enough(pictures)
    return pictures


def read_like(source: object, like_these: Pictures) -> Pictures:
    """Pictures that are to be compared with others: brought to their form where they come from files.

    Of arrays, another type of pixels is brought to theirs with a note; sizes are not changed. Masks are left
    out on both sides: pictures are compared as they are seen.

    Raises:
        DataError: As `read_pictures`, and when an array has another size, or a pixel is brighter than white.
    """
    form = replace(like_these.form, n_channels=like_these.form.n_seen, masks=())
    pictures = _all_pictures(source, ImageOptions(), form).without_masks
    _check_enough(pictures)
    found = pictures.form
    if (found.height, found.width, found.n_channels) != (form.height, form.width, form.n_channels):
        sizes = [" x ".join(map(str, _shape(one))) for one in (found, form)]
        raise DataError(
            f"{pictures.name}: pictures of {sizes[0]} pixels, those of {like_these.name} have {sizes[1]}. "
            "Scale them to one size."
        )
    attributes = like(pictures.attributes, like_these.attributes)
    if found == form:
        return replace(pictures, attributes=attributes)
    return replace(brought_to(pictures, form, like_these.name), attributes=attributes)


def read_to_judge(source: object, like_these: Pictures) -> Pictures:
    """Generated pictures that are to be judged beside others, and brought to their form whatever they are.

    What size and channels they came with is kept in `Pictures.sizes`.

    Raises:
        DataError: As `read_like`, but for another size or other channels.
    """
    form = replace(like_these.form, n_channels=like_these.form.n_seen, masks=())
    pictures = _all_pictures(source, ImageOptions(), form).without_masks
    _check_enough(pictures)
    return read_like(reformed(pictures, ImageOptions(), form), like_these)


def _shape(form: Form) -> tuple[int, ...]:
    return (form.height, form.width) if form.n_channels == 1 else (form.height, form.width, form.n_channels)


def _check_enough(pictures: Pictures) -> None:
    if len(pictures) < 2:
        said = f"{len(pictures)} picture{'' if len(pictures) == 1 else 's'}"
        raise DataError(f"{pictures.name}: {said}. Give at least 2; hundreds are better.")


# --- Sources ------------------------------------------------------------------------------------------------


def _all_pictures(source: object, options: ImageOptions, form: Form | None) -> Pictures:
    if isinstance(source, str) and source == BUNDLED_DIGITS:
        return bundled_digits()
    if isinstance(source, (str, Path)):
        return _from_path(Path(source), options, form)
    if isinstance(source, Pictures):
        return source
    if is_frame(source):
        return _from_table(frame_texts(source), options, form, "data frame", Path())
    if isinstance(source, (list, tuple)):
        items = cast("Sequence[Any]", source)
        if items and all(isinstance(item, (str, Path)) for item in items):
            return read_files(
                Listed([str(item) for item in items], "list of paths", Path()), options, like=form
            )
    return _in_memory(_from_array(source, form), options)


def _from_path(path: Path, options: ImageOptions, form: Form | None) -> Pictures:
    name = path.name.lower()
    if path.is_dir() or is_archive_name(name):
        files = files_in(path)
        is_array = path.is_dir() and all(one.lower().endswith(npy.SUFFIX) for one in files.names)
        if is_array and (only := container_among([*files.names, *files.others])):
            pictures = _from_path(path / only, options, form)
            return replace(pictures, notes=(*pictures.notes, f"of the folder {path.name}, {only} is read"))
        return read_files(files, options, like=form)
    if is_container_name(name):
        pixels, labels = read_container(path)
        pictures = pictures_of(pixels, None if options.labels else labels, path.name, form)
        return reformed(_labelled(pictures, options), options, form, is_capped=True)
    if is_picture_name(name):
        files = Listed([path.name], str(path), path.parent)
        return read_files(files, options, like=form, is_every_frame=True)
    if name.endswith(TABLE_FILES) and path.is_file() and path_column(first_texts(path)) is not None:
        from gansmith.tabular.files.texts import texts_of_file

        table = texts_of_file(path.read_bytes(), str(path), options.encoding)
        return _from_table(table, options, form, str(path), path.parent)
    return _in_memory(read_pixel_table(path, options), options)


def _from_table(table: Texts, options: ImageOptions, form: Form | None, said: str, folder: Path) -> Pictures:
    column = path_column(table)
    if column is None:
        raise DataError(
            f"{said}: none of its columns ({', '.join(table)}) holds names of picture files, "
            "such as 'a.png'. Give it one."
        )
    names = list(dict.fromkeys(name for name in table[column] if name is not None))
    return read_files(Listed(names, said, folder_of(names, folder)), options, like=form, table=table)


def _from_array(source: object, form: Form | None) -> Pictures:
    if isinstance(source, np.ndarray):
        return pictures_of(source, None, like=form)
    if isinstance(source, Mapping) and {"images", "target"} <= set(source):  # as scikit-learn hands them out
        bunch = cast("Mapping[str, Any]", source)
        return pictures_of(np.asarray(bunch["images"]), np.asarray(bunch["target"]), like=form)
    if isinstance(source, tuple) and len(cast("tuple[Any, ...]", source)) == 2:
        pixels, labels = cast("tuple[Any, Any]", source)
        if is_frame(labels):
            found = pictures_of(np.asarray(pixels), None, like=form)
            return with_columns(found, frame_texts(labels), "attributes")
        return pictures_of(np.asarray(pixels), np.asarray(labels), like=form)
    raise UsageError(
        f"a {type(source).__name__} holds no pictures. Give a path, an array (n, height, width), or a pair "
        "of an array and its labels."
    )


def _in_memory(pictures: Pictures, options: ImageOptions) -> Pictures:
    """Arrays and tables of pixels stay as they are, unless a size or channels were asked for."""
    return reformed(_labelled(pictures, options), options)


def _labelled(pictures: Pictures, options: ImageOptions) -> Pictures:
    """Pictures without names, with the labels of a file in their order."""
    if options.masks or options.boxes:
        raise UsageError(
            f"{pictures.name}: masks and boxes are found by the names of picture files, and here are none. "
            "Give a folder or an archive of pictures."
        )
    if not options.labels:
        return pictures
    from gansmith.tabular.files.texts import texts_of_file

    path = Path(options.labels)
    if is_idx_name(path.name) or path.suffix == ".npy":
        columns: Texts = {LABEL: [spelt(label) for label in read_array(path).tolist()]}
    else:
        try:
            columns = texts_of_file(path.read_bytes(), str(path), options.encoding)
        except OSError as error:
            raise DataError(f"{path}: cannot be read ({error.strerror or error}). Check the name.") from error
    return with_columns(pictures, columns, str(path))


# --- Which are wanted ---------------------------------------------------------------------------------------


def _wanted(pictures: Pictures, options: ImageOptions) -> Pictures:
    columns = pictures.attributes.columns
    by_column: dict[str, list[Term]] = {}
    for term in terms_of(options.where, list(columns) or [LABEL]):
        by_column.setdefault(term.column, []).append(term)
    for column, terms in by_column.items():
        if column in columns and columns[column].dtype != object:
            pictures = pictures.take(np.flatnonzero(_holds(pictures.attributes.columns[column], terms)))
        else:
            pictures = _of_values(pictures, column, terms)
    return pictures


def _of_values(pictures: Pictures, column: str, terms: Sequence[Term]) -> Pictures:
    """Those whose text is one of the values."""
    for term in terms:
        if term.operator != "=":
            what = "a label" if column == LABEL else repr(column)
            raise UsageError(f"{what} can be asked for with = alone, not with {term.operator!r}.")
    values = [str(value) for term in terms for value in term.values]
    if column == LABEL:
        return pictures.of_label(*values)
    cells = pictures.attributes.columns[column].tolist()
    known = sorted({cell for cell in cells if cell is not None})
    for value in values:
        if value not in known:
            near = did_you_mean(value, known)
            raise UsageError(f"{pictures.name}: no picture has {column}={value!r}. {near}")
    return pictures.take(np.flatnonzero([cell in values for cell in cells]))


def _holds(numbers: np.ndarray, terms: Sequence[Term]) -> np.ndarray:
    """Whether each number is one of those asked for, and within all bounds; an unknown one is not."""
    holds = ~np.isnan(numbers)
    equal = [value for term in terms if term.operator == "=" for value in _values(term)]
    if equal:
        holds &= np.isin(numbers, equal)
    compare = {">=": np.greater_equal, "<=": np.less_equal, ">": np.greater, "<": np.less, "!=": np.not_equal}
    for term in terms:
        if term.operator != "=":
            for value in _values(term):
                holds &= compare[term.operator](numbers, value)
    return holds


def _values(term: Term) -> list[float]:
    try:
        return [float(value) for value in term.values]
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"{term.column!r} holds numbers, and {term.values} is none. Ask for a number."
        ) from error
