"""Sounds learnt with a time budget and judged on held-out ones: `python -m bench audio NAME`.

Judges are small networks that learn here from real sounds (those of the scorecard), and pitch by
autocorrelation. Models, sounds, spectrograms and `results.jsonl` go to `--out`; `--again` judges the models
that are there. Beside each number stand the same of real sounds, and what is aimed at.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Final

from bench import audio_rows, audio_voices
from bench.measuring import Measurement, measure_all, parser

MEASUREMENTS: Final[Mapping[str, Measurement]] = {
    "codec": Measurement(audio_rows.codec),
    "speed": Measurement(audio_rows.speed),
    "notes": Measurement(audio_rows.notes, "30m"),
    "codings": Measurement(audio_rows.codings, "10m"),
    "piano": Measurement(audio_rows.piano, "10m", "instrument_notes"),
    "fsdd": Measurement(audio_rows.digits, "40m", "fsdd"),
    "conversion": Measurement(audio_voices.conversion, "30m", "fsdd"),
    "anonymised": Measurement(audio_voices.anonymised, "30m", "fsdd"),
    "mark": Measurement(audio_voices.mark, folder="fsdd"),
}


def run(arguments: Sequence[str]) -> None:
    """What `python -m bench audio ...` does."""
    made = parser("audio", __doc__, [*MEASUREMENTS])
    made.add_argument("--coding", default="", help="what networks see; see gansmith fit --help")
    options = made.parse_args(arguments)
    measure_all("audio", MEASUREMENTS, options, option=options.coding)


if __name__ == "__main__":
    run(sys.argv[1:])
