"""How often the right words are found, and how often none are when there are none."""
