"""The language of people's Discord is remembered, until they want it forgotten."""

from __future__ import annotations

from bot.locales import Locales


def test_the_last_locale_of_a_person_is_known() -> None:
    locales = Locales()
    assert locales.of(1) is None
    locales.note(1, "de")
    locales.note(2, "fr")
    locales.note(1, "ja")
    assert (locales.of(1), locales.of(2)) == ("ja", "fr")


def test_what_is_forgotten_is_known_no_longer() -> None:
    locales = Locales()
    locales.note(1, "de")
    locales.forget(1)
    locales.forget(2)
    assert locales.of(1) is None


def test_who_did_nothing_for_the_longest_is_forgotten_first() -> None:
    locales = Locales(capacity=2)
    for person in (1, 2, 1, 3):
        locales.note(person, "de")
    assert [person for person in (1, 2, 3) if locales.of(person)] == [1, 3]
