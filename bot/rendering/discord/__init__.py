"""What people see in Discord, made by pure functions: nothing here sends, waits or remembers."""

from bot.rendering.discord.articles import page_count, render_articles
from bot.rendering.discord.collection import Listed, render_article, render_collection
from bot.rendering.discord.reply import Reply
from bot.rendering.discord.reports import render_progress, render_report, render_status
from bot.rendering.discord.summaries import render_summary

__all__ = [
    "Listed",
    "Reply",
    "page_count",
    "render_article",
    "render_articles",
    "render_collection",
    "render_progress",
    "render_report",
    "render_status",
    "render_summary",
]
