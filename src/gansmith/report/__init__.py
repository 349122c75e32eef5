"""What a run or a scorecard looks like: pictures and pages."""

from __future__ import annotations
