from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devserver.my_app.services.run_queue.durations import Durations
from devserver.my_app.services.run_queue.forecast import Forecast, LaneView
from devserver.my_app.services.run_queue.lane import Lane, Ticket
from devserver.my_app.services.run_queue.port import Leg, Outlook

TEXT, GPU = Leg("text", "dada"), Leg("gpu", "sd35_large")


class Workshop:
    """Lanes of which a test decides who waits in them and who is under way."""

    def __init__(self, **limits: int) -> None:
        self.lanes = {name: Lane(limit) for name, limit in limits.items()}
        self.durations = Durations()
        self.now = 0.0

    def outlook(self, ticket: Ticket) -> Outlook:
        found = Forecast(self.lanes, self.durations, self.now).outlook(ticket.run_id)
        assert found is not None
        return found

    def come(self, name: str, *way: Leg, device: str = "") -> Ticket:
        ticket = Ticket(name, device or name, way, since=self.now)
        self.lanes[way[0].lane].add(ticket)
        return ticket

    def start(self, lane: str) -> Ticket:
        ticket = self.lanes[lane].take()
        ticket.since = self.now
        return ticket


def test_one_that_can_start_takes_as_long_as_its_legs() -> None:
    workshop = Workshop(text=2, gpu=1)
    workshop.durations.learn(TEXT, 3.0)
    workshop.durations.learn(GPU, 20.0)
    ticket = workshop.come("a", TEXT, GPU)
    assert workshop.outlook(ticket).seconds == 23.0


def test_while_its_text_is_written_the_line_at_the_gpu_moves_on() -> None:
    workshop = Workshop(text=2, gpu=1)
    workshop.durations.learn(TEXT, 15.0)
    workshop.durations.learn(GPU, 20.0)
    workshop.come("before", GPU)
    workshop.start("gpu")
    ticket = workshop.come("a", TEXT, GPU)
    outlook = workshop.outlook(ticket)
    assert (outlook.place, outlook.seconds) == (1, 40.0)  # not 55
    workshop.start("text")
    workshop.now = 10.0
    outlook = workshop.outlook(ticket)
    assert (outlook.place, outlook.seconds) == (None, 30.0)


def test_two_at_once_at_one_gpu_are_no_faster() -> None:
    workshop = Workshop(gpu=2)
    workshop.durations.learn(GPU, 20.0, share=10.0)
    for name in "ab":
        workshop.come(name, GPU)
        workshop.start("gpu")
    waiting = [workshop.come(name, GPU) for name in "cd"]
    # Together the two under way have 20 s of the GPU left, and then each takes 20 s beside another.
    assert [workshop.outlook(ticket).seconds for ticket in waiting] == [40.0, 50.0]


def test_nothing_is_said_while_nothing_is_known() -> None:
    workshop = Workshop(text=1, gpu=1)
    workshop.durations.learn(TEXT, 1.0)
    ticket = workshop.come("a", TEXT, GPU)
    assert workshop.outlook(ticket).seconds is None


def test_a_kind_never_seen_is_taken_for_one_of_its_lane() -> None:
    durations = Durations()
    assert durations.seconds_of(GPU) is None
    durations.learn(Leg("gpu", "flux"), 12.0)
    assert durations.seconds_of(GPU) == 12.0
    durations.learn(GPU, 30.0)
    assert (durations.seconds_of(GPU), durations.share_of(GPU)) == (30.0, 30.0)


def test_the_last_twenty_count_and_not_more_kinds_than_five_hundred_are_kept() -> None:
    durations = Durations()
    for seconds in (*[100.0] * 20, *[5.0] * 20):
        durations.learn(GPU, seconds)
    assert durations.seconds_of(GPU) == 5.0
    for number in range(600):
        durations.learn(Leg("gpu", str(number)), 7.0)
    assert durations.seconds_of(GPU) == 7.0  # forgotten; so it is one of its lane


DEVICES = st.lists(st.sampled_from("abcd"), max_size=12)


@given(devices=DEVICES, newest=st.sampled_from("abcd"))
def test_a_place_behind_is_the_place_one_gets(devices: list[str], newest: str) -> None:
    lane = Lane(1)
    for number, device in enumerate(devices):
        lane.add(Ticket(str(number), device, (GPU,), 0.0))
    foretold = LaneView(lane, Durations(), 0.0).place_behind(newest)
    ticket = Ticket("newest", newest, (GPU,), 0.0)
    lane.add(ticket)
    assert [*lane].index(ticket) + 1 == foretold
    assert len(lane) == len(devices) + 1


@given(devices=DEVICES, leaving=st.integers(0, 11))
def test_those_who_wait_start_in_the_order_told(devices: list[str], leaving: int) -> None:
    lane = Lane(99)
    tickets = [Ticket(str(n), device, (GPU,), 0.0) for n, device in enumerate(devices)]
    for ticket in tickets:
        lane.add(ticket)
    if leaving < len(tickets):
        lane.remove(tickets[leaving])
    foretold = [*lane]
    started = []
    while lane.can_start:
        started.append(lane.take())
    assert started == foretold
    assert [*lane.under_way.values()] == started


@pytest.mark.parametrize("elapsed", [0.0, 5.0, 500.0])
def test_a_forecast_is_never_negative(elapsed: float) -> None:
    workshop = Workshop(gpu=1)
    workshop.durations.learn(GPU, 20.0)
    workshop.come("a", GPU)
    workshop.start("gpu")
    ticket = workshop.come("b", GPU)
    workshop.now = elapsed
    seconds = workshop.outlook(ticket).seconds
    assert seconds is not None
    assert seconds >= 20.0
