"""What runs the bot as a service: the systemd unit, and what its container leaves out."""
