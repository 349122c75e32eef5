"""What is wrong with series before anything is learnt from them."""

from __future__ import annotations

from typing import Final

import numpy as np

from gansmith.findings import SPOILS, WEAKENS, WORTH_KNOWING, Finding, copies, named, worst_first
from gansmith.modalities.series.records import SeriesSet
from gansmith.tabular.cells import cells_of, codes_of

FEW_SERIES: Final = 20
"""Below which little can be learnt of what series have in common, and less be held out."""
MANY_VALUES: Final = 100
"""Of times or measures, below which steps are alike by chance."""
FEW_STEPS: Final = 50
"""Of one series alone, below which hardly anything repeats in it."""


def audit(series: SeriesSet, target: str) -> tuple[Finding, ...]:
    """What is to be known of series before they are learnt from, the worst first; see `Auditing`."""
    del target
    return worst_first([*_few(series), *_of_one_step(series), *_copied(series), *_constant(series)])


def _few(series: SeriesSet) -> list[Finding]:
    """Too few series to learn what they have in common, or too short a single one."""
    n = 1 if series.form.shape == "single" else len(series)  # one series may lie here in stretches
    n_steps = series.steps.num_rows
    if n == 1 and n_steps < FEW_STEPS:
        said = f"one series of only {n_steps:,} steps: hardly anything repeats in it"
        return [Finding("few steps", SPOILS, said, "Give a longer one, or several.", (), n_steps)]
    if not 1 < n < FEW_SERIES:
        return []
    said = f"only {n:,} series: too few to learn what series have in common, and how they differ"
    cure = (
        "Stretches of them can be learnt: give --window with a number of steps. Or collect more series; "
        "hundreds are good."
    )
    return [Finding("few series", SPOILS, said, cure, (series.form.entity,), n)]


def _of_one_step(series: SeriesSet) -> list[Finding]:
    """Series of a single step, which tell nothing of time."""
    n, n_short = len(series), int((series.lengths == 1).sum())
    if n == 1 or not n_short:
        return []
    said = f"{n_short:,} of {n:,} series have a single step"
    if n_short == n:
        cure = "Nothing follows anything: learn the rows with --kind table, or name another --entity."
        return [Finding("single steps", SPOILS, said, cure, (series.form.entity,), n)]
    weight = WEAKENS if 2 * n_short > n else WORTH_KNOWING
    return [Finding("single steps", weight, said, "They are learnt as such.", (series.form.entity,), n_short)]


def _copied(series: SeriesSet) -> list[Finding]:
    """Steps that are there twice, of series whose steps are told apart otherwise."""
    if not series.form.time or not series.form.measures:
        return []
    codes = [codes_of(cells_of(series.steps, name)) for name in series.form.schema.names]
    n_values = max(int(one.max(initial=0)) for one in codes)
    is_again = np.all([one[1:] == one[:-1] for one in codes], axis=0)
    is_again &= series.owners[1:] == series.owners[:-1]
    at_once = codes[series.form.schema.names.index(series.form.time)]
    n_at_once = int(((at_once[1:] == at_once[:-1]) & (series.owners[1:] == series.owners[:-1])).sum())
    n_again = int(is_again.sum())
    if n_values < MANY_VALUES or 2 * n_again < n_at_once:
        return []
    cure = (
        "Drop them (`df.drop_duplicates()`), unless each happened; else series do twice what they did once."
    )
    return [*copies(n_again, series.steps.num_rows, "steps", cure)]


def _constant(series: SeriesSet) -> list[Finding]:
    """Measures that are the same in every step."""
    names = [one.name for one in series.form.measures if not one.traits.is_varied]
    if not names:
        return []
    said = f"the same in every step: {named(names)}"
    return [
        Finding(
            "constant",
            WORTH_KNOWING,
            said,
            "It comes back as it is.",
            tuple(names),
            int(np.sum(series.lengths)),
        )
    ]
