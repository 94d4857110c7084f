"""``footnote corpus``: the articles and their index."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from bot.assembly import make_corpus
from bot.cli.complaint import complain
from bot.cli.options import common_options, json_option, remember
from bot.cli.output import print_json, progress_bar, warn
from retrieval.answers import article_json
from retrieval.corpus import Corpus, Report
from retrieval.corpus.corpus import unknown_article
from retrieval.encoders import Progress


@click.group("corpus")
@common_options
@click.pass_context
def command(ctx: click.Context, /, **common: Any) -> None:
    """List, show, add, remove and reload articles."""
    remember(ctx, common)


def _corpus(ctx: click.Context, common: dict[str, Any]) -> Corpus:
    options = remember(ctx, common)
    return make_corpus(options.settings(), options.corpus)


@command.command("list")
@json_option
@common_options
@click.pass_context
def list_(ctx: click.Context, /, as_json: bool, **common: Any) -> None:
    """Every article, with its id."""
    catalogue = _corpus(ctx, common).catalogue()
    if as_json:
        print_json(
            {
                "articles": [article_json(article) for article in catalogue.articles.values()],
                "failures": [
                    {"name": error.name, "reason": str(error)}
                    for error in catalogue.failures.values()
                ],
            }
        )
        return
    from bot.rendering.terminal import Terminal

    Terminal().show_articles(catalogue.articles.values())
    for error in catalogue.failures.values():
        complain(error)


@command.command("show")
@click.argument("article")
@json_option
@common_options
@click.pass_context
def show(ctx: click.Context, /, article: str, as_json: bool, **common: Any) -> None:
    """The whole text of ARTICLE, as quotes are cut from it."""
    catalogue = _corpus(ctx, common).catalogue()
    if article in catalogue.failures:
        raise catalogue.failures[article]
    if article not in catalogue.articles:
        raise unknown_article(article, catalogue.articles)
    found = catalogue.articles[article]
    if as_json:
        print_json({**article_json(found), "text": found.text})
        return
    from bot.rendering.terminal import Terminal

    Terminal().show_article(found)


@command.command("add")
@click.argument("path", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@json_option
@common_options
@click.pass_context
def add(ctx: click.Context, /, path: Path, as_json: bool, **common: Any) -> None:
    """Copy the article in the file PATH into the collection and serve it."""
    _change(_corpus(ctx, common), lambda corpus, bar: corpus.add(path, bar), as_json)


@command.command("remove")
@click.argument("article")
@json_option
@common_options
@click.pass_context
def remove(ctx: click.Context, /, article: str, as_json: bool, **common: Any) -> None:
    """Stop serving ARTICLE. Its file, if it is one of yours, is left alone."""
    _change(_corpus(ctx, common), lambda corpus, bar: corpus.remove(article, bar), as_json)


@command.command("reload")
@json_option
@common_options
@click.pass_context
def reload(ctx: click.Context, /, as_json: bool, **common: Any) -> None:
    """Read the articles again, and say what was added, changed, removed or failed."""
    _change(_corpus(ctx, common), None, as_json)


@command.command("status")
@json_option
@common_options
@click.pass_context
def status(ctx: click.Context, /, as_json: bool, **common: Any) -> None:
    """What is served, with which model, since when and at what size."""
    found = _corpus(ctx, common).status()
    if as_json:
        print_json(found.as_json())
        return
    from bot.rendering.terminal import Terminal

    Terminal().show_status(found)


def _change(
    corpus: Corpus,
    change: Callable[[Corpus, Progress | None], Report] | None,
    as_json: bool,
) -> None:
    """Carry out a change on the stored corpus and report it against what was stored."""
    with progress_bar("Indexing articles") as progress:
        corpus.restore()
        report = change(corpus, progress) if change else corpus.reload(progress)
    warn(report)
    if as_json:
        print_json(report.as_json())
        return
    from bot.rendering.terminal import Terminal

    Terminal().show_report(report)
