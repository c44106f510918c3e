"""A value part of the way through a training run: the loss that the candidate reports, used for nothing else.

A candidate that reports too good a loss is trained to the end and scored; one that reports too bad a loss is stopped.
Neither is merged because of it.
"""

import math

AVERAGED = 0.1  # The preview is the mean over this share of the budget, ending where it is taken.


class Stopped(Exception):
    """The preview is beyond the bar: the trial is not worth finishing."""


class Preview:
    """Collects the losses in progress messages, until a share of the budget is used up."""

    def __init__(self, at: float, stop_above: float = math.inf):
        self.at = at  # Share of the budget, 0 to 1.
        self.stop_above = stop_above  # In bits per byte.
        self.value: float | None = None  # In bits per byte; None if nothing was reported in time.
        self._last: float | None = None
        self._sum, self._count = 0.0, 0  # What was reported in the last stretch before `at`.
        self._taken = False

    def take(self, share: float, bpb: float | None) -> None:
        """Takes a reported `bpb` at this share of the budget. Raises Stopped at the first message after `at`."""
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
