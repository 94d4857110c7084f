"""The PostgreSQL server that is measured: what its tables take, who is connected, its processors'
time."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.postgres.cluster import Cluster, Home, Stage

_SETTINGS: Final = {"shared_buffers": "256MB", "fsync": "on", "max_connections": "100"}
_PROCESSES: Final = Path("/proc")
_GRAPHS: Final = "hnsw"
_ROWS, _INDEXES, _GRAPH = "rows", "indexes", "graph"
_SIZES: Final = """
SELECT whole.relname, sum(pg_table_size(leaf.oid))::bigint,
       sum(pg_indexes_size(leaf.oid) - graphs.size)::bigint, sum(graphs.size)::bigint
FROM pg_class AS leaf
JOIN pg_class AS whole ON whole.oid = coalesce(pg_partition_root(leaf.oid), leaf.oid)
CROSS JOIN LATERAL (
    SELECT coalesce(sum(pg_relation_size(index.oid)), 0) AS size
    FROM pg_index JOIN pg_class AS index ON index.oid = indexrelid
    JOIN pg_am ON pg_am.oid = index.relam
    WHERE indrelid = leaf.oid AND amname = %s
) AS graphs
WHERE leaf.relkind = 'r' AND leaf.relnamespace = 'public'::regnamespace
GROUP BY whole.relname ORDER BY whole.relname
"""
"""``pg_total_relation_size`` of each table in three parts, its partitions together."""


@dataclass(frozen=True, slots=True)
class Held:
    """A database on a server of its own."""

    cluster: Cluster
    database: str

    @property
    def url(self) -> str:
        return self.cluster.url(self.database)

    def sizes(self) -> Counter[str]:
        """Bytes of each table: of its rows, of its indexes, of its graph of vectors."""
        found: Counter[str] = Counter()
        with self.cluster.superuser(self.database) as connection:
            connection.execute("VACUUM (ANALYZE)")
            for name, rows, indexes, graph in connection.execute(_SIZES, [_GRAPHS]):
                parts = {_ROWS: rows, _INDEXES: indexes, _GRAPH: graph}
                found.update({f"{name}, {part}": size for part, size in parts.items()})
        return found

    @contextmanager
    def watching(self) -> Iterator[Callable[[], int]]:
        """What tells how many connections Footnote has to the database."""
        with self.cluster.superuser() as connection:

            def count() -> int:
                row = connection.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = %s"
                    " AND application_name = 'footnote'",
                    [self.database],
                ).fetchone()
                assert row is not None
                return int(row[0])

            yield count

    def processor_seconds(self) -> float:
        """What all processes of the server have taken of the processors until now."""
        server = int((self.cluster.data / "postmaster.pid").read_text("utf-8").split()[0])
        # Those of a process's children that have ended are counted with it.
        ticks = sum(_ticks(process) for process in (server, *_children(server)))
        return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def stage() -> Iterator[Stage]:
    """A server, ended afterwards."""
    home = Home()
    try:
        cluster = Cluster(home, "capacity", _SETTINGS)
        cluster.make()
        yield Stage.of(cluster)
    finally:
        home.close()


def _ticks(process: int) -> int:
    with suppress(FileNotFoundError, ProcessLookupError):
        # The name of the program is in parentheses, and may hold anything.
        stat = (_PROCESSES / str(process) / "stat").read_text("utf-8").rpartition(")")[2]
        return sum(map(int, stat.split()[11:15]))
    return 0


def _children(process: int) -> list[int]:
    tasks = (_PROCESSES / str(process) / "task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text("utf-8").split()]
