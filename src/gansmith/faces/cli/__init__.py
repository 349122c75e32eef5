"""The command `gansmith`."""

from __future__ import annotations

from gansmith.faces.cli.app import main

__all__ = ["main"]
