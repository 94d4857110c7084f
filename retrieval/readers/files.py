"""Files into bytes: regular files of a bounded size, and nothing that waits or never ends."""

from __future__ import annotations

import stat
from pathlib import Path

from retrieval.errors import ArticleError
from retrieval.limits import Limits


def open_file(path: Path, name: str, limits: Limits) -> bytes:
    """The content of the file ``path``, at most ``limits.file_bytes`` bytes.

    Args:
        name: What the file is called in errors.

    Raises:
        ArticleError: It is not a regular file, cannot be read or is too large.
    """
    try:
        # Asked first: opening a pipe would wait for somebody to write into it.
        if not stat.S_ISREG(path.stat().st_mode):
            raise ArticleError(name, f"{name} is not a file.", remedy="Put a file in its place.")
        with path.open("rb") as file:
            content = file.read(limits.file_bytes + 1)
    except (OSError, ValueError) as error:
        raise ArticleError(
            name,
            f"{name} cannot be read.",
            why=f"The system says: {getattr(error, 'strerror', None) or error}.",
            remedy="Check that the file exists and that this user may read it.",
        ) from error
    check_size(content, name, limits)
    return content


def check_size(content: bytes, name: str, limits: Limits) -> None:
    """Refuse what is larger than ``limits.file_bytes``.

    Raises:
        ArticleError: It is.
    """
    if len(content) > limits.file_bytes:
        raise ArticleError(
            name,
            f"{name} is too large: at most {limits.file_bytes:,} bytes are read.",
            remedy="Split it into several articles.",
        )
