"""What OpenMoji leaves out: a body below a bust or an animal's face, a stem below a flower, eyes.

Which pictograms need what stands in `completion.json`. All numbers are in the units of OpenMoji's
square, 72 by 72; a completed drawing is higher.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import Any

from .lexicon import SCHEMAS

UNIT = 72
LINE = 'stroke="#000" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"'
# Drawn with their whole body or as a group, although they begin like a bust.
WHOLE = re.compile(r"200D-(1F9AF|1F9BC|1F9BD|1F91D|1F9D1|1F9D2|1F466|1F467|1F468|1F469|2764)")
WHITES = frozenset(("#fff", "#ffffff"))


@cache
def completions() -> dict[str, Any]:
    """The lists of `completion.json`."""
    loaded: dict[str, Any] = json.loads((SCHEMAS / "completion.json").read_text("utf-8"))
    return loaded


def source_of(pictogram: str) -> str:
    """The file a pictogram is drawn from: OpenMoji's unicorn is only a head, its horse is whole."""
    source: str = completions()["drawn_from"].get(pictogram, pictogram)
    return source


def complete(pictogram: str, svg: str) -> str:
    """The SVG text with what is missing added; unchanged where nothing is."""
    whole = _completed(pictogram, svg)
    eyes = "".join(_eye(x, y) for x, y in completions()["eyes"].get(pictogram, ()))
    return whole.replace("</svg>", f"{eyes}</svg>") if eyes else whole


def _eye(x: float, y: float) -> str:
    return (
        f'<circle cx="{x}" cy="{y}" r="2" fill="#fff"/><circle cx="{x}" cy="{y}" r="1.5" '
        f'fill="#000"/><circle cx="{x - 0.5}" cy="{y - 0.5}" r="0.5" fill="#fff"/>'
    )


def _completed(pictogram: str, svg: str) -> str:
    lists = completions()
    special: dict[str, Callable[[str], str]] = {
        "1F308": _rainbow,
        "1F984": _as_unicorn,
        "1F315": _moon,
    }
    first = pictogram.split("-", maxsplit=1)[0]
    below = above = ""
    height = UNIT
    if pictogram in special:
        return special[pictogram](svg)
    if first in lists["busts"] and not WHOLE.search(pictogram):
        below, height = _human_body(svg, skirt=first in lists["skirts"]), 110
    elif fur := lists["sitting"].get(pictogram):
        below, height = _sitting_body(fur, tail=pictogram not in lists["tailless"]), 112
    elif cloth := lists["standing"].get(pictogram):
        below, height = _standing_body(cloth), 118
    elif stem := lists["stems"].get(pictogram):
        below, above, height = _stem(*stem), _stem_green(*stem), 100
    elif trunk := lists["trunks"].get(pictogram):
        above, height = _trunk(*trunk), trunk[1]
    elif waterline := lists["waterlines"].get(pictogram):
        height = waterline
    else:
        return svg
    return _extended(svg, below, height=height, above=above)


def _extended(svg: str, below: str, *, height: int, above: str = "") -> str:
    """`svg` with a drawing behind it, on a square made `height` units high."""
    inner = re.sub(r"^.*?<svg[^>]*>|</svg>\s*$", "", svg, flags=re.DOTALL)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {UNIT} {height}">'
        f"{below}{inner}{above}</svg>"
    )


def _clothes(svg: str) -> str:
    """The colour of the shoulders: the most used one of the group `color`, never white."""
    group = re.search(r'<g id="color">(.*?)</g>', svg, flags=re.DOTALL)
    fills: list[str] = re.findall(r'fill="(#[0-9a-fA-F]{3,6})"', group.group(1) if group else "")
    counted = Counter(fill for fill in fills if fill.lower() not in WHITES).most_common(1)
    return counted[0][0] if counted else "#92d3f5"


def _human_body(svg: str, *, skirt: bool) -> str:
    cloth = _clothes(svg)
    legs = "".join(
        f'<rect x="{x}" y="84" width="8" height="20" fill="#3d4a6b" {LINE}/>'
        f'<path d="M{x - shoe} 108 v-3 q0 -4 5 -4 h5 q2 0 2 3 v4 z" fill="#7a4a2b" {LINE}/>'
        for x, shoe in ((25, 2), (39, 1))
    )
    shirt = (
        "M18 59 L14 91 Q36 97 58 91 L54 59 Z" if skirt else "M18 59 L20 88 Q36 91 52 88 L54 59 Z"
    )
    sleeves = "M20 64 L10 81 M52 64 L62 81"
    arms = (
        f'<path d="{sleeves}" fill="none" stroke="#000" stroke-width="10" stroke-linecap="round"/>'
        f'<path d="{sleeves}" fill="none" stroke="{cloth}" stroke-width="6.4" '
        'stroke-linecap="round"/>'
        f'<circle cx="8.6" cy="84.5" r="3.9" fill="#fcea2b" {LINE}/>'
        f'<circle cx="63.4" cy="84.5" r="3.9" fill="#fcea2b" {LINE}/>'
    )
    return f'{arms}{legs}<path d="{shirt}" fill="{cloth}" {LINE}/>'


