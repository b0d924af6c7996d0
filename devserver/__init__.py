"""The server, its command line and its settings."""

from typing import Final

SERVER_VERSION: Final = "1.0.0"
"""Which server a run says it was made by. One more with each release."""
