"""The engine inside PostgreSQL, for many processes and machines."""

from retrieval.engines.postgres.checking import check_index
from retrieval.engines.postgres.engine import PostgresEngine
from retrieval.engines.postgres.header import Header, packed, unpacked
from retrieval.engines.postgres.writing import if_large, prepare_graph, write_index

__all__ = [
    "Header",
    "PostgresEngine",
    "check_index",
    "if_large",
    "packed",
    "prepare_graph",
    "unpacked",
    "write_index",
]
