from __future__ import annotations

import threading

import pytest

from devserver.my_app.services.run_index.writing_beside import Rows, WritingBeside

FIRST: Rows = {"1": None}
SECOND: Rows = {"2": None}
THIRD: Rows = {"3": None}


def test_goes_on_while_it_writes_and_keeps_the_order() -> None:
    may_write = threading.Event()
    written: list[Rows] = []

    def write(rows: Rows) -> None:
        assert may_write.wait(10)
        written.append(rows)

    with WritingBeside(write) as beside:
        beside.write(FIRST)
        assert written == []
        may_write.set()
        beside.write(SECOND)
        assert written[0] == FIRST
        beside.wait()
        assert written == [FIRST, SECOND]
        beside.write({})
        beside.write(THIRD)
    assert written == [FIRST, SECOND, THIRD]


def test_what_fails_is_raised_where_the_rows_come_from() -> None:
    written: list[Rows] = []

    def write(rows: Rows) -> None:
        if rows == FIRST:
            raise OSError("no more room")
        written.append(rows)

    with WritingBeside(write) as beside:
        beside.write(FIRST)
        with pytest.raises(OSError, match="room"):
            beside.write(SECOND)
        beside.write(THIRD)
    assert written == [THIRD]
    with pytest.raises(OSError, match="room"), WritingBeside(write) as beside:
        beside.write(FIRST)


def test_nothing_is_under_way_after_the_end_even_when_reading_failed() -> None:
    may_write = threading.Event()
    written: list[Rows] = []

    def write(rows: Rows) -> None:
        assert may_write.wait(10)
        written.append(rows)
        raise OSError("no more room")

    def read_and_fail() -> None:
        with WritingBeside(write) as beside:
            beside.write(FIRST)
            threading.Thread(target=may_write.set).start()
            raise ValueError("the reading failed")

    with pytest.raises(ValueError, match="reading"):
        read_and_fail()
    assert written == [FIRST]
