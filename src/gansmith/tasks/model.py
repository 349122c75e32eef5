"""A learnt model: a codec, a generator and, if it is kept, a discriminator; in memory and as a file."""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, final

import numpy as np
import safetensors.torch
import torch
from jaxtyping import Float
from torch import nn

from gansmith import __version__
from gansmith.configuration import from_plain
from gansmith.engine.game import GameConfig
from gansmith.engine.precision import matrix_precision, sampling_precision
from gansmith.engine.randomness import Randomness
from gansmith.engine.tensors import Conditions
from gansmith.engine.threads import n_threads
from gansmith.errors import GansmithError, ModelFileError, UsageError
from gansmith.modalities.base import AbstractModality, Codec, Compact, Filling, Request
from gansmith.modalities.registry import find_modality
from gansmith.modalities.where import Where
from gansmith.nets.mixture import Mixture
from gansmith.store.archive import Archive, digest_of, read_archive, write_archive
from gansmith.store.atomic import write_whole
from gansmith.store.plain import as_json
from gansmith.tasks.screening import Screen

MAX_MEMBERS: Final = 64
"""Generators of one model; more come from nobody but a forger."""


@final
@dataclass(frozen=True)
class Model:
    """Everything needed to make records."""

    modality: AbstractModality
    codec: Codec
    generator: nn.Module
    discriminator: nn.Module | None
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
        size = self.modality.block_size(self.codec)
        firsts = range(0, n_records, size)
        screen = Screen(self.modality, self.codec) if is_screened else None
        with ThreadPoolExecutor(1) as beside:  # the next block is generated while this one is decoded
            coming = beside.submit(self._block, 0, n_records, seed, request)
            for block, first in enumerate(firsts):
                compact, filling = coming.result()
                if block + 1 < len(firsts):
                    n_left = n_records - firsts[block + 1]
                    coming = beside.submit(self._block, block + 1, n_left, seed, request)
                compact = compact[: n_records - first]
                records = self._decoded(compact, block, first, seed, filling)
                again = partial(self._again, beside, len(compact), block, first, seed, request)
                yield screen.passed(records, first, again) if screen else records

    def sample(self, n_records: int, seed: int = 0, where: Where | None = None, balance: str = "") -> Any:
        """All records at once; see `blocks`."""
        blocks = list(self.blocks(n_records, seed, where, balance))
        nothing = (
            [] if blocks else [self._decoded(self._generated("sample", 0, seed, None)[:0], 0, 0, seed, None)]
        )
        return self.modality.join(blocks or nothing)

    @torch.no_grad()
    def opinions(self, records: Any) -> Float[np.ndarray, " n"]:
        """The discriminator's probability that each record is real.

        Where the objective compares, its border lies half-way between real and fake as they were at the end
        of training.

        Raises:
            UsageError: When the model was saved for sampling only.
        """
        if self.discriminator is None:
            raise UsageError(
                "this model was saved for sampling only: its discriminator has no opinion to ask."
            )
        compact = self.modality.encode(self.codec, records, 0)
        with n_threads(1):
            parts = compact.split(self.modality.block_size(self.codec))
            logits = torch.cat([self.discriminator(self.codec.expand(part), None) for part in parts])
        return torch.sigmoid(logits - self.manifest["training"]["border"]).numpy()

    def write(
        self,
        path: str | Path,
        n_records: int,
        seed: int = 0,
        where: Where | None = None,
        balance: str = "",
        *,
        safe_csv: bool = False,
    ) -> dict[str, Any]:
        """Write records to a file, and beside it `PATH.meta.json`, which says where they come from.

        Args:
            path: The format is that of its name; "-" is standard output, without a file beside it.
            n_records: How many.
            seed: Another seed, other records.
            where: Conditions that every record shall fulfil; see `blocks`.
            balance: A column of which every value shall be equally frequent.
            safe_csv: Escape text that a spreadsheet would run as a formula.

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
        with self.modality.writer(self.codec, Path(path), sealed(provenance), safe_csv=safe_csv) as writer:
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
        return self.modality.request(self.codec, where or {}, balance) if where or balance else None

    @cached_property
    def _precision(self) -> str:
        """That of training, if this machine has it too."""
        return sampling_precision(self.manifest["game"]["precision"])

    def _block(
        self, block: int, n_wanted: int, seed: int, request: Request | None, again: str = ""
    ) -> tuple[Compact, Filling | None]:
        """A whole block of compact records, and how they came to be what was asked for.

        Args:
            block: Its number.
            n_wanted: How many of its records are needed, and those of all later blocks.
            seed: Of the latents.
            request: What they shall fulfil.
            again: Another name, other latents.
        """
        stream = f"sample{again}"
        if request is None:
            return self._generated(stream, block, seed, None), None
        size = self.modality.block_size(self.codec)
        key = Randomness(seed).key(f"filling{again}", block)
        filling, n_rounds = request.filling(size, block * size, min(size, n_wanted), key), 0
        while not filling.is_done:
            of_round = f"{stream}/{n_rounds}" if n_rounds else stream
            filling.take(self._generated(of_round, block, seed, filling.ask()))
            n_rounds += 1
        return filling.compact, filling

    @torch.no_grad()
    def _generated(self, stream: str, block: int, seed: int, conditions: Conditions | None) -> Compact:
        """What the generator makes of a whole block, on one core: its bits do not depend on their number."""
        size, n_latents = self.modality.block_size(self.codec), self.manifest["game"]["n_latents"]
        latents = Randomness(seed).normal((size, n_latents), stream, block)
        with n_threads(1):
            with matrix_precision(self._precision, torch.device("cpu")):
                samples = self.generator(latents, conditions)
            return self.codec.compact(samples)

    def _decoded(
        self, compact: Compact, block: int, first: int, seed: int, filling: Filling | None, again: str = ""
    ) -> Any:
        key = Randomness(seed).key(f"decode{again}", block)
        records = self.modality.decode(self.codec, compact, key, first)
        return records if filling is None else filling.settled(records)

    def _again(
        self,
        beside: ThreadPoolExecutor,
        n_records: int,
        block: int,
        first: int,
        seed: int,
        request: Request | None,
        draw: int,
    ) -> Any:
        """Other records in the place of the first of a block, from the `draw`-th further latents."""
        again = f" again {draw}"
        coming = beside.submit(self._block, block, n_records, seed, request, again)  # all in one thread
        compact, filling = coming.result()
        return self._decoded(compact[:n_records], block, first, seed, filling, again)

    def save(self, path: str | Path, *, sampling_only: bool = False) -> str:
        """Write the model file, whole or not at all.

        Args:
            path: Usually `NAME.gan`.
            sampling_only: Leave out the discriminator: a smaller file that cannot be trained on or asked for
                opinions.

        Returns:
            The model's digest.

        Raises:
            DataError: When it cannot be written.
        """
        return write_archive(Path(path), self.manifest, self._members(sampling_only=sampling_only))

    def known_digest(self) -> str:
        """Of its file, or of the file that `save` would write."""
        return self.digest or digest_of(self.manifest, self._members(sampling_only=False))

    def _members(self, *, sampling_only: bool) -> dict[str, bytes]:
        """The parts of the model file."""
        state, tensors = self.codec.state()
        members = {
            "codec.json": as_json(state),
            "codec.safetensors": safetensors.torch.save(tensors),
            "generator.safetensors": safetensors.torch.save(_weights(self.generator)),
        }
        if self.discriminator is not None and not sampling_only:
            members["discriminator.safetensors"] = safetensors.torch.save(_weights(self.discriminator))
        return members


def load_model(path: str | Path) -> Model:
    """Read a model file.

    Raises:
        ModelFileError: When it is missing, damaged, hostile or of a newer format.
    """
    archive = read_archive(Path(path))
    try:
        return _rebuilt(archive)
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


def _rebuilt(archive: Archive) -> Model:
    manifest = dict(archive.manifest)
    modality = find_modality(manifest["kind"])
    codec = modality.load_codec(archive.json("codec.json"), archive.tensors("codec.safetensors"))
    networks = modality.networks(manifest["networks"])
    _check_manifest(archive.path, manifest, networks.n_latents)
    with torch.device("meta"):  # shapes without memory
        generator, discriminator = modality.build(codec, networks)
        if (n_members := manifest["training"]["n_members"]) > 1:
            others = [modality.build(codec, networks)[0] for _ in range(n_members - 1)]
            generator = Mixture([*others, generator])
    players = {"generator": generator, "discriminator": discriminator}
    found = {name: player for name, player in players.items() if f"{name}.safetensors" in archive.members}
    for name, player in found.items():
        wanted = player.state_dict()
        shapes = {key: tuple(value.shape) for key, value in wanted.items()}
        weights = archive.tensors(f"{name}.safetensors", shapes)
        if any(weights[key].dtype != value.dtype for key, value in wanted.items()):
            raise ModelFileError(f"{archive.path}: the weights of the {name} are of another type of number.")
        if not all(value.isfinite().all() for value in weights.values()):
            raise ModelFileError(f"{archive.path}: some weights of the {name} are no finite numbers.")
        player.load_state_dict(weights, assign=True)
        player.requires_grad_(False).eval()
    for key in ("format", "sha256"):
        manifest.pop(key)
    return Model(modality, codec, found["generator"], found.get("discriminator"), manifest, archive.digest)


def _check_manifest(path: Path, manifest: Mapping[str, Any], n_latents: int) -> None:
    """Raise unless it holds what will be read of it, in sizes that fit the networks."""
    if from_plain(GameConfig, manifest["game"]).n_latents != n_latents:
        raise ModelFileError(f"{path}: game and networks differ in their number of latents.")
    texts = manifest["target"], *(manifest["fit"][key] for key in ("kind", "preset", "objective"))
    numbers = manifest["fit"]["seed"], manifest["training"]["border"]
    if not all(isinstance(text, str) for text in texts) or not all(map(math.isfinite, numbers)):
        raise ModelFileError(f"{path}: its manifest holds values of the wrong type. It was made by hand.")
    n_members = manifest["training"]["n_members"]
    if type(n_members) is not int or not 1 <= n_members <= MAX_MEMBERS:
        raise ModelFileError(f"{path}: wanted from 1 to {MAX_MEMBERS} generators, not {n_members!r}.")


def _weights(network: nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()}
