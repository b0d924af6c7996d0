from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devserver.my_app.services.disk_space import DiskSpace, StorageNearlyFull


class Disk:
    """A disk of which the free space can be set, and a clock that goes when told."""

    def __init__(self, free: int) -> None:
        self.free = free
        self.now = 100.0
        self.asked: list[Path] = []

    def free_bytes(self, folder: Path) -> int:
        self.asked.append(folder)
        if self.free < 0:
            raise OSError("gone")
        return self.free

    def space(self, floor: int) -> DiskSpace:
        return DiskSpace(Path("runs"), floor, free_bytes=self.free_bytes, clock=lambda: self.now)


@given(st.integers(0, 10**13), st.integers(0, 10**13))
def test_room_is_what_reaches_the_floor(free: int, floor: int) -> None:
    space = Disk(free).space(floor)
    assert space.is_above_floor() == (free >= floor)
    if free < floor:
        with pytest.raises(StorageNearlyFull):
            space.check_room()
    else:
        space.check_room()


def test_the_disk_is_asked_at_most_once_a_second() -> None:
    disk = Disk(1000)
    space = disk.space(500)
    space.check_room()
    disk.free = 499
    disk.now += 0.9
    assert space.free_bytes() == 1000
    disk.now += 0.1
    assert space.free_bytes() == 499
    with pytest.raises(StorageNearlyFull):
        space.check_room()
    assert disk.asked == [Path("runs")] * 2


def test_a_disk_that_cannot_be_asked_has_no_room() -> None:
    space = Disk(-1).space(1)
    assert space.free_bytes() == 0
    with pytest.raises(StorageNearlyFull):
        space.check_room()


def test_the_real_disk_is_asked(tmp_path: Path) -> None:
    total = shutil.disk_usage(tmp_path).total
    assert 0 < DiskSpace(tmp_path, 0).free_bytes() <= total
    assert not DiskSpace(tmp_path, total + 1).is_above_floor()
    assert not DiskSpace(tmp_path / "gone", 1).is_above_floor()
