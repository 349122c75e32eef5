"""See `bench.peers.runners.sdv`."""

from __future__ import annotations

from bench.peers.runners.sdv import gaussian_copula, run

if __name__ == "__main__":
    run(gaussian_copula)
