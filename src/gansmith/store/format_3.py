"""The plain values of a model file of format 3 as those of the present format; its tensors are the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

FORMAT: Final = 3
_MAX_BLOCKS: Final = 16
_OF_PICTURES: Final = ("has_header", "encoding", "where")


def upgraded(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """A manifest of format 3 as one of format 4.

    The generator of a table has one width for each block; how data is read, and the minimum count of its
    values, are options of its kind. What is no manifest of format 3 stays as it is, and is refused as a
    damaged one of format 4 would be.

    Example:
        >>> upgraded({"networks": {"generator_width": 8, "n_blocks": 2, "n_revisions": 1}})
        {'networks': {'n_revisions': 1, 'generator_widths': [8, 8]}}
    """
    found = dict(manifest)
    match found:
        case {"networks": {"generator_width": width, "n_blocks": int(n_blocks), **others}} if (
            1 <= n_blocks <= _MAX_BLOCKS
        ):
            found["networks"] = {**others, "generator_widths": [width] * n_blocks}
        case _:
            pass
    match found:
        case {"reading": {**reading}, "fit": {**fit}, "kind": kind}:
            min_count = fit.pop("min_count", 0)
            options = {**reading, "encoding": reading.get("encoding") or "", "min_count": min_count}
            known = _OF_PICTURES if kind == "image" else options
            found["options"] = {name: options[name] for name in known if name in options}
            if isinstance(reading.get("schema"), dict):
                found["options"]["schema"] = upgraded_state({"schema": reading["schema"]})["schema"]
            found["fit"] = {**fit, "objective": fit.get("objective") or None}
            del found["reading"]
        case _:
            pass
    match found:
        case {"training": {"n_members": size, **others}}:
            found["training"] = {**others, "ensemble_size": size}
        case _:
            pass
    return found


def upgraded_state(state: Any) -> Any:
    """What a codec of format 3 keeps, in the words of format 4; anything else stays as it is.

    Example:
        >>> upgraded_state({"schema": {"columns": [{"look": "email"}]}, "columns": [{"held_back": [2, 3]}]})
        {'schema': {'columns': [{'semantic_type': 'email'}]}, 'columns': [{'suppressed': [2, 3]}]}
    """
    match state:
        case {"schema": {"columns": [*columns], **others}, **rest}:
            schema = {**others, "columns": [_renamed(column, "look", "semantic_type") for column in columns]}
            found = {**state, "schema": schema}
            if isinstance(rest.get("columns"), list):
                found["columns"] = [_renamed(column, "held_back", "suppressed") for column in rest["columns"]]
            return found
        case _:
            return state


def _renamed(values: Any, old: str, new: str) -> Any:
    if not isinstance(values, dict):
        return values
    return {new if key == old else key: value for key, value in cast("dict[Any, Any]", values).items()}
