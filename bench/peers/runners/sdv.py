"""CTGAN, TVAE and GaussianCopula as the Synthetic Data Vault offers them (Business Source License).

CTGAN and TVAE are the networks of the package `ctgan`; SDV adds what these lack: missing cells, dates,
rounding and the range of the training data. So all three are what a user of SDV gets without tuning.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable
from importlib.metadata import version
from typing import Any, Final

import numpy as np
import pandas as pd

from bench.peers.runners.measured import DATE_FORMAT, Sampler, Task, main

TABLE: Final = "table"
SDTYPES: Final = {"number": "numerical", "category": "categorical", "datetime": "datetime"}


def prepare() -> dict[str, str]:
    import sdv.single_table  # noqa: F401

    warnings.filterwarnings("ignore")
    return {name: version(name) for name in ("sdv", "ctgan", "copulas", "torch")}


def metadata(task: Task) -> Any:
    """The columns' kinds in SDV's words; its own guesses would take some categories for identifiers."""
    from sdv.metadata import Metadata

    columns: dict[str, dict[str, str]] = {}
    for name, kind in task.kinds.items():
        columns[name] = {"sdtype": SDTYPES[kind]}
        if kind == "datetime":
            columns[name]["datetime_format"] = DATE_FORMAT
    return Metadata.load_from_dict({"tables": {TABLE: {"columns": columns}}, "relationships": []})


def fitted(task: Task, data: pd.DataFrame, synthesizer: Any) -> Sampler:
    """Fit any of SDV's synthesizers."""
    seed_everything(task.seed)
    synthesizer.fit({TABLE: data})
    return lambda n: synthesizer.sample(num_rows=n)[TABLE]


def seed_everything(seed: int) -> None:
    """SDV offers no seed of a fit: its networks take torch's and numpy's global one."""
    import torch

    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    torch.manual_seed(seed)


def ctgan(task: Task, data: pd.DataFrame) -> Sampler:
    from sdv.single_table import CTGANSynthesizer

    return fitted(task, data, CTGANSynthesizer(metadata(task), epochs=task.epochs or 300, enable_gpu=False))


def tvae(task: Task, data: pd.DataFrame) -> Sampler:
    from sdv.single_table import TVAESynthesizer

    return fitted(task, data, TVAESynthesizer(metadata(task), epochs=task.epochs or 300, enable_gpu=False))


def gaussian_copula(task: Task, data: pd.DataFrame) -> Sampler:
    from sdv.single_table import GaussianCopulaSynthesizer

    return fitted(task, data, GaussianCopulaSynthesizer(metadata(task)))


def run(fit: Callable[[Task, pd.DataFrame], Sampler]) -> None:
    """Measure one of them."""
    main(fit, prepare)
