"""When and where the things of a scene are heard."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from ..manner import Manner
from ..scene import Figure, Scene
from .form import Form
from .repertoire import sound_of
from .score import Cue

MOST_AT_ONCE = 3
APART = 0.27  # seconds between several of a kind
LAST_WORD = 0.7  # beats before the end
STUTTER = 0.16  # seconds of a sound that the montage repeats


@dataclass(frozen=True)
class Part:
    """One thing of the scene and all places where it stands."""

    word: str
    pictogram: str
    figures: tuple[Figure, ...]


def parts_of(scene: Scene) -> tuple[Part, ...]:
    """The things of a scene in the order of the text; a second drawing of one is no new thing."""
    together: dict[tuple[str, str], list[Figure]] = {}
    for figure in sorted(scene.figures, key=lambda figure: figure.order):
        if figure.role != "repeat":
            together.setdefault((figure.word, figure.pictogram), []).append(figure)
    return tuple(Part(word, code, tuple(found)) for (word, code), found in together.items())


def slots(form: Form, things: int) -> list[float]:
    """When things are heard: before the song, where a line rests, then between bars.

    At least as many as `things`; in the order of time.
    """
    rests = [form.at((line + 1) * form.line_beats - 2) for line in range(form.lines - 1)]
    middles = [form.at(line * form.line_beats + form.line_beats / 2) for line in range(form.lines)]
    opening = 0.12 if form.lead > 0.5 else form.lead * 0.5
    wanted = max(things, len(rests) + 1)
    chosen = [opening, *rests, *reversed(middles)][:wanted]
    room = form.end - opening
    while len(chosen) < wanted:
        chosen.append(opening + room * len(chosen) / (wanted + 1))
    return sorted(chosen)


def cues(scene: Scene, form: Form, manner: Manner, rng: Random) -> tuple[Cue, ...]:
    """The sounds of a scene, each at least once where there is a thing at all."""
    parts = parts_of(scene)
    if not parts:
        return ()
    found: list[Cue] = []
    for i, start in enumerate(slots(form, len(parts))):
        part, take = parts[i % len(parts)], i // len(parts)
        for n, figure in enumerate(part.figures[:MOST_AT_ONCE]):
            cue = Cue(
                start + n * APART,
                sound_of(part.pictogram),
                part.word,
                _place(figure, manner),
                (0.75 + 0.5 * figure.depth) * (1.0 if take == 0 else 0.75),
                take * MOST_AT_ONCE + n,
            )
            found += (
                _cut(cue, form, rng) if manner.style == "montage" else [_set(cue, form, manner)]
            )
    if manner.style == "montage" and form.lines > 1:
        # The last word after the last tone.
        found.append(
            replace(
                found[0],
                start=form.at(form.beats - LAST_WORD),
                loudness=0.6 * found[0].loudness,
                take=len(found) * MOST_AT_ONCE,
                speed=1.4,
                cut=None,
            )
        )
    return tuple(found)


def _place(figure: Figure, manner: Manner) -> float:
    place = max(-0.85, min(0.85, (figure.x - 0.5) * 1.8))
    return -place if manner.upside_down else place


def _set(cue: Cue, form: Form, manner: Manner) -> Cue:
    """The geometric manner lets everything begin on a beat."""
    if manner.style != "geometric" or cue.start < form.lead:
        return cue
    beat = round((cue.start - form.lead) / form.beat * 2) / 2
    return replace(cue, start=form.at(beat))


def _cut(cue: Cue, form: Form, rng: Random) -> list[Cue]:
    """The montage stutters, turns and stretches: "mi-mi-miau", "uaim"."""
    way = rng.choice(("stutter", "stutter", "backwards", "fast", "slow", "plain"))
    if cue.take == 0 and way == "backwards":
        way = "stutter"  # the first time a thing must be known by its sound
    if way == "stutter":
        step = min(STUTTER, form.beat / 2)
        heads = [
            replace(cue, start=cue.start + i * step, place=place, cut=step)
            for i, place in enumerate((-0.7, 0.7))
        ]
        return [*heads, replace(cue, start=cue.start + 2 * step)]
    speed = {"fast": 1.5, "slow": 0.7}.get(way, 1.0)
    return [replace(cue, speed=speed, backwards=way == "backwards")]
