"""The honest comparison: us, the peers, and the anchors on many tables; renders bench/tables.md."""

from __future__ import annotations


def run(arguments: list[str]) -> None:
    """What `python -m bench peers ...` does."""
    # The runners live in this package, and interpreters without Gansmith run them: nothing is imported above.
    from bench.peers.command import main

    main(arguments)
