"""MOSTLY AI's engine (Apache 2.0), an autoregressive network.

Its defaults, early stopping on held-out loss included, but for one: `value_protection=False`. The default
replaces rare categories by a token and cuts extreme values off, for privacy, and
that costs fidelity; it races without. (Gansmith's own suppression of rare values, `min_count`, stays on.)
"""

from __future__ import annotations

from importlib.metadata import version

import pandas as pd

from bench.peers.runners.measured import Sampler, Task, main

NO_LIMIT_MINUTES = 14_400.0


def prepare() -> dict[str, str]:
    import mostlyai.engine  # noqa: F401

    return {name: version(name) for name in ("mostlyai-engine", "torch")}


def fit(task: Task, data: pd.DataFrame) -> Sampler:
    from mostlyai.engine import TabularARGN

    minutes = task.budget_seconds / 60 if task.budget_seconds else NO_LIMIT_MINUTES
    epochs = float(task.epochs or 100)
    model = TabularARGN(
        max_training_time=minutes,
        max_epochs=epochs,
        value_protection=False,
        random_state=task.seed,
        device="cpu",
    )
    model.fit(data)
    return lambda n: model.sample(n)[list(data.columns)]


if __name__ == "__main__":
    main(fit, prepare)
