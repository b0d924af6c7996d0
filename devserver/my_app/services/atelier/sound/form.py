"""How a piece is laid out in time: lines of bars of beats."""

from __future__ import annotations

from dataclasses import dataclass

LINE_SECONDS = 4.6  # about one breath
SHORTER = 0.95  # how much of its time a form may leave to the last tone


@dataclass(frozen=True)
class Form:
    """`lines` lines of `bars` bars of `meter` beats of `beat` seconds, beginning at `lead`."""

    lead: float
    beat: float
    meter: int
    bars: int
    lines: int

    @property
    def line_beats(self) -> int:
        return self.meter * self.bars

    @property
    def beats(self) -> int:
        return self.line_beats * self.lines

    @property
    def end(self) -> float:
        """When the last bar ends, in seconds."""
        return self.at(self.beats)

    def at(self, beat: float) -> float:
        """The second at which a beat of the piece falls."""
        return self.lead + beat * self.beat


def form_of(seconds: float, tempo: float, *, opening: bool) -> Form:
    """The form that fills `seconds`, or nearly, at about `tempo` beats a minute.

    `opening` leaves room for a sound before the melody begins. The last tone rings into the end.
    """
    lead = min(1.3 if opening else 0.25, seconds * (0.11 if opening else 0.03))
    tail = min(1.0, seconds * 0.08)
    length = seconds - lead - tail
    lines = 1 if length < 3.2 else max(2, 2 * round(length / LINE_SECONDS / 2))

    def cost(candidate: Form) -> float:
        pace = candidate.beat * tempo / 60
        return max(pace, 1 / pace) + (0.06 if candidate.meter == 3 else 0.0)

    candidates = []
    for meter in (4, 3):
        for bars in (1, 2, 3, 4):
            longest = length / (lines * bars * meter)
            beat = min(max(60 / tempo, SHORTER * longest), longest)
            candidates.append(Form(lead, beat, meter, bars, lines))
    return min(candidates, key=cost)
