"""``footnote doctor``: what is wrong with this installation, and the remedy."""

from __future__ import annotations

import json
from typing import Any

import click

from bot import logs
from bot.cli.options import common_options, json_option, remember
from bot.doctor import examine, worst


@click.command("doctor")
@json_option
@common_options
@click.pass_context
def command(ctx: click.Context, /, as_json: bool, **common: Any) -> None:
    """Look for what is wrong with this installation, and say what can be done about it.

    Nothing is changed. The exit status is 1 if there is a warning or an error.
    """
    from bot.rendering.findings import show_count, show_finding

    options = remember(ctx, common)
    # What goes wrong is what is printed; nobody needs it twice.
    logs.configure("CRITICAL")
    findings = []
    for finding in examine(options.corpus, options.data_dir, announce=_announce):
        findings.append(finding)
        if not as_json:
            show_finding(finding)
    severity = worst(findings)
    if as_json:
        # Not as other commands print it: what that imports may be what is missing.
        found = {"checks": [one.as_json() for one in findings], "worst": severity}
        click.echo(json.dumps(found))
    else:
        show_count(findings)
    ctx.exit(1 if severity in ("warning", "error") else 0)


def _announce(name: str) -> None:
    click.echo(f"Checking: {name} ...", err=True)
