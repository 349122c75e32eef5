"""How domains are learnt: windows, what is given and wanted, how real results look, and how they are made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Final, cast, final

import torch
from torch import Tensor, nn

from gansmith.engine.batches import Batch, Dataset, Samples
from gansmith.engine.games import AbstractRules, Networks, Readings
from gansmith.engine.games.domains import DomainRules
from gansmith.errors import DataError, UsageError
from gansmith.modalities.anonymizing import Asked, Replaced
from gansmith.modalities.pairs.domains import DomainOptions, quoted
from gansmith.modalities.pairs.domains.anonymizing import anonymized
from gansmith.modalities.pairs.domains.applying import way_of
from gansmith.modalities.pairs.domains.codec import DomainCodec
from gansmith.modalities.pairs.domains.networks import DomainNetworks, networks_for
from gansmith.modalities.pairs.domains.presets import PRESETS, rivals
from gansmith.modalities.pairs.domains.records import FEWEST_SPLIT, Domains
from gansmith.modalities.pairs.domains.targets import targets_of
from gansmith.modalities.pairs.domains.windows import DomainWindows
from gansmith.modalities.recipe import AbstractCodec, AbstractRecipe, Plan
from gansmith.modalities.translating import Way, Wish
from gansmith.scorecard.translation.patches import patches_of, side_of
from gansmith.scorecard.translation.realism import patch_auc
from gansmith.tabular.where import Where

FEWEST_TO_HOLD_OUT: Final = 20
"""Of fewer records none is held out."""
MOST_HELD_OUT: Final = 64
N_NAMED: Final = 3
"""Values that a note names."""
N_FOLDS: Final = 2
"""Of the classifier by which held-out windows are told."""


@final
class DomainRecipe(AbstractRecipe[DomainCodec]):
    """See `Translating`, `Aiming`, `Racing`: records of any kind on a grid, of several domains."""

    codec: ClassVar[type[AbstractCodec[Any, Any]]] = DomainCodec
    networks: ClassVar[type[Any]] = DomainNetworks
    presets: ClassVar[Mapping[str, str]] = {name: preset.meaning for name, preset in PRESETS.items()}

    def n_heldout(self, n_records: int, preset: str) -> int:
        return 0 if n_records < FEWEST_TO_HOLD_OUT else min(n_records // 8, MOST_HELD_OUT)

    def plan(self, codec: DomainCodec, n_records: int, preset: str, seconds: float = 0.0) -> Plan:
        return PRESETS[preset].plan(codec, seconds)

    def build(
        self, codec: DomainCodec, networks: DomainNetworks, rules: AbstractRules
    ) -> dict[str, nn.Module]:
        return networks_for(codec, networks, rules)

    def dataset(self, codec: DomainCodec, records: Domains, seed: int) -> Dataset:
        return DomainWindows(codec, records)

    def samples(
        self, codec: DomainCodec, networks: DomainNetworks, batch: Batch, generator: torch.Generator | None
    ) -> Batch:
        """See the base class: windows, some of them mirrored, and the heights of what is given."""
        real, source = codec.expand(batch["real"]), codec.expand(batch["source"])
        if generator is not None and codec.is_mirrored:
            real, source = (_mirrored(side, generator) for side in (real, source))
        source = torch.cat([source, batch["heights"].to(source)], 1)
        return Batch(
            {"real": real, "condition": batch["condition"], "source": source, "origin": batch["origin"]}
        )

    def held_out_score(
        self, codec: DomainCodec, n_heldout: int, seed: int
    ) -> Callable[[Samples, Samples], float] | str:
        """See the base class: of two sets whether patches are told from real ones of the same set.

        Of an attribute whether a reader reads what was asked for.
        """
        if not codec.state_.has_two_sets or codec.state_.is_identity:
            return "asked"
        n_domains = 1 if codec.state_.is_of_one else codec.attributes.n_conditions

        def score(fake: Samples, real: Samples) -> float:
            """Held-out windows take turns: see `DomainWindows`."""
            told = [_told(fake[place::n_domains], real[place::n_domains], seed) for place in range(n_domains)]
            return min(1.0, 2 * (1 - sum(told) / n_domains))

        return score

    def rivals(self, codec: DomainCodec, preset: str, rules: AbstractRules) -> Mapping[str, AbstractRules]:
        """See `Racing`."""
        state = codec.state_
        is_raced = PRESETS[preset].is_raced and state.has_two_sets
        is_raced = is_raced and not state.is_of_one and not state.is_identity
        return rivals(cast("DomainRules", rules)) if is_raced else {}

    def rating(self, score: float, readings: Readings) -> float:
        """See `Racing`: real alone is another picture, kept alone is the same one; so both, multiplied."""
        return score * max(0.0, readings.get("content", 1.0))

    def way(self, codec: DomainCodec, rules: AbstractRules, networks: Networks, wish: Wish) -> Way:
        """See `Translating`."""
        return way_of(codec, rules, networks, wish)

    def anonymized(
        self,
        codec: DomainCodec,
        rules: AbstractRules,
        networks: Networks,
        source: str,
        output: Path,
        asked: Asked,
    ) -> Iterator[Replaced]:
        """See `Anonymizing`: every record becomes one of somebody who is none of those that were learnt."""
        return anonymized(codec, networks, source, output, asked)

    def targets(self, codec: DomainCodec, where: Where) -> Mapping[str, Where]:
        """See `Aiming`: two sets are not chosen by conditions."""
        return {} if codec.state_.has_two_sets else targets_of(codec, where)

    def fine_tuning_options(
        self, codec: DomainCodec, own: DomainOptions, given: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """See the base class: what is changed is the model's."""
        known = {
            name: getattr(own, name)
            for name in ("unpaired", "to_attribute", "keep_attribute", "identity", "accept_terms", "size")
        }
        for name, value in known.items():
            new = given.get(name, value)
            if (tuple(new) if isinstance(new, list) else new) != value:
                raise UsageError(
                    f"{name} is {given[name]!r}, and that of the model to be fine-tuned is {value!r}. Leave "
                    "it out: it comes from the model."
                )
        channels = {1: "L", 3: "RGB"}.get(codec.state_.n_channels, "")
        return {"channels": channels, **given, **{name: value for name, value in known.items() if value}}

    def remarks(self, codec: DomainCodec, records: Domains, target: str) -> tuple[str, ...]:
        """See the base class: what held-out scores are worth where records are few."""
        few = [f"{name} {value}" for name, value, places in records.groups if len(places) < FEWEST_SPLIT]
        if not few:
            return ()
        more = f" and {len(few) - N_NAMED} more" if len(few) > N_NAMED else ""
        return (
            f"{', '.join(few[:N_NAMED])}{more}: fewer than {FEWEST_SPLIT} records, all of "
            "which are learnt from: held-out scores are of these as well",
        )

    def unknown(self, codec: DomainCodec, records: Domains) -> tuple[str, ...]:
        """See the base class: records have the channels and the attribute that the model knows."""
        if records.n_channels != codec.state_.n_channels:
            raise DataError(
                f"{records.name}: records have {records.n_channels} channels, those of the model "
                f"{codec.state_.n_channels}. Give such as it was learnt from."
            )
        if set(records.attributes.names) != set(codec.attributes.names):
            raise DataError(
                f"{records.name}: records differ in {quoted(records.attributes.names)}, those of the model "
                f"in {quoted(codec.attributes.names)}. Give such as it was learnt from."
            )
        return codec.attributes.unknown(records.attributes)[:-1]  # the last is on how several go together

    def describe(self, codec: DomainCodec) -> list[dict[str, str]]:
        state = codec.state_
        what = "records of one set turned into such as of the other, and back"
        if state.is_of_one:
            what = "records of one set in the texture of one record"
        elif not state.has_two_sets:
            kept = f", {quoted(state.kept)} kept" if state.kept else ""
            what = f"{quoted(codec.changed)} of a record changed{kept}"
        if state.is_identity:
            what = "one person turned into another, and back; the terms of use were accepted"
        window = " x ".join(map(str, reversed(state.window)))
        seen = f"whole, longest side {state.size}" if state.size else f"windows of {window}"
        rows = [{"part": "task", "learnt": what}, {"part": "seen", "learnt": f"{state.kind}, {seen}"}]
        if not state.has_two_sets:
            found = codec.attributes.describe()
            rows += [{"part": row["attribute"], "learnt": row["learnt"]} for row in found]
        if codec.tables is not None:
            rows.append({"part": "colours", "learnt": "moved before any game, by height: --strength 0"})
        return rows


def _mirrored(samples: Tensor, generator: torch.Generator) -> Tensor:
    """Some of the records, mirrored along their last axis."""
    is_so = (torch.rand(len(samples), generator=generator) < 0.5).view(-1, *[1] * (samples.ndim - 1))
    return torch.where(is_so.to(samples.device), samples.flip(samples.ndim - 1), samples)


def _told(fake: Samples, real: Samples, seed: int) -> float:
    """How well a classifier tells patches of fakes from real ones, from .5 to 1."""
    sides = [[one.numpy() for one in side.float().clamp(0, 1).cpu()] for side in (fake, real)]
    side = side_of([*sides[0], *sides[1]])
    made, wanted = (patches_of(records, side, seed=seed) for records in sides)
    return max(0.5, patch_auc(made, wanted, is_paired=False, seed=seed, n_folds=N_FOLDS).value)
