"""gunicorn's settings for the page: one worker, in threads.

config/https.py says where it listens, PORT chooses another port; worker.py has the code.
"""

from __future__ import annotations

from admin import worker
from admin.server import serving
from app.memory.allocator import limit_malloc_arenas
from app.memory.core_dumps import no_core_dumps
from config.https import listening
from config.own_files import folder_problem, private_folder
from config.paths import Paths

no_core_dumps()
limit_malloc_arenas()  # one heap for 16 threads, before there are any
_paths = Paths.from_environment()
_where = listening(_paths)
_hooks = worker.Hooks(_paths, has_certificate=_where.certificate is not None)

wsgi_app = "admin.application:create_app()"
bind = _where.bind
if _where.certificate:
    certfile, keyfile = str(_where.certificate.certificate), str(_where.certificate.key)
workers = 1
worker_class = serving.Worker
threads = 2 * serving.SHARE  # made as they are needed
worker_connections = 64
backlog = 1024  # of connections in the kernel: where it is full, a client tries again a second later
keepalive = 3  # more than 0: server/connection.py has the seconds
sendfile = False  # answers are kept in memory until the client has read them
timeout = 30
graceful_timeout = 5
max_requests = 10_000
max_requests_jitter = 500
# In memory, and allowed in a strict snap; where others have the folder, the page says so and takes gunicorn's own place
worker_tmp_dir = None if folder_problem(_paths.run) else str(private_folder(_paths.run))
control_socket_disable = True
errorlog = "-"
loglevel = "warning"
limit_request_line = 1024
limit_request_fields = 40
limit_request_field_size = 4096
forwarded_allow_ips = ""  # no proxy stands in front
umask = 0o077

ssl_context = worker.ssl_context
when_ready = worker.when_ready
post_fork = _hooks.post_fork
post_worker_init = _hooks.post_worker_init
pre_request = _hooks.pre_request
