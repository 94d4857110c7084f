"""Whoever keeps everything in a file waits for nothing that belongs to servers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from retrieval.database import SQLiteDatabase

_KEEPS_SOMETHING = """
import sys
from pathlib import Path
from retrieval.corpus import Corpora
from retrieval.database import CollectionStore, SQLiteDatabase

database = SQLiteDatabase(Path(sys.argv[1]))
CollectionStore(database, "any").set_uses_shared(False)
database.close()
servers = ("psycopg", "pgvector", "sqlalchemy.dialects.postgresql", "retrieval.postgres.servers")
print([name for name in servers if name in sys.modules])
"""


def test_a_file_is_written_without_what_speaks_to_servers(tmp_path: Path) -> None:
    # The tables are made once, by what knows every kind of database.
    database = SQLiteDatabase(tmp_path)
    database.open()
    database.close()
    ended = subprocess.run(
        [sys.executable, "-c", _KEEPS_SOMETHING, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ended.stdout.strip() == "[]"
