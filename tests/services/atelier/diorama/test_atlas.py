"""One sheet for all pictures: nothing overlaps, everything keeps its colours."""

import io

import numpy as np
import pytest
from PIL import Image

from devserver.my_app.services.atelier import Manner
from devserver.my_app.services.atelier.diorama.atlas import Atlas


@pytest.mark.parametrize("count", [1, 7, 30])
def test_pictures_lie_side_by_side(count: int) -> None:
    atlas = Atlas()
    rng = np.random.default_rng(count)
    colours = rng.integers(0, 256, (count, 3))
    for number, colour in enumerate(colours):
        wide, high = map(int, rng.integers(12, 260, 2))
        assert atlas.add(Image.new("RGB", (wide, high), tuple(map(int, colour)))) == number
    jpeg, areas = atlas.sheet(Manner())
    sheet = Image.open(io.BytesIO(jpeg)).convert("RGB")
    assert all(side in (256, 512, 1024, 2048) for side in sheet.size)
    assert len(areas) == count
    pixels = np.asarray(sheet).astype(int)
    for colour, (left, top, across, down) in zip(colours, areas, strict=True):
        assert 0 < left < left + across < 1
        assert 0 < top < top + down < 1
        rows = slice(int(top * sheet.height), int((top + down) * sheet.height) + 1)
        columns = slice(int(left * sheet.width), int((left + across) * sheet.width) + 1)
        assert np.abs(np.median(pixels[rows, columns], axis=(0, 1)) - colour).max() <= 4


def test_a_palette_colours_the_sheet() -> None:
    atlas = Atlas()
    atlas.add(Image.new("RGB", (40, 40), (255, 0, 0)))
    grey = Image.open(io.BytesIO(atlas.sheet(Manner(palette="monochrome"))[0])).convert("RGB")
    red, green, blue = grey.resize((1, 1), box=(10, 10, 30, 30)).getpixel((0, 0))  # type: ignore[misc]
    assert max(red, green, blue) - min(red, green, blue) < 30
