"""What a benchmark says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A measured value beside its limit; smaller is better."""

    what: str
    value: float
    limit: float
    unit: str
    detail: str

    @property
    def holds(self) -> bool:
        """Whether the limit was held."""
        return self.value <= self.limit

    def __str__(self) -> str:
        verdict = "holds" if self.holds else "TOO MUCH"
        return (
            f"{self.what}: {self.value:.2f} {self.unit} (limit {self.limit:g}, {verdict}); "
            f"{self.detail}"
        )
