"""The latents of a model: points that records are made from, to be moved about, averaged and searched.

space = LatentSpace(model)
one, other = space.draw(1, seed=1), space.draw(1, seed=2)
frames = space.records(space.walk(joined_points([one, other]), 30))
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, final

import numpy as np
import torch
from jaxtyping import Float

from gansmith.engine.batches import Batch
from gansmith.engine.games.base import AbstractRules
from gansmith.engine.processors import n_threads
from gansmith.engine.randomness import Randomness
from gansmith.errors import UsageError
from gansmith.modalities.attribute_request import AttributeRequest
from gansmith.modalities.capabilities import Conditional, Origins
from gansmith.modalities.format import Filming
from gansmith.modalities.registry import needed, offered
from gansmith.nets.distributions import networks_by_turn
from gansmith.store import as_json, write_whole
from gansmith.tabular.where import Where
from gansmith.tasks.model import Model

N_STARTS: Final = 256
"""Points of which the nearest begins the search for a record."""
N_SEARCH_STEPS: Final = 200
SEARCH_RATE: Final = 0.05
"""Step size at the start of a search, in standard deviations of the noise."""
SECONDS_PER_FRAME: Final = 0.06
"""Of a film."""
MOST_PICTURES: Final = 20_000
"""Records of a film: all are in memory together."""
USUAL_STOPS: Final = 5
MOST_VALUES: Final = 12
"""Of an attribute, that a film goes through if nobody says how many."""
PRIOR_WEIGHT: Final = 1e-3
"""How much a search minds that a point lies further out than points do; against squared differences."""


@final
@dataclass(frozen=True, eq=False)
class Points:
    """What records are made from; sums and differences of the noise of several are latents as well."""

    noise: Float[np.ndarray, "n n_latents"]
    """Standard normal numbers."""
    condition: Float[np.ndarray, "n n_conditions"] | None = None
    """What each record is to be, as the model's own numbers; None where nothing can be asked for."""

    def __len__(self) -> int:
        return len(self.noise)

    def take(self, indices: np.ndarray) -> Points:
        """The points with these numbers, in this order."""
        return Points(self.noise[indices], None if self.condition is None else self.condition[indices])


def joined_points(parts: Sequence[Points]) -> Points:
    """Several sets of points of one model as one."""
    conditions = [part.condition for part in parts if part.condition is not None]
    noise = np.concatenate([part.noise for part in parts])
    return Points(noise, np.concatenate(conditions) if len(conditions) == len(parts) else None)


