"""What pictograms do when they live: birds fly, boats rock, houses stand."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from ..lexicon import thing_for

Habit = Literal[
    "stands",  # never moves
    "nods",  # a thing: one small hop, then it lies still
    "hops",
    "walks",
    "crawls",
    "dances",
    "breathes",
    "drives",
    "cruises",  # as `drives`, in the air
    "climbs",  # a rocket: along its own slant
    "flies",
    "swims",
    "pulses",  # jellyfish and octopus
    "bobs",  # on water
    "sways",  # from its foot
    "floats",
    "drifts",
    "shines",
    "twinkles",
    "beats",
    "flickers",
]

# OpenMoji code points; the first row that has one wins. A pair is a range.
Codes = tuple[int | tuple[int, int], ...]
HABITS: tuple[tuple[Habit, Codes], ...] = (
    ("floats", (0x1F47B, 0x1F388, 0x1FAE7)),
    ("shines", (0x2600, 0x1F31E, (0x1F311, 0x1F31D))),
    ("twinkles", (0x2B50, 0x1F31F, 0x2728, 0x1F386, 0x1F387, 0x1F4AB, 0x26A1, 0x1F4A5)),
    ("beats", (0x2764, (0x1F493, 0x1F49F), 0x1F9E1, (0x1F90D, 0x1F90E), (0x1FA75, 0x1FA77))),
    ("flickers", (0x1F525, 0x1F56F, 0x1FA94)),
    ("drifts", (0x2601, 0x26C5, 0x26C8, (0x1F324, 0x1F32C), 0x1F4AD)),
    ("climbs", (0x1F680, 0x2604, 0x1F320)),
    ("cruises", (0x2708, 0x1F681, 0x1F6E9, 0x1F6EB, 0x1F6EC, 0x1F6F8)),
    ("pulses", (0x1F419, 0x1F991, 0x1FABC)),
    (
        "swims",
        (
            *(0x1F41F, 0x1F420, 0x1F421, 0xE000, 0x1F42C, 0x1F988, 0x1F433, 0x1F40B, 0x1FACD),
            *(0x1F9AD, 0x1F9DC, 0x1F990, 0x1F9A6),
        ),
    ),
    (
        "bobs",
        (
            *(0x26F5, 0x1F6A2, 0x1F6F3, 0x26F4, 0x1F6F6, 0x1F6E5, 0x1F6A3, 0x1F6A4, 0x1F3C4),
            *(0x1F3CA, 0x1F30A, 0x1F6DF),
        ),
    ),
    (
        "drives",
        (
            *((0x1F682, 0x1F68B), (0x1F68C, 0x1F68E), (0x1F690, 0x1F69E), 0x1F6B2),
            *((0x1F6B4, 0x1F6B5), 0x1F3CD, 0x1F3CE, 0x1F6F4, 0x1F6F5, 0x1F6F7, 0x1F6F9),
            *((0x1F6FA, 0x1F6FC), 0x1F6D2, 0x26F7, 0x1F3C7, 0xE184),
        ),
    ),
    (
        "sways",
        (
            *(
                (0x1F331, 0x1F335),
                (0x1F337, 0x1F33C),
                (0x1F33E, 0x1F344),
                0x1F384,
                0x1F38B,
                0x1F38D,
            ),
            *(0x1F490, 0x1FAB4, 0x1FABB, 0x1FABE, 0x1FAB7, 0x1FAB8, 0x1F6A9, 0x1F38F, 0x1F390),
            *(0x1F3F4, 0x1F3C1, 0x2602, 0x1F3EE),
        ),
    ),
    (
        "stands",
        (
            *((0x1F3D4, 0x1F3DF), (0x1F3E0, 0x1F3F0), 0x26EA, (0x26F0, 0x26F2), 0x26FA, 0x26E9),
            *((0x1F5FB, 0x1F5FF), (0x1F54B, 0x1F54D), 0x1F6D5, 0x1F6D6, (0xE200, 0xE20C), 0xE20F),
            *((0x1F3A0, 0x1F3A2), 0x1F3AA, 0x1F30B, 0x1F308, 0x1F309, 0x1F6AA, 0x1FA9F, 0x1F6CF),
            *(0x1F6CB, 0x1FA91, 0xE141, (0x1F6BD, 0x1F6C1), 0x1F9F1, 0x1F6DD, 0x1F4FA, 0x1FAA8),
            *(0x1FA9C, 0x1F945, 0x1F6A6, 0x1F6A7, 0x1F578, 0x1F3DB, 0x1F5BC, 0x1FA9E, 0x1F3B9),
            *(0x1F68F, 0x26FD, 0x1F5FA, 0x1F6E3),
        ),
    ),
    ("crawls", (0x1F40C, 0x1F40D, 0x1F41B, 0x1FAB1, 0x1F577, 0x1F982, 0x1F41C, 0x1F41E, 0x1FAB2)),
    ("crawls", (0x1F422, 0x1F98E, 0x1F40A, 0x1F980, 0x1F99E)),
    ("dances", (0x1F483, 0x1F57A)),
    (
        "flies",
        (
            *(0x1F426, 0x1F54A, 0x1F985, 0x1F987, 0x1F98B, 0x1F41D, 0x1FAB0, 0x1F99F, 0x1F47C),
            *(0x1FABF,),
        ),
    ),
    (
        "hops",
        (
            *(0x1F400, 0x1F401, 0x1F407, 0x1F408, 0x1F410, 0x1F412, (0x1F413, 0x1F415), 0x1F423),
            *(0x1F424, 0x1F425, 0x1F427, 0x1F429, 0x1F42D, 0x1F430, 0x1F431, 0x1F436, 0x1F438),
            *(0x1F439, 0x1F43F, 0x1F98A, 0x1F997, 0x1F998, 0x1F994, 0x1F989, 0x1F99C, 0x1F986),
            *(0x26BD, 0x26BE, 0x1F3C0, 0x1F3D0, 0x1F9F8, 0x1F476, 0x26F9, 0x1F94E),
        ),
    ),
    (
        "walks",
        (
            (0x1F402, 0x1F43E),
            (0x1F980, 0x1F9AF),
            (0x1F466, 0x1F483),
            (0x1F486, 0x1F487),
            (0x1F9B8, 0x1F9B9),
        ),
    ),
    ("walks", ((0x1F9CC, 0x1F9DF), 0x1F385, 0x1F934, 0x1F935, 0x1F936, 0x1F977, 0x1FAC5, 0x1F575)),
    ("walks", (0x1F916, 0x1F921, 0x1FACE, 0x1FACF, 0x26C4, 0x2603, 0x1F6B6, 0x1F3C3, 0x1F9BE)),
)
SWIMMERS = frozenset(("swims", "pulses", "sways", "bobs"))
GROUNDED = frozenset(("hops", "walks", "crawls", "nods", "drives", "sways"))


@lru_cache(maxsize=1024)
def own_habit(pictogram: str) -> Habit:
    """What a pictogram does by itself; what nobody knows nods, or floats if it hangs in the air."""
    code = int(pictogram.split("-", maxsplit=1)[0], 16)
    for habit, codes in HABITS:
        if any(c == code if isinstance(c, int) else c[0] <= code <= c[1] for c in codes):
            return habit
    return "nods" if thing_for(pictogram).home == "ground" else "floats"


def habit_of(pictogram: str, motion: str | None, place: str, *, aloft: bool) -> Habit:
    """What a pictogram does at a place; `motion` is what the text says, `aloft` if it hangs."""
    habit = own_habit(pictogram)
    if habit in ("stands", "shines", "twinkles", "drifts", "climbs", "cruises"):
        return habit
    under = place == "underwater"
    # The first row that applies.
    rows: tuple[tuple[bool, Habit], ...] = (
        (motion == "sleeps", "breathes"),
        (motion == "dances", "dances"),
        (under and habit not in SWIMMERS and (aloft or motion == "swims"), "swims"),
        (under, habit),
        (place == "sea" and not aloft and habit != "sways", "bobs"),
        (place == "space", "floats"),
        (motion == "flies", "flies"),
        (habit in ("swims", "pulses") and not aloft, "hops"),  # a fish on land
        (aloft and habit in GROUNDED, "floats"),
    )
    return next((changed for applies, changed in rows if applies), habit)
