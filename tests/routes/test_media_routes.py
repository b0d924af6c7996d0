from __future__ import annotations

import hashlib
import io
import json
import uuid

import pytest
import requests
from flask.testing import FlaskClient
from PIL import Image

from devserver.my_app.wiring import Services
from tests.conftest import Refit
from tests.media_samples import avif_bytes, glb_bytes, mp4_bytes, png_bytes, wav_bytes
from tests.running_server import RunningServer


@pytest.fixture
def run_id(services: Services) -> str:
    """A finished run with two pictures and one of each other type."""
    storage = services.storage
    run_id = storage.create_run(schema="dada", input_text="Eine Blume", user_id="DOE_J").run_id
    for data in (png_bytes(16, 12), png_bytes(20, 10), wav_bytes(), mp4_bytes(), glb_bytes()):
        storage.add_media_from_data(run_id, data)
    storage.finish_run(run_id, "success")
    return run_id


@pytest.mark.parametrize(
    ("media_type", "content_type", "data"),
    [
        ("image", "image/png", png_bytes(16, 12)),
        ("audio", "audio/wav", wav_bytes()),
        ("video", "video/mp4", mp4_bytes()),
        ("3d", "model/gltf-binary", glb_bytes()),
    ],
)
def test_each_type_is_served_with_its_content_type(
    client: FlaskClient, run_id: str, media_type: str, content_type: str, data: bytes
) -> None:
    answer = client.get(f"/api/media/{media_type}/{run_id}")
    assert (answer.status_code, answer.data) == (200, data)
    assert answer.content_type == content_type
    assert answer.headers["ETag"] == f'"{hashlib.sha256(data).hexdigest()}"'
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Accept-Ranges"] == "bytes"


@pytest.mark.parametrize(
    ("path", "width"),
    [("{}", 16), ("{}.png", 16), ("{}/1", 16), ("{}/1.png", 16), ("{}/2", 20), ("{}/2.png", 20)],
)
def test_outputs_are_numbered_from_1(
    client: FlaskClient, run_id: str, path: str, width: int
) -> None:
    answer = client.get("/api/media/image/" + path.format(run_id))
    assert int.from_bytes(answer.data[16:20], "big") == width


@pytest.mark.parametrize(
    "path",
    [
        "image/{}/3",
        "image/{}/0",
        "image/{}/01",
        "image/{}/-1",
        "image/{}/1.gif",
        "image/{}.jpg",
        "image/{}/1/2",
        "image/{}/..%2fmetadata.json",
        "image/{}/../metadata.json",
        "image/{}/metadata.json",
        "image/{}/1%00",
        "image/{}/²",
        "smell/{}",
        "3D/{}",
    ],
)
def test_what_is_not_there_is_404(client: FlaskClient, run_id: str, path: str) -> None:
    answer = client.get("/api/media/" + path.format(run_id))
    assert answer.status_code == 404
    assert answer.get_json()["status"] == "error"


@pytest.mark.parametrize(
    "name",
    ["..", "%2e%2e", "..%2f..%2fstate", "x", "a" * 5000, "%00", "%ff", "%F0%9F%8C%B8", "{upper}"],
)
def test_tricks_in_place_of_a_run_id_are_4xx(client: FlaskClient, run_id: str, name: str) -> None:
    name = name.format(upper=run_id.upper())
    for path in (
        f"/api/media/image/{name}",
        f"/api/media/info/{name}",
        f"/api/media/run/{name}",
        f"/api/runs/{name}",
    ):
        answer = client.get(path)
        assert answer.status_code in (400, 404), path
        assert answer.get_json()["status"] == "error"


def test_an_unknown_run_is_404(client: FlaskClient) -> None:
    answer = client.get(f"/api/media/image/{uuid.uuid4()}")
    assert (answer.status_code, answer.get_json()["code"]) == (404, "run_not_found")


def test_a_run_on_its_way_has_its_media_not_yet(client: FlaskClient, services: Services) -> None:
    run_id = services.storage.create_run(schema="dada", input_text="Eine Blume").run_id
    answer = client.get(f"/api/media/image/{run_id}")
    assert (answer.status_code, answer.get_json()["code"]) == (404, "media_not_ready")
    assert answer.headers["Cache-Control"] == "no-store"
    services.storage.finish_run(run_id, "cancelled")
    assert client.get(f"/api/media/image/{run_id}").get_json()["code"] == "media_not_found"


