"""Independent columns: each one drawn with replacement from its own training values.

Perfect margins and no relation between columns: the floor of everything that looks at more than one column.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from bench.peers.runners.measured import Sampler, Task, main


def fit(task: Task, data: pd.DataFrame) -> Sampler:
    rng = np.random.default_rng(task.seed)

    def sample(n: int) -> pd.DataFrame:
        return pd.DataFrame({name: data[name].to_numpy()[rng.integers(len(data), size=n)] for name in data})

    return sample


if __name__ == "__main__":
    main(fit, lambda: {"numpy": np.__version__})
