"""The ledger: every mechanism with what it cost, and the one way to release something.

A charge is checked against what is left and written to the disk before any noise is drawn; the noisy result
is written before anybody sees it. So a run that was killed goes on without paying twice: what was released
is replayed, and a charge that has bought nothing yet buys now. A result that was cut off while it was written
counts as released, so its charge is lost.

As a file, a list a line: ["guarantee", ...], ["public", on, what], ["charge", number, ...],
["result", number, ...], ["lost", number], ["void", reason].
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, final

from gansmith.errors import DataError, UsageError
from gansmith.privacy.accounting import Accounted, Loss, Sampled, account, epsilon_of, rho_for
from gansmith.privacy.guarantee import NEIGHBOURS, Guarantee
from gansmith.privacy.noise import ExactNoise, Noise
from gansmith.privacy.randomness import SystemBits
from gansmith.settings import from_plain, to_plain

FORMAT: Final = 1
"""Of the file and of the plain form."""
TOLERANCE: Final = 1e-9
"""Share of the budget that rounding may exceed it by."""
INSECURE: Final = "the noise was drawn from a seed, which takes it away again"
"""Why a ledger of seeded noise guarantees nothing."""


@final
@dataclass(frozen=True)
class Charge:
    """What one mechanism costs."""

    mechanism: str
    """Its name, such as "Gaussian"."""
    on: str
    """What it looks at, such as "age x sex"."""
    rho: float = 0.0
    """Zero-concentrated differential privacy."""
    sensitivity: float = 1.0
    """The most that one unit moves what is looked at."""
    sigma: float = 0.0
    """Standard deviation of Gaussian noise, 0 where it is another."""
    delta: float = 0.0
    """Chance that a threshold lets something out that one unit alone has."""
    rate: float = 1.0
    """Chance of a record to be in a step; below 1, rho is not used."""
    n_steps: int = 1
    """Steps on Poisson batches."""


@final
@dataclass(frozen=True)
class Spent:
    """What has been spent so far."""

    epsilon: float
    """The larger one of the accountants."""
    delta: float
    rho: float
    by: tuple[Accounted, ...]
    """What each accountant says."""


@final
class Ledger:
    """The privacy budget of one data set, and everything that was released of it.

    Args:
        guarantee: What is promised.
        path: Its file in the run folder; one that is there is gone on with. None: in memory alone.
        noise: Where noise comes from; None: the operating system.

    Raises:
        DataError: When the file is damaged, of another guarantee, or cannot be written.
    """

    def __init__(self, guarantee: Guarantee, path: Path | None = None, noise: Noise | None = None) -> None:
        self.guarantee, self.path = guarantee, path
        self.noise: Noise = ExactNoise(SystemBits()) if noise is None else noise
        self.charges: list[Charge] = []
        self.public: list[tuple[str, str]] = []
        self.voids: list[str] = []
        self._stored: list[tuple[int, Any]] = []  # the number of a charge, and what it bought
        self._is_pending = False  # whether the last charge has bought nothing yet
        self._n_replayed = 0
        self._n_bytes = 0
        self.rho_budget = rho_for(guarantee.epsilon, guarantee.delta_of_noise)
        if path is not None and path.exists():
            self._read(path)
        else:
            self._write(["guarantee", FORMAT, to_plain(guarantee)])
        if not self.noise.is_secure:
            self.void(INSECURE)

    @property
    def rho_left(self) -> float:
        """What is left of the budget, 0 or more; while a run is replayed, as it was at that time."""
        before = self.charges[: self._next]
        return max(self.rho_budget - math.fsum(charge.rho for charge in before), 0.0)

    @property
    def _next(self) -> int:
        """The number of the charge that is replayed, or made, next."""
        if self._n_replayed < len(self._stored):
            return self._stored[self._n_replayed][0]
        return len(self.charges) - self._is_pending

    @property
    def loss(self) -> Loss:
        """What all charges lose together."""
        return _loss(self.charges)

    @property
    def delta_of_thresholds(self) -> float:
        """Delta of all that came out by noisy thresholds."""
        return math.fsum(charge.delta for charge in self.charges)

    @property
    def is_private(self) -> bool:
        """Whether the guarantee holds."""
        return not self.voids

    def spent(self) -> Spent:
        """What was spent, by all accountants."""
        found = account(self.loss, self.guarantee.delta_of_noise)
        delta = self.guarantee.delta_of_noise + self.delta_of_thresholds
        return Spent(max(each.epsilon for each in found), delta, self.loss.rho, found)

    def declare_public(self, on: str, what: str) -> None:
        """Write down what is known without the data: a domain, a range, a number of records. It is free.

        Example:
            >>> ledger = Ledger(Guarantee(1.0))
            >>> ledger.declare_public("age", "0 to 120, from schema.json")
        """
        if (on, what) not in self.public:
            self.public.append((on, what))
            self._write(["public", on, what])

    def void(self, reason: str) -> None:
        """Write down that nothing is guaranteed, and why."""
        if reason not in self.voids:
            self.voids.append(reason)
            self._write(["void", reason])

    def release(self, charge: Charge, draw: Callable[[Noise], Any]) -> Any:
        """Charge, then draw, then write down, then hand out; or replay what was drawn before.

        Args:
            charge: What it costs.
            draw: Makes the result, as plain JSON, by the noise that it is given and nothing else.

        Raises:
            UsageError: When the charge exceeds what is left: nothing was charged or drawn.
            DataError: When a run is resumed and something else is asked for than before.
        """
        number = self._next
        if number < len(self.charges):
            self._check_same(self.charges[number], charge)
        if self._n_replayed < len(self._stored):
            self._n_replayed += 1
            return self._stored[self._n_replayed - 1][1]
        if not self._is_pending:
            self._check_left(charge)
            self._write(["charge", number, asdict(charge)])
            self.charges.append(charge)
            self._is_pending = True
        result = draw(self.noise)
        self._write(["result", number, result])
        self._stored.append((number, result))
        self._n_replayed, self._is_pending = len(self._stored), False
        return result

    def to_plain(self) -> dict[str, Any]:
        """All of it but the results, as plain JSON: for a model file, and for `statement`."""
        spent = self.spent()
        return {
            "format": FORMAT,
            "guarantee": to_plain(self.guarantee),
            "protects": self.guarantee.protects,
            "neighbours": NEIGHBOURS,
            "charges": [asdict(charge) for charge in self.charges],
            "public": [list(said) for said in self.public],
            "voids": list(self.voids),
            "spent": {"epsilon": spent.epsilon, "delta": spent.delta, "rho": spent.rho},
            "accountants": [asdict(found) for found in spent.by],
            "rho_budget": self.rho_budget,
        }

    def _check_left(self, charge: Charge) -> None:
        """Refuse a charge that is no number, or more than is left."""
        if not (charge.rho >= 0 and charge.delta >= 0 and charge.sensitivity > 0):
            raise ValueError(f"a charge must be 0 or more: {charge}")
        promised = self.guarantee
        over_delta = self.delta_of_thresholds + charge.delta - promised.delta_of_thresholds
        if over_delta > TOLERANCE * promised.delta:
            raise UsageError(
                f"{charge.mechanism} on {charge.on} would take {charge.delta:.2g} of delta, and "
                f"{max(charge.delta - over_delta, 0):.2g} is left for thresholds. Nothing was released. "
                "Give public categories (--domain), or a larger --delta."
            )
        after = _loss([*self.charges, charge])
        if not after.sampled:
            is_within = after.rho <= self.rho_budget * (1 + TOLERANCE)
        else:
            is_within = epsilon_of(after, promised.delta_of_noise) <= promised.epsilon * (1 + TOLERANCE)
        if not is_within:
            raise UsageError(
                f"{charge.mechanism} on {charge.on} would cost more than is left of epsilon "
                f"{promised.epsilon:g} (rho {charge.rho:.3g} of {self.rho_left:.3g} left). Nothing was "
                "released. Ask for less, or for a larger --epsilon."
            )

    def _check_same(self, known: Charge, asked: Charge) -> None:
        """Refuse to go on otherwise than it was begun."""
        if known != asked:
            raise DataError(
                f"{self.path or 'the ledger'}: {known.mechanism} on {known.on} comes next in the run that is "
                f"resumed, and {asked.mechanism} on {asked.on} was asked for: data, options or version are "
                "others. Nothing was spent. Start a run anew (it costs its whole budget)."
            )

    def _write(self, line: list[Any]) -> None:
        """Add a line, and wait until it is on the disk."""
        if self.path is None:
            return
        try:
            is_new = not self.path.exists()
            descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                if os.fstat(descriptor).st_size != self._n_bytes:
                    raise DataError(
                        f"{self.path}: somebody else has written to it since. Nothing was released: two runs "
                        "must not spend one budget. Let one of them go on, with --resume."
                    )
                with open(descriptor, "wb", closefd=False) as file:
                    self._n_bytes += file.write(json.dumps(line, allow_nan=False).encode() + b"\n")
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            if is_new:
                _sync_folder(self.path.parent)
        except OSError as error:
            raise DataError(
                f"{self.path}: {error.strerror or error}. Nothing is released that cannot be written down."
            ) from error

    def _read(self, path: Path) -> None:
        """Go on with a file."""
        whole, _, cut = path.read_bytes().rpartition(b"\n")
        if cut:
            os.truncate(path, len(whole) + 1 if whole else 0)
        self._n_bytes = path.stat().st_size
        if not whole:  # killed before its first line was written
            self._write(["guarantee", FORMAT, to_plain(self.guarantee)])
            return
        try:
            lines = [json.loads(line) for line in whole.splitlines()]
            if lines[0][:2] != ["guarantee", FORMAT]:
                raise ValueError("it is no ledger of this version")
            begun = from_plain(Guarantee, lines[0][2])
            for name, *said in lines[1:]:
                self._take(name, said)
        except (ValueError, LookupError, TypeError, UsageError) as error:
            raise DataError(f"{path}: damaged ({error}). Start the run anew.") from error
        if begun != self.guarantee:
            raise DataError(
                f"{path}: the run was begun under epsilon {begun.epsilon:g}, delta {begun.delta:g} for "
                f"{begun.protects}. Resume it with these, or start a run anew."
            )
        if cut.startswith(b'["result"') and self._is_pending:
            self._write(["lost", len(self.charges) - 1])
            self._is_pending = False

    def _take(self, name: str, said: list[Any]) -> None:
        """One line of the file."""
        if name == "charge":
            self.charges.append(Charge(**said[1]))
            self._is_pending = True
        elif name == "result" and self._is_pending:
            self._stored.append((len(self.charges) - 1, said[1]))
            self._is_pending = False
        elif name == "lost":
            self._is_pending = False
        elif name == "public":
            self.public.append((said[0], said[1]))
        elif name == "void":
            self.voids.append(said[0])
        else:
            raise ValueError(f"a line {name!r} where none belongs")


def _loss(charges: Sequence[Charge]) -> Loss:
    """What charges lose together."""
    rho = math.fsum(charge.rho for charge in charges if charge.rate >= 1)
    steps = [charge for charge in charges if charge.rate < 1]
    sampled = tuple(Sampled(each.rate, each.sigma / each.sensitivity, each.n_steps) for each in steps)
    return Loss(rho, sampled, all(charge.sigma > 0 or not charge.rho for charge in charges))


def _sync_folder(folder: Path) -> None:
    """Wait until a new file's name is on the disk; where folders cannot be synced, go on."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError:
        pass
    finally:
        os.close(descriptor)
