"""What one process with files, one with PostgreSQL and one PostgreSQL hold, and how fast.

    python -m tests.benchmarks.capacity FILE.json [...] [--askers 16] [--questions 600]
                                        [--folder DIR] [--json OUT]

Over the passages of the question sets one collection is written in files, in a PostgreSQL, and in
one where the sentences are in a graph (HNSW), as those of large collections are. Each is asked by a
process of its own, by one asker and by as many at once as the bot lets ask. The rest is computed.

The server is started for this, on this machine and on the processors that ask it too; where there
is room its folder is in memory. Over a network each round trip takes that much longer, and so does
writing on a disk. The passages are encoded before anything is measured; DIR keeps the encodings for
another run over the same files.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from bot.library import ANSWER_WORKERS
from retrieval.database import SQLiteDatabase
from tests.benchmarks.capacity.computed import compute
from tests.benchmarks.capacity.measuring import Measured, graph_above, measure
from tests.benchmarks.capacity.places import Place
from tests.benchmarks.capacity.server import Held, stage
from tests.benchmarks.capacity.table import show, write
from tests.benchmarks.speed.command import folder, parser
from tests.benchmarks.speed.texts import read_texts
from tests.postgres.cluster import Stage

_PLACES: Final = (
    ("files", False, None),
    ("PostgreSQL", True, None),
    ("PostgreSQL, graph", True, 0),
)
"""The name of each, whether it is on the server, and above how many sentences it has a graph."""


def measure_all(
    files: Sequence[Path], kept: Path, within: Path, model: str, askers: int, asked: int
) -> list[Measured]:
    """What was found of each place.

    Args:
        kept: A folder that has the encodings, or will have them.
        within: An empty folder.
    """
    texts = read_texts(files)
    articles = within / "articles"
    texts.write(articles)
    questions = [question.text for question in texts.questions]
    _encode(Place("encodings", kept, articles, model))
    encodings = SQLiteDatabase(kept)
    encodings.open()
    found = []
    with stage() as server:
        for number, (name, on_server, above) in enumerate(_PLACES):
            with ExitStack() as stack:
                held = _database(server, stack) if on_server else None
                url = held.url if held is not None else None
                place = Place(name, within / f"data-{number}", articles, model, url)
                stack.enter_context(graph_above(above))
                found.append(measure(place, encodings, held, questions, askers=askers, asked=asked))
    encodings.close()
    return found


def _encode(place: Place) -> None:
    with place.corpora(place.encoder(), None) as corpora:
        corpora.open()


def _database(server: Stage, stack: ExitStack) -> Held:
    return Held(server.cluster, stack.enter_context(server.database()))


def main() -> None:
    arguments = parser("capacity", __doc__)
    arguments.prog = "python -m tests.benchmarks.capacity"
    arguments.add_argument("--askers", type=int, default=ANSWER_WORKERS)
    arguments.add_argument("--questions", type=int, default=600, help="alone, and all together")
    arguments.add_argument("--folder", type=Path, metavar="DIR", help="keep the encodings here")
    given = arguments.parse_args()
    with folder(given.folder) as kept, folder() as within:
        measured = measure_all(
            given.files, kept, within, given.model, given.askers, given.questions
        )
    computed = compute(measured)
    show(measured, computed)
    if given.json is not None:
        write(measured, computed, given.json)


if __name__ == "__main__":
    main()
