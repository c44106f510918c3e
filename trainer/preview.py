"""A value part of the way through a training run: what the candidate says of its loss, believed for nothing else.

Who reports too good a loss is trained to the end, and scored; who reports too bad a one is stopped. Neither is merged
for it.
"""

import math

AVERAGED = 0.1  # The preview is the mean over this share of the budget, up to where it is taken.


class Stopped(Exception):
    """The preview is beyond the bar: the trial is not worth its rest."""


class Preview:
    """Collects the losses that progress messages tell, until a share of the budget is over."""

    def __init__(self, at: float, stop_above: float = math.inf):
        self.at = at  # Share of the budget, 0 to 1.
        self.stop_above = stop_above  # In bits per byte.
        self.value: float | None = None  # In bits per byte; None where nothing was told in time.
        self._last: float | None = None
        self._sum, self._count = 0.0, 0  # Of what was told in the last stretch before `at`.
        self._taken = False

    def take(self, share: float, bpb: float | None) -> None:
        """Hears of `bpb` when this share of the budget is over. Raises Stopped at the first message behind `at`."""
        if self._taken:
            return
        if share <= self.at:
            if bpb is not None:
                self._last = bpb
                if share > self.at - AVERAGED:
                    self._sum, self._count = self._sum + bpb, self._count + 1
            return
        self._taken = True
        self.value = self._sum / self._count if self._count else self._last
        if self.value is not None and self.value > self.stop_above:
            raise Stopped
