"""A peer as a program: it indexes passages, then answers questions, over its standard streams.

This file is run by the interpreter that has the peer, so it imports nothing of this project. The
first line of its input is ``{"peer", "model", "passages"}``; it writes a line when all is indexed.
Then each line of input is a question, and of output ``{"best": number of the passage, "ms"}``.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Callable
from typing import Any

Search = Callable[[str], int]
TOP = 10
"""As many passages as Footnote ranks for an answer."""


def txtai(model: str, passages: list[str]) -> Search:
    """As txtai's documentation sets up hybrid search: ``Embeddings(hybrid=True, path=...)``."""
    from txtai import Embeddings

    embeddings: Any = Embeddings(hybrid=True, path=model)
    embeddings.index(passages)

    def search(question: str) -> int:
        found = embeddings.search(question, TOP)
        return int(found[0][0]) if found else -1

    return search


def langchain(model: str, passages: list[str]) -> Search:
    """As LangChain's documentation sets up FAISS: ``FAISS.from_texts`` with
    ``HuggingFaceEmbeddings``, asked with ``similarity_search``.
    """
    from langchain_community.vectorstores import FAISS
    from langchain_huggingface import HuggingFaceEmbeddings

    embeddings: Any = HuggingFaceEmbeddings(model_name=model)
    numbers = [{"number": number} for number in range(len(passages))]
    store: Any = FAISS.from_texts(passages, embeddings, metadatas=numbers)

    def search(question: str) -> int:
        found = store.similarity_search(question, k=TOP)
        return int(found[0].metadata["number"]) if found else -1

    return search


PEERS = {"txtai": txtai, "langchain": langchain}


def main() -> None:
    answers = sys.stdout
    given = json.loads(sys.stdin.readline())
    # What libraries print is for people, not for the program at the other end.
    with contextlib.redirect_stdout(sys.stderr):
        search = PEERS[given["peer"]](given["model"], given["passages"])
        print(json.dumps({"passages": len(given["passages"])}), file=answers, flush=True)
        for line in sys.stdin:
            start = time.perf_counter()
            best = search(json.loads(line))
            took = (time.perf_counter() - start) * 1000
            print(json.dumps({"best": best, "ms": took}), file=answers, flush=True)


if __name__ == "__main__":
    main()
