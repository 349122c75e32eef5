"""Text: names, sentences, messages, poems and code, as lines, documents or a column of a table.

Their options stand here, where they are quickly imported: help texts are made of them.
"""

from __future__ import annotations

from typing import Literal, final

from gansmith.errors import UsageError, did_you_mean
from gansmith.settings import Annotated, Field, NonNegativeInt, Offered, settings

READING = ("fit", "score", "show")
FOUND = ("emails", "links", "numbers", "addresses", "names")
"""What is found in text by its form, and replaced by what was invented."""


@final
@settings(kw_only=True)
class TextOptions:
    """How text is read, learnt and written."""

    records: Annotated[Literal["auto", "lines", "paragraphs", "files"], Offered(READING)] = "auto"
    """What a record is: a line, what lies between empty lines, or a file; auto: a file of a folder, a
    paragraph where most have several lines, else a line."""
    text_column: Annotated[str, Offered(READING, form="COLUMN")] = ""
    """The column of a table that holds the text; the others become labels. If not given, the longest."""
    person: Annotated[str, Offered(READING, form="COLUMN")] = ""
    """The column that says whose text it is: a passage counts as often as persons hold it."""
    tokens: Annotated[Literal["auto", "characters", "subwords", "words"], Offered(("fit",))] = "auto"
    """What text is made of, one after the other; auto: characters of short records, else subwords, which
    are learnt by byte-pair coding."""
    min_count: Annotated[NonNegativeInt, Offered(("fit",))] = 0
    """Suppress characters, words and passages that fewer records, or persons, than this hold; 0 takes 5, or 2
    to 4 for few texts; 1 suppresses nothing."""
    passage: Annotated[int, Field(ge=3, le=100), Offered(("fit",), form="WORDS")] = 8
    """From how many words in a row on a passage may come out only where enough records hold it."""
    adversarial: Annotated[bool, Offered(("fit",))] = False
    """After likelihood play a game against a discriminator (RelGAN), to compare with; what is kept is the
    better of both by held-out text."""
    leave: Annotated[tuple[str, ...], Offered(("fit",), form="WHAT")] = ()
    """Leave emails, links, numbers, addresses, names or all of these as they are; they are replaced by
    invented ones otherwise. Repeat for more."""
    temperature: Annotated[float, Field(ge=0, le=5), Offered(("sample", "complete"))] = 0.0
    """Below 1 text is more usual, above more various; 0: the one at which it was most like real text."""
    prompt: Annotated[str, Offered(("sample",), form="TEXT")] = ""
    """How each text begins."""

    def __post_init__(self) -> None:
        for one in self.leave:
            if one not in (*FOUND, "all"):
                raise UsageError(
                    f"--leave {one}: nothing of that name is replaced. {did_you_mean(one, (*FOUND, 'all'))}"
                )

    @property
    def replaced(self) -> tuple[str, ...]:
        """What is replaced by what was invented."""
        return () if "all" in self.leave else tuple(one for one in FOUND if one not in self.leave)
