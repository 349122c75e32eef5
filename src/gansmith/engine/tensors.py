"""The shapes of the game, by name.

`batch` records are judged at once; a sample and a condition may have any shape; every logit and every loss is
one number per record, shape `(batch,)` and never `(batch, 1)`.
"""

from __future__ import annotations

from jaxtyping import Float, Shaped
from torch import Tensor

Samples = Float[Tensor, "batch *sample"]
Latents = Float[Tensor, "batch n_latents"]
Conditions = Shaped[Tensor, "batch *condition"]
Logits = Float[Tensor, " batch"]
PerSample = Float[Tensor, " batch"]
Scalar = Float[Tensor, ""]
