"""How fast Footnote is, as ratios measured in one run: see ``table``, which runs all of them."""
