"""The run folder: one training, as files that anything may read while it runs.

config.json    what was asked for and what was decided: enough to do it again
stats.jsonl    step records, one JSON object a line
previews/      what the fakes looked like along the way, as text and, where they can be looked at, as PNG
checkpoints/   everything needed to go on
scores.json    the kept model's held-out score and readings
ledger.jsonl   what was spent of a privacy budget, and what it bought, where there is a guarantee
begun.gan      the model as it was when the run began: with the newest checkpoint, the best so far
origin.gan     the model that the run fine-tunes, where there is one

A run knows more of the real records than a model does: a discriminator that has seen them, previews of what
records become. So nobody but the owner may read its files.
"""

from __future__ import annotations

import hashlib
import json
import math
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast, final

from gansmith.errors import DataError, UsageError
from gansmith.store import PRIVATE, as_json, write_whole


@final
class RunFolder:
    """A folder of one run; made when the first thing is written to it."""

    def __init__(self, path: Path) -> None:
        self.path, self.checkpoints = path, path / "checkpoints"
        self.begun, self.origin = path / "begun.gan", path / "origin.gan"
        self.ledger, self.ledger_of = path / "ledger.jsonl", path / "ledger.of.json"

    @property
    def exists(self) -> bool:
        """Whether a run was started here."""
        return (self.path / "config.json").exists()

    @property
    def is_finished(self) -> bool:
        """Whether the run came to its end."""
        return (self.path / "scores.json").exists()

    @property
    def is_unfinished(self) -> bool:
        """Whether a run was started here that has not come to its end."""
        return self.exists and not self.is_finished

    def check_free(self) -> None:
        """Raise UsageError when an unfinished run is here, or something else than a run."""
        if not self.exists and self.path.exists() and (not self.path.is_dir() or self._holds_others()):
            raise UsageError(
                f"{self.path} is there already and holds no run. Give a folder of its own with --run: "
                "nothing of yours is to be overwritten."
            )
        if self.is_unfinished:
            raise UsageError(
                f"{self.path} holds a run that is not finished. Add --resume to go on with it "
                "(in Python resume=True), give another folder with --run, or delete it."
            )

    def _holds_others(self) -> bool:
        """Whether something is here that is not left of a run that was stopped while it spent its budget."""
        return bool({*self.path.iterdir()} - {self.ledger, self.ledger_of})

    def open_ledger(self, spent_on: str) -> Path:
        """The file of a privacy budget; one that is partly spent is gone on with, on the same data alone.

        Args:
            spent_on: The same text for the same data and options, which tells nobody what they are.

        Raises:
            DataError: When it was begun on something else, or the folder cannot be written.
        """
        if self.is_finished:
            self.ledger.unlink(missing_ok=True)
            self.ledger_of.unlink(missing_ok=True)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            if not self.ledger_of.exists():
                salt = secrets.token_hex(16)
                known = {"salt": salt, "of": salted(spent_on, salt)}
                write_whole(self.ledger_of, as_json(known), is_private=True)
            known = json.loads(self.ledger_of.read_bytes())
            is_same = known["of"] == salted(spent_on, known["salt"])
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise DataError(f"{self.ledger_of}: {error}. Choose another folder with --run.") from error
        if not is_same:
            raise DataError(
                f"{self.path}: a privacy budget was partly spent here, on other data or with other "
                "options. Give the "
                "same ones to go on without paying twice, or choose another folder with --run."
            )
        return self.ledger

    def drop_unspent_ledger(self) -> None:
        """Leave nothing behind where nothing was charged."""
        if self.exists or not self.ledger.exists() or b'["charge"' in self.ledger.read_bytes():
            return
        self.ledger.unlink()
        self.ledger_of.unlink(missing_ok=True)
        if not any(self.path.iterdir()):
            self.path.rmdir()

    def start(self, config: Mapping[str, Any]) -> None:
        """Begin a new run here; what a finished run left is cleared away.

        Raises:
            UsageError: When an unfinished run is here, or something else than a run.
            DataError: When the folder cannot be written.
        """
        self.check_free()
        try:
            (self.path / "previews").mkdir(parents=True, exist_ok=True)
            for left in self._written():
                left.unlink(missing_ok=True)
        except OSError as error:
            raise DataError(
                f"{self.path}: {error.strerror or error}. Choose another folder with --run."
            ) from error
        write_whole(self.path / "config.json", as_json(config), is_private=True)

    def _written(self) -> list[Path]:
        """The files of a run, and no others."""
        own = [self.path / name for name in ("config.json", "stats.jsonl", "scores.json")]
        own += [self.begun, self.origin]
        previews = [*(self.path / "previews").glob("step-*.txt"), *self.frames()]
        parts = self.path.rglob(".*.part")
        return [*own, *previews, *parts, *self.checkpoints.glob("st[eo]p-*.safetensors")]

    def config(self) -> dict[str, Any]:
        """What the run was started with.

        Raises:
            DataError: When there is no run here or its config is damaged.
        """
        path = self.path / "config.json"
        try:
            found = json.loads(path.read_bytes())
        except OSError as error:
            raise DataError(
                f"{self.path}: no run is here (no config.json). Start one without --resume."
            ) from error
        except (ValueError, RecursionError) as error:
            raise DataError(f"{path}: damaged ({error}). Start the run anew.") from error
        if not isinstance(found, dict):
            raise DataError(f"{path}: damaged (no JSON object). Start the run anew.")
        return cast("dict[str, Any]", found)

    def append_stats(self, record: Mapping[str, Any]) -> None:
        """Add one line to the statistics."""
        line = json.dumps(_finite(record), sort_keys=True, allow_nan=False) + "\n"
        try:
            path = self.path / "stats.jsonl"
            path.touch(PRIVATE)
            with path.open("a", encoding="utf-8") as file:
                file.write(line)
        except OSError as error:
            raise DataError(
                f"{self.path / 'stats.jsonl'}: {error.strerror or error}. Free some space."
            ) from error

    def stats(self) -> list[dict[str, Any]]:
        """All step records that were written; a line that was cut off is left out."""
        path = self.path / "stats.jsonl"
        records: list[dict[str, Any]] = []
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
            try:
                records.append(json.loads(line))
            except ValueError:
                break
        return records

    def rewind_stats(self, step: int) -> None:
        """Drop what was written after `step`: a resumed run writes it again."""
        for left in self.path.rglob(".*.part"):  # of a process that was killed while it wrote
            left.unlink(missing_ok=True)
        kept = [record for record in self.stats() if record["step"] <= step]
        lines = "".join(json.dumps(record, sort_keys=True) + "\n" for record in kept)
        write_whole(self.path / "stats.jsonl", lines.encode(), is_private=True)

    def write_preview(self, name: str, content: str | bytes) -> None:
        """Keep what the fakes looked like."""
        content = content.encode() if isinstance(content, str) else content
        write_whole(self.path / "previews" / name, content, is_private=True)

    def frames(self) -> list[Path]:
        """The previews that are pictures, from the first to the last."""
        return sorted((self.path / "previews").glob("step-*.png"))

    def finish(self, scores: Mapping[str, Any]) -> None:
        """Mark the run as finished."""
        write_whole(self.path / "scores.json", as_json(scores), is_private=True)


def salted(fingerprint: str, salt: str) -> str:
    """A fingerprint that tells nobody without the salt whether some data is that which was learnt from."""
    return hashlib.blake2b(fingerprint.encode(), key=salt.encode(), digest_size=16).hexdigest()


def _finite(value: Any) -> Any:
    """The same with None for numbers that JSON does not know."""
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in cast("Mapping[str, Any]", value).items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
