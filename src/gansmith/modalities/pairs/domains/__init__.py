"""Records of several domains, none of which has its counterpart: summers and winters, smiles and frowns.

Two sets of files, or one whose records differ in an attribute. Options stand here, where they are quickly
imported: help texts are made of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final, final

from gansmith.errors import UsageError
from gansmith.modalities.pairs import check_longest_side, longest_side_of
from gansmith.settings import Offered, settings

DOMAIN: Final = "domain"
"""The attribute that two sets differ in."""
SOURCE: Final = "source"
"""Its value of the first set."""
TARGET: Final = "target"
"""Its value of the second."""
IDENTITY_PX: Final = 64
"""Longest side of pictures of people, where nobody says it."""
TERMS: Final = """Terms of use of identity translation:
1. Everybody who is seen or heard in the data has agreed to it, and can take that back.
2. No children. Nothing sexual. Nobody who is in the public eye without being asked.
3. Nothing that is to deceive: whoever sees or hears a result is told that it is one.
4. Results carry metadata and a hidden watermark that say so; they are not to be removed."""
OF_PEOPLE: Final = frozenset(("identity", "person", "singer", "speaker", "voice"))
"""Attributes whose values are people: who changes them makes one of another, by the terms of use."""


@final
@settings(kw_only=True)
class DomainOptions:
    """What records are to be turned into, and how they are read."""

    to: Annotated[str, Offered(("fit",), form="FOLDER")] = ""
    """Learn to turn the pictures of DATA into those of this folder or archive; pairs have the same file
    name."""
    unpaired: Annotated[bool, Offered(("fit",))] = False
    """With --to: no picture has a counterpart; DATA should look as the other folder does, and show what it
    shows."""
    to_attribute: Annotated[tuple[str, ...], Offered(("fit",), form="COLUMN")] = ()
    """Learn to change this attribute of pictures to any of its values; see --labels. Several: repeat
    it, or part them by commas."""
    keep_attribute: Annotated[tuple[str, ...], Offered(("fit",), form="COLUMN")] = ()
    """With --to-attribute: what this attribute of a record says has to be read off the result as well, such
    as which word a voice says. Several as of --to-attribute."""
    identity: Annotated[bool, Offered(("fit",))] = False
    """With --to: DATA shows one person and the other folder another; learn to make either of the other, by
    the terms of use, which are printed."""
    accept_terms: Annotated[bool, Offered(("fit",))] = False
    """Accept the terms of use of --identity, or of an attribute such as speaker, without being asked; kept in
    the model."""
    labels: Annotated[str, Offered(("fit",), form="FILE")] = ""
    """A CSV file with a column of file names and columns of labels; if not given, looked for beside the
    pictures."""
    name_parts: Annotated[str, Offered(("fit",), form="A,B,...")] = ""
    """What the parts of file names of sounds mean, parted by _ or -, such as digit,speaker,- where - is left
    out."""
    size: Annotated[str, Offered(("fit",), form="WIDTHxHEIGHT")] = ""
    """Size in pixels that pictures are resized to, such as 46x56, or 64 for 64x64; empty: chosen from the
    data."""
    channels: Annotated[str, Offered(("fit",), form="L|RGB|RGBA")] = ""
    """Colour mode: L (grey), RGB or RGBA; empty: that of most pictures."""
    strict: Annotated[bool, Offered(("fit",))] = False
    """Fail if a file in the folder is broken or not a picture, instead of skipping it."""

    def __post_init__(self) -> None:
        if self.to and self.to_attribute:
            raise UsageError("--to and --to-attribute are different tasks. Give one of them.")
        if self.unpaired and self.to_attribute:
            raise UsageError("--to-attribute needs no pairs anyway. Leave --unpaired out.")
        if self.identity and (self.to_attribute or self.unpaired):
            raise UsageError("--identity is a task of its own. Leave --to-attribute and --unpaired out.")
        if self.accept_terms and not (self.identity or self.is_of_people):
            raise UsageError(
                "--accept-terms are those of --identity, and of an attribute that is a person. Leave it out."
            )
        if self.keep_attribute and not self.to_attribute:
            raise UsageError("--keep-attribute goes with --to-attribute: say what is to be changed.")
        if self.labels and not self.to_attribute:
            raise UsageError("--labels says what --to-attribute changes. Give both, or leave it out.")
        if self.name_parts and not self.to_attribute:
            raise UsageError("--name-parts says what --to-attribute changes. Give both, or leave it out.")
        check_longest_side(self.size)

    @property
    def is_of_people(self) -> bool:
        """Whether an attribute is changed whose values are people."""
        names = (name.strip().lower() for text in self.to_attribute for name in text.split(","))
        return any(name in OF_PEOPLE for name in names)

    @property
    def longest_side(self) -> int:
        """That whole records are brought to; 0 where none was given."""
        return longest_side_of(self.size)


def quoted(names: Sequence[str]) -> str:
    """Names of attributes in a sentence.

    Example:
        >>> quoted(["age"]), quoted(["age", "glasses"])
        ("'age'", "'age' and 'glasses'")
    """
    return " and ".join(map(repr, names))
