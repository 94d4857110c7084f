"""Files into bytes: regular files of a bounded size, and nothing that waits or never ends."""

from __future__ import annotations

import stat
from pathlib import Path

from retrieval.errors import ArticleError
from retrieval.limits import Limits
from retrieval.phrases import phrase


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
            raise ArticleError(
                name,
                phrase("{name} is not a file.", name=name),
                remedy=phrase("Put a file in its place."),
            )
        with path.open("rb") as file:
            content = file.read(limits.file_bytes + 1)
    except (OSError, ValueError) as error:
        raise ArticleError(
            name,
            phrase("{name} cannot be read.", name=name),
            why=phrase(
                "The system says: {reason}.", reason=getattr(error, "strerror", None) or error
            ),
            remedy=phrase("Check that the file exists and that this user may read it."),
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
            phrase(
                "{name} is too large: at most {file_bytes} bytes are read.",
                name=name,
                file_bytes=limits.file_bytes,
            ),
            remedy=phrase("Split it into several articles."),
        )
