"""The articles that ship with the bot: Markdown with front matter, nothing to import."""
