"""Plain values as the files of runs and models hold them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast


def as_json(value: Any) -> bytes:
    """Plain values as JSON, always in the same order."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, indent=1).encode(errors="replace")


def of_json_file(path: Path) -> dict[str, Any]:
    """The JSON object in a file; empty where there is none, or something else."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}