def _sitting_body(fur: str, *, tail: bool) -> str:
    behind = f'<path d="M52 100 q18 2 16 -20 q-6 -3 -8 6 q0 6 -10 6 z" fill="{fur}" {LINE}/>'
    return (
        (behind if tail else "")
        + f'<path d="M22 54 Q14 84 17 106 H55 Q58 84 50 54 Z" fill="{fur}" {LINE}/>'
        f'<ellipse cx="36" cy="84" rx="11" ry="16" fill="#fdf3e6"/>'
        f'<ellipse cx="25" cy="105" rx="9" ry="5" fill="{fur}" {LINE}/>'
        f'<ellipse cx="47" cy="105" rx="9" ry="5" fill="{fur}" {LINE}/>'
    )


def _standing_body(cloth: str) -> str:
    return (
        f'<path d="M20 72 L7 86 M52 72 L65 86" fill="none" stroke="#000" stroke-width="9" '
        f'stroke-linecap="round"/><path d="M20 72 L7 86 M52 72 L65 86" fill="none" '
        f'stroke="{cloth}" stroke-width="5" stroke-linecap="round"/>'
        f'<rect x="25" y="92" width="8" height="22" rx="3" fill="{cloth}" {LINE}/>'
        f'<rect x="39" y="92" width="8" height="22" rx="3" fill="{cloth}" {LINE}/>'
        f'<rect x="18" y="58" width="36" height="38" rx="8" fill="{cloth}" {LINE}/>'
        f'<circle cx="36" cy="78" r="3" fill="#fcea2b" {LINE}/>'
        f'<circle cx="36" cy="88" r="3" fill="#fcea2b" {LINE}/>'
    )


def _stem_curve(x: float, y: float) -> str:
    return (
        f"M{x + 6} {y - 21} C{x + 1} {y - 15} {x - 2} {y - 9} {x} {y} "
        f"C{x + 2} {y + 12} {x + 4} {y + 22} {x + 3} {y + 36}"
    )


def _stem(x: float, y: float) -> str:
    """Outline of the stem and a second leaf, to go below the flower."""
    leaf = f"M{x + 3} {y + 24} q4 -14 18 -14 q0 13 -18 14 z"
    return (
        f'<path d="{_stem_curve(x, y)}" fill="none" stroke="#000" stroke-width="6" '
        f'stroke-linecap="round"/><path d="{leaf}" fill="#5c9e31" {LINE}/>'
    )


def _stem_green(x: float, y: float) -> str:
    """The green of the stem, to go above the thin black line OpenMoji draws."""
    return (
        f'<path d="{_stem_curve(x, y)}" fill="none" stroke="#5c9e31" stroke-width="3" '
        'stroke-linecap="round"/>'
    )


def _trunk(top: float, bottom: float) -> str:
    return (
        f'<path d="M32.5 {top} L31 {bottom - 1} H41 L39.5 {top} Q36 {top + 3} 32.5 {top} Z" '
        f'fill="#8d5b34" {LINE}/>'
    )


def _rainbow(_quarter: str) -> str:
    """A whole arch instead of OpenMoji's quarter."""
    colours = ("#ea5a47", "#f1973b", "#fcea2b", "#8fc24a", "#61b2e4", "#8967aa")
    arcs = "".join(
        f'<path d="M{6 + 3.4 * i} 38 A{30 - 3.4 * i} {30 - 3.4 * i} 0 0 1 {66 - 3.4 * i} 38" '
        f'fill="none" stroke="{colour}" stroke-width="3.5"/>'
        for i, colour in enumerate(colours)
    )
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {UNIT} 38">{arcs}</svg>'


def _moon(svg: str) -> str:
    """A full moon with its seas, so that nobody takes it for the sun."""
    spots = ((26, 26, 7), (46, 38, 9), (30, 49, 5), (45, 19, 4), (19, 40, 3.5))
    seas = "".join(
        f'<circle cx="{x}" cy="{y}" r="{r}" fill="#f1b31c" fill-opacity=".75"/>'
        for x, y, r in spots
    )
    return _extended(svg, "", height=UNIT, above=seas)


def _as_unicorn(horse: str) -> str:
    """A horse in white with a golden horn and a coloured mane."""
    white = horse.replace("#a57939", "#ffffff").replace("#6a462f", "#f2b8cf")
    mane = (
        f'<path d="M18 14 q7 0 9 6 q4 3 4 8 q3 3 2 8 q-5 -1 -7 -5 q-4 -2 -4 -7 q-4 -3 -4 -10 z" '
        f'fill="#b399c8" {LINE}/><path d="M22 18 q4 4 4 10 q3 3 6 7" fill="none" '
        'stroke="#f4a6c6" stroke-width="2.4" stroke-linecap="round"/>'
    )
    horn = f'<path d="M13.5 14.5 L5 1 L18 12.5 Z" fill="#fcc21b" {LINE}/>'
    return _extended(white, horn, height=UNIT, above=mane)
