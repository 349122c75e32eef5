"""How a model's records are made: in blocks, side by side, and again where they break what must hold.

Block k is a function of (model, seed, k) and of what is asked for.

Record i is the first of its candidates that keeps all rules and shares no key with the records before it;
candidate 0 is what the model makes anyway, candidate r comes from the r-th further draw of noise. So the
first records do not depend on how many follow. They do depend on those before them where keys must be
unique, so the blocks of such a model are made in order.
"""

from __future__ import annotations

import math
import os
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Final, final

import numpy as np
import torch
from jaxtyping import Bool
from torch import Tensor, nn

from gansmith.engine.batches import Batch, Weights
from gansmith.engine.games import AbstractRules, Networks
from gansmith.engine.processors import matrix_precision, n_threads, quick_full_products, sampling_precision
from gansmith.engine.randomness import Randomness, Stream
from gansmith.errors import UsageError
from gansmith.modalities.capabilities import (
    ConditionalBlock,
    Inventing,
    Origins,
    Question,
    Request,
    Validating,
    Verdict,
    Weighting,
)
from gansmith.modalities.recipe import AbstractCodec, Compact
from gansmith.modalities.registry import Modality, offered
from gansmith.nets.distributions import networks_by_turn

N_AHEAD: Final = 2
"""Blocks that are being generated while one is decoded and taken away; as many cores are used at most."""
MAX_REQUESTED: Final = 2048
"""Records of a block that are asked for: much may have to be made before the first of them is there."""
SPARE: Final = 1.25
"""Records that are made for each one that is missing, so that these are there at the first try."""
N_SIZES: Final = 16
"""Parts of a block; such records are made in whole parts, as torch keeps what it works out for each size."""
MAX_TRIES: Final = 100
"""Candidates for one record."""

Generated = tuple[Compact, ConditionalBlock | None]
"""A block of compact records, and how they came to be what was asked for."""


@final
@dataclass(frozen=True)
class Sampling:
    """Records that a model makes from one seed."""

    modality: Modality
    codec: AbstractCodec[Any, Any]
    rules: AbstractRules
    networks: Mapping[str, nn.Module]
    seed: int
    request: Request | None
    """What the records shall fulfil."""
    truncation: float = 1.0
    """What noise is multiplied with: below 1 records come out more usual, and less various."""

    def blocks(self, n_records: int, *, is_screened: bool) -> Iterator[Any]:
        """So many records, in blocks; `is_screened` makes those again that break a rule or share a key."""
        size = self._block_size
        firsts = range(0, n_records, size)
        screen = Screen(self.modality, self.codec) if is_screened else None
        with _workers(len(firsts)) as workers:
            coming = deque[Future[Generated]]()
            for block, first in enumerate(firsts):
                while len(coming) <= N_AHEAD and block + len(coming) < len(firsts):
                    ahead = block + len(coming)
                    coming.append(workers.submit(self._block, ahead, n_records - firsts[ahead]))
                n = min(size, n_records - first)
                records = self._decoded(coming.popleft().result(), n, block)
                again = partial(self._again, workers, n, block)
                yield screen.passed(records, first, again) if screen else records

    def free(self) -> Compact:
        """The first block of what the networks make when nothing is asked of them."""
        return self._generated(Randomness(self.seed).stream("sample"), 0)

    def _block(self, block: int, n_wanted: int, again: str = "") -> Generated:
        """A whole block.

        Args:
            block: Its number.
            n_wanted: How many of its records are needed, and those of all later blocks.
            again: Another name, other noise.
        """
        stream = Randomness(self.seed).stream(f"sample{again}")
        if self.request is None:
            return self._generated(stream, block), None
        size = self._block_size
        key = Randomness(self.seed).key(f"filling{again}", block)
        conditional, n_rounds = self.request.block(size, block * size, min(size, n_wanted), key), 0
        while not conditional.is_done:
            of_round = stream.part(str(n_rounds)) if n_rounds else stream
            turns = torch.arange(size) % len(self._by_turn)
            fresh = Origins(self.rules.noise(size, of_round, block), turns)
            conditional.take(self._answered(of_round, block, conditional.ask(fresh)))
            n_rounds += 1
        return conditional.compact, conditional

    def _generated(self, stream: Stream, block: int) -> Compact:
        """A whole block of what the networks make when they are free.

        Where some records were learnt from oftener than others, they are made oftener too; so some of them
        are left out, and others made in their places.
        """
        size, weighting = self._block_size, offered(self.modality.recipe, Weighting)
        made = self._made(self.networks, self._free(size, stream, block), stream, block)
        weights = weighting.weights(self.codec, made) if weighting else None
        if weighting is None or weights is None:
            return made
        kept = [made[is_kept(weights, stream, block)]]
        while (n_left := size - sum(map(len, kept))) > 0:
            again = stream.part(str(len(kept)))
            part = math.ceil(size / N_SIZES)
            n_more = part * math.ceil(SPARE * n_left / part)
            made = self._made(self.networks, self._free(n_more, again, block), again, block)
            weights = weighting.weights(self.codec, made)
            assert weights is not None
            kept.append(made[is_kept(weights, again, block)])
        return torch.cat(kept)[:size]

    def _free(self, n_records: int, stream: Stream, block: int) -> Batch:
        """What records are made of, where nothing is asked of them."""
        if self.truncation == 1:
            return Batch({}, n_records)
        return Batch({"noise": self.truncation * self.rules.noise(n_records, stream, block)})

    def _answered(self, stream: Stream, block: int, question: Question) -> Compact:
        """What the networks make of these origins; each makes its own."""
        origins, condition = question
        compact = torch.empty(0)
        for turn, networks in enumerate(self._by_turn):
            rows = torch.nonzero(origins.turns == turn)[:, 0]
            asked = None if condition is None else condition[rows]
            noise = self.truncation * origins.noise[rows]
            given = Batch({"noise": noise, "condition": asked}, len(rows))
            made = self._made(networks, given, stream.part(f"turn {turn}"), block)
            if not turn:
                compact = made.new_empty(len(origins.turns), *made.shape[1:])
            compact[rows] = made
        return compact

    @torch.no_grad()
    def _made(self, networks: Networks, given: Batch, stream: Stream, block: int) -> Compact:
        """Compact records, made on one core: their bits do not depend on the number of cores."""
        precision = matrix_precision(self._precision, torch.device("cpu"))
        with n_threads(1):
            with quick_full_products(self._precision), precision:
                samples = self.rules.generate(networks, given, stream, block)
            return self.codec.compact(samples)

    @cached_property
    def _block_size(self) -> int:
        size = self.codec.block_size
        return size if self.request is None else min(size, MAX_REQUESTED)

    @cached_property
    def _decoding(self) -> AbstractCodec[Any, Any]:
        """The codec, with what is made anew for this sample."""
        inventing = offered(self.modality.recipe, Inventing)
        return inventing.of_sample(self.codec, self.seed) if inventing else self.codec

    @cached_property
    def _by_turn(self) -> list[dict[str, nn.Module]]:
        return networks_by_turn({name: self.networks[name] for name in self.rules.generating})

    @cached_property
    def _precision(self) -> str:
        return sampling_precision(self.rules.precision)

    def _decoded(self, generated: Generated, n_records: int, block: int, again: str = "") -> Any:
        compact, conditional = generated
        key = Randomness(self.seed).key(f"decode{again}", block)
        records = self._decoding.decode(compact[:n_records], key, block * self._block_size)
        return records if conditional is None else conditional.settled(records)

    def _again(self, workers: ThreadPoolExecutor, n_records: int, block: int, draw: int) -> Any:
        """Other records in the place of the first of a block, from the `draw`-th further noise."""
        again = f" again {draw}"
        generated = workers.submit(self._block, block, n_records, again).result()
        return self._decoded(generated, n_records, block, again)


