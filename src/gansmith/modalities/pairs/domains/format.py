"""Records of several domains from files and in memory: how they are read, compared and shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, ClassVar, Final, cast, final

import numpy as np

from gansmith.errors import Caution, DataError, UsageError, did_you_mean
from gansmith.modalities.attributes import Attributes, HasAttributes
from gansmith.modalities.format import AbstractFormat, Writer
from gansmith.modalities.grids import Grids, Translatable
from gansmith.modalities.pairs.domains import DOMAIN, SOURCE, TARGET, TERMS, DomainOptions, quoted
from gansmith.modalities.pairs.domains.records import Domains
from gansmith.modalities.pairs.format import N_CHANNELS, in_arrays, kind_of, said_of, shown
from gansmith.modalities.previews import Preview
from gansmith.modalities.registry import Modality, needed, options_of

FEWEST: Final = 10
"""Of fewer records what they show is learnt along with how they look."""
FEWEST_OF_VALUE: Final = 5
"""Values of an attribute that fewer records have are left out: their names would give these away."""
N_COMPARED: Final = 64
"""Records of each set that are looked for in the other."""


@final
class DomainFormat(AbstractFormat[Any, DomainOptions]):
    """Records of any kind that is `Translatable`, of two sets or of one with an attribute."""

    kind: ClassVar[str] = "domains"
    n_previewed: ClassVar[int] = 9

    def recognises(self, source: object) -> bool:
        """Nothing is unless an option says so; see `Modality.asked_by`."""
        return False

    def read(self, source: object, options: DomainOptions) -> Domains:
        """Records of two sets, `to` or the second of a tuple being the other; or of one, with an attribute.

        Raises:
            DataError: They are missing or malformed, all alike, or of a kind that cannot be translated.
            UsageError: Nothing says what they are to be turned into.
        """
        if options.channels not in N_CHANNELS:
            raise UsageError(f"channels {options.channels!r}: records are translated as L (grey) or RGB.")
        if (options.identity or options.is_of_people) and not options.accept_terms:
            raise UsageError(f"{TERMS}\nGive --accept-terms (accept_terms=True) if you accept them.")
        if options.to_attribute:
            return _by_attribute(source, options)
        given, wanted = source, cast("object", options.to)
        if isinstance(source, tuple) and len(cast("tuple[Any, ...]", source)) == 2:
            given, wanted = cast("tuple[Any, Any]", source)
        if isinstance(wanted, str) and not wanted:
            raise UsageError(
                "--unpaired: nothing says what records are to be turned into. Give --to as well."
            )
        return _of_two(in_arrays(given), in_arrays(wanted), options)

    def read_like(self, source: object, like: Domains) -> Domains:
        raise UsageError(
            "a model of domains turns records into others, and is not asked about a set of them. Use "
            "gansmith apply, with --truth to measure it."
        )

    def fingerprint(self, records: Any) -> str:
        if isinstance(records, Domains):
            return records.fingerprint
        return blake2b(records.tobytes(), digest_size=16).hexdigest()

    def join(self, blocks: Sequence[Any]) -> Any:
        return np.concatenate(blocks)

    def writer(self, path: Path, like: Any, metadata: Mapping[str, str], options: DomainOptions) -> Writer:
        raise UsageError(
            "this model makes nothing of noise: it turns records into others. "
            "Use gansmith apply MODEL IN -o OUT."
        )

    def overview(self, records: Domains) -> list[dict[str, str]]:
        if len(records.sets) == 2:
            names = (SOURCE, TARGET)
            sides = zip(names, records.sets, strict=True)
            return [{"part": name, "kind": records.kind, "holds": said_of(grids)} for name, grids in sides]
        rows = [{"part": "records", "kind": records.kind, "holds": said_of(records.sets[0])}]
        for name in records.attributes.names:
            counts = {value: len(places) for value, places in records.by_value(name).items()}
            listed = ", ".join(f"{value} ({n:,})" for value, n in counts.items() if value) or "numbers"
            rows.append({"part": name, "kind": "attribute", "holds": listed})
        return rows

    def preview(self, records: np.ndarray) -> Preview:
        """What was made, shape `(n, n_channels, *grid)`, 0 to 255."""
        return shown(records)


def _own(modality: Modality, options: DomainOptions, **more: Any) -> Any:
    """The options of the kind of the records."""
    return options_of(modality, "fit", {**({"strict": True} if options.strict else {}), **more})


def _of_two(given: object, wanted: object, options: DomainOptions) -> Domains:
    """Two sets, each a domain of its own."""
    kinds = [kind_of(side) for side in (given, wanted)]
    if kinds[0].kind != kinds[1].kind:
        raise DataError(
            f"one set is of kind {kinds[0].kind!r}, the other of kind {kinds[1].kind!r}. "
            "Give two of one kind."
        )
    modality = kinds[0]
    translating = needed(modality.format, Translatable, modality.kind)
    n_channels, own = N_CHANNELS[options.channels], _own(modality, options)
    first = translating.read_grids(given, own, n_channels)
    second = translating.read_grids(wanted, own, n_channels or first.n_channels)
    notes = [*first.notes, *second.notes]
    for grids in (first, second):
        if not len(grids):
            raise DataError(f"{grids.name}: nothing there to learn from. Give at least one record.")
        if len(grids) < FEWEST:
            notes.append(_few(grids.name, len(grids)))
    notes += _shared(first, second)
    notes += [f"accepted. {TERMS}"] if options.identity else []
    numbers = [np.arange(len(grids)) for grids in (first, second)]
    values = np.repeat(np.array([SOURCE, TARGET], object), [len(first), len(second)])
    return Domains(
        (first, second),
        np.repeat([0, 1], [len(first), len(second)]),
        np.concatenate(numbers),
        Attributes({DOMAIN: values}),
        modality.kind,
        f"{first.name} to {second.name}",
        tuple(notes),
    )


def _few(name: str, n: int) -> Caution:
    records = "1 record" if n == 1 else f"{n} records"
    return Caution(
        f"{name}: {records}: what so few show may come along with how they look. Give {FEWEST} or more, "
        "better fifty; one picture of a texture or a style is enough if it is large and even"
    )


def _shared(first: Grids, second: Grids) -> list[str]:
    """A note on records that are in both sets.

    Raises:
        DataError: All of the smaller one are.
    """
    sides = [_digests(grids) for grids in (first, second)]
    n_shared, n_least = len(sides[0] & sides[1]), min(map(len, sides))
    if n_shared == n_least:
        raise DataError(
            f"{first.name} and {second.name} hold the same records: there is nothing to be changed. "
            "Give two sets that differ."
        )
    found = (
        f"{n_shared} of {n_least} records that were looked at are in both sets: nothing is learnt from them"
    )
    return [Caution(found)] if n_shared else []


def _digests(grids: Grids) -> set[bytes]:
    looked = range(min(len(grids), N_COMPARED))
    return {blake2b(np.ascontiguousarray(grids.grid(one)).tobytes()).digest() for one in looked}


def _by_attribute(source: object, options: DomainOptions) -> Domains:
    """One set whose records differ in an attribute."""
    modality = kind_of(source)
    translating = needed(modality.format, Translatable, modality.kind)
    more = {name: value for name in ("labels", "channels", "name_parts") if (value := getattr(options, name))}
    records = modality.format.read(source, _own(modality, options, **more))
    if not isinstance(records, HasAttributes):
        raise DataError(f"data of kind {modality.kind!r} has no attributes that could be changed.")
    changed, kept_ones = (
        _named(texts, records.attributes.columns) for texts in (options.to_attribute, options.keep_attribute)
    )
    if twice := sorted(set(changed) & set(kept_ones)):
        raise UsageError(f"{quoted(twice)} cannot be both changed and kept. Name it once.")
    names = [*changed, *kept_ones]
    grids = translating.read_grids(records, _own(modality, options), N_CHANNELS[options.channels])
    found = {name: _usual(name, records.attributes.columns[name]) for name in names}
    columns = {name: column for name, (column, _) in found.items()}
    kept = np.flatnonzero(np.any([_is_known(columns[name]) for name in changed], axis=0))
    attributes = Attributes(columns).take(kept)
    notes = [note for _, some in found.values() for note in some]
    if n_lost := len(grids) - len(kept):
        notes.append(f"{n_lost:,} of {len(grids):,} records left out: {quoted(names)} unknown or rare")
    notes += [f"accepted. {TERMS}"] if options.is_of_people else []
    everything = getattr(records, "notes", ())
    return Domains(
        (grids,), np.zeros(len(kept), np.int64), kept, attributes, modality.kind, grids.name,
        (*everything, *notes), tuple(kept_ones),
    )  # fmt: skip


def _named(texts: Sequence[str], known: Mapping[str, np.ndarray]) -> list[str]:
    """The attributes that are to be changed, or kept; one text may name several, parted by commas.

    Raises:
        UsageError: There is no such attribute.
    """
    parted = ([text] if text in known else text.split(",") for text in texts)
    names = list(dict.fromkeys(name.strip() for some in parted for name in some))
    for name in names:
        if not known:
            raise UsageError(
                f"attribute {name!r}: nothing is known of these records. Put them in a folder for each "
                "value, or give a table with --labels."
            )
        if name not in known:
            raise UsageError(f"attribute {name!r}: there is none of that name. {did_you_mean(name, known)}")
    return names


def _is_known(column: np.ndarray) -> np.ndarray:
    if column.dtype != object:
        return ~np.isnan(column)
    return np.array([value is not None for value in column.tolist()], bool)


def _usual(name: str, column: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """An attribute in which values of few records are unknown, and a note on them.

    Raises:
        DataError: Fewer than two values are left.
    """
    notes = list[str]()
    if column.dtype != object:
        n_values = len(np.unique(column[~np.isnan(column)]))
    else:
        counts = Counter(value for value in column.tolist() if value is not None)
        usual = {value for value, n in counts.items() if n >= FEWEST_OF_VALUE}
        if n_rare := len(counts) - len(usual):
            what = "value" if n_rare == 1 else "values"
            notes.append(f"{name!r}: {n_rare} {what} of fewer than {FEWEST_OF_VALUE} records left out")
        column = np.array([value if value in usual else None for value in column.tolist()], object)
        n_values = len(usual)
    if n_values < 2:
        raise DataError(
            f"attribute {name!r} has {'one value' if n_values else 'no value'} that {FEWEST_OF_VALUE} or "
            "more records have: there is nothing to change it to. Give records of two values or more."
        )
    return column, notes