def test_ranges_head_and_conditional_requests(client: FlaskClient, run_id: str) -> None:
    url, data = f"/api/media/image/{run_id}", png_bytes(16, 12)
    part = client.get(url, headers={"Range": "bytes=1-3"})
    assert (part.status_code, part.data) == (206, b"PNG")
    assert part.headers["Content-Range"] == f"bytes 1-3/{len(data)}"
    assert client.get(url, headers={"Range": "bytes=-4"}).data == data[-4:]
    beyond = client.get(url, headers={"Range": f"bytes={len(data)}-"})
    assert (beyond.status_code, beyond.get_json()["code"]) == (416, "range_not_satisfiable")
    head = client.head(url)
    assert (head.status_code, head.data) == (200, b"")
    assert head.content_length == len(data)
    etag = head.headers["ETag"]
    assert client.get(url, headers={"If-None-Match": etag}).status_code == 304
    fresh = client.get(url, headers={"Range": "bytes=1-3", "If-Range": etag})
    assert fresh.status_code == 206
    stale = client.get(url, headers={"Range": "bytes=1-3", "If-Range": '"another"'})
    assert (stale.status_code, stale.data) == (200, data)


def test_a_file_that_is_another_one_by_now_is_412(client: FlaskClient, run_id: str) -> None:
    url = f"/api/media/image/{run_id}"
    etag = client.head(url).headers["ETag"]
    assert client.get(url, headers={"If-Match": etag}).data == png_bytes(16, 12)
    answer = client.get(url, headers={"If-Match": '"another"'})
    assert (answer.status_code, answer.get_json()["status"]) == (412, "error")


def test_behind_nginx_stored_files_are_left_to_it(
    client: FlaskClient, services: Services, run_id: str, refit: Refit
) -> None:
    url = f"/api/media/image/{run_id}/2"
    alone = client.get(url)
    refit({"accel_redirect_prefix": "/run-media/"})
    for headers in ({}, {"Range": "bytes=1-3"}):
        answer = client.get(url, headers=headers)
        assert (answer.status_code, answer.data) == (200, b"")
        assert answer.headers["X-Accel-Redirect"] == f"/run-media/{run_id}/output_image_2.png"
        left = {"Content-Length", "Accept-Ranges", "X-Accel-Redirect", "Date"}
        assert {pair for pair in answer.headers if pair[0] not in left} == {
            pair for pair in alone.headers if pair[0] not in left
        }
    etag = {"If-None-Match": alone.headers["ETag"]}
    for path, status in ((url, 304), (f"/api/media/thumbnail/{run_id}", 200)):
        answer = client.get(path, headers=etag)
        assert (answer.status_code, "X-Accel-Redirect" in answer.headers) == (status, False)
    services.storage.get_media_path(run_id, "output_image_2.png").unlink()
    assert client.get(url).get_json()["code"] == "media_not_found"


def test_a_file_that_vanished_is_404(client: FlaskClient, services: Services, run_id: str) -> None:
    services.storage.get_media_path(run_id, "output_image.png").unlink()
    assert client.get(f"/api/media/image/{run_id}").get_json()["code"] == "media_not_found"


def test_info_lists_the_media(client: FlaskClient, run_id: str) -> None:
    body = client.get(f"/api/media/info/{run_id}").get_json()
    assert (body["run_id"], body["status"]) == (run_id, "success")
    assert [(output["type"], output["index"]) for output in body["outputs"]] == [
        *(("image", 1), ("image", 2), ("audio", 1), ("video", 1), ("3d", 1))
    ]
    for output in body["outputs"]:
        assert client.get(output["url"]).status_code == 200


def test_the_public_view_of_a_run(
    client: FlaskClient, run_id: str, researcher: dict[str, str]
) -> None:
    public = client.get(f"/api/media/run/{run_id}").get_json()
    assert public["input_text"] == "Eine Blume"
    assert public["schema"] == "dada"
    assert not {"user_id", "jobs"} & public.keys()
    whole = client.get(f"/api/media/run/{run_id}", headers=researcher).get_json()
    assert whole["user_id"] == "DOE_J"


