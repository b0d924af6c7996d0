"""Everything of a picture except its figures: sky, light, place and weather as paper."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from random import Random

from .places import INDOORS, PLACES, Light
from .shapes import Colour, Point, Sheet, box, cloud, disc, mix, rgb, star

LIGHTS: dict[str, Light] = {
    "day": Light((rgb("#6cb6e0"), rgb("#eff2da")), rgb("#ffffff"), 0.0, False),
    "morning": Light((rgb("#a9cfe0"), rgb("#ffe9b8")), rgb("#ffd9a0"), 0.14, False),
    "evening": Light((rgb("#6d5596"), rgb("#ffc27a")), rgb("#8a3f5a"), 0.3, False),
    "night": Light((rgb("#101a42"), rgb("#3c5391")), rgb("#0f2a62"), 0.55, True),
    "autumn": Light((rgb("#b6cdd0"), rgb("#fbe6b4")), rgb("#c9772b"), 0.5, False),
    "grey": Light((rgb("#7e93a6"), rgb("#cfd8da")), rgb("#6f8290"), 0.28, False),
}

SPACE_SKY = (rgb("#0d1233"), rgb("#3d2f6e"))
UNDERWATER_SKY = (rgb("#0f5a8a"), rgb("#8fd8dc"))
ROOM_WALL = (rgb("#f0cf9a"), rgb("#f7e3c0"))
STAGE_WALL = (rgb("#4a1f3d"), rgb("#b3476a"))


@dataclass(frozen=True)
class Surroundings:
    """All paper of a picture except its figures."""

    sky: tuple[Colour, Colour]
    glow: Point  # the middle of the sky's rings
    back: tuple[Sheet, ...]
    front: tuple[Sheet, ...]
    weather: tuple[Sheet, ...]
    dark: bool


def surroundings(
    place: str,
    time: str,
    weathers: frozenset[str],
    rng: Random,
    *,
    light_in_sky: bool = True,
    glow: Point | None = None,
) -> Surroundings:
    """The paper of a place at an hour in some weather.

    `light_in_sky` adds a paper sun or moon where the sky is open and no figure is one.
    """
    light = LIGHTS[time]
    if {"rain", "storm", "fog"} & weathers and not light.dark:
        light = LIGHTS["grey"]
    if place in ("space", "moon"):
        light = replace(LIGHTS["night"], strength=0.0)
    back, front = PLACES[place](light, rng)
    colours = {
        "space": SPACE_SKY,
        "moon": SPACE_SKY,
        "underwater": UNDERWATER_SKY,
        "room": ROOM_WALL,
        "stage": STAGE_WALL,
    }.get(place, light.sky)
    if light.dark and place in ("room", "underwater"):
        colours = mix(colours[0], light.tint, 0.5), mix(colours[1], light.tint, 0.45)
    glow = glow or (rng.choice((0.2, 0.8)), 0.2 if place not in INDOORS else -0.05)
    above: list[Sheet] = []
    if place not in INDOORS:
        if light.dark:
            above += _stars(
                rng, 46 if place in ("space", "moon") else 30, 0.55 if place != "space" else 0.97
            )
        if (
            light_in_sky
            and place not in ("space", "moon")
            and not {"rain", "storm", "snowfall", "fog"} & weathers
        ):
            above += _luminary(glow, time)
        if place not in ("space", "moon"):
            above += _clouds(rng, light, weathers)
    if "fog" in weathers and place not in INDOORS:
        back += _fog(rng)
    return Surroundings(
        colours, glow, (*above, *back), tuple(front), tuple(_weather(weathers, rng)), light.dark
    )


def _stars(rng: Random, count: int, lowest: float) -> list[Sheet]:
    small = tuple(
        star(
            rng.uniform(0.03, 0.97),
            rng.uniform(0.03, lowest),
            rng.uniform(0.004, 0.011),
            rng.choice((4, 5)),
            rng.uniform(0, 1),
        )
        for _ in range(count)
    )
    return [Sheet(rgb("#fdf2c4"), small, 0.15, "star")]


def _luminary(glow: Point, time: str) -> list[Sheet]:
    x, y = glow
    if time == "night":
        ring = disc(x, y, 0.075)
        bite = [
            (px, py)
            for px, py in disc(x + 0.035, y - 0.018, 0.064)
            if math.dist((px, py), (x, y)) < 0.075
        ]
        outer = [p for p in ring if math.dist(p, (x + 0.035, y - 0.018)) > 0.064]
        # Both runs must start at the gap, so that they join to one crescent.
        outer.sort(key=lambda p: (math.atan2(p[1] - y, p[0] - x) + 0.48) % math.tau)
        bite.sort(
            key=lambda p: -((math.atan2(p[1] - y + 0.018, p[0] - x - 0.035) + 0.48) % math.tau)
        )
        return [Sheet(rgb("#fbe7a1"), ((*outer, *bite),), 0.4, "light")]
    colour = {"evening": "#f8803f", "morning": "#fbc65a"}.get(time, "#fbd24e")
    rays = tuple(
        (
            (x + 0.083 * math.cos(a - 0.1), y + 0.083 * math.sin(a - 0.1)),
            (x + 0.118 * math.cos(a), y + 0.118 * math.sin(a)),
            (x + 0.083 * math.cos(a + 0.1), y + 0.083 * math.sin(a + 0.1)),
        )
        for a in (i * math.tau / 14 for i in range(14))
    )
    return [Sheet(rgb(colour), (disc(x, y, 0.07), *rays), 0.4, "light")]


def _clouds(rng: Random, light: Light, weathers: frozenset[str]) -> list[Sheet]:
    heavy = {"rain", "storm", "clouds", "snowfall"} & weathers
    colour = mix(rgb("#ffffff"), light.tint, light.strength * (0.9 if light.dark else 0.55))
    if {"rain", "storm"} & weathers:
        colour = mix(rgb("#8d99a6"), light.tint, light.strength)
    count = 5 if heavy else 2
    return [
        Sheet(
            mix(colour, light.sky[0], 0.12 * (i % 2)),
            cloud(
                (i + rng.uniform(0.25, 0.75)) / count,
                rng.uniform(0.07, 0.16) if heavy else rng.uniform(0.1, 0.4),
                rng.uniform(0.24, 0.34) if heavy else rng.uniform(0.15, 0.22),
                rng,
            ),
            0.4,
            "cloud",
        )
        for i in range(count)
    ]


def _weather(weathers: frozenset[str], rng: Random) -> Iterable[Sheet]:
    """What falls in front of everything."""
    if {"rain", "storm"} & weathers:
        drops = []
        for _ in range(60):
            x, y, long = rng.uniform(0, 1), rng.uniform(0.2, 1), rng.uniform(0.022, 0.04)
            drops.append(
                ((x, y), (x - 0.2 * long - 0.003, y + long), (x - 0.2 * long + 0.004, y + long))
            )
        yield Sheet(rgb("#cfe4ef"), tuple(drops), 0.2, "rain")
    if "snowfall" in weathers:
        flakes = tuple(
            disc(rng.uniform(0, 1), rng.uniform(0.02, 1), rng.uniform(0.004, 0.011), steps=14)
            for _ in range(80)
        )
        yield Sheet(rgb("#ffffff"), flakes, 0.25, "snow")


def _fog(rng: Random) -> list[Sheet]:
    """Long thin banks between the place and its figures, so that no face is hidden."""
    sheets = []
    for i in range(6):
        x, y, long = rng.uniform(-0.1, 0.7), 0.36 + 0.075 * i, rng.uniform(0.35, 0.6)
        ends = (disc(x, y, 0.014), disc(x + long, y, 0.014))
        bar = box(x, y - 0.014, x + long, y + 0.014)
        sheets.append(Sheet(rgb("#e9edee"), (bar, *ends), 0.35, "fog"))
    return sheets
