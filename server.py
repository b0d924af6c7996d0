"""Start the server: `python3 server.py`.

On Linux and macOS gunicorn serves, with one process and many threads; on Windows, where gunicorn
does not run, waitress does. Settings come from the environment; see devserver/config.py.
"""

from __future__ import annotations

import sys


def main() -> int:
    """Serve until told to stop; returns the exit status."""
    # Inside, so that the worker processes, which import this file, stay small.
    from devserver.config import SettingsInvalid, read_settings
    from devserver.serving import serve

    try:
        settings = read_settings()
    except SettingsInvalid as error:
        print(error, file=sys.stderr)
        return 2
    return serve(settings)


if __name__ == "__main__":
    sys.exit(main())
