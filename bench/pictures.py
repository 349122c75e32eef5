"""Pictures learnt with a time budget and judged on held-out ones: `python -m bench pictures NAME`.

The judges are small networks trained here (`bench.picture_judge`), not the scorecard. Beside each number
stand the same of real pictures in the place of generated ones, what is aimed at, and the DCGAN preset's after
the same time where it is compared with. Models, grids (real above, generated below) and `results.jsonl` go to
`--out`; `--again` judges the models that are there.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Final

from bench import picture_rows, picture_speed
from bench.measuring import Measurement, measure_all, parser

MEASUREMENTS: Final[Mapping[str, Measurement]] = {
    "mnist": Measurement(picture_rows.mnist, "20m", "mnist"),
    "characters": Measurement(picture_rows.characters, "40m", "characters"),
    "orl": Measurement(picture_rows.orl, "30m", "orl_faces"),
    "cifar10": Measurement(picture_rows.cifar10, "30m", "cifar10"),
    "emoji80": Measurement(picture_rows.few, "20m", "emoji"),
    "orl80": Measurement(picture_rows.few, "20m", "orl_faces"),
    "mri": Measurement(picture_rows.mri, "20m", "brain_mri"),
    "phantom": Measurement(picture_rows.phantom, "5m"),
    "speed": Measurement(picture_speed.speed, compared="plain loop"),
    "sampling": Measurement(picture_speed.sampling),
    "many": Measurement(picture_speed.many),
}


def run(arguments: Sequence[str]) -> None:
    """What `python -m bench pictures ...` does."""
    made = parser("pictures", __doc__, [*MEASUREMENTS])
    made.add_argument("--preset", default="default", help="ours; see gansmith list presets")
    options = made.parse_args(arguments)
    measure_all("pictures", MEASUREMENTS, options, options.preset)


if __name__ == "__main__":
    run(sys.argv[1:])
