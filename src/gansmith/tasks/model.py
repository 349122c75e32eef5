"""A learnt model: a codec, the networks of a game and its rules; in memory and as a file."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from gansmith import __version__
from gansmith.engine.games import AbstractRules, rules_from_plain
from gansmith.engine.processors import n_threads, sampling_precision
from gansmith.errors import GansmithError, ModelFileError, UsageError
from gansmith.modalities.capabilities import AskingByOption, Conditional, Imputing, Partial, Request
from gansmith.modalities.format import HasColumns
from gansmith.modalities.recipe import AbstractCodec
from gansmith.modalities.registry import Modality, find_modality, needed, offered, options_of
from gansmith.nets.distributions import Ensemble
from gansmith.privacy import statement
from gansmith.settings import from_plain
from gansmith.store.model_file import ModelFile, packed, read_model_file, write_model_file
from gansmith.tabular.where import Where, with_texts
from gansmith.tasks.marks import mark_of
from gansmith.tasks.runs.settings import FitConfig, Summary
from gansmith.tasks.sampling import Sampling
from gansmith.tasks.voicing import voiced
from gansmith.tasks.writing import sealed, write_blocks, writer_for

UNFINISHED: Final = (
    "the model is not finished: its run was stopped before the end, or has not come to it. Go on with the "
    "run for better records"
)


@final
@dataclass(frozen=True, repr=False)
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

    @property
    def is_finished(self) -> bool:
        """Whether its run came to the end."""
        return bool(self.manifest["training"].get("is_finished", True))

    def facts(self) -> dict[str, str]:
        """What it is, a name and a text each."""
        data, fit, training = (self.manifest[name] for name in ("data", "fit", "training"))
        named, score = offered(self.modality.format, HasColumns), training["held_out_score"]
        facts = {
            "source": data["name"],
            "kind": self.modality.kind,
            "records": f"{data['n_records']:,}, of which {data['n_heldout']:,} were held out",
            "columns": f"{len(named.names(self.codec.empty)):,}" if named else "",
            "target": self.manifest["target"],
            "seed": str(fit["seed"]),
            "privacy": statement.title(self.manifest["ledger"]) if "ledger" in self.manifest else "",
            "samples seen": f"{training['samples_seen']:,}",
            "held-out score": "not measured" if score is None else f"{score:.3f} (1 is perfect)",
            "not finished": "" if self.is_finished else "its run was stopped before the end",
        }
        return {name: text for name, text in facts.items() if text}

    def in_short(self) -> str:
        """What it is, in a line."""
        data, score = self.manifest["data"], self.manifest["training"]["held_out_score"]
        parts = [f"{data['name']}: {data['n_records']:,} records"]
        parts += [] if score is None else [f"held-out score {score:.3f}"]
        return ", ".join([*parts, *(() if self.is_finished else ("not finished",))])

    def __repr__(self) -> str:
        return f"<Model of {self.in_short()}>"

    def blocks(
        self,
        n_records: int,
        seed: int = 0,
        where: Where | None = None,
        balance: str = "",
        truncation: float = 1.0,
    ) -> Iterator[Any]:
        """Records in blocks; memory does not grow with their number.

        Block k depends on (model, seed, k) and the request alone: the first 100 of 1000 records are the same
        as 100 records. Where no two records may share a key it depends on the blocks before it as well, see
        `sampling.py`.
        (Bit for bit on processors that multiply in the same precision, which the provenance names.)

        Args:
            n_records: How many in all.
            seed: Another seed, other records.
            where: Conditions that every record shall fulfil: by column a value, a list of values of which one
                shall hold, or a mapping such as `{">=": 65}`; or texts such as "age>=65".
            balance: A column of which every value shall be equally frequent: they take turns.
            truncation: What noise is multiplied with, above 0: below 1 records are more usual, less various.

        Raises:
            UsageError: When `n_records` is negative, or an unknown column or value is asked for.
        """
        return self.made(n_records, seed, self._request(where, balance), truncation)

    def made(
        self,
        n_records: int,
        seed: int,
        request: Request | None,
        truncation: float = 1.0,
        *,
        is_screened: bool = True,
    ) -> Iterator[Any]:
        """Records that fulfil a request, in blocks; see `blocks`.

        Those that break a rule, or share a key, are made again where it `is_screened`.

        Raises:
            UsageError: When `n_records` is negative.
        """
        if n_records < 0:
            raise UsageError(f"cannot make {n_records} records. Ask for 0 or more.")
        if not 0 < truncation <= 2:
            raise UsageError(
                f"truncation is a number above 0 and up to 2, usually .5 to 1, not {truncation}."
            )
        sampling = Sampling(self.modality, self.codec, self.rules, self.networks, seed, request, truncation)
        return sampling.blocks(n_records, is_screened=is_screened)

    def sample(
        self,
        n_records: int,
        seed: int = 0,
        where: Where | None = None,
        balance: str = "",
        truncation: float = 1.0,
    ) -> Any:
        """All records at once; see `blocks`."""
        made = [*self.blocks(n_records, seed, where, balance, truncation)]
        return self.modality.format.join(made or [self.codec.empty])

    @torch.no_grad()
    def realism(self, records: Any) -> Float[np.ndarray, " n"]:
        """The probability that each record is real, as far as the game has learnt to tell.

        Raises:
            UsageError: When it has not, or when the model was saved for sampling only.
        """
        recipe, readings = self.modality.recipe, self.manifest["training"]["readings"]
        dataset = recipe.dataset(self.codec, records, 0)
        sizes = from_plain(recipe.networks, self.manifest["networks"])
        with n_threads(1):
            parts = torch.arange(len(records)).split(self.codec.block_size)
            batches = (recipe.samples(self.codec, sizes, dataset.batch(part), None) for part in parts)
            return torch.cat(
                [self.rules.realism(self.networks, batch, readings) for batch in batches]
            ).numpy()

    def doubts(self, where: Where | None = None, balance: str = "") -> tuple[str, ...]:
        """What a person should know: that the model is not finished, or has learnt too little like a request.

        Raises:
            UsageError: As `blocks`.
        """
        unfinished = () if self.is_finished else (UNFINISHED,)
        request = self._request(where, balance)
        if request is None:
            return unfinished
        data = self.manifest["data"]
        free = Sampling(self.modality, self.codec, self.rules, self.networks, 0, None).free
        return (*unfinished, *request.doubts(data["n_records"] - data["n_heldout"], free))

    def write(
        self,
        path: str | Path,
        n_records: int,
        seed: int = 0,
        where: Where | None = None,
        balance: str = "",
        options: Mapping[str, Any] | None = None,
        truncation: float = 1.0,
    ) -> dict[str, Any]:
        """Write records to a file, and beside it `PATH.meta.json`, which says where they come from.

        Args:
            path: The format is that of its name; "-" is standard output, without a file beside it.
            n_records: How many.
            seed: Another seed, other records.
            where: Conditions that every record shall fulfil; see `blocks`.
            balance: A column of which every value shall be equally frequent.
            options: Of the kind of data, by name, such as `safe_csv` of tables.
            truncation: See `blocks`.

        Returns:
            The provenance: that it is synthetic, which model, seed, request, versions.

        Raises:
            UsageError: As `blocks`, and when there is no such format.
            DataError: When a file cannot be written; what stood there before stays.
        """
        settled = options_of(self.modality, "sample", options or {})
        request = self._request(self.asked(where, settled), balance)
        asked: dict[str, Any] = {"where": [*request.texts] if request else [], "balance": balance}
        if truncation != 1:
            asked["truncation"] = truncation
        provenance = self.provenance(n_records, seed, asked)
        provenance |= mark_of(self.modality, self.codec.empty, settled)
        blocks = self.made(n_records, seed, request, truncation)  # refuses before anything is written
        kept = sealed(provenance)
        writer = voiced(writer_for(self.modality, str(path), self.codec.empty, kept, settled), load_model)
        write_blocks(path, writer, blocks, provenance)
        return provenance

    def asked(self, where: Where | None, options: Any) -> Where | None:
        """Conditions, and those that options of the kind for sampling, perhaps by name, stand for."""
        settled = options_of(self.modality, "sample", options)
        asking = offered(self.modality.recipe, AskingByOption)
        return where if asking is None else with_texts(where, asking.asked(settled))

    def read_partial(
        self, source: object, *, keep_missing: bool = False, options: Mapping[str, Any] | None = None
    ) -> Partial:
        """Records with gaps, to be imputed: missing cells, and columns that are not there at all.

        Args:
            source: A path, a data frame, an Arrow table, ...; one record will do.
            keep_missing: Whether a cell may stay missing, where the model would leave it so.
            options: Of the kind of data, by name.

        Raises:
            DataError: When it cannot be read, or holds a column that the model does not know.
            UsageError: When the model is of data without gaps.
        """
        imputing = needed(self.modality.recipe, Imputing, self.modality.kind)
        settled = options_of(self.modality, "complete", options or {})
        return imputing.partial(self.codec, source, settled, keep_missing=keep_missing)

    def imputed(self, partial: Partial, seed: int = 0) -> Any:
        """The whole records, in the type of the caller's own data; what is there stays letter for letter.

        Several seeds give several imputations (multiple imputation): where they differ the model is not sure.
        """
        return partial.returned(list(self.made(len(partial), seed, partial, is_screened=False)))

    def write_imputed(self, partial: Partial, path: str | Path, seed: int = 0) -> dict[str, Any]:
        """Write the whole records block by block; see `write` and `imputed`.

        Raises:
            UsageError: When there is no such format.
            DataError: When it cannot be written; what stood there before stays.
        """
        asked = {"imputed": partial.name, "n_gaps": partial.n_gaps}
        provenance = self.provenance(len(partial), seed, asked)
        blocks = self.made(len(partial), seed, partial, is_screened=False)
        writer = voiced(partial.writer(Path(path), sealed(provenance)), load_model)
        write_blocks(path, writer, blocks, provenance)
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
            **({"privacy": statement.title(ledger)} if (ledger := self.manifest.get("ledger")) else {}),
            "precision": sampling_precision(self.rules.precision),
            "versions": self.manifest["versions"],
        }

    def _request(self, where: Where | None, balance: str) -> Request | None:
        if not where and not balance and not offered(self.modality.recipe, Conditional):
            return None
        asking = needed(self.modality.recipe, Conditional, self.modality.kind)
        return asking.request(self.codec, where or {}, balance)

    def save(self, path: str | Path, *, sampling_only: bool = False, is_private: bool = False) -> str:
        """Write the model file, whole or not at all.

        Args:
            path: Usually `NAME.gan`.
            sampling_only: Leave out the networks that do not generate: a smaller file that can neither be
                trained on nor asked for the realism of records.
            is_private: Whether nobody but its owner may read it.

        Returns:
            The model's digest.

        Raises:
            DataError: When it cannot be written.
        """
        content = self.content(sampling_only=sampling_only)
        return write_model_file(Path(path), *content, is_private=is_private)

    def known_digest(self) -> str:
        """Of its file, or of the file that `save` would write."""
        return self.digest or packed(*self.content(sampling_only=False))[1]

    def content(self, *, sampling_only: bool = False) -> tuple[Mapping[str, Any], Any, dict[str, Tensor]]:
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
        LookupError,
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
