"""The paper of a place sorted for a stage: what is sky, what stands, what hangs, what is floor."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..shapes import Colour, Polygon, Sheet, box, mix
from ..surroundings import Surroundings

# Where the floor begins in a picture, from its upper edge; below it everything lies flat.
FLOOR = {
    "room": 0.765,
    "stage": 0.76,
    "city": 0.765,
    "underwater": 0.85,
    "space": 0.93,
    "sky": 0.93,
    "moon": 0.6,
}
USUAL_FLOOR = 0.8
PRINTED = 0.2  # sheets that hover less than this are printed on what is below them


@dataclass
class Board:
    """Sheets that are cut out together, the first at the bottom."""

    sheets: list[Sheet] = field(default_factory=list)

    @property
    def cut(self) -> list[Sheet]:
        """Those that give the outline; the others are only printed."""
        return [sheet for sheet in self.sheets if sheet.lift > PRINTED]

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        return extent(self.cut)


@dataclass
class Sorted:
    """The paper of a place. `standing` runs from far to near; `wings` frame the stage in front."""

    floor: float
    ground: Colour
    sky: list[Sheet] = field(default_factory=list)
    aloft: list[Board] = field(default_factory=list)
    standing: list[Board] = field(default_factory=list)
    lying: list[Sheet] = field(default_factory=list)
    wings: Board | None = None


def sorted_sheets(place: str, around: Surroundings) -> Sorted:
    """Sorts what `surroundings` lists from far to near by where each sheet is."""
    floor = FLOOR.get(place, USUAL_FLOOR)
    made = Sorted(floor, mix(around.sky[0], around.sky[1], 0.35))
    last: Board | None = None
    has_ground = False
    for sheet in around.back:
        left, top, right, bottom = extent([sheet])
        is_wide = left <= 0 and right >= 1
        if place == "stage" and has_ground and sheet.lift > PRINTED:
            made.wings = made.wings or Board()
            made.wings.sheets.append(sheet)
        elif top >= floor - 0.02:
            if is_wide and not has_ground:
                made.ground, has_ground = sheet.colour, True
            made.lying.append(sheet)
        elif sheet.lift <= PRINTED:
            fits = last is not None and top > last.box[1] - 0.05
            (last.sheets if last is not None and fits else made.sky).append(sheet)
        elif not is_wide and bottom < 0.62:
            last = Board([sheet])
            made.aloft.append(last)
        elif not is_wide and bottom < floor - 0.06 and made.standing:
            last = made.standing[-1]
            last.sheets.append(sheet)
        else:
            last = _stood(made.standing, sheet, floor)
            if is_wide:
                made.ground = sheet.colour
    return made


def _stood(standing: list[Board], sheet: Sheet, floor: float) -> Board:
    """The board a standing sheet belongs to: its left neighbour's, else its own."""
    left, _, right, bottom = extent([sheet])
    if bottom < floor:  # down to the floor
        foot: Polygon = box(max(left, -0.05), bottom - 0.02, min(right, 1.05), floor + 0.1)
        sheet = Sheet(sheet.colour, (*sheet.polygons, foot), sheet.lift)
    previous = standing[-1].cut[-1] if standing else None
    if previous and right - left < 0.9 and left > extent([previous])[0] + 0.02:
        standing[-1].sheets.append(sheet)
    else:
        standing.append(Board([sheet]))
    return standing[-1]


def extent(sheets: list[Sheet]) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of sheets."""
    xs = [x for sheet in sheets for polygon in sheet.polygons for x, _ in polygon]
    ys = [y for sheet in sheets for polygon in sheet.polygons for _, y in polygon]
    return min(xs), min(ys), max(xs), max(ys)