def is_kept(weights: Weights, stream: Stream, index: int) -> Bool[Tensor, " n"]:
    """Which records stay, so that those that were learnt from oftener come out as often as they occur."""
    return stream.part("kept").uniform((len(weights),), index) * weights < 1


@contextmanager
def _workers(n_blocks: int) -> Generator[ThreadPoolExecutor]:
    """Threads that generate blocks side by side, each on a core of its own."""
    n_workers = max(1, min(N_AHEAD, n_blocks, os.cpu_count() or 1))
    workers = ThreadPoolExecutor(n_workers, initializer=torch.set_num_threads, initargs=(1,))
    with n_threads(torch.get_num_threads()), workers:  # whatever they set, the rest keeps its cores
        try:
            yield workers
        finally:
            workers.shutdown(cancel_futures=True)


@final
class Screen:
    """Remembers the keys of all records that it has let through."""

    def __init__(self, modality: Modality, codec: Any) -> None:
        self._modality, self._codec = modality, codec
        self._seen: list[set[int]] = []

    def passed(self, records: Any, first: int, again: Callable[[int], Any]) -> Any:
        """A block of records that keep all rules.

        Args:
            records: As the model makes them.
            first: Number of the first record among all that are made.
            again: Makes the records of the block from the r-th draw, when further candidates are needed.

        Raises:
            UsageError: No candidate of a record will do: too much is asked for, or no more keys are left.
        """
        verdict = self._verdict(records)
        if verdict is None:
            return records
        self._seen = self._seen or [set() for _ in verdict.keys]
        if verdict.is_valid.all() and not verdict.keys:
            return records
        pools, verdicts = [records], [verdict]
        chosen = np.zeros(len(records), np.int64)
        for place in range(len(records)):
            for draw in range(MAX_TRIES):
                if draw == len(pools):
                    pools.append(again(draw))
                    verdicts.append(self._verdict(pools[-1]) or verdict)
                if self._takes(verdicts[draw], place):
                    chosen[place] = draw
                    break
            else:
                raise _exhausted(first + place, verdict)
        if not chosen.any():
            return records
        return self._modality.format.join(pools).take(chosen * len(records) + np.arange(len(records)))

    def _verdict(self, records: Any) -> Verdict | None:
        validating = offered(self._modality.recipe, Validating)
        return validating.verdict(self._codec, records) if validating else None

    def _takes(self, verdict: Verdict, place: int) -> bool:
        """Whether this record will do; if so, its keys are taken."""
        if not verdict.is_valid[place]:
            return False
        numbers = [
            (seen, keys[place])
            for seen, keys, has_key in zip(self._seen, verdict.keys, verdict.has_key[:, place], strict=True)
            if has_key
        ]
        if any(number in seen for seen, number in numbers):
            return False
        for seen, number in numbers:
            seen.add(number)
        return True


def _exhausted(n_made: int, verdict: Verdict) -> UsageError:
    rules = "; ".join(verdict.rules[-5:])
    return UsageError(
        f"after {n_made:,} records none of {MAX_TRIES} further ones fulfils all of {rules}. "
        "Make fewer records, ask for less, or leave out a rule that the data hardly keeps."
    )
