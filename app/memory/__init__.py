"""How much memory the process and the machine use, and when to use less."""
