"""Text as files and in memory: how it is read, compared, shown and written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final, final

import numpy as np

from gansmith.disclosure import shared_ends, usual_min_count
from gansmith.modalities.attribute_labels import summary
from gansmith.modalities.format import AbstractFormat, Description, Writer
from gansmith.modalities.previews import TextPreview
from gansmith.modalities.text import TextOptions
from gansmith.modalities.text.entities import Entities
from gansmith.modalities.text.graphemes import words
from gansmith.modalities.text.reading import looks_like_text, read_texts
from gansmith.modalities.text.records import Texts, joined
from gansmith.modalities.text.writing import writer_of
from gansmith.scorecard.card import Scorecard
from gansmith.scorecard.measuring import Progress, unheard
from gansmith.scorecard.score import Effort

N_SHOWN_LETTERS: Final = 500
"""Of each text in a preview."""
N_LOOKED_AT: Final = 20_000
N_WORDS: Final = 8


@final
class TextFormat(AbstractFormat[Texts, TextOptions]):
    """Names, sentences, documents. See `HasScores`, `Describing`."""

    kind: ClassVar[str] = "text"
    noun: ClassVar[str] = "text"

    def recognises(self, source: object) -> bool:
        return looks_like_text(source)

    def read(self, source: object, options: TextOptions) -> Texts:
        return read_texts(source, options)

    def read_like(self, source: object, like: Texts) -> Texts:
        return read_texts(source, TextOptions(), like)

    def read_to_judge(self, source: object, like: Texts) -> Texts:
        """See `HasScores`."""
        return self.read_like(source, like)

    def score(
        self,
        fakes: Sequence[Texts],
        train: Texts,
        holdout: Texts,
        target: str | None,
        seed: int,
        effort: Effort,
        progress: Progress = unheard,
    ) -> Iterator[Scorecard]:
        """See `HasScores`."""
        from gansmith.modalities.text.scoring import score_texts  # heavy: only for those who score

        return score_texts(fakes, train, holdout, target, seed, effort, progress)

    def fingerprint(self, records: Texts) -> str:
        return records.fingerprint

    def join(self, blocks: Sequence[Texts]) -> Texts:
        return joined(blocks)

    def returned(self, records: Texts, source: object) -> Any:
        """A list where a list was given."""
        return [*records.texts] if isinstance(source, (list, tuple)) else records

    def writer(self, path: Path, like: Texts, metadata: Mapping[str, str], options: TextOptions) -> Writer:
        return writer_of(path, like.form)

    def overview(self, records: Texts) -> list[dict[str, str]]:
        """A row for the text, and for what is known of it."""
        n_enough = usual_min_count(len(records))
        some = records.texts[:N_LOOKED_AT]
        said = [words(one) for one in some]
        ends = shared_ends(np.array([*map(len, said)], np.float64), n_enough)
        counts = Counter(word for one in said for word in set(one))
        frequent = [word for word, n in counts.most_common(N_WORDS) if n >= n_enough]
        about = "" if ends is None else f"{ends.low:g} to {ends.high:g} words; "
        rows = [
            {
                "part": records.form.column if records.form.layout == "table" else records.form.noun,
                "kind": "text",
                "holds": f"{len(records):,} texts; {about}often: {', '.join(frequent) or 'nothing'}",
            }
        ]
        for name, column in records.attributes.columns.items():
            kind, holds = summary(column, "text")
            rows.append({"part": name, "kind": kind, "holds": holds})
        return rows

    def describe(self, records: Texts, options: TextOptions) -> Description:
        """See `Describing`."""
        found = Entities.fit(records.texts[:N_LOOKED_AT], options.replaced, options.min_count)[1]
        rows = [
            {"part": kind, "kind": "found in text", "holds": f"in {n:,} texts; invented anew"}
            for kind, n in found.items()
        ]
        return Description([*self.overview(records), *rows], (), None)

    def preview(self, records: Texts) -> TextPreview:
        few = [one[:N_SHOWN_LETTERS] for one in records.texts[: self.n_previewed]]
        return TextPreview("\n".join(few) if records.form.layout in ("lines", "table") else "\n\n".join(few))