def test_a_folder_with_only_the_seeds_keys_is_served(
    client: FlaskClient, services: Services
) -> None:
    run_id = str(uuid.uuid4())
    folder = services.root.runs / run_id
    folder.mkdir()
    (folder / "output_image.png").write_bytes(png_bytes())
    output = {"type": "image", "filename": "output_image.png", "format": "png"}
    metadata = {"run_id": run_id, "schema": "dada", "input_text": "x", "outputs": [output]}
    (folder / "metadata.json").write_text(json.dumps(metadata))
    answer = client.get(f"/api/media/image/{run_id}")
    assert (answer.status_code, answer.data) == (200, png_bytes())
    assert answer.content_type == "image/png"


def test_metadata_can_not_lead_out_of_the_folder_or_lie_about_the_type(
    client: FlaskClient, services: Services
) -> None:
    run_id = str(uuid.uuid4())
    folder = services.root.runs / run_id
    folder.mkdir()
    (folder / "output_image.png").write_bytes(b"<script>alert(1)</script>")
    outputs = [
        {"type": "image", "filename": "../../state/server.json", "format": "png"},
        {"type": "image", "filename": "output_image.png", "mime_type": "text/html"},
    ]
    metadata = {"run_id": run_id, "outputs": outputs}
    (folder / "metadata.json").write_text(json.dumps(metadata))
    assert client.get(f"/api/media/image/{run_id}/1").status_code == 404
    assert client.get(f"/api/media/image/{run_id}/2").content_type == "image/png"


def test_a_download_has_a_sensible_name(client: FlaskClient, run_id: str) -> None:
    shown = client.get(f"/api/media/image/{run_id}/2")
    saved = client.get(f"/api/media/image/{run_id}/2?download=1")
    assert not shown.headers.get("Content-Disposition", "").startswith("attachment")
    name = f"dada_{run_id[:8]}_2.png"
    assert saved.headers["Content-Disposition"] == f"attachment; filename={name}"
    assert saved.data == shown.data


@pytest.mark.parametrize(
    ("number", "size", "expected"),
    [("", "", (16, 12)), ("/2", "?size=600", (20, 10)), ("/3", "?size=128", (32, 24))],
)
def test_thumbnails_of_images_and_posters_of_videos(
    client: FlaskClient, run_id: str, number: str, size: str, expected: tuple[int, int]
) -> None:
    answer = client.get(f"/api/media/thumbnail/{run_id}{number}{size}")
    assert (answer.status_code, answer.content_type) == (200, "image/webp")
    with Image.open(io.BytesIO(answer.data), formats=["WEBP"]) as picture:
        assert picture.size == expected
    etag = answer.headers["ETag"]
    again = client.get(
        f"/api/media/thumbnail/{run_id}{number}{size}", headers={"If-None-Match": etag}
    )
    assert again.status_code == 304


@pytest.mark.parametrize("path", ["/4", "/0", "/x", "?size=0", "?size=x", "?size=99999"])
def test_thumbnails_that_are_not_there(client: FlaskClient, run_id: str, path: str) -> None:
    assert client.get(f"/api/media/thumbnail/{run_id}{path}").status_code in (400, 404)


def test_a_deleted_run_leaves_no_thumbnail(
    client: FlaskClient, services: Services, run_id: str, researcher: dict[str, str]
) -> None:
    assert client.get(f"/api/media/thumbnail/{run_id}").status_code == 200
    kept = services.root.cache / "thumbnails" / run_id
    assert len(list(kept.iterdir())) == 1
    client.delete(f"/api/runs/{run_id}", headers=researcher)
    assert not kept.exists()
    assert client.get(f"/api/media/thumbnail/{run_id}").status_code == 404


@pytest.mark.parametrize("media_type", ["image", "audio", "video", "3d"])
def test_a_marked_copy_says_that_ai_made_it(
    client: FlaskClient, run_id: str, media_type: str
) -> None:
    url = f"/api/media/{media_type}/{run_id}"
    original = client.get(url)
    copy = client.get(f"{url}?marked=1")
    assert copy.status_code == 200
    assert copy.content_type == original.content_type
    assert copy.content_length == len(copy.data)
    assert b"trainedAlgorithmicMedia" in copy.data
    assert run_id.encode() not in copy.data
    assert copy.headers["ETag"] != original.headers["ETag"]
    assert copy.headers["Cache-Control"] == "private, no-cache"
    assert "sandbox" in copy.headers["Content-Security-Policy"]
    assert client.get(url).data == original.data
    head = client.head(f"{url}?marked=1")
    assert (head.data, head.content_length) == (b"", len(copy.data))
    assert head.headers["ETag"] == copy.headers["ETag"]


