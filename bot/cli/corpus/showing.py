"""``footnote corpus list``, ``show`` and ``status``: what there is. Nothing is encoded for them."""

from __future__ import annotations

from typing import Any

import click

from bot.cli.complaint import complain
from bot.cli.corpus.collection import open_collection, server_option
from bot.cli.options import common_options, json_option, remember
from bot.cli.output import print_json
from retrieval.answers import article_json
from retrieval.corpus.refusals import unknown_article


@click.command("list")
@server_option
@json_option
@common_options
@click.pass_context
def list_(ctx: click.Context, /, server: int | None, as_json: bool, **common: Any) -> None:
    """Every article, with its id."""
    with open_collection(remember(ctx, common), server) as corpus:
        stock = corpus.catalogue()
    if as_json:
        listed = [
            {
                **article_json(held.article),
                "from": {"kind": entry.source.kind, "name": entry.source.name},
            }
            for entry in stock.inventory.entries
            for held in entry.articles
            if held.removed is None
        ]
        failures = [{"name": error.name, "reason": str(error)} for error in stock.failures.values()]
        print_json({"articles": listed, "failures": failures})
        return
    from bot.rendering.terminal import Terminal

    terminal = Terminal()
    terminal.show_articles(stock.inventory.articles().values())
    if not stock.inventory.articles():
        terminal.say("There are no articles here.")
    for error in stock.failures.values():
        complain(error)


@click.command("show")
@click.argument("article")
@server_option
@json_option
@common_options
@click.pass_context
def show(
    ctx: click.Context, /, article: str, server: int | None, as_json: bool, **common: Any
) -> None:
    """The whole text of ARTICLE, as quotes are cut from it."""
    with open_collection(remember(ctx, common), server) as corpus:
        stock = corpus.catalogue()
    articles = stock.inventory.articles()
    failure = stock.failures.get(article)
    if article not in articles:
        raise failure or unknown_article(article, articles)
    if failure is not None:
        complain(f"{failure} Here it is as it was read last.")
    found = articles[article]
    if as_json:
        print_json({**article_json(found), "text": found.text})
        return
    from bot.rendering.terminal import Terminal

    Terminal().show_article(found)


@click.command("status")
@server_option
@json_option
@common_options
@click.pass_context
def status(ctx: click.Context, /, server: int | None, as_json: bool, **common: Any) -> None:
    """What is served, with which model, since when and at what size; what failed."""
    with open_collection(remember(ctx, common), server) as corpus:
        corpus.load_encoder()
        found = corpus.status()
    if as_json:
        print_json(found.as_json())
        return
    from bot.rendering.terminal import Terminal

    Terminal().show_status(found)
