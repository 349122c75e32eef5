"""Tables under differential privacy: what is learnt says little of anybody, and it is proven how little.

Options stand here, where they are quickly imported: help texts are made of them.

    domain     what is public of the columns, and what was found of them: the cells that a column has
    reading    cells of a file as numbers, times or texts; which of them a column holds is found at a price
    curator    the only one who sees the records: every answer is charged, noisy, and written down
    learning   which marginals are measured, one after the other, where the generator errs most
    codec      cells of columns as samples and back; what was measured; the ledger
    request    records that were asked for, drawn exactly
    recipe, format   what every kind of data has
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, final

from gansmith.errors import UsageError
from gansmith.privacy.guarantee import HIGH_EPSILON, USUAL_DELTA, Guarantee
from gansmith.settings import Annotated, NonNegativeInt, Offered, PositiveInt, field, settings

TAKEN_AS_PUBLIC: Final = "names, order and stored types of its columns, and how the file is laid out"
MIN_COUNT: Final = "values that few records share are kept back by the guarantee itself"


@final
@settings(kw_only=True)
class PrivateOptions:
    """What is promised, and what is public of a table."""

    epsilon: Annotated[float | None, Offered(("fit",))] = None
    """Differential privacy: how much one record may change what is learnt, such as 3; 1 is strict, above 10
    hardly anything is promised. Everything that is learnt of the records is paid for out of it."""
    delta: Annotated[float, Offered(("fit",))] = USUAL_DELTA
    """Chance with which the promise may fail; below one in the number of records."""
    unit: Annotated[str, Offered(("fit",), form="COLUMN")] = ""
    """The column that says whose a record is: people are protected with all their records, of which
    `unit_records` count. Not given: each record is somebody else's."""
    unit_records: Annotated[PositiveInt, Offered(("fit",))] = 1
    """Records of each unit that count, drawn at random; more of them need more noise."""
    domain: Annotated[str | Mapping[str, Any], Offered(("fit",), form="FILE")] = ""
    """What is public of the columns, as JSON, so that it need not be paid for:
    {"sex": ["female", "male"], "age": {"low": 17, "high": 90}, "id": "key"}."""
    insecure_seed: Annotated[bool, Offered(("fit",))] = False
    """Draw the noise from the seed, for tests: nothing is promised then, and the model says so."""
    has_header: Annotated[bool | None, Offered(("fit",), "--header/--no-header")] = None
    """Whether the first line of a text file holds the column names; if not given, found from the data."""
    encoding: Annotated[str, Offered(("fit",))] = ""
    """Encoding of a text file, such as latin-1; if not given, found from the data."""
    missing: Annotated[tuple[str, ...], Offered(("fit",), form="TEXT")] = ()
    """A text that stands for a missing cell, besides the usual ones. Repeat for more."""
    columns: Annotated[Mapping[str, str], Offered(("fit",), "--column", "NAME:KIND")] = field(
        default_factory=dict[str, str]
    )
    """Kind of a column, where the one found is wrong, or the type of values to invent for it, such as
    email."""
    min_count: Annotated[NonNegativeInt, Offered(("fit",))] = 0
    """Suppress values that fewer records than this share; 0 takes 5, or 2 to 4 for small tables; 1 suppresses
    nothing."""
    constraints: Annotated[tuple[Mapping[str, Any], ...], Offered(("fit",))] = ()
    """What always holds, beside what the schema says, as in a schema:
    `[{"kind": "inequality", "low": "start", "high": "end"}]`."""
    safe_csv: Annotated[bool, Offered(("sample",))] = False
    """Escape text that a spreadsheet program would run as a formula."""

    def __post_init__(self) -> None:
        if self.epsilon is not None:
            _ = self.guarantee
        if self.min_count:
            raise UsageError(
                f"min_count {self.min_count} does not go with epsilon: {MIN_COUNT}, by noisy "
                "thresholds. Leave "
                "it out."
            )

    @property
    def guarantee(self) -> Guarantee:
        """What is promised.

        Raises:
            UsageError: Nobody said how much, or more or less than can be promised.
        """
        if self.epsilon is None:
            raise UsageError("a private table needs a budget: give --epsilon, such as --epsilon 3.")
        if self.epsilon > 100 * HIGH_EPSILON:
            raise UsageError(
                f"epsilon {self.epsilon:g} promises nothing at all. Give 10 or less, or leave epsilon out."
            )
        return Guarantee(self.epsilon, self.delta, self.unit, self.unit_records)
