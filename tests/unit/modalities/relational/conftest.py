"""The shop that tests of databases learn from; one quick model of it for all."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
