"""Plain values as the files of runs and models hold them."""

from __future__ import annotations

import json
from typing import Any


def as_json(value: Any) -> bytes:
    """Plain values as JSON, always in the same order."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, indent=1).encode()
