"""What archives hold, read without trusting what they say of themselves.

Names in an archive are looked up in the archive alone and never become paths.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import Final

from retrieval.errors import ArticleError
from retrieval.limits import Limits
from retrieval.phrases import Phrase, phrase

_TIMES_THE_FILE: Final = 20
"""How much larger than the largest file its content may be, all together."""
_MEMBERS: Final = 10_000
_ENCRYPTED: Final = 0x1
_CHUNK: Final = 1024 * 1024


def members(
    content: bytes, name: str, unreadable: Phrase, limits: Limits, is_wanted: Callable[[str], bool]
) -> dict[str, bytes]:
    """The members of a zip archive by their names; empty where ``is_wanted`` says no.

    Args:
        name: The file, for errors.
        unreadable: What is said where it is no archive.

    Raises:
        ArticleError: The archive is damaged or encrypted, or what it holds is too large.
    """
    most = _TIMES_THE_FILE * limits.file_bytes
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            found = archive.infolist()
            wanted = [member for member in found if is_wanted(member.filename)]
            if len(found) > _MEMBERS or sum(member.file_size for member in wanted) > most:
                raise ArticleError(
                    name,
                    phrase("{name} is too large when it is unpacked.", name=name),
                    why=phrase(
                        "At most {most} bytes in {members} parts are read.",
                        most=most,
                        members=_MEMBERS,
                    ),
                    remedy=phrase("Split it into several files."),
                )
            if any(member.flag_bits & _ENCRYPTED for member in wanted):
                raise ArticleError(
                    name,
                    phrase("{name} is protected by a password.", name=name),
                    remedy=phrase("Save it without the password, and add that file."),
                )
            read = {member.filename: b"" for member in found}
            for member in wanted:
                read[member.filename] = _read(archive, member)
            return read
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        NotImplementedError,
        OSError,
        EOFError,
        ValueError,
        LookupError,
        OverflowError,
    ) as error:
        raise damaged(name, unreadable) from error


def damaged(name: str, unreadable: Phrase) -> ArticleError:
    """The error for a file that is not what its name says, of which ``unreadable`` tells."""
    return ArticleError(
        name,
        unreadable,
        why=phrase("It is damaged, cut off, or another kind of file."),
        remedy=phrase("Open it where it was made, save it again, and add that file."),
    )


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """A member's content. It is damaged where that is not as long as the archive declares."""
    if member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise zipfile.BadZipFile
    parts = []
    # Piece by piece: to read all at once would unpack more than is declared before it is noticed.
    with archive.open(member) as file:
        while part := file.read(_CHUNK):
            parts.append(part)
    return b"".join(parts)
