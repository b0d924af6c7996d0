"""GET /api/runs, on one app with some runs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from devserver.my_app.routes.run_search import run_with
from devserver.my_app.services.run_index.showing import Showing
from devserver.my_app.services.run_metadata import RunMetadata
from devserver.my_app.wiring import Services
from tests.media_samples import png_bytes
from tests.stored_run import put_a_folder_in_its_place

WORKSHOP = "a-workshop-of-this-module"


@pytest.fixture(scope="module")
def stored() -> list[str]:
    return []


@pytest.fixture
def run_ids(stored: list[str], services: Services) -> list[str]:
    """Three runs of one user: a flower with a picture, a house that failed, a tired bear."""
    if not stored:
        for schema, text, status in (
            ("dada", "Eine Blume auf der Wiese", "success"),
            ("bauhaus", "Viele Häuser", "failed"),
            ("dada", "Ein müder Bär", "failed"),
        ):
            run = services.storage.create_run(schema=schema, input_text=text, user_id=WORKSHOP)
            services.storage.save_transformed_text(run.run_id, f"Keine Zeit: {text}")
            if status == "success":
                services.storage.add_media_from_data(run.run_id, png_bytes())
            services.storage.finish_run(run.run_id, "success" if status == "success" else "failed")
            stored.append(run.run_id)
    return stored


def ask(client: FlaskClient, headers: dict[str, str], query: str) -> Any:
    answer = client.get(f"/api/runs?user={WORKSHOP}&{query}", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def ids(page: Any) -> list[str]:
    return [run["run_id"] for run in page["runs"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", (2, 1, 0)),
        ("q=haeuser", (1,)),
        ("q=MUDER+bar", (2,)),
        ("q=blu*", (0,)),
        ('q="auf der"', (0,)),
        ("q=-wiese", (2, 1)),
        ("q=zeit&schema=dada&status=!success", (2,)),
        ("type=image&min_size=1&backend=unknown", (0,)),
        ("sort=oldest", (0, 1, 2)),
        ("from=2001-01-01&to=2002-01-01", ()),
        ("q=)+OR+*", ()),
    ],
)
def test_finds(
    client: FlaskClient,
    run_ids: list[str],
    researcher: dict[str, str],
    query: str,
    found: tuple[int, ...],
) -> None:
    page = ask(client, researcher, query)
    assert ids(page) == [run_ids[number] for number in found]
    assert page["total"] == len(found)
    assert page["next"] is None


def test_tells_everything_or_what_is_asked_for(
    client: FlaskClient, services: Services, run_ids: list[str], researcher: dict[str, str]
) -> None:
    [run] = ask(client, researcher, "q=wiese")["runs"]
    assert run.keys() >= set(services.storage.get_metadata(run_ids[0]).to_dict())
    assert run["outputs"][0]["url"].startswith("/api/media/image/")
    [run] = ask(client, researcher, "q=wiese&fields=run_id,schema,user_id")["runs"]
    assert run == {"run_id": run_ids[0], "schema": "dada", "user_id": WORKSHOP}
    [run] = ask(client, researcher, "q=wiese&fields=status,input_text")["runs"]
    assert run == {"status": "success", "input_text": "Eine Blume auf der Wiese"}


def test_counts_by_facets(
    client: FlaskClient, run_ids: list[str], researcher: dict[str, str]
) -> None:
    page = ask(client, researcher, "schema=dada&facets=schema,status,day,type&total=no")
    assert page["total"] is None
    facets = page["facets"]
    assert facets["schema"] == [{"value": "dada", "runs": 2}, {"value": "bauhaus", "runs": 1}]
    assert {one["value"]: one["runs"] for one in facets["status"]} == {"success": 1, "failed": 1}
    assert {one["value"]: one["runs"] for one in facets["type"]} == {"image": 1, None: 1}
    assert sum(one["runs"] for one in facets["day"]) == 2


def test_pages_do_not_shift(
    client: FlaskClient, services: Services, run_ids: list[str], researcher: dict[str, str]
) -> None:
    first = ask(client, researcher, "limit=2&q=zeit")
    added = services.storage.create_run(schema="dada", input_text="Zeit", user_id=WORKSHOP)
    second = ask(client, researcher, f"limit=2&q=zeit&after={first['next']}")
    services.storage.delete_run(added.run_id)
    services.index.forget(added.run_id)
    assert ids(first) + ids(second) == run_ids[::-1]
    other = client.get(f"/api/runs?q=blume&after={first['next']}", headers=researcher)
    assert (other.status_code, other.get_json()["code"]) == (400, "query_invalid")
    assert "another search" in other.get_json()["error"]


def test_all_that_is_wrong_is_said_at_once(client: FlaskClient, researcher: dict[str, str]) -> None:
    query = "colour=red&status=done&facets=mood&fields=x&total=2&limit=0"
    answer = client.get(f"/api/runs?{query}", headers=researcher)
    assert answer.status_code == 400
    faults = {one["field"]: one["problem"] for one in answer.get_json()["details"]["fields"]}
    assert faults.keys() == {"colour", "status", "facets", "fields", "total", "limit"}
    assert "known are q, status" in faults["colour"]
    assert "facets" in faults["colour"]


def test_a_run_removed_by_hand_is_not_shown(
    client: FlaskClient, services: Services, researcher: dict[str, str]
) -> None:
    run: RunMetadata = services.storage.create_run(schema="dada", input_text="Vergänglich")
    url = "/api/runs?q=verganglich&fields=run_id"
    assert ids(client.get(url, headers=researcher).get_json()) == [run.run_id]
    shutil.rmtree(services.root.runs / run.run_id)
    page = client.get(url, headers=researcher).get_json()
    assert (page["runs"], page["total"]) == ([], 0)


def halve_a_character(path: Path) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), "user_id": "a\ud800"}))


@pytest.mark.parametrize("spoil", [put_a_folder_in_its_place, halve_a_character])
def test_a_run_that_can_not_be_read_hides_no_other(
    client: FlaskClient,
    services: Services,
    run_ids: list[str],
    researcher: dict[str, str],
    spoil: Callable[[Path], None],
) -> None:
    unreadable = services.storage.create_run(schema="dada", input_text="x", user_id=WORKSHOP)
    assert ids(ask(client, researcher, "")) == [unreadable.run_id, *run_ids[::-1]]
    folder = services.root.runs / unreadable.run_id
    spoil(folder / "metadata.json")
    try:
        assert ids(ask(client, researcher, "")) == run_ids[::-1]
        assert ids(ask(client, researcher, "fields=run_id")) == run_ids[::-1]
        answer = client.get(f"/api/runs/{unreadable.run_id}")
        assert (answer.status_code, answer.get_json()["code"]) == (500, "metadata_unreadable")
        with client.application.app_context():
            assert run_with(unreadable.run_id, Showing()) is None  # as when it becomes so only now
    finally:
        shutil.rmtree(folder)


def test_says_how_far_the_index_is(
    client: FlaskClient, services: Services, run_ids: list[str], researcher: dict[str, str]
) -> None:
    services.index.look_through()
    state = ask(client, researcher, "")["index"]
    assert state["complete"] is True
    assert state["known"] == len(list(services.root.runs.iterdir()))
