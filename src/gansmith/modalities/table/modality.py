"""Tables as a kind of data: where reading, codec, networks, conditions and scores meet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final, cast, final

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor, nn

from gansmith.engine.batches import Batch, Conditioning, Dataset, TensorDataset
from gansmith.engine.games.adversarial import AdversarialRules
from gansmith.engine.games.base import AbstractRules, Networks
from gansmith.engine.monitors import coverage
from gansmith.engine.tensors import Conditions, Samples
from gansmith.errors import DataError
from gansmith.modalities.base import AbstractModality, Compact, Plan, Reading, Verdict, Writer
from gansmith.modalities.table.asked.completing import TablePartial
from gansmith.modalities.table.asked.request import TableRequest, request_for
from gansmith.modalities.table.calibration import calibrate
from gansmith.modalities.table.codec import TableCodec
from gansmith.modalities.table.columns.base import AbstractColumnCodec
from gansmith.modalities.table.columns.categories import CategoryCodec
from gansmith.modalities.table.columns.inventions import InventedCodec
from gansmith.modalities.table.columns.lists import ListCodec
from gansmith.modalities.table.columns.numbers import NumberCodec
from gansmith.modalities.table.columns.rare import usual_min_count
from gansmith.modalities.table.conditions import ask_some
from gansmith.modalities.table.constraints.verdicts import verdict
from gansmith.modalities.table.files.fingerprint import fingerprint_of
from gansmith.modalities.table.files.gaps import Gaps
from gansmith.modalities.table.files.in_memory import with_column
from gansmith.modalities.table.files.reading import Table, read_partial, read_table
from gansmith.modalities.table.files.table_file import AbstractTableFile
from gansmith.modalities.table.files.writing import TableWriter, like
from gansmith.modalities.table.held_back import held_back_notes, held_back_of
from gansmith.modalities.table.networks import TableGenerator, TableNetworks, networks_for
from gansmith.modalities.table.presets import PRESETS, n_heldout, plan_table
from gansmith.modalities.table.reader import TableReader
from gansmith.modalities.table.unknown import unknown_notes
from gansmith.modalities.where import Where
from gansmith.scorecard.features import Features
from gansmith.scorecard.real.two_sample import quick_two_sample_auc, two_sample_auc
from gansmith.scorecard.seeds import draws
from gansmith.settings import from_plain

MAX_BLOCK_SIZE: Final = 8192
MAX_BLOCK_VALUES: Final = 4_000_000
MIN_RECORDS_FOR_TREES: Final = 200
"""Held-out records below which trees tell nothing and coverage chooses the model."""
MAX_COLUMNS_JUDGED: Final = 64
"""Columns that have a say in the last choice."""
_READER: Final = TableReader()


@final
class TableModality(AbstractModality):
    """Rows and columns."""

    kind: ClassVar[str] = "table"
    presets: ClassVar[Mapping[str, str]] = PRESETS

    def recognises(self, source: object) -> bool:
        """See `TableReader`."""
        return _READER.recognises(source)

    def read(self, source: object, reading: Reading) -> Table:
        """See `TableReader`."""
        return _READER.read(source, reading)

    def read_alike(self, source: object, like: Table) -> Table:
        """See `TableReader`."""
        return _READER.read_alike(source, like)

    def read_for(self, codec: TableCodec, source: object) -> Table:
        """See the base class; a single record will do.

        Raises:
            DataError: A column is missing, too many, or not of the kind that was learnt.
            UsageError: `source` is no table.
        """
        try:
            found = read_table(source, schema=codec.schema, n_min=1)
            records = found.records.cast(codec.schema.arrow_schema)
        except pa.ArrowException as error:
            raise DataError(f"The table cannot be read as the model's: {error}.") from error
        return Table(records, codec.schema, found.name, found.notes)

    def with_target(self, source: object, values: object) -> tuple[object, str]:
        """See the base class."""
        return with_column(source, values)

    def names(self, codec: TableCodec) -> tuple[str, ...]:
        """See the base class."""
        return codec.schema.names

    def fingerprint(self, records: Table) -> str:
        """See the base class."""
        return fingerprint_of(records.records)

    def check_target(self, records: Table, target: str) -> None:
        """See `TableReader`."""
        _READER.check_target(records, target)

    def fit_codec(self, records: Table, preset: str, seed: int, min_count: int = 0) -> TableCodec:
        """See the base class."""
        min_count = min_count or usual_min_count(len(records))
        codec = TableCodec.fit(records.records, records.schema, seed, min_count)
        if not codec.playing:
            raise DataError(
                f"{records.name}: nothing here can be learnt: all columns are constant, identifiers or text, "
                f"or have no value that {min_count} records share (--min-count 1 lets rarer ones out)."
            )
        return codec

    def remarks(self, codec: TableCodec, records: Table, target: str) -> tuple[str, ...]:
        """See the base class."""
        return held_back_notes(codec, records.schema, target)

    def unknown(self, codec: TableCodec, records: Table) -> tuple[str, ...]:
        """See the base class; they have been read with the codec's schema."""
        return unknown_notes(codec, records.records)

    def load_codec(self, state: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> TableCodec:
        """See the base class."""
        return TableCodec.from_state(state, tensors)

    def encode(self, codec: TableCodec, records: Table, seed: int) -> Compact:
        """See the base class."""
        return codec.encode(records.records, np.random.default_rng(seed))

    def decode(self, codec: TableCodec, compact: Compact, seed: int, first_index: int) -> Table:
        """See the base class."""
        records = codec.decode(compact, np.random.default_rng(seed), first_index)
        return Table(records, codec.schema, "synthetic")

    def verdict(self, codec: TableCodec, records: Table) -> Verdict | None:
        """See the base class."""
        return verdict(codec.chain, records.records)

    def n_heldout(self, n_records: int, preset: str) -> int:
        """See the base class."""
        return n_heldout(n_records, preset)

    def plan(self, codec: TableCodec, n_records: int, preset: str) -> Plan:
        """See the base class."""
        return plan_table(codec.layout, n_records, preset)

    def networks(self, values: Mapping[str, Any]) -> TableNetworks:
        """See the base class."""
        return from_plain(TableNetworks, values)

    def build(self, codec: TableCodec, networks: TableNetworks, rules: AbstractRules) -> dict[str, nn.Module]:
        """See the base class."""
        return networks_for(codec.layout, networks, rules)

    def finish(
        self,
        codec: TableCodec,
        rules: AbstractRules,
        members: Sequence[Networks],
        seen: Dataset,
        seed: int,
    ) -> None:
        """The margins of generators become those of the training records; see `calibration.py`."""
        if not isinstance(rules, AdversarialRules):
            return  # decoders draw states by chance: no margin decides
        assert isinstance(seen, TensorDataset)
        generators = [cast("TableGenerator", member["generator"]) for member in members]
        calibrate(generators, rules, seen.all["real"].cpu(), seed)

    def conditioning(self, codec: TableCodec) -> Conditioning | None:
        """See the base class."""

        def ask(batch: Batch, generator: torch.Generator) -> Conditions:
            return ask_some(codec.layout, batch, generator)

        return ask

    def request(self, codec: TableCodec, where: Where, balance: str = "") -> TableRequest:
        """See the base class."""
        return request_for(codec, where, balance)

    def partial(
        self, codec: TableCodec, source: object, reading: Reading, *, keep_missing: bool
    ) -> TablePartial:
        """See the base class; columns that are not there at all are filled too."""
        raw, table = read_partial(
            source, codec.schema, has_header=reading.has_header, encoding=reading.encoding
        )
        return TablePartial(codec, Gaps(source, raw, table), keep_missing)

    def held_out_score(
        self, codec: TableCodec, n_heldout: int, seed: int
    ) -> Callable[[Samples, Samples], float]:
        """Boosted trees try to tell fakes from real records: 1 when they cannot, 0 when they always can."""

        def score(fake: Samples, real: Samples) -> float:
            if n_heldout < MIN_RECORDS_FOR_TREES:
                return coverage(fake, real)
            (ours, is_category), (theirs, _) = (
                codec.features(codec.layout.compact(samples).cpu()) for samples in (fake, real)
            )
            return min(1.0, 2 * (1 - quick_two_sample_auc(ours, theirs, is_category, seed=seed)))

        return score

    def final_score(
        self, codec: TableCodec, n_heldout: int, seed: int
    ) -> Callable[[Samples, Samples], tuple[float, float]] | None:
        """The scorecard's own "c2st", of 64 columns at most: one minus the AUC of its boosted trees."""
        if n_heldout < MIN_RECORDS_FOR_TREES:
            return None

        def score(fake: Samples, real: Samples) -> tuple[float, float]:
            ours, theirs = (
                _features(*codec.features(codec.layout.compact(samples).cpu()), seed)
                for samples in (fake, real)
            )
            found = two_sample_auc(ours, theirs, seed=seed, n_folds=2, finds_giveaways=False).score
            return 1 - found.value, found.error

        return score

    def block_size(self, codec: TableCodec) -> int:
        """See the base class."""
        return int(np.clip(MAX_BLOCK_VALUES // codec.layout.n_values, 64, MAX_BLOCK_SIZE))

    def join(self, blocks: Sequence[Table]) -> Table:
        """See the base class."""
        records = pa.concat_tables([block.records for block in blocks]).combine_chunks()
        return Table(records, blocks[0].schema, blocks[0].name)

    def returned(self, codec: TableCodec, records: Table, source: object) -> Any:
        """See the base class; a file or nothing gives a pandas data frame."""
        is_file = source is None or isinstance(source, (str, Path))
        return records.records.to_pandas() if is_file else like(records.records, records.schema, source)

    def writer(self, codec: TableCodec, path: Path, metadata: Mapping[str, str], *, safe_csv: bool) -> Writer:
        """See the base class."""
        return _TableFile(TableWriter(path, codec.schema, metadata=metadata, safe_csv=safe_csv))

    def preview(self, codec: TableCodec, records: Table) -> str:
        """See the base class."""
        return records.records.slice(0, 5).to_pandas().to_string(index=False, max_cols=12, max_colwidth=24)

    def describe(self, codec: TableCodec) -> list[dict[str, str]]:
        """See the base class."""
        rows: list[dict[str, str]] = []
        for column, column_codec in zip(codec.schema.columns, codec.columns, strict=True):
            rule = codec.chain.taking(column.name)
            learnt_as = _learnt_as(column_codec)
            if rule is not None:
                learnt_as = f"{learnt_as}, for" if column_codec.n_states else "not learnt:"
                learnt_as = f"{learnt_as} {rule.in_words()}"
            rows.append(
                {
                    "column": column.name,
                    "kind": column.kind,
                    "missing": f"{column.missing_rate:.1%}" if column.missing_rate else "",
                    "learnt as": learnt_as,
                    "too rare": _too_rare(column_codec),
                }
            )
        return rows


@final
class _TableFile(AbstractTableFile):
    """A `TableWriter` that takes `Table`s."""

    def write(self, records: Table) -> None:
        """Append a block."""
        self._writer.write(records.records)


def _features(values: np.ndarray, is_category: np.ndarray, seed: int) -> Features:
    """What the judge sees of records: some of the columns, where there are very many."""
    chosen = np.sort(draws(seed).permutation(values.shape[1])[:MAX_COLUMNS_JUDGED])
    return Features(tuple(map(str, chosen)), values[:, chosen].astype(np.float64), is_category[chosen])


def _learnt_as(codec: object) -> str:
    """What `show` says of a column."""
    if isinstance(codec, NumberCodec):
        spikes = _counted(len(codec.spikes), "single value", "single values")
        bins = f"{codec.n_bins} bins with ranks" if codec.n_bins else ""
        return ", ".join(part for part in (spikes, bins) if part)
    if isinstance(codec, CategoryCodec):
        n_values, n_states = len(codec.values), codec.n_states - codec.has_missing
        grouped = f" in {n_states} states" if 0 < n_states < n_values else ""
        return _counted(n_values, "category", "categories") + grouped
    if isinstance(codec, InventedCodec):
        look = codec.column.look.replace("_", " ") or "its pattern"
        return f"made anew: {look}{', all different' if codec.is_distinct else ''}"
    if isinstance(codec, ListCodec):
        return f"lists of {_counted(len(codec.items), 'item', 'items')}"
    return "made anew"


def _too_rare(codec: AbstractColumnCodec) -> str:
    """What `show` says of the values that never come out."""
    held = held_back_of(codec)
    if not held:
        return ""
    values = _counted(held.n_values, "value", "values")
    return f"{values} of {_counted(held.n_records, 'record', 'records')}"


def _counted(n: int, one: str, many: str) -> str:
    return f"{n} {one if n == 1 else many}" if n else ""
