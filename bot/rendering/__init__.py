"""What people see: answers, summaries and reports for Discord and for the terminal."""
