"""The command openssl, which makes, reads and checks certificates; every base has it."""

from __future__ import annotations

import os
import subprocess

OPENSSL = "openssl"
OPENSSL_LIMIT_S = 30.0  # 0.02 s on x86-64


class HttpsError(Exception):
    """The page cannot be served over HTTPS as chosen; the message says why and what helps."""


def make(*arguments: str) -> None:
    """Have it make something. Raises: HttpsError."""
    made = openssl(*arguments)
    if made.returncode:
        raise HttpsError(f"openssl made no certificate: {_last_line(made.stderr)}")


def openssl(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run it without the system's configuration, which may be missing or anything. Raises: HttpsError."""
    env = {**os.environ, "OPENSSL_CONF": "/dev/null"}
    try:
        return subprocess.run(
            [OPENSSL, *arguments], env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=OPENSSL_LIMIT_S
        )
    except FileNotFoundError as error:
        raise HttpsError("HTTPS needs the command openssl: `sudo apt install openssl`") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise HttpsError(f"openssl could not be run: {error}") from error


def _last_line(said: bytes) -> str:
    return (said.decode(errors="replace").strip().splitlines() or ["it does not say why"])[-1]
