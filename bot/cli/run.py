"""``footnote run``: the Discord bot, or the terminal chat where there is no token."""

from __future__ import annotations

from typing import Any

import click

from bot.cli.options import common_options, remember


@click.command("run")
@common_options
@click.pass_context
def command(ctx: click.Context, /, **common: Any) -> None:
    """Start the Discord bot (DISCORD_TOKEN); without a token, the terminal chat."""
    options = remember(ctx, common)
    settings = options.settings()
    if settings.discord_token is None:
        from bot.cli.chat import converse

        click.echo("No DISCORD_TOKEN is set, so this is the terminal chat.", err=True)
        converse(options)
        return
    from bot.assembly import make_corpora, make_servers
    from bot.client import run_discord

    # The same for the articles and for what people did: each has connections of its own otherwise.
    servers = make_servers(settings)
    with make_corpora(settings, options.corpus, servers) as corpora:
        status = run_discord(settings, corpora, servers)
    ctx.exit(status)
