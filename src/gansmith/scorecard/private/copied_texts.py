"""Names, tickets, comments: are texts that nothing is learnt from copied all the same?"""

from __future__ import annotations

from collections.abc import Mapping

from gansmith.errors import DataError
from gansmith.scorecard.private.risk import Attack, Tally, attack_of, measured_risk


def copied_texts(found: Mapping[str, tuple[Tally, Tally]]) -> Attack:
    """Risk that a cell of a text or identifier column is that of a training record.

    Fresh real records have some texts in common with others (a name such as "Kelly, Mr. James"): what counts
    is how much more often synthetic ones do.

    Args:
        found: By column: how many synthetic cells occur among those of the training records, and how many
            hold-out cells do.

    Returns:
        The risk of the worst column; the intervals of all hold together.

    Raises:
        DataError: There is no column, or one without cells.

    Source:
        Counting, against a control group as Giomi et al. 2023 (arXiv:2211.10459).
    """
    if not found or not all(tally.n for both in found.values() for tally in both):
        raise DataError("There is no text to look for in training. Give columns of text with some cells.")
    parts = {
        name: measured_risk(main, control, None, n_parts=len(found))
        for name, (main, control) in found.items()
    }
    return attack_of(
        parts,
        label="copied texts (risk)",
        meaning="Risk that a text or an identifier is that of a training record, beyond what all share.",
    )
