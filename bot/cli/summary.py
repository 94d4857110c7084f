"""``footnote summary``: the sentences that carry an article, a topic, or everything."""

from __future__ import annotations

from typing import Any

import click

from bot.cli.options import common_options, json_option, remember
from bot.cli.output import open_corpora, print_json


@click.command("summary")
@click.argument("article", required=False)
@click.option("--topic", help="What the summary should be about.")
@click.option(
    "--sentences",
    type=click.IntRange(1, 100),
    default=5,
    show_default=True,
    help="How many sentences.",
)
@json_option
@common_options
@click.pass_context
def command(
    ctx: click.Context,
    /,
    article: str | None,
    topic: str | None,
    sentences: int,
    as_json: bool,
    **common: Any,
) -> None:
    """Summarize ARTICLE (an id from "footnote corpus list"), or all, in their own words."""
    with open_corpora(remember(ctx, common)) as corpora:
        summary = corpora.summarize(article, topic, sentences)
    if as_json:
        print_json(summary.as_json())
    else:
        from bot.rendering.terminal import Terminal

        Terminal().show_summary(summary)
