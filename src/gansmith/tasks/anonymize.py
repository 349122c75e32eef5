"""People in pictures replaced by people who do not exist, by a learnt model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, final

from gansmith.errors import UsageError
from gansmith.modalities.anonymizing import Anonymizing, Asked, Renamed, Renaming, Replaced
from gansmith.modalities.registry import loadable, offered
from gansmith.store import as_json, write_whole
from gansmith.tasks.model import Model, load_model, versions
from gansmith.tasks.writing import sealed

PICTURES: Final = "pictures"
"""The folder of the pictures of a table of people."""


@final
@dataclass(frozen=True)
class Anonymizer:
    """A model that replaces people, ready to be applied.

    Raises:
        UsageError: The model is of something else.
    """

    model: Model

    def __post_init__(self) -> None:
        _ = self._anonymizing

    @classmethod
    def load(cls, path: str | Path) -> Anonymizer:
        """From a model file.

        Raises:
            ModelFileError: It is missing, damaged or hostile.
            UsageError: It is a model of something else.
        """
        return cls(load_model(path))

    @property
    def _anonymizing(self) -> Anonymizing:
        kind = self.model.modality.kind
        if (found := offered(self.model.modality.recipe, Anonymizing)) is None:
            raise UsageError(
                f"this is a model of {kind!r} data: it replaces nobody. Learn one from portraits: "
                "gansmith fit FACES/ --heads -o faces.gan; or from voices: --to-attribute speaker."
            )
        return found

    def provenance(self, asked: Asked) -> dict[str, Any]:
        """Where results come from."""
        return {
            "anonymized": True,
            "model": self.model.known_digest(),
            "seed": asked.seed,
            "whole_head": asked.is_whole_head,
            "marked": asked.is_marked,
            "versions": versions(),
        }

    def apply(self, source: str | Path, output: str | Path, asked: Asked | None = None) -> Iterator[Replaced]:
        """Replace the people in a file, a folder, an archive or a film, while it is iterated over.

        Raises:
            DataError: Something cannot be read or written, or a box lies outside of its picture.
            UsageError: Nothing finds people, or the output is in use.
        """
        asked = asked or Asked()
        asked = replace(asked, metadata=sealed(self.provenance(asked)))
        model = self.model
        return self._anonymizing.anonymized(
            model.codec, model.rules, model.networks, str(source), Path(output), asked
        )

    def apply_to_people(
        self, table: str | Path, output: str | Path, asked: Asked, person: str = ""
    ) -> tuple[Renamed, Iterator[Replaced]]:
        """A table of people with portraits: rows and pictures under the same new identities.

        Args:
            table: With a column of file names, of pictures beside it.
            output: A folder, empty or not there yet: the table, and `pictures/`.
            asked: What is asked for.
            person: The column that says whose row it is; empty: each picture shows another person.

        Raises:
            DataError: Something cannot be read or written, or no column names pictures.
            UsageError: There is no such column, or the output is in use.
        """
        table, output = Path(table), Path(output)
        if output.exists() and (not output.is_dir() or any(output.iterdir())):
            raise UsageError(f"{output}: holds something already. Give -o another name.")
        output.mkdir(parents=True, exist_ok=True)
        found = (offered(kind.recipe, Renaming) for kind in loadable())  # it may look like pictures, too
        renaming = next(one for one in found if one is not None)
        renamed = renaming.renamed(str(table), output / table.name, person, asked.seed)
        asked = replace(asked, files=renamed.files, people=renamed.people)
        return renamed, self.apply(table.parent, output / PICTURES, asked)

    def write_provenance(self, output: Path, asked: Asked, done: list[Replaced]) -> dict[str, Any]:
        """Say beside the results where they come from, and in which pictures nobody was found.

        Raises:
            DataError: It cannot be written.
        """
        found = {
            **self.provenance(asked),
            "pictures": sum(one.n_people > 0 for one in done),
            "people": sum(one.n_people for one in done),
            "without_a_face": [one.name for one in done if one.is_left],
        }
        write_whole(Path(f"{output}.meta.json"), as_json(found) + b"\n")
        return found
