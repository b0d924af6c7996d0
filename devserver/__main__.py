"""The command line: `python -m devserver COMMAND`."""

from __future__ import annotations

import sys

from devserver.commands import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
