"""The files of a run and the runs like it, by HTTP."""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
import zipfile

import pytest
from flask.testing import FlaskClient

from devserver.my_app.services.run_id import new_run_id
from devserver.my_app.services.run_metadata import RunRequest
from devserver.my_app.wiring import Services
from tests.media_samples import glb_bytes, png_bytes, wav_bytes
from tests.stored_run import put_a_pipe_in_its_place

Headers = dict[str, str]


def stored(
    services: Services, text: str, user_id: str | None = None, origin: str | None = None
) -> str:
    run = services.storage.create_run(
        schema="dada", input_text=text, user_id=user_id, origin=origin
    )
    services.storage.add_media_from_data(run.run_id, png_bytes())
    services.storage.finish_run(run.run_id, "success")
    return run.run_id


def test_files_are_listed_and_saved(
    client: FlaskClient, services: Services, researcher: Headers
) -> None:
    run_id = stored(services, "Dateien")
    answer = client.get(f"/api/runs/{run_id}/files", headers=researcher).get_json()
    for file in answer["files"]:
        saved = client.get(file["url"], headers=researcher)
        assert saved.status_code == 200
        assert len(saved.data) == file["size"]
        assert saved.headers["Content-Disposition"].startswith("attachment")
        assert saved.headers["Cache-Control"] == "private, no-store"
    assert "metadata.json" in {file["filename"] for file in answer["files"]}
    gone = client.get(f"/api/runs/{run_id}/files/no.json", headers=researcher)
    assert (gone.status_code, gone.get_json()["code"]) == (404, "media_not_found")


@pytest.mark.skipif(sys.platform != "linux", reason="names are Unicode there")
def test_a_file_whose_name_is_no_text_can_be_saved_and_exported(
    client: FlaskClient, services: Services, researcher: Headers
) -> None:
    run_id = stored(services, "Namen")
    folder = services.storage.folders.path(run_id)
    names = [b"notiz-\xe4.txt", rb"notiz-\xe4.txt"]
    for name in names:
        (folder / os.fsdecode(name)).write_bytes(name)
    answer = client.get(f"/api/runs/{run_id}/files", headers=researcher).get_json()
    urls = {file["filename"]: file["url"] for file in answer["files"] if file["kind"] == "other"}
    assert list(urls) == [r"notiz-\\xe4.txt", r"notiz-\xe4.txt"]
    saved = [client.get(url, headers=researcher) for url in urls.values()]
    assert [one.data for one in saved] == names[::-1]
    exported = client.get(f"/api/runs/{run_id}/export.zip", headers=researcher)
    with zipfile.ZipFile(io.BytesIO(exported.data)) as package:
        assert {package.read(name) for name in package.namelist()} > set(names)


@pytest.mark.skipif(os.name == "nt", reason="there are no named pipes in folders there")
def test_named_pipes_keep_nobody_waiting(
    client: FlaskClient, services: Services, researcher: Headers
) -> None:
    run_id, other = stored(services, "Rohrpost"), stored(services, "Rohrpost")
    folder = services.storage.folders.path(run_id)
    put_a_pipe_in_its_place(folder / "metadata.json")
    answer = client.get(f"/api/runs/{run_id}", headers=researcher)
    assert (answer.status_code, answer.get_json()["code"]) == (500, "metadata_unreadable")
    found = client.get("/api/runs?q=rohrpost", headers=researcher).get_json()
    assert [run["run_id"] for run in found["runs"]] == [other]
    put_a_pipe_in_its_place(folder.parent / other / "output_image.png")
    for address in (f"image/{other}", f"thumbnail/{other}", f"image/{other}?marked=1"):
        assert client.get(f"/api/media/{address}").status_code == 404
    for one in (run_id, other):  # other tests count the runs of this server
        shutil.rmtree(folder.parent / one)


