"""A learnt model: a codec, the networks of a game and its rules; in memory and as a file."""

from __future__ import annotations

import json
import os
import platform
from collections import deque
from collections.abc import Generator, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from gansmith import __version__
from gansmith.engine.batches import Batch
from gansmith.engine.games import AbstractRules, rules_from_plain
from gansmith.engine.processors import matrix_precision, n_threads, quick_full_products, sampling_precision
from gansmith.engine.randomness import Randomness
from gansmith.errors import GansmithError, ModelFileError, UsageError
from gansmith.modalities.recipe import AbstractCodec, Conditional
from gansmith.modalities.registry import Modality, find_modality, needed, options_of
from gansmith.modalities.requests import Compact, ConditionalBlock, Request
from gansmith.modalities.where import Where
from gansmith.nets.distributions import Ensemble
from gansmith.settings import from_plain
from gansmith.store import as_json, write_whole
from gansmith.store.model_file import ModelFile, packed, read_model_file, write_model_file
from gansmith.tasks.screening import Screen
from gansmith.tasks.settings import FitConfig, Summary

N_AHEAD: Final = 2
"""Blocks that are being generated while one is decoded and taken away; as many cores are used at most."""
CPU: Final = torch.device("cpu")


@final
@dataclass(frozen=True)
class Model:
    """Everything needed to make records."""

    modality: Modality
    codec: AbstractCodec[Any, Any]
    rules: AbstractRules
    """Of the game that it was learnt by; they say what the networks make."""
    networks: Mapping[str, nn.Module]
    """By name, at least those that generate."""
    manifest: Mapping[str, Any]
    """How it was made: kind, config, networks, data, training summary; plain JSON."""
    digest: str = ""
    """Of the file it came from or went to; empty while it has none."""

    def blocks(
        self, n_records: int, seed: int = 0, where: Where | None = None, balance: str = ""
    ) -> Iterator[Any]:
        """Records in blocks; memory does not grow with their number.

        Block k depends on (model, seed, k) and the request alone: the first 100 of 1000 records are the same
        as 100 records. Where no two records may share a key it depends on the blocks before it as well, see
        `screening.py`.
        (Bit for bit on processors that multiply in the same precision, which the provenance names.)

        Args:
            n_records: How many in all.
            seed: Another seed, other records.
            where: Conditions that every record shall fulfil: by column a value, a list of values of which one
                shall hold, or a mapping such as `{">=": 65}`; or texts such as "age>=65".
            balance: A column of which every value shall be equally frequent: they take turns.

        Raises:
            UsageError: When `n_records` is negative, or an unknown column or value is asked for.
        """
        return self.made(n_records, seed, self._request(where, balance))

    def made(
        self, n_records: int, seed: int, request: Request | None, *, is_screened: bool = True
    ) -> Iterator[Any]:
        """Records that fulfil a request, in blocks; see `blocks`.

        Args:
            n_records: How many in all.
            seed: Another seed, other records.
            request: What they shall fulfil.
            is_screened: Whether records that break a rule, or share a key, are made again.

        Raises:
            UsageError: When `n_records` is negative.
        """
        if n_records < 0:
            raise UsageError(f"cannot make {n_records} records. Ask for 0 or more.")
        return self._made(n_records, seed, request, is_screened)

    def _made(self, n_records: int, seed: int, request: Request | None, is_screened: bool) -> Iterator[Any]:
        if n_records == 0:
            return
        size = self.codec.block_size
        firsts = range(0, n_records, size)
        screen = Screen(self.modality, self.codec) if is_screened else None
        with _workers(len(firsts)) as workers:
            coming = deque[Future[tuple[Compact, ConditionalBlock | None]]]()
            for block, first in enumerate(firsts):
                while len(coming) <= N_AHEAD and block + len(coming) < len(firsts):
                    ahead = block + len(coming)
                    n_left = n_records - firsts[ahead]
                    coming.append(workers.submit(self._block, ahead, n_left, seed, request))
                compact, conditional = coming.popleft().result()
                compact = compact[: n_records - first]
                records = self._decoded(compact, block, first, seed, conditional)
                again = partial(self._again, workers, len(compact), block, first, seed, request)
                yield screen.passed(records, first, again) if screen else records

    def sample(self, n_records: int, seed: int = 0, where: Where | None = None, balance: str = "") -> Any:
        """All records at once; see `blocks`."""
        return self.modality.format.join(
            [*self.blocks(n_records, seed, where, balance)] or [self.codec.empty]
        )

    @torch.no_grad()
    def realism(self, records: Any) -> Float[np.ndarray, " n"]:
        """The probability that each record is real, as far as the game has learnt to tell.

        Raises:
            UsageError: When it has not, or when the model was saved for sampling only.
        """
        compact = self.codec.encode(records, 0)
        readings = self.manifest["training"]["readings"]
        with n_threads(1):
            parts = compact.split(self.codec.block_size)
            batches = (Batch({"real": self.codec.expand(part)}) for part in parts)
            return torch.cat(
                [self.rules.realism(self.networks, batch, readings) for batch in batches]
            ).numpy()

    def write(
        self,
        path: str | Path,
        n_records: int,
        seed: int = 0,
        where: Where | None = None,
        balance: str = "",
        options: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Write records to a file, and beside it `PATH.meta.json`, which says where they come from.

        Args:
            path: The format is that of its name; "-" is standard output, without a file beside it.
            n_records: How many.
            seed: Another seed, other records.
            where: Conditions that every record shall fulfil; see `blocks`.
            balance: A column of which every value shall be equally frequent.
            options: Of the kind of data, by name, such as `safe_csv` of tables.

        Returns:
            The provenance: that it is synthetic, which model, seed, request, versions.

        Raises:
            UsageError: As `blocks`, and when there is no such format.
            DataError: When a file cannot be written; what stood there before stays.
        """
        request = self._request(where, balance)
        asked = {"where": [*request.texts] if request else [], "balance": balance}
        provenance = self.provenance(n_records, seed, asked)
        blocks = self.made(n_records, seed, request)  # refuses before anything is written
        settled = options_of(self.modality, "sample", options or {})
        kept = sealed(provenance)
        with self.modality.format.writer(Path(path), self.codec.empty, kept, settled) as writer:
            for block in blocks:
                writer.write(block)
        write_provenance(path, provenance)
        return provenance

    def provenance(self, n_records: int, seed: int, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Where records come from: that they are synthetic, which model, seed and request, versions."""
        return {
            "synthetic": True,
            "kind": self.modality.kind,
            "model": self.digest,
            "records": n_records,
            "seed": seed,
            **asked,
            "precision": self._precision,
            "versions": self.manifest["versions"],
        }

    def _request(self, where: Where | None, balance: str) -> Request | None:
        if not where and not balance:
            return None
        asking = needed(self.modality.recipe, Conditional, self.modality.kind)
        return asking.request(self.codec, where or {}, balance)

    @cached_property
    def _precision(self) -> str:
        """That of training, if this machine has it too."""
        return sampling_precision(self.rules.precision)

    def _block(
        self, block: int, n_wanted: int, seed: int, request: Request | None, again: str = ""
    ) -> tuple[Compact, ConditionalBlock | None]:
        """A whole block of compact records, and how they came to be what was asked for.

        Args:
            block: Its number.
            n_wanted: How many of its records are needed, and those of all later blocks.
            seed: Of the noise.
            request: What they shall fulfil.
            again: Another name, other noise.
        """
        stream = f"sample{again}"
        if request is None:
            return self._generated(stream, block, seed, None), None
        size = self.codec.block_size
        key = Randomness(seed).key(f"filling{again}", block)
        conditional, n_rounds = request.block(size, block * size, min(size, n_wanted), key), 0
        while not conditional.is_done:
            of_round = f"{stream}/{n_rounds}" if n_rounds else stream
            conditional.take(self._generated(of_round, block, seed, conditional.condition()))
            n_rounds += 1
        return conditional.compact, conditional

    @torch.no_grad()
    def _generated(self, stream: str, block: int, seed: int, condition: Tensor | None) -> Compact:
        """What the networks make of a whole block, on one core: its bits do not depend on their number."""
        given = Batch({"condition": condition}, self.codec.block_size)
        with n_threads(1):
            with quick_full_products(self._precision), matrix_precision(self._precision, CPU):
                samples = self.rules.generate(self.networks, given, Randomness(seed).stream(stream), block)
            return self.codec.compact(samples)

    def _decoded(
        self,
        compact: Compact,
        block: int,
        first: int,
        seed: int,
        conditional: ConditionalBlock | None,
        again: str = "",
    ) -> Any:
        key = Randomness(seed).key(f"decode{again}", block)
        records = self.codec.decode(compact, key, first)
        return records if conditional is None else conditional.settled(records)

    def _again(
        self,
        workers: ThreadPoolExecutor,
        n_records: int,
        block: int,
        first: int,
        seed: int,
        request: Request | None,
        draw: int,
    ) -> Any:
        """Other records in the place of the first of a block, from the `draw`-th further noise."""
        again = f" again {draw}"
        coming = workers.submit(self._block, block, n_records, seed, request, again)
        compact, conditional = coming.result()
        return self._decoded(compact[:n_records], block, first, seed, conditional, again)

    def save(self, path: str | Path, *, sampling_only: bool = False) -> str:
        """Write the model file, whole or not at all.

        Args:
            path: Usually `NAME.gan`.
            sampling_only: Leave out the networks that do not generate: a smaller file that can neither be
                trained on nor asked for the realism of records.

        Returns:
            The model's digest.

        Raises:
            DataError: When it cannot be written.
        """
        return write_model_file(Path(path), *self._content(sampling_only=sampling_only))

    def known_digest(self) -> str:
        """Of its file, or of the file that `save` would write."""
        return self.digest or packed(*self._content(sampling_only=False))[1]

    def _content(self, *, sampling_only: bool) -> tuple[Mapping[str, Any], Any, dict[str, Tensor]]:
        """What the model file holds: the manifest, the codec's plain values, all tensors."""
        state, of_codec = self.codec.state()
        names = self.rules.generating if sampling_only else self.networks
        tensors = {f"codec/{name}": value for name, value in of_codec.items()}
        for name in names:
            weights = self.networks[name].state_dict()
            tensors |= {
                f"networks/{name}/{key}": value.detach().cpu().contiguous() for key, value in weights.items()
            }
        return self.manifest, state, tensors


@contextmanager
def _workers(n_blocks: int) -> Generator[ThreadPoolExecutor]:
    """Threads that generate blocks side by side, each on a core of its own."""
    n_workers = max(1, min(N_AHEAD, n_blocks, os.cpu_count() or 1))
    workers = ThreadPoolExecutor(n_workers, initializer=torch.set_num_threads, initargs=(1,))
    with n_threads(torch.get_num_threads()), workers:  # whatever they set, the rest keeps its cores
        try:
            yield workers
        finally:
            workers.shutdown(cancel_futures=True)


def load_model(path: str | Path) -> Model:
    """Read a model file.

    Raises:
        ModelFileError: When it is missing, damaged, hostile or of a newer format.
    """
    file = read_model_file(Path(path))
    try:
        return _rebuilt(file)
    except ModelFileError:
        raise
    except (
        GansmithError,
        KeyError,
        IndexError,
        ValueError,
        TypeError,
        RuntimeError,
        AttributeError,
        ArithmeticError,
        MemoryError,
    ) as error:
        raise ModelFileError(
            f"{path}: its parts do not fit together ({error}). It is damaged or was made by hand."
        ) from error


def sealed(provenance: Mapping[str, Any]) -> dict[str, str]:
    """Provenance as it stands inside a file, where the format has a place for it."""
    return {"gansmith": json.dumps(provenance, sort_keys=True)}


def write_provenance(path: str | Path, provenance: Mapping[str, Any]) -> None:
    """Write it beside the file at `path`; "-", standard output, has none."""
    if str(path) != "-":
        write_whole(Path(f"{path}.meta.json"), as_json(provenance) + b"\n")


def versions() -> dict[str, str]:
    """Of what matters for making the same numbers again."""
    return {"gansmith": __version__, "torch": version("torch"), "python": platform.python_version()}


def _rebuilt(file: ModelFile) -> Model:
    manifest = file.manifest
    _check_manifest(file.path, manifest)
    modality, rules = find_modality(manifest["kind"]), rules_from_plain(manifest["game"])
    recipe = modality.recipe
    codec = recipe.codec.from_state(file.state(), file.tensors("codec/"))
    found = file.names("networks/")
    if not set(rules.generating) <= found <= set(rules.roles):
        raise ModelFileError(
            f"{file.path}: its networks are {sorted(found)}; the game {rules.name!r} has {rules.roles}."
        )
    sizes, size = from_plain(recipe.networks, manifest["networks"]), manifest["training"]["ensemble_size"]
    with torch.device("meta"):  # shapes without memory
        networks = recipe.build(codec, sizes, rules)
        others = [recipe.build(codec, sizes, rules) for _ in range(size - 1)]
    for name in rules.generating if others else ():
        networks[name] = Ensemble([*(other[name] for other in others), networks[name]])
    for name in found:
        network = networks[name]
        network.load_state_dict(file.tensors(f"networks/{name}/", network.state_dict()), assign=True)
        network.requires_grad_(False).eval()
    kept = {name: networks[name] for name in rules.roles if name in found}
    return Model(modality, codec, rules, kept, manifest, file.digest)


def _check_manifest(path: Path, manifest: Mapping[str, Any]) -> None:
    """Raise unless it holds what will be read of it."""
    missing = {"data", "versions"} - set(manifest)
    if missing or not isinstance(manifest["target"], str):
        raise ModelFileError(f"{path}: its manifest is not whole. It was made by hand.")
    from_plain(FitConfig, manifest["fit"])
    from_plain(Summary, manifest["training"])
    from_plain(find_modality(manifest["kind"]).options, manifest["options"])
