"""Who may use the page: password, sessions, tokens, and a delay after wrong passwords."""