def test_a_marked_copy_says_more_where_it_is_asked_to(client: FlaskClient, run_id: str) -> None:
    url = f"/api/media/image/{run_id}?marked=1"
    seen = {client.get(url).headers["ETag"]}
    for details, words in (
        ("prompt", [b"Eine Blume"]),
        ("schema", [b"dada"]),
        ("run_id", [run_id.encode()]),
        ("run_id,%20prompt,schema", [b"Eine Blume", b"dada", run_id.encode()]),
    ):
        answer = client.get(f"{url}&with={details}")
        assert all(word in answer.data for word in words)
        seen.add(answer.headers["ETag"])
    assert len(seen) == 5
    wrong = client.get(f"{url}&with=user_id")
    assert (wrong.status_code, wrong.get_json()["code"]) == (400, "invalid_request")
    with Image.open(io.BytesIO(client.get(f"{url}&with=prompt").data)) as image:
        assert image.size == (16, 12)


def test_flags_of_media_are_read_strictly(client: FlaskClient, run_id: str) -> None:
    url = f"/api/media/image/{run_id}"
    original = client.get(url).data
    assert b"trainedAlgorithmicMedia" in client.get(f"{url}?marked=true").data
    assert client.get(f"{url}?marked=false&download=0").data == original
    saved = client.get(f"{url}?download=true").headers["Content-Disposition"]
    assert saved.startswith("attachment")
    for query in (
        "marked=yes",
        "marked=True",
        "marked=",
        "marked=0&marked=1",
        "download=yes",
        "marked=1&download=yes",
        "with=prompt",
        "marked=0&with=prompt",
        "with=user_id",
        "marked=1&with=prompt&with=user_id",
    ):
        answer = client.get(f"{url}?{query}")
        assert (answer.status_code, answer.get_json()["code"]) == (400, "invalid_request")
    assert client.get(f"{url}?_=1699999999").data == original  # what keeps a cache away


def test_parts_and_conditions_of_a_marked_copy(client: FlaskClient, run_id: str) -> None:
    url = f"/api/media/video/{run_id}?marked=1"
    whole = client.get(url)
    etag = whole.headers["ETag"]
    size = len(whole.data)
    for asked, start, stop in (
        ("bytes=0-0", 0, 1),
        ("bytes=10-99", 10, 100),
        (f"bytes={size - 500}-", size - 500, size),
        ("bytes=-7", size - 7, size),
    ):
        part = client.get(url, headers={"Range": asked, "If-Range": etag})
        assert (part.status_code, part.data) == (206, whole.data[start:stop])
        assert part.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{size}"
        assert part.content_length == stop - start
    assert client.get(url, headers={"Range": f"bytes={size}-"}).status_code == 416
    same = client.get(url, headers={"If-None-Match": etag})
    assert (same.status_code, same.data) == (304, b"")
    assert client.get(url, headers={"If-Match": '"other"'}).status_code == 412
    named = client.get(f"{url}&download=1").headers["Content-Disposition"]
    assert named == f"attachment; filename=dada_{run_id[:8]}_1.mp4"


def test_what_can_not_be_marked_is_named_and_still_there(
    client: FlaskClient, services: Services
) -> None:
    run_id = services.storage.create_run(schema="dada", input_text="x", user_id=None).run_id
    services.storage.add_media_from_data(run_id, avif_bytes())
    services.storage.finish_run(run_id, "success")
    answer = client.get(f"/api/media/image/{run_id}?marked=1")
    assert (answer.status_code, answer.get_json()["code"]) == (409, "marking_not_possible")
    assert client.get(f"/api/media/image/{run_id}").status_code == 200


def test_a_real_server_sends_marked_copies_whole_and_in_part(server: RunningServer) -> None:
    made = server.post_text()
    run_id = made.json()["run_id"]
    url = f"{server.url}/api/media/image/{run_id}?marked=1&with=run_id"
    whole = requests.get(url, timeout=30)
    assert whole.status_code == 200
    assert int(whole.headers["Content-Length"]) == len(whole.content)
    # No model took part in it.
    assert b"digitalsourcetype/algorithmicMedia" in whole.content
    assert run_id.encode() in whole.content
    part = requests.get(url, headers={"Range": "bytes=20-1999"}, timeout=30)
    assert (part.status_code, part.content) == (206, whole.content[20:2000])
    assert requests.head(url, timeout=30).headers["ETag"] == whole.headers["ETag"]
