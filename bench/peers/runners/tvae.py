"""See `bench.peers.runners.sdv`."""

from __future__ import annotations

from bench.peers.runners.sdv import run, tvae

if __name__ == "__main__":
    run(tvae)
