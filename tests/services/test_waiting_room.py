from __future__ import annotations

from devserver.my_app.services.waiting_room import Bells, WaitingRoom


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
        assert [bell.is_set() for bell in (one, other, another)] == [True, True, False]
        bells.ring_all()
        assert another.is_set()
    with bells.bell("a") as late:
        assert not late.is_set()
