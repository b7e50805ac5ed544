"""How the page meets the network: slow, silent and hostile clients hold none of its threads, and little of its log.

serving     gunicorn's worker: connection (one client) -> framing (where a request ends, pure) -> a thread
redirect    plain HTTP where HTTPS is spoken
log_limit   short lines, and few
"""
