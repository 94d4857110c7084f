"""Settings that are remembered are the latest, in whatever order they are read and changed."""

from __future__ import annotations

from bot.store import ServerSettings
from bot.store.remembered import Remembered

OLD, NEW = ServerSettings(per_member=1), ServerSettings(per_member=2)


def test_what_was_read_is_known_until_it_is_forgotten() -> None:
    remembered = Remembered()
    assert remembered.of(1) is None
    remembered.read(1, OLD, remembered.moment)
    assert (remembered.of(1), remembered.of(2)) == (OLD, None)
    remembered.forget(1)
    assert remembered.of(1) is None


def test_what_was_read_before_a_change_is_not_kept_after_it() -> None:
    remembered = Remembered()
    moment = remembered.moment
    remembered.changed(1, NEW, remembered.moment)
    remembered.read(1, OLD, moment)
    assert remembered.of(1) == NEW
    remembered.forget(1)
    remembered.read(1, OLD, moment)
    assert remembered.of(1) is None


def test_of_two_changes_at_once_neither_is_taken_for_the_last() -> None:
    remembered = Remembered()
    moment = remembered.moment
    remembered.changed(1, NEW, moment)
    remembered.changed(1, OLD, moment)
    assert remembered.of(1) is None


def test_where_all_are_known_a_server_that_chose_nothing_has_the_usual_ones() -> None:
    remembered = Remembered()
    remembered.read_all({1: NEW}, remembered.moment)
    assert (remembered.of(1), remembered.of(2)) == (NEW, ServerSettings())
    for changed in (1, 2):
        remembered.forget(changed)
        assert remembered.of(changed) is None
    remembered.read(2, OLD, remembered.moment)
    assert remembered.of(2) == OLD
    remembered.forget()
    assert (remembered.of(2), remembered.of(3)) == (None, None)


def test_all_that_was_read_before_a_change_is_not_kept_after_it() -> None:
    remembered = Remembered()
    moment = remembered.moment
    remembered.forget(1)
    remembered.read_all({1: OLD}, moment)
    assert remembered.of(1) is None
