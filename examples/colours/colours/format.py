"""How colours are recognised, read, shown and written; nothing here learns."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import ClassVar, final

import numpy as np

from gansmith.errors import DataError
from gansmith.modalities.format import AbstractFormat, BlockFile
from gansmith.modalities.previews import TextPreview
from gansmith.modalities.registry import NoOptions


@final
@dataclass(frozen=True, eq=False)
class Colours:
    """Some colours."""

    values: np.ndarray  # (n, 3), red, green and blue, 0 to 255
    name: str
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.values)

    def take(self, indices: np.ndarray) -> "Colours":
        return Colours(self.values[indices], self.name, self.notes)

    @property
    def lines(self) -> list[str]:
        return ["#" + "".join(f"{value:02x}" for value in row) for row in self.values.tolist()]


@final
class ColourFormat(AbstractFormat[Colours, NoOptions]):
    """One #rrggbb a line."""

    kind: ClassVar[str] = "colours"

    def recognises(self, source: object) -> bool:
        return str(source).endswith(".colours")

    def read(self, source: object, options: NoOptions) -> Colours:
        path = Path(str(source))
        try:
            lines = path.read_text(encoding="utf-8").split()
        except OSError as error:
            raise DataError(f"{path}: {error.strerror}. Give a file of colours.") from error
        for number, line in enumerate(lines, start=1):
            if not re.fullmatch("#[0-9a-fA-F]{6}", line):
                raise DataError(f"{path}: line {number}: {line!r} is no colour. Write #rrggbb.")
        rows = [[int(line[place : place + 2], 16) for place in (1, 3, 5)] for line in lines]
        return Colours(np.array(rows, int).reshape(-1, 3), path.name)

    def read_like(self, source: object, like: Colours) -> Colours:
        return self.read(source, NoOptions())

    def fingerprint(self, records: Colours) -> str:
        return sha256("\n".join(records.lines).encode()).hexdigest()

    def join(self, blocks: Sequence[Colours]) -> Colours:
        return Colours(np.concatenate([block.values for block in blocks]), blocks[0].name)

    def writer(self, path: Path, like: Colours, metadata: Mapping[str, str], options: NoOptions) -> BlockFile:
        return BlockFile(path, lambda records: "".join(f"{line}\n" for line in records.lines).encode())

    def preview(self, records: Colours) -> TextPreview:
        return TextPreview(" ".join(records.lines[:8]) or "no colours")
