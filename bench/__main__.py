"""`python -m bench` runs all short measurements, `python -m bench NAME ...` some, `--list` lists them.

Those of `WITH_OPTIONS` take long and have options of their own: `python -m bench peers --help`.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Final

NOT_MEASUREMENTS: Final = {
    "__init__", "__main__", "audio_judge", "audio_rows", "audio_voices",
    "drawing", "figures", "machine", "mcadams", "mixtures", "music_bigram", "music_figures", "null_faults",
    "null_populations", "phantoms", "picture_judge", "picture_rows", "picture_sets", "picture_speed",
    "picture_task", "series_air", "series_context", "series_customers", "series_future", "series_judges",
    "series_logins", "series_peers", "series_race", "series_scale", "series_task", "series_windows",
    "text_oracle", "translating", "unpaired",
}  # fmt: skip
WITH_OPTIONS: Final = {
    "anonymity", "audio", "conditions", "databases", "detect", "discreet", "gallery", "heatmap",
    "identity", "modes", "music", "peers", "pictures", "privacy", "race", "reading", "rebalance",
    "scorecard_nulls", "scorecard_pictures", "series", "text", "translate", "turns", "validator", "versus",
}  # fmt: skip


def names() -> list[str]:
    """The modules here that measure something, without those that have options of their own."""
    return sorted(
        {path.stem for path in Path(__file__).parent.glob("*.py")} - NOT_MEASUREMENTS - WITH_OPTIONS
    )


def main(asked: list[str]) -> int:
    """Run what is asked for; the exit code."""
    if asked and asked[0] in WITH_OPTIONS:
        import_module(f"bench.{asked[0]}").run(asked[1:])
        return 0
    known = names()
    unknown = [name for name in asked if name not in known]
    if unknown:
        for name in sorted({*known, *WITH_OPTIONS}):
            lines = (import_module(f"bench.{name}").__doc__ or "").splitlines()
            print(f"{name:16} {lines[0]}")
        return 0 if unknown == ["--list"] else 2
    for name in asked or known:
        print(f"--- {name} ---", flush=True)
        import_module(f"bench.{name}").run()
        print()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
