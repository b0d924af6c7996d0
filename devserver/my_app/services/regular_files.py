"""Opening files that somebody else may have put there: ordinary ones only, and never waiting."""

from __future__ import annotations

import errno
import os
from stat import S_ISDIR, S_ISREG

_FLAGS = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_NO_FILE = "it is no ordinary file"


def regular(path: str, flags: int = os.O_RDONLY) -> int:
    """The descriptor of the file at `path`; an `opener` for `open`.

    Opening a named pipe would wait for its other end, for ever. Here that, a device, a socket and a
    folder are an OSError, at once. A link is followed, to the same end.
    """
    descriptor = os.open(path, flags | _FLAGS)
    mode = os.fstat(descriptor).st_mode
    if S_ISREG(mode):
        return descriptor
    os.close(descriptor)
    if S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    raise OSError(errno.EINVAL, _NO_FILE, path)
