"""Gansmith learns any kind of data with generative adversarial networks and makes more of it.

model = gansmith.Synthesizer(budget="5m", seed=0).fit("people.csv", target="income")
fake = model.sample(1000)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from gansmith.errors import (
        DataError,
        GansmithError,
        GansmithWarning,
        ModelFileError,
        TrainingError,
        UsageError,
    )
    from gansmith.tasks.detect.detector import Detector
    from gansmith.tasks.judging import compare, score
    from gansmith.tasks.rebalance.contest import rebalance
    from gansmith.tasks.rebalance.sampler import Rebalancer
    from gansmith.tasks.synthesize import Synthesizer, load
    from gansmith.tasks.translate.translator import Translator

__version__: Final = "0.1.0"

__all__ = [
    "DataError",
    "Detector",
    "GansmithError",
    "GansmithWarning",
    "ModelFileError",
    "Rebalancer",
    "Synthesizer",
    "TrainingError",
    "Translator",
    "UsageError",
    "compare",
    "load",
    "rebalance",
    "score",
]

_TASKS: Final = {
    "Detector": "detect.detector",
    "Rebalancer": "rebalance.sampler",
    "Synthesizer": "synthesize",
    "Translator": "translate.translator",
    "compare": "judging",
    "load": "synthesize",
    "rebalance": "rebalance.contest",
    "score": "judging",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: `import gansmith` itself takes no time."""
    if name not in __all__:
        raise AttributeError(f"module 'gansmith' has no attribute {name!r}")
    home = f"gansmith.tasks.{_TASKS[name]}" if name in _TASKS else "gansmith.errors"
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
