"""Pictures of what the bot sends, taken of a real bot on the loopback Discord, for the README.

    python -m tests.benchmarks.walkthrough [--out DIR] [--html]

Payload → HTML → PNG: ``scenes`` lets people ask and records the payloads, ``markdown``,
``components``, ``embeds``, ``messages`` and ``page`` show them as Discord's dark theme does, and
``camera`` photographs the page with a headless Chromium. Nobody who runs or tests the bot needs it.
"""
