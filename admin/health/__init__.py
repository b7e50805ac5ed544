"""Health: what this machine and its parts are like, what is wrong with them, and their newest log lines."""
