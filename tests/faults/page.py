"""`python -m tests.faults.page DATA RUN`: prints the answers of the page over these folders as JSON.

It is a separate process, so that it can have fewer rights.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from flask.testing import FlaskClient

from admin.application import create_app
from admin.parts import NAME, Parts
from config import password
from config.openssl import HttpsError
from config.paths import Paths

WIDTH = 333  # the width that it tries to save
PAGES = ("/", "/events", "/events.json", "/memory", "/settings/", "/account", "/login")
SAVE, REFUSED, READY = "save", "refused", "ready"


def opened(paths: Paths) -> tuple[FlaskClient, str]:
    """A client of the page that is signed in as owner, and its CSRF token. Raises: HttpsError."""
    app = create_app(paths)
    parts, client = app.extensions[NAME], app.test_client()
    assert isinstance(parts, Parts)
    session_id, session = parts.sessions.open("owner", password.fingerprint(paths.admin_password))
    client.set_cookie("sid", session_id)
    return client, session.csrf


def answers(client: FlaskClient, csrf: str) -> dict[str, tuple[int, str]]:
    """Status and text of every page, and of an attempt to save a setting."""
    found = {path: client.get(path) for path in PAGES}
    found[SAVE] = client.patch("/api/v1/settings", json={"camera.width": WIDTH}, headers={"X-CSRF-Token": csrf})
    return {path: (answer.status_code, answer.text) for path, answer in found.items()}


def main() -> None:
    """Open the page at once, and request it when a line arrives on stdin; print why if it does not start."""
    data, run = map(Path, sys.argv[1:3])
    try:
        page = opened(Paths(data, run, data))
    except HttpsError as error:
        print(json.dumps({REFUSED: (0, str(error))}))
        return
    print(READY, flush=True)
    sys.stdin.readline()
    print(json.dumps(answers(*page)))


if __name__ == "__main__":
    main()
