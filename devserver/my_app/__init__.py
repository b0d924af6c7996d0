"""The Flask app. `create_app` puts it together; everything else lies in routes/ and services/."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devserver.config import PROJECT_FOLDER, Settings, read_settings

if TYPE_CHECKING:
    from flask import Flask

MAX_BODY_BYTES = 256 * 1024


def create_app(settings: Settings | None = None) -> Flask:
    """Make the app, with its workers running; `settings` default to those of the environment.

    It owns its root until its services are closed:
    `app.extensions["devserver"].close()`. Raises SettingsInvalid, RootTaken,
    RootNotLockable, SchemaFileInvalid.
    """
    # Inside, so that worker processes and scripts, which import services only, stay without Flask.
    from flask import Flask

    from devserver.my_app import routes
    from devserver.my_app.services.export_manager import use_export_manager
    from devserver.my_app.services.media_storage import use_media_storage_service
    from devserver.my_app.wiring import build_services

    services = build_services(settings or read_settings())
    use_media_storage_service(services.storage)
    use_export_manager(services.exports.manager)

    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.extensions["devserver"] = services
    routes.register(app, pages=PROJECT_FOLDER / "devserver" / "public_dev")
    return app
