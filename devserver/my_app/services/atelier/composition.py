"""From a reading to a scene: who is in it, where and when it is."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from .lexicon import dictionary
from .pictograms import exists
from .reading import Mention, Reading
from .roles import having, mood, shows_at_night, suggested_place
from .scene import Scene, seeded
from .staging import Staging

MOST_THINGS = 5


def compose(
    reading: Reading, seed: int, *, time: str | None = None, exaggeration: float = 1.0
) -> Scene:
    """The scene of a reading: same reading and seed, same scene.

    `time` overrides the hour the text has; `exaggeration` 0 makes all things alike in size, 1 as
    they are, 2 grotesque.
    """
    mentions = tuple(_exaggerated(mention, exaggeration) for mention in cast(reading))
    place = _where(reading, mentions)
    figures = Staging(place, mentions, seeded(seed, "scene")).figures()
    settings = (*reading.places, *reading.times, *reading.weathers)
    words = tuple(dict.fromkeys((setting.word, setting.name) for setting in settings))
    return Scene(place, time or _when(reading), _weathers(reading, mentions), figures, seed, words)


def cast(reading: Reading) -> tuple[Mention, ...]:
    """The things a picture can hold: the most frequent, then the first; repeats are merged."""
    drawable = [mention for mention in reading.mentions if exists(mention.thing.pictogram)]
    often = Counter(mention.thing.pictogram for mention in drawable)
    stem = dictionary(reading.language).stem
    merged: dict[tuple[str, str | None, str], Mention] = {}
    for mention in drawable:
        # A king and a queen may look alike and are still two; "cat … cats" is one.
        key = mention.thing.pictogram, mention.colour, stem(mention.word.casefold())
        if key in merged:
            known = merged[key]
            merged[key] = replace(
                known,
                count=max(known.count, mention.count),
                relation=known.relation or mention.relation,
                motion=known.motion or mention.motion,
            )
        else:
            merged[key] = mention
    order = list(merged.values())
    chosen = sorted(order, key=lambda m: (-min(often[m.thing.pictogram], 3), order.index(m)))
    kept = chosen[:MOST_THINGS]
    return tuple(mention for mention in order if mention in kept)


def _exaggerated(mention: Mention, power: float) -> Mention:
    thing = replace(mention.thing, size=mention.thing.size**power)
    return replace(mention, thing=thing, scale=mention.scale**power)


def _where(reading: Reading, mentions: tuple[Mention, ...]) -> str:
    """The place named; else where such things usually are; else a meadow."""
    homes = {mention.thing.home for mention in mentions}
    pictograms = {mention.thing.pictogram for mention in mentions}
    only_swimmers = homes - {"air"} == {"water"} and not pictograms & having("afloat")
    place = _named_place([setting.name for setting in reading.places], "ground" in homes)
    if place is None and not only_swimmers:
        if any(mention.motion == "swims" for mention in mentions):
            return "sea"
        snows = any(setting.name == "snowfall" for setting in reading.weathers)
        return "snow" if snows else suggested_place(pictograms) or "meadow"
    return "underwater" if only_swimmers and place in (None, "sea") else str(place)


def _named_place(names: list[str], somebody_stands: bool) -> str | None:
    if "moon" in names:
        return "moon"
    if "beach" in names and "sea" in names:
        return "beach"
    # "Am Himmel" says where the birds are, not where the house stands.
    solid = [name for name in names if name != "sky"]
    if solid:
        return solid[0]
    if names:
        return "meadow" if somebody_stands else "sky"
    return None


def _when(reading: Reading) -> str:
    names = [setting.name for setting in reading.times]
    if "night" in names:
        return "night"
    if names:
        return names[0]
    return "night" if shows_at_night([m.thing.pictogram for m in reading.mentions]) else "day"


def _weathers(reading: Reading, mentions: tuple[Mention, ...]) -> frozenset[str]:
    named = frozenset(setting.name for setting in reading.weathers)
    return named or mood([mention.thing.pictogram for mention in mentions])
