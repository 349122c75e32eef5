"""Whose rows they are and when, where a table plainly holds series: names that say who, times that go up."""

from __future__ import annotations

import re
from typing import Final, NamedTuple, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Int

from gansmith.tabular.cells import cells_of, codes_of
from gansmith.tabular.schema import Column, Table

REPEATED: Final = 1.5
"""Rows that an entity has on the average, at least."""
_PLAIN_STEPS: Final = 5
"""Rows of most entities, at least, for a table to be plainly one of series."""
_ENDING: Final = r"[ _-]?(id|no|nr|num|number|nummer|numero|key|code|hash|name)?$"
_WHO: Final = re.compile(
    r"(^|.*[ _.-])(customer|client|patient|person|user|member|subject|student|employee|account|acct|household"
    r"|owner|driver|player|card|uid|kunden?|konto|nutzer|benutzer|mitarbeiter|compte|utilisateur|cliente"
    rf"|cuenta|usuario|paciente|conto|utente|conta){_ENDING}|^(id|uuid|guid)$|^(cust|acc|pat|subj){_ENDING}",
    re.IGNORECASE,
)
_WHAT: Final = re.compile(
    r"(^|.*[ _.-])(machine|device|sensor|meter|station|engine|vehicle|asset|ticker|symbol|host|session|series"
    r"|entity|battery|turbine|pump|robot|gerät|geraet|maschine|zähler|zaehler|anlage|fahrzeug|appareil"
    r"|capteur|dispositivo|máquina|maquina|sensore)"
    rf"{_ENDING}|^(store|shop|site|unit)[ _-]?(id|no|nr|number)$",
    re.IGNORECASE,
)


@final
class Timeline(NamedTuple):
    """Columns that make series of a table."""

    entity: str
    time: str


def says_who(name: str) -> bool:
    """Whether a column of this name says who: customer_id, user, patient, ..."""
    return bool(_WHO.search(_apart(name)))


def says_what(name: str) -> bool:
    """Whether a column of this name says of which thing a row is: sensor, ticker, store_id, ..."""
    return bool(_WHAT.search(_apart(name)))


def _apart(name: str) -> str:
    """A name with its words apart: customerId as customer_Id."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.strip())


def repeats(cells: pa.Array) -> bool:
    """Whether texts or whole numbers come several times each, as entities with several rows do."""
    if not (pa.types.is_integer(cells.type) or pa.types.is_string(cells.type)):
        return False
    n_present, n_distinct = len(cells) - cells.null_count, len(pc.unique(cells.drop_null()))
    return n_distinct > 1 and n_present >= REPEATED * n_distinct


def plain_timeline(table: Table) -> Timeline | None:
    """Entity and time of a table that is plainly one of series.

    A column that says who repeats; most of its entities have five rows or more, and in each of them a date or
    a moment goes up from row to row, in the order of the table.
    """
    times = [one for one in table.schema.columns if one.traits.is_time and not one.missing_rate]
    who = [one for one in table.schema.columns if says_who(one.name) or says_what(one.name)]
    for entity in sorted(who, key=lambda one: not says_who(one.name)) if times else ():
        cells = cells_of(table.records, entity.name)
        if cells.null_count or not repeats(cells):
            continue
        codes = codes_of(cells)
        if np.median(np.bincount(codes)) < _PLAIN_STEPS:
            continue
        order = np.argsort(codes, kind="stable")
        is_same = np.diff(codes[order]) == 0
        for time in times:
            if (np.diff(ticks_of(cells_of(table.records, time.name), time)[order])[is_same] > 0).all():
                return Timeline(entity.name, time.name)
    return None


def ticks_of(cells: pa.Array, column: Column) -> Int[np.ndarray, " n"]:
    """When rows are, as whole numbers; the least of all where missing.

    Dates, moments and times of day in microseconds, whole numbers as they are, decimals in their last digit.
    """
    if column.has_decimals:
        cells = pc.round(pc.multiply(cells.cast(pa.float64()), 10.0**column.decimals))
    whole = cells.cast(pa.timestamp("us")) if pa.types.is_date32(cells.type) else cells
    return whole.cast(pa.int64()).fill_null(np.iinfo(np.int64).min).to_numpy(zero_copy_only=False)
