"""Several processes over the same folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from retrieval.corpus import Asked
from retrieval.corpus.generation import Generation
from retrieval.corpus.indexing import Indexer
from retrieval.corpus.lock import held_by_one
from retrieval.errors import CorpusError, StorageError
from tests.conftest import MODELS
from tests.retrieval.corpus.house import BATTLE, BRIDGE, SERVER, House, served, shown, upload

ROOT = Path(__file__).parents[3]
HOLDER = """
import sys
from pathlib import Path
from retrieval.corpus.lock import held_by_one
with held_by_one(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_process_holds(folder: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        assert process.stdin is not None
        process.stdin.close()


class TestLock:
    def test_a_change_names_the_process_that_it_would_have_to_wait_for(self, house: House) -> None:
        corpora = house.opened()
        with another_process_holds(house.data / "collections" / "shared") as holder:
            with pytest.raises(StorageError, match="Another process is changing") as caught:
                corpora.shared.add(upload("bridge.md", BRIDGE))
            assert f"Process {holder.pid} on " in caught.value.why
            assert "(-c) does so since 2" in caught.value.why
            assert shown(corpora.ask("What is the offensive called?")), "it answers meanwhile"
            own = corpora.server(SERVER)
            assert own.add(upload("bridge.md", BRIDGE)).encoded == 1, "others are not held up"
        assert corpora.shared.add(upload("bridge.md", BRIDGE)).encoded == 0

    def test_a_start_while_another_process_changes_something_serves_what_is_kept(
        self, house: House
    ) -> None:
        house.opened().close()
        with another_process_holds(house.data / "collections" / "shared"):
            again = house.corpora()
            (notice,) = again.open().notices
            assert "served as they were read last. Another process" in notice
            assert shown(again.ask("What is the offensive called?"))

    def test_the_lock_of_a_dead_process_is_taken_over(self, house: House) -> None:
        corpora = house.opened()
        folder = house.data / "collections" / "shared"
        with another_process_holds(folder) as holder:
            os.kill(holder.pid, signal.SIGKILL)
            holder.wait()
            assert (folder / "lock.json").exists(), "its note is still there"
            corpora.shared.add(upload("bridge.md", BRIDGE))
        assert not (folder / "lock.json").exists()

    def test_two_threads_cannot_hold_it_either(self, tmp_path: Path) -> None:
        with held_by_one(tmp_path):
            with pytest.raises(StorageError) as caught, held_by_one(tmp_path):
                pass
            assert f"Process {os.getpid()} " in caught.value.why
        with held_by_one(tmp_path):
            assert (tmp_path / "lock.json").exists()

    @pytest.mark.parametrize("note", ["", "[]", "{}", '"x"', '{"process": 1}', "\udcff"])
    def test_a_note_that_says_nothing_is_no_obstacle(self, tmp_path: Path, note: str) -> None:
        with held_by_one(tmp_path):
            (tmp_path / "lock.json").write_bytes(note.encode("utf-8", "surrogateescape"))
            with pytest.raises(StorageError, match="Another process") as caught:
                held_by_one(tmp_path).__enter__()
            assert caught.value.why == ""

    @pytest.mark.parametrize("folder", ["/proc/no-such-place/x", "/etc/passwd/x"])
    def test_a_folder_that_cannot_be_made_is_named_with_a_remedy(self, folder: str) -> None:
        with pytest.raises(StorageError, match=r"cannot be kept in .*FOOTNOTE_DATA_DIR") as caught:
            held_by_one(Path(folder)).__enter__()
        assert folder in str(caught.value)


class TestTogether:
    def test_what_another_process_changes_is_served_after_a_look(self, house: House) -> None:
        here, there = house.opened(), house.opened()
        here.server(SERVER)
        assert here.refresh() == []
        there.shared.add(upload("bridge.md", BRIDGE))
        there.server(SERVER).add(upload("rules.md", "The rule is red."))
        there.set_uses_shared(SERVER, False)
        assert here.refresh() == ["shared", f"server-{SERVER}"]
        assert shown(here.ask("Who opened the bridge?"))[0].text == BRIDGE
        assert list(here.articles(SERVER)) == ["rules"]
        assert here.refresh() == []
        assert here.shared.status().encoded_here == 4, "what the other has encoded is at hand"
        there.server(SERVER).remove("rules")
        assert here.refresh() == [f"server-{SERVER}"]
        with pytest.raises(CorpusError, match="no articles yet"):
            here.ask("What is red?", server=SERVER)

    def test_a_change_that_is_quicker_than_a_look_is_not_undone_by_it(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        here, there = house.opened(), house.opened()
        there.shared.add(upload("bridge.md", BRIDGE))
        read = Indexer.read

        def overtaken(*given: Any, **options: Any) -> Generation | None:
            monkeypatch.setattr(Indexer, "read", read)
            found = read(*given, **options)
            here.shared.add(upload("more.md", "More."))
            return found

        monkeypatch.setattr(Indexer, "read", overtaken)
        assert here.refresh() == ["shared"]
        assert served(here.shared) == {"battle", "offensive", "bridge", "more"}

    def test_a_change_stands_on_what_another_process_has_changed(self, house: House) -> None:
        here, there = house.opened(), house.opened()
        there.shared.add(upload("bridge.md", BRIDGE))
        there.shared.remove("battle")
        report = here.shared.add(upload("more.md", "More."))
        assert report.encoded == 1
        assert served(here.shared) == {"offensive", "bridge", "more"}
        here.shared.undo()
        assert there.refresh() == ["shared"]
        assert there.shared.articles["battle"].text == BATTLE

    def test_who_asks_while_another_process_changes_is_answered_from_whole_generations(
        self, house: House
    ) -> None:
        script = """
import sys
from pathlib import Path
from retrieval.answering import Answerer
from retrieval.corpus import Corpora, Upload
from retrieval.encoders.prepared import PreparedEncoder
from retrieval.encoders.sentence_transformer import SentenceTransformerEncoder
data, articles, models = map(Path, sys.argv[1:])
encoder = PreparedEncoder(SentenceTransformerEncoder(), models)
with Corpora(data, Answerer(encoder), [articles]) as corpora:
    corpora.open()
    for number in range(4):
        corpora.shared.add(Upload(f"n{number}.md", f"Number {number} is odd.".encode()))
        corpora.shared.remove(f"n{number}")
"""
        corpora = house.opened()
        folders = map(str, (house.data, house.articles, MODELS))
        with subprocess.Popen([sys.executable, "-c", script, *folders], cwd=ROOT) as process:
            while process.poll() is None:
                time.sleep(0.005)  # Leaves some of the machine to the other.
                corpora.refresh()
                for quote in shown(corpora.ask("Which number is odd?")):
                    assert quote.text in quote.article.text
                    assert quote.text
            assert process.returncode == 0
        corpora.refresh()
        assert served(corpora.shared) == {"battle", "offensive"}
        assert corpora.shared.reload(asked=Asked.DUE).notices == ()

    def test_two_threads_that_change_at_once_do_so_one_after_the_other_or_say_so(
        self, house: House
    ) -> None:
        corpora = house.opened()
        done: list[str] = []
        refused: list[str] = []

        def add(number: int) -> None:
            try:
                corpora.shared.add(upload(f"n{number}.md", f"Text number {number}."))
            except (CorpusError, StorageError) as error:
                refused.append(error.remedy)
            else:
                done.append(f"n{number}")

        threads = [threading.Thread(target=add, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert done
        assert len(done) + len(refused) == 4
        assert all("Wait until" in remedy for remedy in refused)
        assert served(corpora.shared) == {"battle", "offensive", *done}
        assert served(house.opened().shared) == {"battle", "offensive", *done}
