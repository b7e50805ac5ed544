"""The pages that show status, memory and events."""
