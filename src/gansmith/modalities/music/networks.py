"""A network that makes music step after step, voice after voice, and says how likely each of them is.

A recurrent layer carries what has been. At each step every voice is told what the voices before it do now,
and what all did one, two, four and eight bars ago. What is given, a melody to be harmonised, is read in both
directions first, so that a chord knows where the melody is going.

Sources:
    Boulanger-Lewandowski et al. 2012, "Modeling temporal dependencies in high-dimensional sequences"
    (arXiv:1206.6392): a recurrent network over steps, notes given those below them. Hadjeres et al. 2017,
    "DeepBach" (arXiv:1612.01010): hold symbols, and what comes after is read, too. Waite 2016, "Generating
    long-term structure in songs and stories": what was there bars ago. Bengio et al. 2003: likelihood.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, final

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn.functional import embedding, embedding_bag, log_softmax, pad, silu

from gansmith.engine.games import AbstractRules
from gansmith.engine.games.adversarial import AdversarialRules
from gansmith.engine.games.likelihood import LikelihoodRules
from gansmith.errors import UsageError
from gansmith.modalities.music.along import FEATURE_SIZES, LAGS_BARS, N_AGES
from gansmith.modalities.music.codec import PieceCodec
from gansmith.modalities.music.harmonising import N_CHORDS
from gansmith.modalities.music.phrase_networks import phrase_networks_for
from gansmith.modalities.music.records import FIRST
from gansmith.modalities.music.settings import MusicNetworks
from gansmith.nets.distributions import AbstractSequential

FIRST_SPREAD: Final = 0.05
"""Standard deviation with which what tells notes apart begins."""
GAIN: Final = 4.0
"""Weights from single notes learn so much faster than others."""
Hidden = Float[Tensor, "1 batch width"]
N_CLASSES: Final = 12
MOST_STEP: Final = 36
"""Semitones from one note to another that are told apart."""
N_STEPS: Final = 2 * MOST_STEP + 1
NO_NOTE: Final = -1_000
MELODY_SHARE: Final = 0.5
"""Of the pieces in which the first track alone is read ahead."""
USUAL_TEMPERATURE: Final = 0.9
_IMPOSSIBLE: Final = -1e9


@final
class PieceGenerator(AbstractSequential):
    """See the module.

    Args:
        codec: Of the pieces.
        config: Sizes.
    """

    _closed: Tensor
    _slots: Tensor
    _classes: Tensor
    _notes: Tensor
    _features: Tensor
    temperature: Tensor
    """By which what is said is divided where nothing is given; see `warmth.py`."""

    def __init__(self, codec: PieceCodec, config: MusicNetworks) -> None:
        super().__init__()
        from gansmith.modalities.music.making import Making

        sizes, width = codec.sizes, config.width
        n_voices, n_most = len(sizes), max(sizes)
        self.codec, self.n_voices, self.n_most = codec, n_voices, n_most
        self.hidden_share, self.given_share = config.hidden_share, config.given_share
        self.owners = torch.tensor(codec.form.owners)

        def table(n: int) -> nn.Parameter:
            return nn.Parameter(torch.randn(n, width) * FIRST_SPREAD)

        kinds = [n_most] * n_voices + [N_AGES] * n_voices
        kinds += [n_most + 1] * (len(LAGS_BARS) * n_voices) + [*FEATURE_SIZES]
        self.told_of = table(sum(kinds))
        self.known = nn.Linear(codec.attributes.n_conditions + len(LAGS_BARS), width)
        self.carry = nn.GRU(width, width, batch_first=True)
        self.past = nn.Linear(2 * width, width)
        self.now, self.classes = table(n_voices * n_most), table(2 * (N_CLASSES + 1))
        self.voice = table(n_voices)
        self.again = table(n_voices * len(LAGS_BARS) * (n_most + 1))
        self.refine = nn.Linear(width, width)
        self.said = nn.Parameter(torch.zeros(n_voices, width, n_most))
        self.bias = nn.Parameter(torch.zeros(n_voices, n_most))
        self.steps = nn.Parameter(torch.zeros(n_voices, width, 2 * N_STEPS))
        self.usual_steps = nn.Parameter(torch.zeros(n_voices, 2 * N_STEPS))
        notes = np.array(codec.lowest)[:, None] + np.arange(n_most) - FIRST
        notes = np.where((np.arange(n_most) >= FIRST) & codec.form.pitched[:, None], notes, NO_NOTE)
        self.register_buffer("_notes", torch.from_numpy(notes), persistent=False)
        self.is_accompanying = len(codec.form.tracks) > 1
        if self.is_accompanying:
            half = width // 2
            self.chords, self.plan = table(2 * N_CHORDS + 1), nn.Linear(width, N_CHORDS)
            self.fits = nn.Parameter(torch.zeros(N_CHORDS, n_voices, n_most))
            self.given_at = table(sum(FEATURE_SIZES))
            self.given = table(2 * n_voices * n_most + n_voices)
            self.read = nn.GRU(width, half, batch_first=True, bidirectional=True)
            self.heard = nn.Linear(2 * half, width)
            self.led = nn.Linear(width, N_CHORDS)
        closed = np.where(np.arange(n_most) >= np.array(sizes)[:, None], _IMPOSSIBLE, 0.0)
        self.register_buffer("_closed", torch.from_numpy(closed.astype(np.float32)), persistent=False)
        starts = np.concatenate([[0], np.cumsum(kinds)[:-1]])
        self.register_buffer("_slots", torch.from_numpy(starts), persistent=False)
        at = np.concatenate([[0], np.cumsum(FEATURE_SIZES)[:-1]])
        self.register_buffer("_features", torch.from_numpy(at), persistent=False)
        heights = np.array(codec.lowest)[:, None] + np.arange(n_most) - 1
        is_heard = (np.arange(n_most) > 0) & codec.form.pitched[:, None]
        classes = np.where(is_heard, heights % N_CLASSES + 1, 0).ravel()
        self.register_buffer("_classes", torch.from_numpy(classes), persistent=False)
        self.register_buffer("temperature", torch.from_numpy(np.array(USUAL_TEMPERATURE, np.float32)))
        self._making = Making(codec)

    # --- Learning ---

    def log_likelihood(
        self, parts: Mapping[str, Tensor], hiding: torch.Generator | None
    ) -> Float[Tensor, " batch"]:
        """See the base class; the mean over the steps that count, of the voices that are not given.

        While the network learns some tracks are read ahead in every piece. How likely they make its chords
        counts, even where its voices are not told of them.
        """
        tokens = parts["tokens"].long()
        ahead, is_led = self._drawn(len(tokens), hiding)
        planned, said = self.said_along(parts, ahead, is_led, hiding)
        here = said.gather(-1, tokens[..., None])[..., 0]
        counts = parts["counts"][..., None] & ~(ahead & is_led[:, None])[:, None]
        found = (here * counts).sum((1, 2))
        at, begins = parts["chords"].long()[..., None], parts["counts"] & parts["begins"]
        for place, chords in enumerate(
            planned
        ):  # what is said of those that were, and of those that are read
            is_said = ahead.any(1) if place else ~is_led
            chance = log_softmax(chords.float(), -1).gather(-1, at)[..., 0]
            found = found + (chance * begins).sum(1) * is_said
        return found / counts.sum((1, 2)).clamp_min(1)

    def said_along(
        self,
        parts: Mapping[str, Tensor],
        ahead: Bool[Tensor, "batch voices"],
        is_led: Bool[Tensor, " batch"],
        hiding: torch.Generator | None,
    ) -> tuple[tuple[Tensor, ...], Float[Tensor, "batch steps voices things"]]:
        """Logits of each chord, and the logarithms of the chances of what each voice may do, at each step.

        Args:
            parts: What is known of pieces.
            ahead: Which voices are read ahead.
            is_led: In which pieces the other voices are told of them.
            hiding: See `log_likelihood`.

        Returns:
            Chords by what was and by what is read ahead, `(batch, steps, chords)` each, nothing where one
            voice is alone; and the chances.
        """
        tokens, before = parts["tokens"].long(), parts["before"].long()
        rows = self.told(before, parts["age"].long(), parts["looks"].long(), parts["places"].long())
        rows = rows + self._attributes(parts["condition"], parts["runs"])
        chords = parts["chords"].long()
        heard = self.context(tokens, before, ahead, parts["places"].long(), parts["condition"])
        if heard is not None:
            rows = rows + heard * is_led[:, None, None]
            rows = rows + self.after_chord(pad(chords[:, :-1], (1, 0), value=N_CHORDS))
        rows = self._hidden(rows, hiding)
        carried, _ = self.carry(rows)
        past = self.past(torch.cat([carried, rows], -1))
        past = self._hidden(past, hiding)
        after = sounding_after(tokens, before)
        now = self._each(GAIN * self.now, after, self.n_most) + embedding(
            self._class(after), GAIN * self.classes
        )
        now = torch.cumsum(now, -2) - now  # (batch, steps, voices, width), what the voices before do
        found = self.under(past, chords)[..., None, :] + now + self._again(parts["looks"].long())
        logits = self._logits(found, slice(None), self.anchors(before, after)) + self._possible(before)
        if heard is None:
            return (), log_softmax(logits.float(), -1)
        logits = logits + GAIN * embedding(chords, self.fits.flatten(1)).view_as(logits)
        return (self.plan(silu(past)), self.led(silu(heard))), log_softmax(logits.float(), -1)

    # --- Harmony: the chord of each quarter note, said before the voices are ---

    def after_chord(self, chords: Int[Tensor, "*rows"]) -> Float[Tensor, "*rows width"]:
        """What the chord of the step before tells; `N_CHORDS` of none."""
        return GAIN * embedding(chords + N_CHORDS, self.chords)

    def planned(
        self,
        past: Float[Tensor, "batch width"],
        heard: Float[Tensor, "batch width"] | None,
        is_led: Bool[Tensor, " batch"],
    ) -> Float[Tensor, "batch chords"] | None:
        """What is said of the next chord; None where one voice is alone.

        Where voices are given, they lead: chords follow from them alone, so that no chord that went wrong
        leads to the next.
        """
        if not self.is_accompanying:
            return None
        said = self.plan(silu(past))
        if heard is None:
            return said
        return torch.where(is_led[:, None], self.led(silu(heard)), said)

    def under(self, past: Float[Tensor, "*rows width"], chords: Int[Tensor, "*rows"]) -> Tensor:
        """What is known before a step, and its chord."""
        return past + GAIN * embedding(chords, self.chords[:N_CHORDS]) if self.is_accompanying else past

    def anchors(
        self, before: Int[Tensor, "*rows voices"], after: Int[Tensor, "*rows voices"]
    ) -> Int[Tensor, "*rows voices two"]:
        """What notes are measured from: what each voice sounded, and what the voice before it sounds now."""
        own, now = (torch.where(one > 0, self._notes[:, FIRST] + one - 1, NO_NOTE) for one in (before, after))
        return torch.stack([own, pad(now[..., :-1], (1, 0), value=NO_NOTE)], -1)

    def _drawn(
        self, n: int, hiding: torch.Generator | None
    ) -> tuple[Bool[Tensor, "batch voices"], Bool[Tensor, " batch"]]:
        """Which voices are read ahead while the network learns, and in which pieces others go with them.

        Whole tracks, never all; half of the time the first one alone, which is the melody.
        """
        n_tracks = len(self.codec.form.tracks)
        if hiding is None or not self.is_accompanying:
            return torch.zeros(n, self.n_voices, dtype=torch.bool), torch.zeros(n, dtype=torch.bool)
        is_led = torch.rand(n, generator=hiding) < self.given_share
        chance = torch.rand(n, n_tracks, generator=hiding)
        n_given = torch.randint(1, n_tracks, (n, 1), generator=hiding)
        tracks = chance.argsort(1).argsort(1) < n_given
        is_melody = torch.rand(n, 1, generator=hiding) < MELODY_SHARE
        tracks = torch.where(is_melody, torch.arange(n_tracks) == 0, tracks)
        return tracks[:, self.owners], is_led

    def told(
        self, before: Tensor, age: Tensor, looks: Tensor, places: Tensor
    ) -> Float[Tensor, "*rows width"]:
        """What is known before a step as one row, but for attributes."""
        things = torch.cat([before, age, looks.flatten(-2), places], -1) + self._slots
        classes = self._class(before) + N_CLASSES + 1
        return self._bags(things, self.told_of) + self._bags(classes, self.classes)

    def _class(self, sounding: Int[Tensor, "*rows voices"]) -> Int[Tensor, "*rows voices"]:
        """The pitch class of what sounds in each voice, from 1 on; 0 of silence and of drums."""
        return self._classes[torch.arange(self.n_voices) * self.n_most + sounding]

    def _bags(self, things: Int[Tensor, "*rows things"], table: Tensor) -> Float[Tensor, "*rows width"]:
        """The sum of what stands in a table for some things."""
        rows = embedding_bag(things.flatten(0, -2), GAIN * table, mode="sum")
        return rows.unflatten(0, things.shape[:-1])

    def _attributes(self, condition: Tensor, runs: Tensor) -> Tensor:
        attributes = condition[:, 1 : 1 + self.codec.attributes.n_conditions]
        told = attributes[:, None].expand(-1, runs.shape[1], -1) if runs.dim() == 3 else attributes
        return self.known(torch.cat([told, runs], -1))

    def context(
        self,
        tokens: Tensor,
        before: Tensor,
        is_given: Bool[Tensor, "batch voices"],
        places: Tensor,
        condition: Tensor,
    ) -> Float[Tensor, "batch steps width"] | None:
        """What is given, read in both directions; None where nothing can be."""
        if not self.is_accompanying:
            return None
        n, n_voices = self.n_most, self.n_voices
        at = n * torch.arange(n_voices)
        unknown = 2 * n * n_voices + torch.arange(n_voices)
        mask = is_given[:, None]
        after = torch.where(mask, sounding_after(tokens, before) + at, unknown)
        earlier = torch.where(mask, before + at + n * n_voices, unknown)
        sounds = torch.where(mask, sounding_after(tokens, before), 0)
        rows = self._bags(torch.cat([after, earlier], -1), self.given)
        rows = rows + self._bags(self._class(sounds), self.classes)
        rows = rows + self._bags(places + self._features, self.given_at)
        nothing = condition.new_zeros(*tokens.shape[:2], len(LAGS_BARS))
        heard, _ = self.read(rows + self._attributes(condition, nothing))
        return self.heard(heard) * is_given.any(1)[:, None, None]

    def _again(self, looks: Int[Tensor, "*rows lags voices"]) -> Float[Tensor, "*rows voices width"]:
        """What each voice did bars ago, told to itself once more."""
        flat = looks.transpose(-1, -2)  # (*rows, voices, lags)
        places = torch.arange(self.n_voices * len(LAGS_BARS)).view(self.n_voices, -1) * (self.n_most + 1)
        return self._bags(flat + places, self.again)

    def _possible(self, before: Tensor) -> Tensor:
        """Added to logits: a voice that is silent holds nothing, and has no notes beyond its range."""
        nothing = torch.zeros(*before.shape, self.n_most)
        nothing[..., 1] = torch.where(before == 0, _IMPOSSIBLE, 0.0)
        return nothing + self._closed

    def _hidden(self, values: Tensor, hiding: torch.Generator | None) -> Tensor:
        """Values, some of them zero while the network learns, and the others the larger for it."""
        if hiding is None or not self.hidden_share:
            return values
        is_kept = torch.rand(values.shape, generator=hiding) >= self.hidden_share
        return values * is_kept.to(values) / (1 - self.hidden_share)

    def _each(
        self, table: Tensor, values: Int[Tensor, "*rows columns"], n: int
    ) -> Float[Tensor, "*rows columns width"]:
        """What stands in a table for the value of each column."""
        return embedding(values + n * torch.arange(values.shape[-1]), table)

    def _logits(
        self,
        context: Float[Tensor, "*rows voices width"],
        voices: slice,
        anchors: Int[Tensor, "*rows voices two"],
    ) -> Tensor:
        """What is said of notes by themselves, and of how far they are from what they are measured from."""
        found = silu(context + GAIN * self.voice[voices])
        found = found + silu(self.refine(found))
        logits = torch.einsum("...vw,vwk->...vk", found, self.said[voices]) + self.bias[voices]
        steps = torch.einsum("...vw,vws->...vs", found, self.steps[voices]) + self.usual_steps[voices]
        notes = self._notes[voices]
        for place, said in enumerate(steps.split(N_STEPS, -1)):
            anchor = anchors[..., place, None]
            far = (notes - anchor).clamp(-MOST_STEP, MOST_STEP) + MOST_STEP
            far = torch.where((notes == NO_NOTE) | (anchor == NO_NOTE), N_STEPS, far)
            logits = logits + pad(said, (0, 1)).gather(-1, far)
        return logits

    # --- Making ---

    def advance(self, rows: Float[Tensor, "batch width"], hidden: Hidden | None) -> tuple[Tensor, Hidden]:
        """What is known before a step, and what is carried on."""
        carried, after = self.carry(rows[:, None], hidden)
        return self.past(torch.cat([carried[:, 0], rows], -1)), after

    def rows_at(
        self, before: Tensor, age: Tensor, looks: Tensor, runs: Tensor, places: Tensor, condition: Tensor
    ) -> Float[Tensor, "batch width"]:
        """What is known before one step of each piece."""
        return self.told(before, age, looks, places) + self._attributes(condition, runs)

    def beside(self, past: Tensor, looks: Tensor) -> Float[Tensor, "batch voices width"]:
        """The context of each voice before any of them is known."""
        return past[:, None] + self._again(looks)

    def logits_of(
        self,
        context: Float[Tensor, "batch width"],
        voice: int,
        before: Tensor,
        after: Tensor,
        chords: Int[Tensor, " batch"],
    ) -> Tensor:
        """What one voice may do, shape `(batch, things)`, given what the voices before it now sound."""
        anchors = self.anchors(before, after)[:, voice : voice + 1]
        found = self._logits(context[:, None], slice(voice, voice + 1), anchors)[:, 0]
        if self.is_accompanying:
            found = found + GAIN * self.fits[chords, voice]
        return found.float() + self._possible(before)[:, voice]

    def with_voice(self, voice: int, sounding: Int[Tensor, " batch"]) -> Float[Tensor, "batch width"]:
        """What is added to the contexts of the voices that follow."""
        at = voice * self.n_most + sounding
        return GAIN * (self.now[at] + self.classes[self._classes[at]])

    @torch.no_grad()
    def forward(
        self, noise: Float[Tensor, "batch n_noise"], conditions: Tensor | None
    ) -> Float[Tensor, "batch steps voices"]:
        """One piece for each row, a function of its noise; what is given stays."""
        return self._making.pieces(self, noise, conditions)


def sounding_after(tokens: Tensor, before: Tensor) -> Tensor:
    """What sounds when voices have done this: 0 nothing, 1 and more the notes from the lowest on."""
    return torch.where(tokens == 1, before, (tokens - 1).clamp_min(0))


def networks_for(codec: PieceCodec, config: MusicNetworks, rules: AbstractRules) -> dict[str, nn.Module]:
    """New networks, their weights from torch's current random state.

    Raises:
        UsageError: It is a game that music does not play.
    """
    if isinstance(rules, AdversarialRules) and codec.phrase_bars:
        return phrase_networks_for(codec, config, rules)
    if isinstance(rules, LikelihoodRules) and not codec.phrase_bars:
        return {"generator": PieceGenerator(codec, config)}
    raise UsageError(
        f"music has no networks for the game {rules.name!r}; see --phrases for the adversarial one."
    )
