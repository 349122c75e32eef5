"""Records that come again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import Final

from gansmith.errors import DataError
from gansmith.scorecard.score import SHARE, Score, error_of_share, wilson_interval

ALIKE: Final = "records identical with another one"
MOST_FREQUENT: Final = "the most frequent record"


def unique_share(keys: Sequence[Hashable]) -> tuple[dict[str, float], Score]:
    """Share of different records, beside that of as many real ones, some of which come again, too.

    The share falls with the number of records: compare equally many.

    Args:
        keys: Of each record, equal for equal records.

    Returns:
        Which shares of the records `ALIKE` and `MOST_FREQUENT` are; and the score.

    Raises:
        DataError: There is no record.

    Example:
        >>> unique_share("abbbcc")[0]
        {'records identical with another one': 0.8333333333333334, 'the most frequent record': 0.5}
    """
    if not len(keys):
        raise DataError("There is no record to count. Give one at least.")
    n, counts = len(keys), Counter(keys).values()
    score = Score(
        value=len(counts) / n,
        error=error_of_share(len(counts), n),
        bounds=wilson_interval(len(counts) / n, n),
        n=n,
        direction="higher",
        source="Counting.",
        label="unique records",
        meaning="Share of different records: those that stand there again count once.",
        limits=SHARE,
    )
    return {ALIKE: sum(one for one in counts if one > 1) / n, MOST_FREQUENT: max(counts) / n}, score
