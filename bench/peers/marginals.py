"""AIM and MST on private-pgm's inference (`mbi`), in an environment of their own: `python -m bench privacy`
says how.

    python bench/peers/marginals.py aim codes.npz 0.19 out.npz --seed 0 --megabytes 10

The two loops are written from their papers; estimation, junction trees and sampling are those of `mbi`, whose
package does not hold the loops. The noise is NumPy's: a peer is raced, not trusted.

Sources:
    McKenna et al. 2022, "AIM: an adaptive and iterative mechanism for differentially private synthetic data"
    (arXiv:2201.12677). McKenna et al. 2021, "Winning the NIST contest" (arXiv:2108.04978), MST.
"""

from __future__ import annotations

import argparse
import itertools
import math
import time

import jax
import numpy as np

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_enable_compilation_cache", False)
from mbi import Dataset, Domain, LinearMeasurement  # noqa: E402 - after the settings
from mbi.estimation import MirrorDescent, minimum_variance_unbiased_total  # noqa: E402 - after the settings
from mbi.junction_tree import hypothetical_model_size  # noqa: E402 - after the settings

Clique = tuple[str, ...]


class Peer:
    """Exact tables of coded records, noise, and what was measured so far."""

    def __init__(self, codes: np.ndarray, sizes: np.ndarray, seed: int, iterations: int) -> None:
        self.names = [f"c{place}" for place in range(len(sizes))]
        self.domain = Domain(self.names, [int(size) for size in sizes])
        self.data = Dataset(dict(zip(self.names, codes.T, strict=True)), self.domain)
        self.rng, self.iterations = np.random.default_rng(seed), iterations
        self.measured: list[LinearMeasurement] = []
        self.model: object = None

    def exact(self, clique: Clique) -> np.ndarray:
        return np.asarray(self.data.project(clique).datavector(), float)

    def answer(self, clique: Clique) -> np.ndarray:
        return np.asarray(self.model.project(clique).datavector(), float)

    def measure(self, clique: Clique, sigma: float) -> None:
        found = self.exact(clique)
        noisy = found + sigma * self.rng.standard_normal(len(found))
        self.measured.append(LinearMeasurement(noisy, clique, stddev=sigma))

    def choose(self, scores: dict[Clique, float], epsilon: float, sensitivity: float) -> Clique:
        keys = [*scores]
        logits = 0.5 * epsilon / sensitivity * np.array([scores[key] for key in keys])
        chances = np.exp(logits - logits.max())
        return keys[self.rng.choice(len(keys), p=chances / chances.sum())]

    def fit(self) -> None:
        total = minimum_variance_unbiased_total(self.measured)
        self.model = MirrorDescent().estimate(
            self.domain,
            self.measured,
            known_total=total,
            iters=self.iterations,
            warm_start=self.model,
        )


def aim(peer: Peer, rho: float, megabytes: float, order: int) -> None:
    """Adaptive selection with annealing."""
    names, domain = peer.names, peer.domain
    workload = [*itertools.combinations(names, order)]
    below = {
        part for clique in workload for k in range(1, order + 1) for part in itertools.combinations(clique, k)
    }
    weights = {c: sum(len(set(c) & set(w)) for w in workload) for c in below}
    rounds = 16 * len(names)
    sigma, epsilon, used = math.sqrt(rounds / (1.8 * rho)), math.sqrt(0.8 * rho / rounds), 0.0
    for name in names:
        peer.measure((name,), sigma)
        used += 0.5 / sigma**2
    peer.fit()
    is_last = False
    while not is_last:
        if rho - used < 2 * (0.5 / sigma**2 + epsilon**2 / 8):
            left, is_last = rho - used, True
            sigma, epsilon = math.sqrt(1 / (1.8 * left)), math.sqrt(0.8 * left)
        used += 0.5 / sigma**2 + epsilon**2 / 8
        limit = megabytes * min(1.0, used / rho)
        cliques = [one.clique for one in peer.measured]
        held = {part for c in cliques for k in range(1, len(c) + 1) for part in itertools.combinations(c, k)}
        allowed = {
            c: w
            for c, w in weights.items()
            if c in held or hypothetical_model_size(domain, [*cliques, c]) <= limit
        }
        scores = {}
        for clique, weight in allowed.items():
            gap = np.abs(peer.exact(clique) - peer.answer(clique)).sum()
            scores[clique] = weight * (gap - math.sqrt(2 / math.pi) * sigma * domain.size(clique))
        chosen = peer.choose(scores, epsilon, max(allowed.values()))
        before = peer.answer(chosen)
        peer.measure(chosen, sigma)
        peer.fit()
        if np.abs(peer.answer(chosen) - before).sum() <= math.sqrt(2 / math.pi) * sigma * domain.size(chosen):
            sigma, epsilon = sigma / 2, 2 * epsilon
        print(f"{used / rho:.3f} {chosen} sigma {sigma:.1f}", flush=True)


def mst(peer: Peer, rho: float) -> None:
    """A spanning tree of pairs."""
    names = peer.names
    sigma = math.sqrt(len(names) / (2 * rho / 3))
    for name in names:
        peer.measure((name,), sigma)
    peer.fit()
    pairs = [*itertools.combinations(names, 2)]
    scores = {pair: float(np.abs(peer.exact(pair) - peer.answer(pair)).sum()) for pair in pairs}
    epsilon = math.sqrt(8 * rho / 3 / (len(names) - 1))
    group = {name: name for name in names}
    tree: list[Clique] = []
    for _ in names[1:]:
        open_pairs = {pair: scores[pair] for pair in pairs if group[pair[0]] != group[pair[1]]}
        first, second = peer.choose(open_pairs, epsilon, 1.0)
        tree.append((first, second))
        old, new = group[second], group[first]
        group = {name: new if one == old else one for name, one in group.items()}
    sigma = math.sqrt(len(tree) / (2 * rho / 3))
    for pair in tree:
        peer.measure(pair, sigma)
    peer.fit()


def main() -> None:
    """Learn from codes, write as many made ones."""
    parser = argparse.ArgumentParser()
    parser.add_argument("method", choices=("aim", "mst"))
    parser.add_argument("codes")
    parser.add_argument("rho", type=float)
    parser.add_argument("out")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--megabytes", type=float, default=10.0)
    parser.add_argument("--iterations", type=int, default=1000)
    parser.add_argument("--order", type=int, default=3, help="AIM: columns of the tables that matter")
    given = parser.parse_args()
    held = np.load(given.codes)
    started = time.monotonic()
    peer = Peer(held["codes"], held["sizes"], given.seed, given.iterations)
    if given.method == "aim":
        aim(peer, given.rho, given.megabytes, given.order)
    else:
        mst(peer, given.rho)
    made = peer.model.synthetic_data(len(held["codes"])).to_dict()
    codes = np.stack([np.asarray(made[name]) for name in peer.names], 1)
    np.savez(given.out, codes=codes, seconds=time.monotonic() - started)


if __name__ == "__main__":
    main()
