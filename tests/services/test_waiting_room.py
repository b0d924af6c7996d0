from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from devserver.my_app.services.waiting_room import Bell, Bells, WaitingRoom


def test_a_room_has_so_many_places() -> None:
    room = WaitingRoom(2)
    with room.place() as first, room.place() as second, room.place() as third:
        assert (first, second, third) == (True, True, False)
        assert room.taken == 2
    assert room.taken == 0


def test_bells_ring_for_their_run() -> None:
    bells = Bells()
    with bells.bell("a") as one, bells.bell("a") as other, bells.bell("b") as another:
        bells.ring("a")
        bells.ring("nobody")
        assert [bell.wait(0) for bell in (one, other, another)] == [True, True, False]
        bells.ring_all()
        assert another.wait(0)
    with bells.bell("a") as late:
        assert not late.wait(0)


def test_a_loud_ring_wakes_at_once_and_a_soft_one_later() -> None:
    bell = Bell()
    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(bell.wait, 3600, quiet_seconds=3600)
        bell.ring(loud=False)
        bell.ring()
        assert waiting.result(60)
        bell.clear()
        assert not bell.wait(0)
        bell.ring(loud=False)
        assert bell.wait(3600, quiet_seconds=0.01)
