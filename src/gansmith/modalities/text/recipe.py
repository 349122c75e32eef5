"""How text is learnt: sizes, the game, its length, what can be asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast, final

import numpy as np
import torch
from torch import nn

from gansmith.disclosure import usual_min_count
from gansmith.engine.batches import Batch, Dataset, Samples
from gansmith.engine.games import AbstractRules
from gansmith.engine.games.base import Networks
from gansmith.engine.games.likelihood import LikelihoodRules
from gansmith.engine.games.sequence import SequenceRules
from gansmith.engine.players import PlayerConfig
from gansmith.modalities.attribute_classes import classes_of, marked_ones
from gansmith.modalities.recipe import AbstractCodec, AbstractRecipe, Plan
from gansmith.modalities.sight import AbstractSight
from gansmith.modalities.text import TextOptions
from gansmith.modalities.text.codec import TextCodec
from gansmith.modalities.text.completing import TextPartial, partial_of
from gansmith.modalities.text.contesting import arena_of
from gansmith.modalities.text.dataset import Stream, Whole, row_tokens
from gansmith.modalities.text.networks import networks_for
from gansmith.modalities.text.records import Texts, joined
from gansmith.modalities.text.request import TextRequest, request_for
from gansmith.modalities.text.settings import TextNetworks
from gansmith.modalities.text.sight import TextSight
from gansmith.nets.distributions import networks_by_turn
from gansmith.scorecard.contest.arena import Arena
from gansmith.tabular.where import Where

if TYPE_CHECKING:
    from gansmith.modalities.text.networks import TextGenerator

BATCH_SIZE: Final = 32
"""Rows."""
PLAYED_BATCH: Final = 64
"""Texts of a batch of the game."""
N_JUDGED: Final = 500
USUAL_EPOCHS: Final = 20
"""Times that each row is seen; the best by its held-out part is kept."""
FEWEST_SEEN: Final = 4_000
MOST_SEEN: Final = 60_000
"""Rows."""
FEWEST_TO_HOLD_OUT: Final = 20
MAX_HELDOUT: Final = 1_000
N_EVALUATIONS: Final = 20
RATE: Final = 4e-3


@final
class TextRecipe(AbstractRecipe[TextCodec]):
    """Texts of any length, and what is known of each as conditions."""

    codec: ClassVar[type[AbstractCodec[Any, Any]]] = TextCodec
    networks: ClassVar[type[Any]] = TextNetworks
    presets: ClassVar[Mapping[str, str]] = {
        "default": "token after token, by likelihood",
        "small": "the same with half the width",
    }

    sight: ClassVar[type[AbstractSight[Any]]] = TextSight
    """See `Detecting`."""

    def n_heldout(self, n_records: int, preset: str) -> int:
        return 0 if n_records < FEWEST_TO_HOLD_OUT else min(max(n_records // 10, 1), MAX_HELDOUT)

    def plan(self, codec: TextCodec, n_records: int, preset: str, seconds: float = 0.0) -> Plan:
        scale = 2 if preset == "small" else 1
        networks = TextNetworks((128,), (64, 64, 64, 64), width=TextNetworks.width // scale)
        length = row_tokens(codec)
        n_rows = max(1, int(n_records * codec.mean_tokens / length))
        usual = int(np.clip(USUAL_EPOCHS * n_rows, min(FEWEST_SEEN, 200 * n_rows), MOST_SEEN))
        batch = min(BATCH_SIZE, n_rows)
        player = PlayerConfig(
            RATE, 0.0, beta1=0.9, beta2=0.99, average_half_life_samples=max(20 * batch, usual // 60)
        )
        if codec.is_played:
            batch = min(PLAYED_BATCH, n_records)
            usual = int(np.clip(USUAL_EPOCHS * n_records, min(FEWEST_SEEN, 200 * n_records), MOST_SEEN))
            played = SequenceRules(batch_size=batch, generator=player)
            return Plan(networks, played, usual, 4 * usual, n_evaluations=N_EVALUATIONS, n_judged=N_JUDGED)
        rules = LikelihoodRules(batch_size=batch, generator=player)
        return Plan(networks, rules, usual, 2 * usual, n_evaluations=N_EVALUATIONS)

    def build(self, codec: TextCodec, networks: TextNetworks, rules: AbstractRules) -> dict[str, nn.Module]:
        return networks_for(codec, networks, rules)

    def dataset(self, codec: TextCodec, records: Texts, seed: int) -> Dataset:
        return Whole(codec, records) if codec.is_played else Stream(codec, records, seed)

    def samples(
        self, codec: TextCodec, networks: TextNetworks, batch: Batch, generator: torch.Generator | None
    ) -> Batch:
        return batch

    def held_out_score(
        self, codec: TextCodec, n_heldout: int, seed: int
    ) -> Callable[[Samples, Samples], float] | str:
        """How likely held-out tokens are; of a game, how badly n-grams tell its texts from held-out ones."""
        if not codec.is_played:
            return "likelihood"
        from gansmith.modalities.text.telling import played_score  # it needs what judges

        return played_score(codec.vocabulary, seed)

    def finish(
        self,
        codec: TextCodec,
        rules: AbstractRules,
        ensemble: Sequence[Networks],
        seen: Dataset,
        samples_seen: int,
        seed: int,
    ) -> None:
        """See `Finishing`: networks get the temperature at which they draw; see `tradeoff.py`."""
        if isinstance(seen, (Stream, Whole)):
            from gansmith.modalities.text.tradeoff import tempered  # it needs what judges

            for member in members(ensemble):
                tempered(codec, member, seen.texts, seed)

    def plots(self, networks: Networks) -> Mapping[str, Any]:
        """See `Drawn`: quality against variety, by temperature."""
        from gansmith.modalities.text.tradeoff import points

        first = next(iter(networks_by_turn(dict(networks))))
        return {"temperature": points(generator_of(first))}

    def partial(
        self, codec: TextCodec, source: object, options: TextOptions, *, keep_missing: bool
    ) -> TextPartial:
        """See `Imputing`: texts whose masked words are found."""
        return partial_of(codec, source, options)

    def request(self, codec: TextCodec, where: Where, balance: str) -> TextRequest | None:
        """See `Conditional`; where nothing is asked for, labels are drawn as they occur."""
        return request_for(codec, where, balance)

    def asked(self, options: TextOptions) -> tuple[str, ...]:
        """See `AskingByOption`: how texts begin, how usual they are."""
        begins = (f"prompt={options.prompt}",) if options.prompt else ()
        return (*begins, *((f"temperature={options.temperature:g}",) if options.temperature else ()))

    def classes(self, records: Texts, target: str) -> np.ndarray:
        """See `Contesting`: the values of a label."""
        return classes_of(records.attributes, target, records.name, "texts")

    def arena(self, parts: Sequence[Texts], target: str) -> Arena:
        """See `Contesting`: what is said, whatever else is known of the texts."""
        return arena_of(parts)

    def sparing(self, options: TextOptions, n_records: int, times: int) -> TextOptions:
        """See `Contesting`: what is held by records is held by so many times as many."""
        return replace(options, min_count=times * (options.min_count or usual_min_count(n_records)))

    def marked(self, parts: Sequence[Texts], marks: Sequence[bool], name: str) -> Texts:
        """See `Contesting`."""
        return joined(marked_ones(parts, marks, name))

    def describe(self, codec: TextCodec) -> list[dict[str, str]]:
        """Of what texts are made, what is replaced, what can be asked for."""
        n, kind = len(codec.vocabulary.pieces), codec.vocabulary.kind
        rows = [
            {
                "part": codec.form.column if codec.form.layout == "table" else codec.form.noun,
                "learnt": f"{n:,} {kind}, {codec.mean_tokens - 1:.1f} a text, {codec.longest - 1:,} at most",
                "as": f"{codec.rare.n_words} words in a row only where {codec.min_count} hold them",
            }
        ]
        rows += [
            {"part": kind, "learnt": f"in {n:,} texts", "as": "invented anew"}
            for kind, n in codec.n_replaced.items()
        ]
        rows += [
            {"part": one["attribute"], "learnt": one["learnt"], "as": "what can be asked for"}
            for one in codec.attributes.describe()
        ]
        return rows

    def remarks(self, codec: TextCodec, records: Texts, target: str) -> tuple[str, ...]:
        n_unknown = codec.n_unknown(records)
        told = codec.attributes.remarks(records.attributes)
        if not n_unknown:
            return told
        share = n_unknown / max(1.0, codec.mean_tokens * len(records))
        what = "words" if codec.vocabulary.kind == "words" else "characters"
        held = f"{what} that fewer than {codec.min_count} texts hold never come out"
        return (*told, f"{n_unknown:,} {held}: {share:.2%} of the text.")

    def unknown(self, codec: TextCodec, records: Texts) -> tuple[str, ...]:
        return codec.attributes.unknown(records.attributes)


def generator_of(networks: Networks) -> TextGenerator:
    """The network that writes."""
    return cast("TextGenerator", networks["generator"])


def members(ensemble: Sequence[Networks]) -> list[TextGenerator]:
    """Those that write in turn."""
    return [generator_of(one) for one in ensemble]
