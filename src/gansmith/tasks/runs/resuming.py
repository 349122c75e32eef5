"""Going on with a run by the call that began it: what is asked for must be what the run was started with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gansmith.errors import UsageError
from gansmith.modalities.registry import find_modality, options_of
from gansmith.settings import changed, from_plain, to_plain
from gansmith.store import as_json
from gansmith.store.run_folder import RunFolder
from gansmith.tasks.model import Model
from gansmith.tasks.runs.fit import FitRun, resume, start
from gansmith.tasks.runs.settings import FitConfig


def begun_again(
    source: object,
    config: FitConfig,
    *,
    target: str = "",
    options: Mapping[str, Any] | None = None,
    folder: Path | None = None,
    origin: Model | None = None,
) -> FitRun:
    """The run in the folder, as it was left; where there is none, one that begins. Arguments as of `start`.

    Raises:
        DataError: See `start` and `resume`.
        UsageError: See `start`; or something is asked for that the run was not started with.
    """
    if folder is None or not RunFolder(folder).exists:
        return start(source, config, target=target, options=options, folder=folder, origin=origin)
    found = differing(folder, changed(config), target, options or {}, origin)
    if found:
        raise UsageError(
            f"{folder}: the run there was started with other settings: {'; '.join(found)}. Leave them out to "
            "continue it, or start another run in another folder."
        )
    return resume(source, folder)


def differing(
    folder: Path,
    general: Mapping[str, Any],
    target: str,
    options: Mapping[str, Any],
    origin: Model | None,
    *,
    is_whole: bool = False,
) -> list[str]:
    """What is asked for that is not what the run in the folder was started with, in words.

    Args:
        folder: Of the run.
        general: Settings of a run that were given, by name.
        target: A column; "" where none was given.
        options: Of the kind of data that were given, by name.
        origin: The model to be fine-tuned, where one was given.
        is_whole: Whether what was not given must be what it is then, too; a run that fine-tunes is excused,
            as it has settings of its model.

    Raises:
        UsageError: A setting or an option is none.
        DataError: There is no run in the folder.
    """
    match RunFolder(folder).config():
        case {"kind": str(kind), "fit": dict(fit), "target": str(of_run), "options": dict(own), **others}:
            pass
        case _:  # damaged, which is said when it is resumed
            return []
    modality = find_modality(kind)
    settled = modality.format.settled(options_of(modality, "fit", options), "fit")
    asked = to_plain(from_plain(FitConfig, dict(general))) | {"target": target} | to_plain(settled)
    asked = json.loads(as_json(asked))  # tuples are lists in the folder
    saved: dict[str, Any] = {**fit, **({"kind": kind} if asked["kind"] else {}), "target": of_run, **own}
    named = {*general, *options, *(["target"] if target else [])}
    if is_whole and "origin" not in others:
        named = asked.keys() & saved.keys()
    found = [
        f"{name} is {saved.get(name)!r} there, {asked[name]!r} here"
        for name in asked
        if name in named and asked[name] != saved.get(name)
    ]
    if origin is not None and origin.known_digest() != others.get("origin"):
        found.append("it fine-tunes another model" if "origin" in others else "it fine-tunes no model")
    return found
