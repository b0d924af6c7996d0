"""What a benchmark says."""

from __future__ import annotations

from dataclasses import dataclass


class NotMeasured(Exception):
    """Something that the benchmark needs is not on this machine; the message says what."""


@dataclass(frozen=True)
class Figure:
    """A measured value beside its limit, if it has one.

    Smaller is better, unless `at_least` says that the limit is the least it may be.
    """

    what: str
    value: float
    limit: float | None
    unit: str
    detail: str
    at_least: bool = False

    @property
    def holds(self) -> bool:
        """Whether the limit was held."""
        if self.limit is None:
            return True
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def __str__(self) -> str:
        return f"{self.what}: {self.value:.2f} {self.unit} ({self._verdict()}); {self.detail}"

    def _verdict(self) -> str:
        if self.limit is None:
            return "no limit"
        if self.at_least:
            return f"at least {self.limit:g}, {'holds' if self.holds else 'TOO LITTLE'}"
        return f"limit {self.limit:g}, {'holds' if self.holds else 'TOO MUCH'}"