def test_a_page_among_the_files_is_no_page(
    client: FlaskClient, services: Services, researcher: Headers
) -> None:
    run_id = stored(services, "Seite")
    path = services.storage.folders.path(run_id) / "evil.html"
    path.write_text("<script>alert(1)</script>")
    saved = client.get(f"/api/runs/{run_id}/files/evil.html", headers=researcher)
    assert saved.content_type == "application/octet-stream"
    assert "sandbox" in saved.headers["Content-Security-Policy"]
    text = client.get(f"/api/runs/{run_id}/files/input_text.txt", headers=researcher)
    assert text.content_type == "text/plain; charset=utf-8"


def test_an_archived_run_shows_no_files(
    client: FlaskClient, services: Services, researcher: Headers
) -> None:
    run_id = stored(services, "Archiv")
    assert client.post(f"/api/runs/{run_id}/archive", headers=researcher).status_code == 200
    answer = client.get(f"/api/runs/{run_id}/files", headers=researcher)
    assert (answer.status_code, answer.get_json()["code"]) == (409, "run_archived")
    assert client.post(f"/api/runs/{run_id}/restore", headers=researcher).status_code == 200


def test_related_runs(client: FlaskClient, services: Services, researcher: Headers) -> None:
    text = f"Ein Text, den es nur hier gibt: {new_run_id()}"
    person = f"Doe, J. {new_run_id()}"
    first = stored(services, text, user_id=person)
    same_text = stored(services, text)
    stored(services, text + " ", user_id="somebody else")
    same_person = stored(services, "etwas anderes", user_id=person)
    repeated = stored(services, "noch einmal", origin=first)
    answer = client.get(f"/api/runs/{first}/related", headers=researcher).get_json()
    related = answer["related"]
    ids = {name: [run["run_id"] for run in one["runs"]] for name, one in related.items()}
    assert answer["origin"] is None
    assert ids["same_text"] == [same_text]
    assert ids["same_person"] == [same_person]
    assert ids["repetitions"] == [repeated]
    assert {same_text, same_person, repeated} <= set(ids["same_style"])
    assert all(first not in one for one in ids.values())
    assert [related[name]["total"] for name in ("same_text", "same_person", "repetitions")] == [
        1,
        1,
        1,
    ]
    filters = json.dumps([one["filter"] for one in related.values()])
    assert text not in filters  # a text is named by its sum
    found = client.get("/api/runs", query_string=related["same_text"]["filter"], headers=researcher)
    assert {run["run_id"] for run in found.get_json()["runs"]} == {first, same_text}
    back = client.get(f"/api/runs/{repeated}/related", headers=researcher).get_json()
    assert back["origin"]["run_id"] == first
    assert back["origin"]["input_text"] == text
    assert "same_person" not in back["related"]
    nobodys = stored(services, "von niemandem", user_id="")
    answer = client.get(f"/api/runs/{nobodys}/related", headers=researcher).get_json()
    assert "same_person" not in answer["related"]
    client.delete(f"/api/runs/{first}", headers=researcher)
    assert (
        client.get(f"/api/runs/{repeated}/related", headers=researcher).get_json()["origin"] is None
    )


@pytest.mark.parametrize(("media_type", "data"), [("audio", wav_bytes()), ("3d", glb_bytes())])
def test_sounds_and_objects_have_small_pictures(
    client: FlaskClient, services: Services, media_type: str, data: bytes
) -> None:
    run = services.storage.create_run(
        schema="dada",
        input_text="Klang und Körper",
        request=RunRequest.model_validate({"output_type": media_type}),
    )
    services.storage.add_media_from_data(run.run_id, data)
    services.storage.finish_run(run.run_id, "success")
    path = f"/api/media/thumbnail/{run.run_id}"
    assert client.get(path).status_code == 404  # no image and no video
    answer = client.get(f"{path}?type={media_type}&size=256")
    assert (answer.status_code, answer.content_type) == (200, "image/webp")
    assert client.get(f"{path}?type=image").status_code == 404
    assert client.get(f"{path}?type=text").status_code == 400
