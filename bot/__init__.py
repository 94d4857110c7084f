"""Discord and the terminal: speaks to people, and leaves finding the words to ``retrieval``."""
