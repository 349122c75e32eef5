"""`python -m gansmith` is the command `gansmith`."""

from __future__ import annotations

from gansmith.faces.cli import main

main()
