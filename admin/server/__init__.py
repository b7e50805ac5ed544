"""How the page meets the network: slow, silent and hostile clients hold none of its threads, and little of its log."""
