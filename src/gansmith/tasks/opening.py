"""The first part of a job: reading the data, before anything that learns is imported.

opened = open_data("adult.csv")
show(opened.describe())
run = start(opened, FitConfig())
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final, cast, final

from gansmith.errors import Caution, UsageError
from gansmith.findings import SPOILS, WEAKENS, Finding
from gansmith.modalities.format import Auditing, Describing, Description, HasColumns
from gansmith.modalities.registry import Modality, find_modality, needed, offered, options_of, recognise

AUDITED: Final = ("fit", "show")
"""Commands that look at data before it is learnt from."""


@final
class Opened:
    """Data that has been read and not yet learnt from.

    Args:
        modality: The kind of data.
        records: What was read; None once they are handed over.
        options: How it was read; the kind's own.
        target: A column to be predicted from the others, or "".
        started: When reading began, on the monotonic clock: budgets count from here.
        is_audited: Whether it is the user's own data, which is looked at before it is learnt from.
    """

    def __init__(
        self,
        modality: Modality,
        records: Any,
        options: Any,
        target: str,
        started: float,
        *,
        is_audited: bool = False,
    ) -> None:
        self.modality, self.options, self.target, self.started = modality, options, target, started
        self.records: Any = records
        self._is_audited = is_audited

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong with the data, the worst first; asked for before the records are handed over."""
        auditing = offered(self.modality.format, Auditing) if self._is_audited else None
        return () if auditing is None else auditing.audit(self.records, self.target, self.options)

    @property
    def doubts(self) -> tuple[str, ...]:
        """The findings that matter to who learns, as notes; those that spoil something as cautions."""
        serious = [one for one in self.findings if one.weight >= WEAKENS]
        return tuple(Caution(one) if one.weight >= SPOILS else str(one) for one in serious)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know before learning: what is wrong with the data, and how it was read."""
        return (*self.doubts, *self.records.notes)

    def describe(self) -> Description:
        """What would be learnt of the records, and what would not.

        Raises:
            DataError: When nothing in them can be learnt.
        """
        describing = offered(self.modality.format, Describing)
        if describing is not None:
            return describing.describe(self.records, self.options)
        recipe = self.modality.recipe
        codec = recipe.codec.fit(self.records, self.options, 0)
        remarks = recipe.remarks(codec, self.records, "")
        return Description(recipe.describe(codec), remarks, codec.state()[0].get("schema"))

    def hand_over(self) -> Any:
        """The records, which are forgotten here, so that they need not be in memory twice.

        Raises:
            UsageError: They have been handed over before.
        """
        records, self.records = self.records, None
        if records is None:
            raise UsageError("this data has been learnt from already. Open it again.")
        return records


def open_data(
    source: object, *, kind: str = "", target: str = "", options: Any = None, command: str = "fit"
) -> Opened:
    """Read the data.

    Args:
        source: A path, or an object in memory.
        kind: Kind of data; empty finds it.
        target: A column to be predicted from the others, kept for scoring.
        options: The kind's own, or values of them by name.
        command: Who asks; not every option is of use to all.

    Raises:
        DataError: When the data is missing, malformed or of no known kind.
        UsageError: When the kind, the target or an option is unknown, or the target cannot be predicted.
    """
    started = time.monotonic()
    modality = find_modality(kind) if kind else recognise(source, _by_name(options), command)
    settled = modality.format.settled(options_of(modality, command, options or {}), command)
    records = modality.format.read(source, settled)
    if target:
        needed(modality.format, HasColumns, modality.kind).check_target(records, target)
    return Opened(modality, records, settled, target, started, is_audited=command in AUDITED)


def _by_name(options: Any) -> Mapping[str, object] | None:
    return cast("Mapping[str, object]", options) if isinstance(options, Mapping) else None
