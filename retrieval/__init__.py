"""Articles in, answers out.

The modules form one staircase, and each knows only those above it: ``articles``, ``readers``,
``encoders``, ``engines``, ``search``, ``answers``, ``summaries``, ``corpus``. Nothing here knows
Discord.
"""
