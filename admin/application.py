"""The Flask application, made of its parts and routes; how it answers where something is wrong."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable

from flask import Flask, Response, make_response, render_template, request
from flask.globals import request_ctx
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from admin import api
from admin.aim import aim_page
from admin.auth import account, guard, login, viewer
from admin.auth.cookies import Notices
from admin.auth.hosts import Hosts
from admin.auth.proxy import BehindProxy
from admin.auth.sessions import Sessions
from admin.auth.throttle import Throttle
from admin.auth.tokens import Tokens
from admin.banner import banner_part
from admin.byte_code import ByteCode
from admin.first_run import setup_page
from admin.headers import page_failed
from admin.health import health_page, memory_page
from admin.home import actions, home_page
from admin.parts import NAME, Parts
from admin.restart import restart_page
from admin.restart.restarter import Restarter
from admin.server.framing import BODY_MAX_BYTES
from admin.settings import settings_page
from admin.settings.drafts import Drafts
from admin.trips import events_page, trips_page
from admin.words import lasting
from config.durable import StoreError
from config.https import listening
from config.own_files import folder_problem
from config.paths import Paths
from config.store import Store

WITH_ROUTES = (
    *(login, account, viewer, api),
    *(banner_part, home_page, actions, aim_page, setup_page, health_page, memory_page, events_page),
    *(trips_page, settings_page, restart_page),
)
TITLES = {
    400: "Not understood",
    403: "Not allowed",
    404: "Page not found",
    405: "Not possible here",
    413: "Too large",
    429: "Too many at once",
    500: "The page failed",
    507: "Not saved",
}
LIMITS = {
    "MAX_CONTENT_LENGTH": BODY_MAX_BYTES,
    "MAX_FORM_MEMORY_SIZE": BODY_MAX_BYTES,
    "MAX_FORM_PARTS": 200,  # a settings form has one for each key
}

log = logging.getLogger(__name__)


def create_app(paths: Paths | None = None, clock: Callable[[], float] = time.monotonic) -> Flask:
    """The application over the given folders."""
    paths = paths or Paths.from_environment()
    try:
        paths.make()
    except OSError as error:
        if not folder_problem(paths.run):
            raise
        log.warning("the page cannot ask the detector, nor keep who is signed in: %s", error.strerror)
    app = Flask(__name__)
    app.config.update(LIMITS)
    store = Store(paths.data)
    where = listening(paths)
    if where.certificate and where.certificate.problem:
        log.warning("%s", where.certificate.problem)
    hosts = Hosts(lambda: store.load().settings.admin, clock)
    app.extensions[NAME] = Parts(
        paths=paths,
        where=where,
        hosts=hosts,
        store=store,
        sessions=Sessions(paths.sessions, clock),
        throttle=Throttle(paths.throttle),
        tokens=Tokens(paths.admin_tokens),
        drafts=Drafts(paths.drafts),
        restarter=Restarter(paths, store, clock),
        clock=clock,
    )
    app.extensions[NAME].restarter.resume()
    app.wsgi_app = BehindProxy(app.wsgi_app, hosts)  # type: ignore[method-assign]
    app.session_interface = Notices()
    app.secret_key = os.urandom(32)  # signs only the notices
    app.jinja_env.bytecode_cache = ByteCode()
    app.add_template_filter(lasting)
    guard.install(app)
    for module in WITH_ROUTES:
        app.register_blueprint(module.routes)
    app.register_error_handler(Exception, _explain)
    return app


def _explain(error: Exception) -> Response:
    """Say what went wrong in one sentence, without a stack."""
    code, said = 500, page_failed()
    if isinstance(error, StoreError):
        code, said = 507, str(error)
    elif isinstance(error, HTTPException) and error.code and error.code < 500:
        code, said = error.code, error.description or error.name
    else:
        log.exception("%s %s", request.method, request.path)
    if request.path.startswith(guard.API):
        answer = api.problem(code, said)
    elif request_ctx.url_adapter is None:  # a Host so wrong that no address can be made
        answer = Response(said, code, mimetype="text/plain")
    else:
        title = TITLES.get(code, "That did not work")
        is_bare = code == 404 and said == NotFound.description
        answer = make_response(render_template("error.html", title=title, said="" if is_bare else said), code)
    if isinstance(error, MethodNotAllowed):
        answer.allow.update(error.valid_methods or ())
    return answer
