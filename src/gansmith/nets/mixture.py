"""A mixture of products: the network whose marginals are known exactly, for tables learnt from counts alone.

A record is made by drawing a component, and then each column by that component's own chances, whatever the
other columns are. With enough components any table can be made so. The marginal of some columns is a sum over
components, so it can be learnt by gradients, and a record of which something is known can be drawn exactly.

`n_cells` is the number of cells of all columns together; they stand side by side.

Sources:
    Liu, Vietri and Wu 2021, "Iterative methods for private synthetic data" (arXiv:2106.07153), whose
    generator mixes the products of the rows of a fixed batch of noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

Columns = tuple[int, ...]
"""Numbers of columns, ascending, one or more."""


@final
class MixtureOfProducts(nn.Module):
    """So many products of independent columns, each with a weight.

    Args:
        sizes: Cells of each column, one or more.
        n_components: Products that are mixed.
        makes: Which cells records are made with, shape `(n_cells,)`; the others may be learnt, but no record
        has
            one. None: all.
    """

    makes: Tensor

    def __init__(
        self, sizes: Sequence[int], n_components: int, makes: Bool[np.ndarray, " n_cells"] | None = None
    ) -> None:
        super().__init__()
        self.sizes = tuple(sizes)
        self.starts = tuple(np.cumsum([0, *sizes]).tolist())
        self.logits = nn.Parameter(0.1 * torch.randn(n_components, self.starts[-1]))
        self.weights = nn.Parameter(torch.zeros(n_components))
        made = np.ones(self.starts[-1], np.float32) if makes is None else makes.astype(np.float32)
        self.register_buffer("makes", torch.from_numpy(made))

    def chances(self) -> tuple[Float[Tensor, "n_components n_cells"], Float[Tensor, " n_components"]]:
        """The chance of each cell in each component, and that of each component."""
        parts = [part.softmax(1) for part in self.logits.split(self.sizes, 1)]
        return torch.cat(parts, 1), self.weights.softmax(0)

    def forward(
        self,
        noise: Float[Tensor, "n n_noise"],
        allowed: Float[Tensor, "n n_cells"] | None = None,
    ) -> Float[Tensor, "n n_columns"]:
        """The cells of records, each a function of its own noise.

        Args:
            noise: Standard normal, one value for the component and one for each column.
            allowed: 1 for the cells that a record may have, else 0; some of each column. None: all.

        Returns:
            The number of a cell within each column.
        """
        lots = torch.special.ndtr(noise.double()).clamp(0, 1 - 1e-12).T.contiguous()
        chances, weights = (part.double() for part in self.chances())
        if allowed is not None or not bool(self.makes.all()):
            allowed = self.makes.expand(len(noise), -1) * (1.0 if allowed is None else allowed)
        if allowed is None:
            drawn = torch.searchsorted(weights.cumsum(0), lots[0]).clamp(max=len(weights) - 1)
        else:
            drawn = self._components(chances, weights, allowed.double(), lots[0])
        found = [
            self._cell(chances, place, drawn, allowed, lots[1 + place]) for place in range(len(self.sizes))
        ]
        return torch.stack(found, 1).float()

    def _components(
        self, chances: Tensor, weights: Tensor, allowed: Tensor, lots: Float[Tensor, " n"]
    ) -> Int[Tensor, " n"]:
        """Components as they are where the cells that are not allowed do not occur."""
        log_weights = weights.log().expand(len(lots), -1)
        for own, mask in zip(chances.split(self.sizes, 1), allowed.split(self.sizes, 1), strict=True):
            if not bool((mask == 1).all()):
                log_weights = log_weights + (mask @ own.T).clamp_min(1e-300).log()
        sums = log_weights.softmax(1).cumsum(1)
        return (lots[:, None] > sums).sum(1).clamp(max=sums.shape[1] - 1)

    def _cell(
        self,
        chances: Tensor,
        place: int,
        drawn: Int[Tensor, " n"],
        allowed: Tensor | None,
        lots: Float[Tensor, " n"],
    ) -> Int[Tensor, " n"]:
        cells = slice(self.starts[place], self.starts[place + 1])
        own = chances[:, cells][drawn]  # (n, size)
        if allowed is not None:
            own = own * allowed[:, cells].double() + 1e-300 * allowed[:, cells].double()
        sums = own.cumsum(1)
        return (lots[:, None] * sums[:, -1:] >= sums).sum(1).clamp(max=own.shape[1] - 1)

    def marginal(
        self, chances: Tensor, weights: Tensor, columns: Columns
    ) -> Float[Tensor, " n_combinations"]:
        """The chance of each combination of cells of some columns, the last column running fastest."""
        parts = [chances[:, self.starts[place] : self.starts[place + 1]] for place in columns]
        joint = weights[:, None] * parts[0]
        for part in parts[1:-1]:
            joint = (joint[:, :, None] * part[:, None]).flatten(1)  # (n_components, n_combinations)
        return joint.sum(0) if len(parts) == 1 else (joint.T @ parts[-1]).flatten()


@final
class Measured(nn.Module):
    """Noisy marginals to be matched, laid out for quick comparison.

    It learns nothing and is stored nowhere: what was measured is known to whoever builds it.

    Args:
        sizes: Cells of each column.
        tables: By columns, in one dimension, as counts: a table, and the variance of each of its cells.
        n_records: About how many records were counted.
    """

    tables: Tensor
    precisions: Tensor

    def __init__(
        self,
        sizes: Sequence[int],
        tables: Sequence[tuple[Columns, np.ndarray, np.ndarray]],
        n_records: float,
    ) -> None:
        super().__init__()
        starts = np.cumsum([0, *sizes])
        self.n_records, self.n_counts = n_records, sum(len(table) for _, table, _ in tables)
        counts, precisions = (np.zeros((starts[-1], starts[-1]), np.float32) for _ in range(2))
        self.others: list[tuple[Columns, Tensor, Tensor]] = []
        for columns, table, variance in tables:
            if len(columns) > 2:
                count, precision = (torch.from_numpy(np.float32(one)) for one in (table, 1 / variance))
                self.others.append((columns, count, precision))
                continue
            places = [slice(starts[place], starts[place + 1]) for place in columns]
            for target, values in ((counts, table), (precisions, 1 / variance)):
                block = target[places[0], places[-1]]
                if len(columns) == 1:
                    np.fill_diagonal(block, values)
                else:
                    block[:] = values.reshape(block.shape)
        self.register_buffer("tables", torch.from_numpy(counts), persistent=False)
        self.register_buffer("precisions", torch.from_numpy(precisions), persistent=False)

    def misfit(self, mixture: MixtureOfProducts) -> Float[Tensor, ""]:
        """Squared differences in standard deviations of the noise, the mean over all counts.

        1 is as near as the noise lets anybody come; whoever comes nearer learns the noise. Negative counts
        stay as they were measured, or empty cells would seem to hold somebody.
        """
        chances, weights = mixture.chances()
        pairs = chances.T @ (weights[:, None] * chances)
        pairs = pairs - torch.diag(pairs.diagonal()) + torch.diag(weights @ chances)
        loss = ((self.n_records * pairs - self.tables).square() * self.precisions).sum()
        for columns, table, precision in self.others:
            found = mixture.marginal(chances, weights, columns)
            loss = loss + ((self.n_records * found - table).square() * precision).sum()
        return loss / max(self.n_counts, 1)
