"""How tables are learnt: where codec, networks, conditions and scores meet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Final, cast, final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from gansmith.disclosure import usual_min_count
from gansmith.engine.batches import Batch, Dataset, Samples, TensorDataset, Weights
from gansmith.engine.games import AbstractRules, Networks
from gansmith.engine.games.adversarial import AdversarialRules
from gansmith.engine.games.autoencoder import AutoencoderRules
from gansmith.engine.monitors import coverage
from gansmith.engine.penalties import PenaltyConfig
from gansmith.engine.players import PlayerConfig
from gansmith.errors import UsageError
from gansmith.modalities.anonymizing import Renamed
from gansmith.modalities.capabilities import Verdict
from gansmith.modalities.recipe import AbstractCodec, AbstractRecipe, Plan
from gansmith.modalities.rows.sight import RowSight
from gansmith.modalities.sight import AbstractSight
from gansmith.modalities.table.codec import TableCodec
from gansmith.modalities.table.contesting import arena_of, classes_of, marked
from gansmith.modalities.table.imputation import TablePartial
from gansmith.modalities.table.options import TableOptions
from gansmith.modalities.table.renaming import renamed
from gansmith.modalities.table.request import TableRequest, request_for
from gansmith.scorecard.contest.arena import Arena
from gansmith.scorecard.features import Features, draws
from gansmith.scorecard.real.two_sample import quick_two_sample_auc, two_sample_auc
from gansmith.tabular.calibration import calibrate
from gansmith.tabular.completion import fit_completion
from gansmith.tabular.description import described
from gansmith.tabular.files import read_partial
from gansmith.tabular.files.gaps import Gaps
from gansmith.tabular.layout import Compact, Layout, draw_conditions
from gansmith.tabular.networks import TableGenerator, TableNetworks, networks_for
from gansmith.tabular.schema import Table
from gansmith.tabular.suppressed import suppression_notes, unknown_notes
from gansmith.tabular.where import Where

PRESETS: Final = {
    "default": "relativistic, with R1 and R2; Adult in 2 min: c2st .55, tstr .916 (real .93)",
    "discreet": "learns less of each record: seen 50 times at most, values of fewer than 20 suppressed",
    "small": "half the width: faster and coarser, for a first look",
    "vae": "a variational autoencoder, to compare with; Adult in 1 min: c2st .73, tstr .89",
}

BATCH_SIZE: Final = 500
N_LATENTS: Final = 128
SAMPLES_SEEN: Final = 2_400_000
"""Default length: about two minutes on two slow cores for a table of fifteen columns."""
MAX_EPOCHS: Final = 300
"""Records that are seen more often are memorised, and hardly anything is gained: of 669 records seen
1,000 times the fakes are nearer to them than to held-out ones in 62 of 100 cases, seen 300 times in 53. Those
that are learnt from twice as often are seen 600 times at most."""
DISCREET_EPOCHS: Final = 50
DISCREET_TIMES: Final = 4
"""How often a record is seen, and how many times the usual number of records must share a value, where less
is to be learnt of each. Halves of Titanic and German credit, seed 0: membership .588 -> .546, .546 -> .505;
tstr .815 -> .805 and .719 -> .618; seen 100 times: .576 and .539, tstr .775 and .725."""
FULL_RATE_SAMPLES: Final = 900_000
"""At full rate records become better until about here and then worse; longer runs take smaller steps."""
PENALTY_INTERVAL: Final = 4
"""Penalties at every fourth step, four times as strong, and turns on the same fakes: ten steps in the time
of seven, and as good or better in the same time (LOG.md)."""
ENSEMBLE_SIZE: Final = 5
SAMPLES_PER_COMPLETED: Final = 3
"""Samples of the game for each one from which it is learnt how gaps are filled: a tenth of the time."""
FINISHING_SHARE: Final = 0.1
"""Of the time of a run, for that and for what else is done when the game is over."""
TOLERANCE: Final = 0.1
"""Five standard errors of the held-out score of 2,500 records: a guard against collapse, not bad luck."""
WIDE_VALUES: Final = 10_000
"""Values of a sample beyond which nearly all work is in reading and writing them: then the networks have half
the width, and the generator does not read its draft."""
MAX_HELDOUT: Final = 2_500
HELDOUT_SHARE: Final = 0.1
MIN_HELDOUT: Final = 20
"""Fewer held-out records choose no model: then all records are learnt from and the last model is kept."""
MIN_RECORDS_FOR_TREES: Final = 200
"""Held-out records below which trees tell nothing and coverage chooses the model."""
MAX_COLUMNS_JUDGED: Final = 64
"""Columns that have a say in the last choice."""


@final
class TableRecipe(AbstractRecipe[TableCodec]):
    """Rows and columns."""

    codec: ClassVar[type[AbstractCodec[Any, Any]]] = TableCodec
    networks: ClassVar[type[Any]] = TableNetworks
    presets: ClassVar[Mapping[str, str]] = PRESETS
    sight: ClassVar[type[AbstractSight[Any]]] = RowSight

    def remarks(self, codec: TableCodec, records: Table, target: str) -> tuple[str, ...]:
        return suppression_notes(codec.rows, records.schema, target)

    def unknown(self, codec: TableCodec, records: Table) -> tuple[str, ...]:
        """See the base class; they have been read with the codec's schema."""
        return unknown_notes(codec.rows, records.records)

    def verdict(self, codec: TableCodec, records: Table) -> Verdict | None:
        """See `Validating`."""
        chain, made = codec.rows.chain, codec.rows.split(records.records)
        if not chain.constraints:
            return None
        keys = tuple(tuple(unique.numbers(made).tolist()) for unique in chain.uniques)
        has_key = np.array([~unique.lacking(made) for unique in chain.uniques], bool)
        rules = tuple(constraint.in_words() for constraint in chain.constraints)
        return Verdict(~chain.violating(made), keys, has_key.reshape(len(keys), len(records)), rules)

    def broken(self, codec: TableCodec, records: Table) -> Mapping[str, np.ndarray]:
        """See `NamingRules`."""
        return codec.rows.chain.broken(codec.rows.split(records.records))

    def fine_tuning_options(
        self, codec: TableCodec, own: TableOptions, given: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """See the base class: columns, their rules and the minimum count are the model's."""
        if given.get("epsilon") is not None:
            raise UsageError(
                "a model without a guarantee cannot be fine-tuned under one: what it has learnt was "
                "not paid for. "
                "Leave --from out."
            )
        if given.get("columns") or given.get("schema") is not None:
            raise UsageError(
                "what the columns are comes from the model to be fine-tuned. Leave columns and schema out."
            )
        if given.get("min_count", 0) not in (0, codec.rows.min_count):
            raise UsageError(
                f"min_count is {given['min_count']}, and that of the model to be fine-tuned is "
                f"{codec.rows.min_count}. Leave it out: it comes from the model."
            )
        known = {"schema": codec.schema.to_json(), "finds_constraints": False, "min_count": own.min_count}
        return {**given, **known}

    def n_heldout(self, n_records: int, preset: str) -> int:
        return n_heldout(n_records)

    def options_for(self, options: TableOptions, n_records: int, preset: str) -> TableOptions:
        """See the base class: discretion asks more records to share a value, where the user says nothing."""
        if preset != "discreet" or options.min_count:
            return options
        return self.sparing(options, n_records, DISCREET_TIMES)

    def plan(self, codec: TableCodec, n_records: int, preset: str, seconds: float = 0.0) -> Plan:
        return plan_table(codec.layout, n_records, preset)

    def build(self, codec: TableCodec, networks: TableNetworks, rules: AbstractRules) -> dict[str, nn.Module]:
        return networks_for(codec.layout, networks, rules)

    def finish(
        self,
        codec: TableCodec,
        rules: AbstractRules,
        ensemble: Sequence[Networks],
        seen: Dataset,
        samples_seen: int,
        seed: int,
    ) -> None:
        """See `Finishing`: margins become those of the training records, and gaps can be filled.

        See `calibration.py` and `completion.py`.
        """
        if not isinstance(rules, AdversarialRules):
            return  # decoders draw states by chance: no margin decides
        assert isinstance(seen, TensorDataset)
        generators = [cast("TableGenerator", member["generator"]) for member in ensemble]
        compact = seen.all["real"].cpu()
        calibrate(generators, rules, compact, seed, codec.lifts)
        if completions := [one.completion for one in generators if one.completion]:
            n_samples = samples_seen // SAMPLES_PER_COMPLETED
            fit_completion(completions[0], compact, self.weights(codec, compact), n_samples, seed)
            for other in completions[1:]:
                other.load_state_dict(completions[0].state_dict())

    def weights(self, codec: TableCodec, compact: Compact) -> Weights | None:
        """See `Weighting`."""
        return codec.record_lifts(compact) if codec.has_lifts else None

    def of_sample(self, codec: TableCodec, seed: int) -> TableCodec:
        """See `Inventing`."""
        return replace(codec, sample=seed)

    def renamed(self, source: str, output: Path, person: str, seed: int) -> Renamed:
        """See `Renaming`."""
        return renamed(source, output, person, seed)

    def samples(
        self, codec: TableCodec, networks: TableNetworks, batch: Batch, generator: torch.Generator | None
    ) -> Batch:
        """See the base class; where no network completes records, some are conditioned on own columns."""
        batch = batch.with_part("real", codec.expand(batch["real"]))
        if generator is None or networks.completion_width:
            return batch
        return batch.with_part("condition", draw_conditions(codec.layout, batch["real"], generator))

    def request(self, codec: TableCodec, where: Where, balance: str) -> TableRequest | None:
        """See `Conditional`."""
        return request_for(codec, where, balance) if where or balance else None

    def partial(
        self, codec: TableCodec, source: object, options: TableOptions, *, keep_missing: bool
    ) -> TablePartial:
        """See `Imputing`; columns that are not there at all are filled too."""
        raw, table = read_partial(
            source, codec.schema, has_header=options.has_header, encoding=options.encoding or None
        )
        return TablePartial(codec, Gaps(source, raw, table), keep_missing)

    def held_out_score(
        self, codec: TableCodec, n_heldout: int, seed: int
    ) -> Callable[[Samples, Samples], float]:
        """Boosted trees try to tell fakes from real records: 1 when they cannot, 0 when they always can."""

        def score(fake: Samples, real: Samples) -> float:
            if n_heldout < MIN_RECORDS_FOR_TREES:
                return coverage(fake, real)
            made = _thinned(codec, codec.compact(fake).cpu(), seed)
            (ours, is_category), (theirs, _) = map(codec.features, (made, codec.compact(real).cpu()))
            return min(1.0, 2 * (1 - quick_two_sample_auc(ours, theirs, is_category, seed=seed)))

        return score

    def final_score(
        self, codec: TableCodec, n_heldout: int, seed: int
    ) -> Callable[[Samples, Samples], tuple[float, float]] | None:
        """See `HasFinalScore`: one minus "c2st" of the scorecard's boosted trees, of 64 columns at most."""
        if n_heldout < MIN_RECORDS_FOR_TREES:
            return None

        def score(fake: Samples, real: Samples) -> tuple[float, float]:
            made = _thinned(codec, codec.compact(fake).cpu(), seed)
            ours, theirs = (
                _features(*codec.features(one), seed) for one in (made, codec.compact(real).cpu())
            )
            found = two_sample_auc(
                ours, theirs, seed=seed, n_folds=2, finds_giveaways=False, second=None
            ).score
            return 1 - found.value, found.error

        return score

    def describe(self, codec: TableCodec) -> list[dict[str, str]]:
        return described(codec.rows)

    def classes(self, records: Table, target: str) -> np.ndarray:
        """See `Contesting`."""
        return classes_of(records, target)

    def arena(self, parts: Sequence[Table], target: str) -> Arena:
        """See `Contesting`."""
        return arena_of(parts, target)

    def sparing(self, options: TableOptions, n_records: int, times: int) -> TableOptions:
        """See `Contesting`."""
        return replace(options, min_count=times * (options.min_count or usual_min_count(n_records)))

    def marked(self, parts: Sequence[Table], marks: Sequence[bool], name: str) -> Table:
        """See `Contesting`."""
        return marked(parts, marks, name)


def _features(values: np.ndarray, is_category: np.ndarray, seed: int) -> Features:
    """What the judge sees of records: some of the columns, where there are very many."""
    chosen = np.sort(draws(seed).permutation(values.shape[1])[:MAX_COLUMNS_JUDGED])
    return Features(tuple(map(str, chosen)), values[:, chosen].astype(np.float64), is_category[chosen])


def _thinned(codec: TableCodec, compact: Compact, seed: int) -> Float[Tensor, "fewer n_compact"]:
    """Records that were made, without some of those that are made too often."""
    if not codec.has_lifts:
        return compact
    chances = torch.from_numpy(draws(seed).random(len(compact)))
    return compact[chances * codec.record_lifts(compact) < 1]


def n_heldout(n_records: int) -> int:
    """How many of that many records choose the model."""
    n = min(int(n_records * HELDOUT_SHARE), MAX_HELDOUT)
    return n if n >= MIN_HELDOUT else 0


def plan_table(layout: Layout, n_records: int, preset: str) -> Plan:
    """Sizes, rules and length for a table.

    Args:
        layout: Of the samples.
        n_records: Training records.
        preset: A key of `PRESETS`.
    """
    is_wide = layout.n_values > WIDE_VALUES
    scale = 2 if preset == "small" or is_wide else 1
    networks = TableNetworks(
        generator_widths=(256 // scale, 256 // scale),
        discriminator_widths=(512 // scale, 256 // scale),
        n_revisions=int(not is_wide and preset != "vae"),
        completion_width=0 if preset == "vae" else 256 // scale,
    )
    batch_size = min(BATCH_SIZE, n_records)
    rules = _autoencoder(batch_size) if preset == "vae" else _adversarial(batch_size)
    n_epochs = DISCREET_EPOCHS if preset == "discreet" else MAX_EPOCHS
    most = max(n_epochs * n_records, batch_size)
    return Plan(
        networks,
        rules,
        min(SAMPLES_SEEN, most),
        most,
        tolerance=TOLERANCE,
        finishing_share=FINISHING_SHARE,
        ensemble_size=ENSEMBLE_SIZE,
    )


def _adversarial(batch_size: int) -> AdversarialRules:
    return AdversarialRules(
        batch_size=batch_size,
        n_latents=N_LATENTS,
        full_rate_samples=FULL_RATE_SAMPLES,
        turns="same_fakes",
        penalties=tuple(PenaltyConfig(name, 0.3, interval=PENALTY_INTERVAL) for name in ("r1", "r2")),
        generator=PlayerConfig(
            learning_rate=1e-3, final_learning_rate=0.0, average_half_life_samples=700 * batch_size
        ),
        discriminator=PlayerConfig(learning_rate=1e-3, final_learning_rate=0.0),
    )


def _autoencoder(batch_size: int) -> AutoencoderRules:
    learner = PlayerConfig(1e-3, 0.0, beta1=0.9, beta2=0.999, average_half_life_samples=100 * batch_size)
    return AutoencoderRules(batch_size=batch_size, n_latents=N_LATENTS, learner=learner)
