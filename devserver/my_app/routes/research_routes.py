"""For the researchers' page: the files of a run, and runs like it."""

from __future__ import annotations

from urllib.parse import quote

from flask import Blueprint, Response

from devserver.my_app.routes import wire
from devserver.my_app.routes.http import audit, json_answer, services
from devserver.my_app.routes.openapi import documented
from devserver.my_app.routes.run_search import run_with
from devserver.my_app.routes.stored_files import file_answer
from devserver.my_app.services.folder_files import FolderFiles
from devserver.my_app.services.related_runs import RelatedRuns, related_to
from devserver.my_app.services.run_index.showing import Showing
from devserver.my_app.services.stored_runs import MediaNotFound

blueprint = Blueprint("research", __name__, url_prefix="/api/runs")

SUMMARY = Showing(
    fields=(
        "run_id",
        "timestamp",
        "schema",
        "status",
        "input_text",
        "user_id",
        "workshop",
        "outputs",
    )
)
_MOST_RELATED = 12
_MIME_TYPES = {"json": "application/json", "txt": "text/plain; charset=utf-8"}


@blueprint.get("/<run_id>/files")
@documented(answers={200: wire.RunFileList}, errors=(400, 401, 404, 409), for_researchers=True)
def files(run_id: str) -> Response:
    """Every file in the run's folder, with its size and checksum. 409 while it is archived."""
    found = FolderFiles(services().storage.folders).of(run_id)
    audit("viewed", run_id)
    views = [
        wire.RunFileView(**vars(file), url=f"/api/runs/{run_id}/files/{quote(file.filename)}")
        for file in found
    ]
    return json_answer(wire.RunFileList(run_id=run_id, files=views))


@blueprint.get("/<run_id>/files/<filename>")
@documented(
    answers={200: None, 206: None, 304: None},
    errors=(400, 401, 404, 409, 412, 416),
    for_researchers=True,
)
def file(run_id: str, filename: str) -> Response:
    """One file of the run's folder as it lies there, to be saved."""
    path = FolderFiles(services().storage.folders).path_of(run_id, filename)
    try:
        found = path.stat()
        response = file_answer(
            path,
            mime_type=_MIME_TYPES.get(path.suffix[1:], "application/octet-stream"),
            etag=f"{found.st_mtime_ns:x}-{found.st_size:x}",
            download_name=f"{run_id[:8]}_{filename}",
            as_attachment=True,
        )
    except FileNotFoundError as error:
        raise MediaNotFound("The file is not on disk any more.") from error
    audit("downloaded", run_id)
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@blueprint.get("/<run_id>/related")
@documented(answers={200: wire.Related}, errors=(400, 401, 404, 503), for_researchers=True)
def related(run_id: str) -> Response:
    """The run it repeats, and the newest runs with the same text, person, style, and its reruns."""
    run = services().storage.get_metadata(run_id)
    found = related_to(run, services().index, most=_MOST_RELATED)
    audit("viewed", run_id)
    return json_answer(
        wire.Related(
            run_id=run_id,
            origin=run_with(run.origin, SUMMARY) if run.origin else None,
            related={relation: _view(one) for relation, one in found.items()},
        )
    )


def _view(found: RelatedRuns) -> wire.RelatedView:
    shown = (run_with(run_id, SUMMARY) for run_id in found.run_ids)
    return wire.RelatedView(
        total=found.total,
        filter={found.field: found.value},
        runs=[run for run in shown if run is not None],
    )
