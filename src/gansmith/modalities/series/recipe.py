"""How series are learnt: sizes, the game, its length, attributes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Final, cast, final

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import nn

from gansmith.disclosure import usual_min_count
from gansmith.engine.adversarial_rules import AdversarialRules
from gansmith.engine.batches import Batch, Dataset, Samples, TensorDataset
from gansmith.engine.games import AbstractRules, Networks
from gansmith.engine.games.likelihood import LikelihoodRules
from gansmith.engine.players import PlayerConfig
from gansmith.errors import UsageError
from gansmith.modalities.capabilities import Stretch
from gansmith.modalities.recipe import AbstractCodec, AbstractRecipe, Plan
from gansmith.modalities.series import SeriesOptions
from gansmith.modalities.series.codec import SeriesCodec
from gansmith.modalities.series.contesting import arena_of, classes_of, marked
from gansmith.modalities.series.crops import LONGEST, RARE_SHARE, Crops
from gansmith.modalities.series.describing import described_series
from gansmith.modalities.series.format import SeriesFormat
from gansmith.modalities.series.futures import SeriesPartial
from gansmith.modalities.series.margins import calibrate_attributes, calibrate_steps
from gansmith.modalities.series.networks import SeriesGenerator, networks_for
from gansmith.modalities.series.of_series import STEPS
from gansmith.modalities.series.records import SeriesSet
from gansmith.modalities.series.request import SeriesRequest, request_for
from gansmith.modalities.series.sight import SeriesSight
from gansmith.modalities.series.stretches import curves_of, stretches_of, strongest
from gansmith.modalities.series.surprise import normal_scores
from gansmith.modalities.series.window_codec import WindowCodec
from gansmith.modalities.series.window_game import calibrate_windows, plan_windows, window_score
from gansmith.modalities.series.window_networks import SeriesNetworks, WindowGenerator
from gansmith.modalities.series.window_networks import networks_for as window_networks_for
from gansmith.modalities.sight import AbstractSight
from gansmith.scorecard.contest.arena import Arena
from gansmith.tabular.completion import fit_completion
from gansmith.tabular.suppressed import suppression_notes
from gansmith.tabular.where import Where

BATCH_SIZE: Final = 24
"""Stretches."""
USUAL_EPOCHS: Final = 16
"""Times that each stretch is seen; from then on it is memorised (LOG.md)."""
MOST_EPOCHS: Final = 30
"""The same where there are few."""
FEWEST_SEEN: Final = 8_000
MOST_SEEN: Final = 60_000
N_EVALUATIONS: Final = 20
N_JUDGED: Final = 256
"""Stretches that the held-out likelihood is taken of, at most."""
FINISHING_SHARE: Final = 0.05
FEWEST_TO_HOLD_OUT: Final = 10
MAX_HELDOUT: Final = 500
FEWEST_TO_DIVIDE: Final = 600
"""Steps of one series alone; of fewer all are learnt from."""
SHORTEST_STRETCH: Final = 100
MOST_STRETCHES: Final = 50
BEGINNINGS: Final = 0.7
"""Share of them of which the first columns are known alone, as when they are made."""
ATTRIBUTES_SEEN: Final = 60_000
"""Series that attributes are learnt from, repeated ones too."""


AnyCodec = SeriesCodec | WindowCodec


@final
class SeriesRecipe(AbstractRecipe[AnyCodec]):
    """Steps in time, of one or of many."""

    codec: ClassVar[type[AbstractCodec[Any, Any]]] = SeriesCodec
    networks: ClassVar[type[Any]] = SeriesNetworks
    presets: ClassVar[Mapping[str, str]] = {"default": "attributes first, then step after step"}
    sight: ClassVar[type[AbstractSight[Any]]] = SeriesSight

    def divided(self, records: SeriesSet) -> SeriesSet:
        """See `Dividing`: one long series alone lies in stretches, some of which are held out."""
        n, form = len(records.owners), records.form
        if form.shape != "single":
            return records
        return replace(records, form=replace(form, n_whole=n)).in_stretches(_stretch(n, form.window))

    def pieces(self, codec: AnyCodec, records: SeriesSet) -> SeriesSet:
        """See `Dividing`."""
        form = codec.form
        return (
            records if form.shape != "single" else records.in_stretches(_stretch(form.n_whole, form.window))
        )

    def asked(self, options: SeriesOptions) -> tuple[str, ...]:
        """See `AskingByOption`: how many steps each series has."""
        return (f"{STEPS}={options.steps}",) if options.steps else ()

    def n_heldout(self, n_records: int, preset: str) -> int:
        return 0 if n_records < FEWEST_TO_HOLD_OUT else min(max(n_records // 10, 1), MAX_HELDOUT)

    def plan(self, codec: AnyCodec, n_records: int, preset: str, seconds: float = 0.0) -> Plan:
        if isinstance(codec, WindowCodec):
            return plan_windows(codec.view, codec.n_windows or n_records, preset)
        n_crops = n_records * max(1, codec.longest // LONGEST)
        least = min(FEWEST_SEEN, MOST_EPOCHS * n_crops)
        usual = int(np.clip(USUAL_EPOCHS * n_crops, least, MOST_SEEN))
        rules = LikelihoodRules(
            batch_size=BATCH_SIZE,
            generator=PlayerConfig(3e-3, 0.0, beta1=0.9, beta2=0.99, average_half_life_samples=1_000),
        )
        return Plan(
            SeriesNetworks((1,), (1,)),
            rules,
            usual,
            2 * usual,
            n_evaluations=N_EVALUATIONS,
            finishing_share=FINISHING_SHARE,
            n_judged=N_JUDGED,
        )

    def build(self, codec: AnyCodec, networks: SeriesNetworks, rules: AbstractRules) -> dict[str, nn.Module]:
        if isinstance(codec, WindowCodec):
            return window_networks_for(codec.view, networks, rules)
        if not isinstance(rules, LikelihoodRules):
            raise UsageError(f"series have no networks for the game {rules.name!r}.")
        return networks_for(codec, networks, rules)

    def dataset(self, codec: AnyCodec, records: Any, seed: int) -> Dataset:
        if isinstance(codec, WindowCodec):
            return TensorDataset({"real": codec.encode(records.in_windows(codec.form.window), seed)})
        return Crops(codec, records, seed)

    def samples(
        self, codec: AnyCodec, networks: SeriesNetworks, batch: Batch, generator: torch.Generator | None
    ) -> Batch:
        if isinstance(codec, WindowCodec):
            return batch.with_part("real", codec.expand(batch["real"]))
        return batch

    def request(self, codec: AnyCodec, where: Where, balance: str) -> SeriesRequest | None:
        """See `Conditional`: attributes, and statistics such as `max(load)>400`."""
        return request_for(codec, where, balance) if where or balance else None

    def partial(
        self, codec: AnyCodec, source: object, options: SeriesOptions, *, keep_missing: bool
    ) -> SeriesPartial:
        """See `Imputing`: gaps are filled, or series go on by `steps`, in several ways.

        Raises:
            UsageError: The model is of separate windows, which nothing comes after.
        """
        if isinstance(codec, WindowCodec):
            raise UsageError(
                "this model makes separate windows, which nothing comes after. Learn with --window 0."
            )
        history = SeriesFormat().read_for(source, codec.empty)
        return SeriesPartial(codec, history, options.steps, options.futures)

    def of_sample(self, codec: AnyCodec, seed: int) -> AnyCodec:
        """See `Inventing`."""
        return codec if isinstance(codec, WindowCodec) else replace(codec, sample=seed)

    def held_out_score(
        self, codec: AnyCodec, n_heldout: int, seed: int
    ) -> Callable[[Samples, Samples], float] | str:
        """Of windows what trees cannot tell; else what the game reads: how likely held-out steps are."""
        return window_score(codec.view, seed) if isinstance(codec, WindowCodec) else "likelihood"

    def describe(self, codec: AnyCodec) -> list[dict[str, str]]:
        """See the base class: of series, of times and of steps."""
        return described_series(codec)

    def remarks(self, codec: AnyCodec, records: SeriesSet, target: str) -> tuple[str, ...]:
        """See the base class."""
        if isinstance(codec, WindowCodec):
            return ()
        found: list[str] = []
        for rows in (codec.attributes, codec.steps.rows):
            if rows is not None:
                found += suppression_notes(rows, rows.schema, target if target in rows.flat.names else "")
        return tuple(found)

    def finish(
        self,
        codec: AnyCodec,
        rules: AbstractRules,
        ensemble: Sequence[Networks],
        seen: Dataset,
        samples_seen: int,
        seed: int,
    ) -> None:
        """See `Finishing`: attributes are learnt; what is made gets the margins of real ones."""
        if isinstance(codec, WindowCodec):
            assert isinstance(rules, AdversarialRules)
            shape = (codec.form.window, len(codec.measures))
            values = cast("TensorDataset", seen).all["real"].unflatten(1, shape).numpy()
            makers = [cast("WindowGenerator", member["generator"]) for member in ensemble]
            calibrate_windows(makers, rules, values, seed)
            return
        for member in ensemble:
            generator, crops = cast("SeriesGenerator", member["generator"]), cast("Crops", seen)
            if generator.attributes is not None:
                compact = crops.attributes
                fit_completion(
                    generator.attributes, compact, None, ATTRIBUTES_SEEN, seed, BEGINNINGS, RARE_SHARE
                )
                calibrate_attributes(generator.attributes, compact, seed)
            calibrate_steps(generator, codec, crops.margins, seed)

    def classes(self, records: SeriesSet, target: str) -> np.ndarray:
        """See `HasClasses`: an attribute."""
        return classes_of(records, target)

    def arena(self, parts: Sequence[SeriesSet], target: str) -> Arena:
        """See `Contesting`."""
        return arena_of(parts, target)

    def sparing(self, options: SeriesOptions, n_records: int, times: int) -> SeriesOptions:
        """See `Contesting`."""
        return replace(options, min_count=times * (options.min_count or usual_min_count(n_records)))

    def marked(self, parts: Sequence[SeriesSet], marks: Sequence[bool], name: str) -> SeriesSet:
        """See `Contesting`."""
        return marked(parts, marks, name)

    def surprise(
        self, codec: AnyCodec, networks: Networks, records: SeriesSet
    ) -> Float[np.ndarray, " n"] | None:
        """See `Surprising`; a game of windows says of nothing how likely it is."""
        if isinstance(codec, WindowCodec):
            return None
        generator = cast("SeriesGenerator", networks["generator"])
        return strongest(normal_scores(codec, generator, records), records.starts)

    def stretches(self, codec: SeriesCodec, networks: Networks, records: SeriesSet) -> Sequence[Stretch]:
        """See `Surprising`."""
        generator = cast("SeriesGenerator", networks["generator"])
        return stretches_of(codec.steps, records, normal_scores(codec, generator, records))

    def along(self, codec: SeriesCodec, records: SeriesSet) -> list[dict[str, list[float | None]]]:
        """See `Surprising`."""
        return curves_of(codec.steps, records)

    def broken(self, codec: AnyCodec, records: SeriesSet) -> Mapping[str, Bool[np.ndarray, " n"]]:
        """See `NamingRules`: rules between the columns of a step; a series breaks one in any of its steps."""
        rows = None if isinstance(codec, WindowCodec) else codec.steps.rows
        if rows is None:
            return {}
        broken = rows.chain.broken(rows.split(records.steps.select(list(rows.schema.names))))
        return {words: np.logical_or.reduceat(mask, records.starts[:-1]) for words, mask in broken.items()}


def _stretch(n_steps: int, window: int) -> int:
    """Steps of the stretches in which one series of so many steps is learnt."""
    if n_steps < FEWEST_TO_DIVIDE:
        return n_steps
    return min(max(n_steps // MOST_STRETCHES, SHORTEST_STRETCH, 4 * window), n_steps // FEWEST_TO_HOLD_OUT)