@final
class LatentSpace:
    """All that a model can make, as points.

    Args:
        model: Whose generator maps noise to records; of generators that take turns it is the newest.

    Raises:
        UsageError: The model makes records in another way.
    """

    def __init__(self, model: Model) -> None:
        if "generator" not in model.rules.generating:
            raise UsageError(
                f"a model of the game {model.rules.name!r} has no latents to move about in. "
                "Learn it by a game with a generator."
            )
        self.model = model
        generating = {name: model.networks[name] for name in model.rules.generating}
        self._networks = networks_by_turn(generating)[-1]

    def draw(self, n: int, seed: int = 0, where: Where | None = None, balance: str = "") -> Points:
        """Points at random.

        Args:
            n: How many.
            seed: Another seed, other points.
            where: What their records shall be; see `Model.blocks`.
            balance: An attribute whose values take turns.

        Raises:
            UsageError: What is asked for is not known, or cannot be.
        """
        randomness = Randomness(seed)
        noise = self.model.rules.noise(n, randomness.stream("points"), 0)
        conditional = offered(self.model.modality.recipe, Conditional)
        request = conditional.request(self.model.codec, where or {}, balance) if conditional else None
        if request is None:
            return Points(noise.numpy())
        block = request.block(n, 0, n, randomness.key("asked", 0))
        condition = block.ask(Origins(noise, torch.zeros(n, dtype=torch.long))).condition
        return Points(noise.numpy(), None if condition is None else condition.numpy())

    @torch.no_grad()
    def records(self, points: Points) -> Any:
        """What the model makes of these points."""
        codec, made = self.model.codec, list[torch.Tensor]()
        with n_threads(1):
            for rows in torch.arange(len(points)).split(codec.block_size):
                made.append(codec.compact(self._made(*_tensors(points.take(rows.numpy())))))
        return codec.decode(torch.cat(made), 0, 0)

    def walk(self, stops: Points, n_between: int, *, is_closed: bool = False) -> Points:
        """The way from stop to stop: between noise as the game has it, and straight between conditions.

        Args:
            stops: Two or more.
            n_between: Points from each stop to the next, the first of the two included.
            is_closed: Whether it goes back to the first stop.
        """
        if len(stops) < 2 or n_between < 1:
            raise UsageError(f"a walk needs 2 stops and 1 step between them, not {len(stops)}, {n_between}.")
        ends = np.roll(np.arange(len(stops)), -1)
        legs = list(zip(np.arange(len(stops)), ends, strict=True))[: None if is_closed else -1]
        shares = np.arange(n_between) / n_between
        rules, last = self.model.rules, np.full(2, len(stops) - 1)
        parts = [_leg(rules, stops.take(np.array(leg)), shares) for leg in legs]
        return joined_points(parts if is_closed else [*parts, _leg(rules, stops.take(last), np.zeros(1))])

    def project(self, records: Any, *, n_steps: int = N_SEARCH_STEPS, seed: int = 0) -> Points:
        """The points whose records come nearest to real ones: the best of some at random, then downhill.

        Distances are squared differences of samples, on the grid and of averages over neighbouring values.
        Records are searched for block by block, each for itself.

        Args:
            records: Such as the model makes; what is known of them beside is what their points ask for.
            n_steps: Of the search.
            seed: Of the points it begins from.

        Source:
            Zhu et al. 2016, "Generative visual manipulation on the natural image manifold", section 3.1
            (arXiv:1609.03552).
        """
        codec = self.model.codec
        dataset = self.model.modality.recipe.dataset(codec, records, 0)
        starts = torch.from_numpy(self.draw(N_STARTS, seed).noise)
        blocks = torch.arange(len(records)).split(codec.block_size)
        return joined_points([self._found(dataset.batch(rows), starts, n_steps) for rows in blocks])

    def _found(self, batch: Batch, starts: torch.Tensor, n_steps: int) -> Points:
        """The points of one batch."""
        wanted, condition = self.model.codec.expand(batch["real"]), batch.get("condition")
        with n_threads(1):
            noise = torch.stack(
                [
                    starts[self._nearest(starts, sample, None if condition is None else condition[row])]
                    for row, sample in enumerate(wanted)
                ]
            ).requires_grad_()
            optimiser = torch.optim.Adam([noise], SEARCH_RATE)
            schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, max(n_steps, 1))
            for _ in range(n_steps):
                optimiser.zero_grad()
                loss = _distance(self._made(noise, condition), wanted).sum()
                (loss + PRIOR_WEIGHT * noise.square().sum()).backward()
                optimiser.step()
                schedule.step()
        found = noise.detach().numpy()
        return Points(found, None if condition is None else condition.numpy())

    @torch.no_grad()
    def _nearest(
        self, starts: torch.Tensor, sample: torch.Tensor, condition: torch.Tensor | None
    ) -> torch.Tensor:
        asked = None if condition is None else condition.expand(len(starts), -1)
        return _distance(self._made(starts, asked), sample[None]).argmin()

    def _made(self, noise: torch.Tensor, condition: torch.Tensor | None) -> torch.Tensor:
        """Samples, on the CPU and in full precision."""
        given = Batch({"noise": noise, "condition": condition}, len(noise))
        stream = Randomness(0).stream("points")
        return self.model.rules.generate(self._networks, given, stream, 0).float()


