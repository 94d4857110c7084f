"""What people see in Discord, made by pure functions: nothing here sends, waits or remembers."""

from bot.rendering.discord.answers import earlier_turn, render_answer
from bot.rendering.discord.articles import page_count, render_articles
from bot.rendering.discord.reply import Reply
from bot.rendering.discord.reports import render_progress, render_report, render_status
from bot.rendering.discord.summaries import render_summary

__all__ = [
    "Reply",
    "earlier_turn",
    "page_count",
    "render_answer",
    "render_articles",
    "render_progress",
    "render_report",
    "render_status",
    "render_summary",
]
