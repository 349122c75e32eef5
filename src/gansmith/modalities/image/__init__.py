"""Small grey pictures from a table of pixels: handwritten digits, stamps, icons.

Their options stand here, where they are quickly imported: help texts are made of them.
"""

from __future__ import annotations

from typing import Any, final

from gansmith.settings import Annotated, Offered, settings


@final
@settings(kw_only=True)
class ImageOptions:
    """How pictures are read."""

    has_header: Annotated[
        bool, Offered(("fit", "score", "show"), "--no-header", help="The first line is data, not names.")
    ] = True
    """Whether a text file's first line may name its columns."""
    encoding: Annotated[str, Offered(("fit", "score", "show"))] = ""
    """Of a text file; found when not given."""
    where: Annotated[Any, Offered(("fit",), form="label=VALUE")] = ()
    """The label of the pictures that are learnt from; several are alternatives."""
