"""The options of a kind of data that understands none of its own. Quickly imported, as all options are."""

from __future__ import annotations

from typing import final

from gansmith.settings import settings


@final
@settings
class NoOptions:
    """Nothing to be chosen."""