def film_of_walks(
    model: Model,
    path: Path,
    n_walks: int,
    n_stops: int | None,
    n_between: int,
    seed: int = 0,
    where: Where | None = None,
    balance: str = "",
) -> dict[str, Any]:
    """Write a film of some closed walks, side by side; see `LatentSpace.walk`.

    Where values of a category are alternatives, or balanced, the stops of a walk are of one after the other.

    Args:
        model: Whose latents are walked through.
        path: The film; its extension says the format.
        n_walks: Side by side.
        n_stops: Of each walk. None: as many as there are values that take turns, up to `MOST_VALUES`, or else
            `USUAL_STOPS`.
        n_between: Frames from each stop to the next.
        seed: Of the first walk; the others have the next ones.
        where: What all stops shall be.
        balance: An attribute whose values take turns.

    Returns:
        Where it comes from, as it stands beside the file.

    Raises:
        UsageError: The kind of data cannot be filmed, there are more than `MOST_PICTURES` pictures, or what
            is asked for is not known.
        DataError: The film cannot be written.
    """
    filming = needed(model.modality.format, Filming, model.modality.kind)
    filming.check_film(path)
    space, parts = LatentSpace(model), list[Points]()
    balance, n_values = _turns(model, where, balance)
    n_stops = n_stops or (min(n_values, MOST_VALUES) if n_values > 1 else USUAL_STOPS)
    if n_walks * n_stops * n_between > MOST_PICTURES:
        raise UsageError(
            f"{n_walks} walks of {n_stops} stops with {n_between} frames from each to the next are "
            f"{n_walks * n_stops * n_between:,} pictures. At most {MOST_PICTURES:,} make a film: take fewer."
        )
    for number in range(n_walks):
        stops = space.draw(n_stops, seed + number, where, balance)
        parts.append(space.walk(stops, n_between, is_closed=True))
    n_frames = len(parts[0])
    records = space.records(joined_points(parts))
    frames = [records.take(np.arange(n_walks) * n_frames + frame) for frame in range(n_frames)]
    asked = {"walk": True, "frames": n_frames, "where": list(map(str, where or ())), "balance": balance}
    provenance = model.provenance(n_frames * n_walks, seed, asked)
    said = {"gansmith": json.dumps(provenance, sort_keys=True)}
    write_whole(path, filming.film(frames, path, SECONDS_PER_FRAME, said))
    write_whole(Path(f"{path}.meta.json"), as_json(provenance) + b"\n")
    return provenance


def _turns(model: Model, where: Where | None, balance: str) -> tuple[str, int]:
    """The attribute whose values take turns, or "", and how many do."""
    conditional = offered(model.modality.recipe, Conditional)
    request = conditional.request(model.codec, where or {}, balance) if conditional else None
    if not isinstance(request, AttributeRequest):
        return balance, 0
    request = request.with_turns
    return request.balance, request.n_turns


def _tensors(points: Points) -> tuple[torch.Tensor, torch.Tensor | None]:
    condition = points.condition
    return torch.from_numpy(points.noise), None if condition is None else torch.from_numpy(condition)


def _leg(rules: AbstractRules, ends: Points, shares: np.ndarray) -> Points:
    """From one point to another."""
    noise = rules.between(ends.noise, shares)
    if ends.condition is None:
        return Points(noise)
    straight = np.stack([1 - shares, shares], 1).astype(np.float32)
    return Points(noise, straight @ ends.condition)


def _distance(made: torch.Tensor, wanted: torch.Tensor) -> Float[torch.Tensor, " n"]:
    """Squared differences of samples, and of what is left of them at half and quarter resolution."""
    total = (made - wanted).square().flatten(1).mean(1)
    pools = {
        3: torch.nn.functional.avg_pool1d,
        4: torch.nn.functional.avg_pool2d,
        5: torch.nn.functional.avg_pool3d,
    }
    if made.ndim in pools and min(made.shape[2:]) >= 4:
        for size in (2, 4):
            coarse, others = (pools[made.ndim](one, size) for one in (made, wanted))
            total = total + (coarse - others).square().flatten(1).mean(1)
    return total
