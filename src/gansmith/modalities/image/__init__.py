"""Small grey pictures from a table of pixels: handwritten digits, stamps, icons."""

from __future__ import annotations
