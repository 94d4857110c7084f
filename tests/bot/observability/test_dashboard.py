"""The dashboard for Grafana: every number in it is one that the bot tells."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from importlib import resources
from typing import Any

import pytest

from bot.client import FootnoteClient
from bot.observability.address import Address
from bot.observability.gateway import count_event
from bot.observability.monitoring import monitored
from tests.bot.conftest import Scene
from tests.bot.observability.scraping import Scrape, scraped

DASHBOARD: dict[str, Any] = json.loads(
    (resources.files("bot.observability") / "grafana.json").read_text("utf-8")
)
NAME = re.compile(r"\b((?:footnote|process)_[a-z0-9_]+)\b")
SELECTOR = re.compile(r"\b((?:footnote|process)_[a-z0-9_]+)\{([^}]*)\}")
MATCHER = re.compile(r'\s*([a-z_]+)\s*(?:=~|!~|!=|=)\s*"[^"]*"\s*')
BY = re.compile(r"\bby \(([^)]*)\)")
WORDS = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
FUNCTIONS = {"sum", "min", "max", "count", "rate", "increase", "histogram_quantile", "by"}
OF_PROMETHEUS = {"instance", "job"}
"""Labels that Prometheus adds itself."""


def panels() -> list[dict[str, Any]]:
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def expressions() -> Iterator[str]:
    for panel in panels():
        for target in panel["targets"]:
            yield target["expr"]


@pytest.fixture
async def seen(scene: Scene) -> AsyncIterator[Scrape]:
    """What Prometheus is told of a bot that has connected."""
    client = scene.env.bot
    assert isinstance(client, FootnoteClient)
    count_event(client.services.telemetry.metrics, client, "connect")
    async with monitored(client, Address("127.0.0.1", 0)) as address:
        assert address is not None
        yield await scraped(address)


def test_the_dashboard_can_be_imported() -> None:
    assert DASHBOARD["title"] == "Footnote"
    assert DASHBOARD["uid"]
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
    names = {variable["name"] for variable in DASHBOARD["templating"]["list"]}
    assert names == {"datasource", "instance"}
    for panel in panels():
        assert panel["title"]
        assert panel["description"]
        assert panel["targets"]
        assert panel["datasource"]["uid"] == "${datasource}"


def test_no_panel_covers_another() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (place["x"] + across, place["y"] + down)
            for across in range(place["w"])
            for down in range(place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells


@pytest.mark.parametrize("expression", list(expressions()))
def test_every_expression_is_well_formed(expression: str) -> None:
    for opening, closing in ("()", "[]", "{}"):
        assert expression.count(opening) == expression.count(closing)
    for _, matchers in SELECTOR.findall(expression):
        assert all(MATCHER.fullmatch(each) for each in matchers.split(","))
        assert 'instance=~"$instance"' in matchers
    bare = SELECTOR.sub("metric", expression)
    bare = re.sub(r"\[(\$__rate_interval|\d+[mh])\]", "", bare)
    words = set(WORDS.findall(BY.sub("by", bare)))
    assert words <= {"metric", *FUNCTIONS}


async def test_every_metric_of_the_dashboard_is_one_that_the_bot_tells(seen: Scrape) -> None:
    told = seen.labels()
    for expression in expressions():
        assert NAME.findall(expression)
        grouped = {label.strip() for by in BY.findall(expression) for label in by.split(",")}
        for name in NAME.findall(expression):
            assert name in told, expression
        for name, matchers in SELECTOR.findall(expression):
            asked = {each.split("=")[0].rstrip("!").strip() for each in matchers.split(",")}
            assert asked | grouped <= told[name] | OF_PROMETHEUS, expression


async def test_every_legend_shows_a_label_that_its_metric_has(seen: Scrape) -> None:
    told = seen.labels()
    for panel in panels():
        for target in panel["targets"]:
            shown = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            for name in NAME.findall(target["expr"]):
                assert shown <= told[name] | OF_PROMETHEUS, target


async def test_every_metric_that_the_bot_tells_is_in_the_dashboard(seen: Scrape) -> None:
    shown = {name for expression in expressions() for name in NAME.findall(expression)}
    own = {name for name in seen.labels() if name.startswith("footnote_")}
    families = {re.sub(r"_(bucket|sum|count|created|total)$", "", name) for name in own}
    assert families == {
        re.sub(r"_(bucket|sum|count|total)$", "", name)
        for name in shown
        if name.startswith("footnote_")
    }


async def test_every_value_that_is_asked_for_is_one_that_is_told(seen: Scrape) -> None:
    values: dict[tuple[str, str], set[str]] = {}
    for name, labels, _ in seen.samples():
        for label, value in labels.items():
            values.setdefault((name, label), set()).add(value)
    for expression in expressions():
        for name, matchers in SELECTOR.findall(expression):
            for label, asked in re.findall(r'([a-z_]+)=~?"([^"]*)"', matchers):
                if label != "instance":
                    assert set(asked.split("|")) <= values[name, label], expression
