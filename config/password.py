"""The page's password: made, judged, kept as a hash only, and checked at a small cost.

The hash is one text line, `scrypt:8192:8:10$salt$hash`, as werkzeug writes it. hashlib and secrets are imported where
they are used, for OpenSSL would cost the daemon 3.4 MB.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from config import durable
from config.disk import Disk
from config.snapd import command

# One of OWASP's equivalent choices (Password Storage Cheat Sheet), that of 8 MiB; werkzeug's own costs 32 MiB.
N, R, P = 8192, 8, 10
MEMORY_MAX_BYTES = 9 * 1024 * 1024  # 128 * N * R, and 11 kB besides; scrypt refuses to take more
METHOD = f"scrypt:{N}:{R}:{P}"
LINE = re.compile(re.escape(METHOD) + r"\$[A-Za-z0-9]{16,64}\$[0-9a-f]{128}")
LINE_MAX_BYTES = 256
NONE_STORED = f"{METHOD}${'0' * 22}${'0' * 128}"  # checked where there is none, to take as long; nothing hashes to it

BUSY_S = 2.0  # a check takes 0.2 to 0.65 s here; who waits longer had better try again
SHORTEST, LONGEST = 12, 128  # characters, at most 512 bytes; ASVS 6.2.1 and 6.2.9 ask for 8 or more, and 64 allowed
OWN_LEAST = 6  # different characters that are no common word: a year and two signs after a word are 5

GROUPS, GROUP = 4, 5
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # without i, l, o, 0 and 1, which look alike: 20 of them are 99 bits

COMMON = (
    "drivewatch driver drive distraction distracted detector detection drowsy attention watch camera buzzer raspberry "
    "password passwort passwd pass motdepasse contraseña contrasena parola parol geheim secret changeme default temp "
    "administrator admin root user guest login welcome willkommen hallo hello bonjour letmein iloveyou love monkey "
    "dragon football baseball basketball soccer sunshine princess superman batman master shadow michael jordan charlie "
    "christopher linkedin myspace pokemon chocolate computer internet service system ubuntu linux test demo "
    # of 12 characters or more among the 3,900 commonest, darkweb2017-top10000 in SecLists, and the 200 of 2025
    "startfinding polniypizdec mega tianya theworldinyourhand d41d8cd98f00b204e9800998ecf8427e "
    "e10adc3949ba59abbe56e057f20f883e 1b78ef23aa2506f41feecfcc45b66038 pe#5gz29ptzmse"
)
LOOKALIKES: Final = {"a": "[a@4]", "e": "[e3]", "i": "[i1!]", "o": "[o0]", "s": "[s$5]"}
ROWS = (
    "01234567890 abcdefghijklmnopqrstuvwxyz qwertyuiop[] asdfghjkl; zxcvbnm,./ qwertz azerty "
    "1q2w3e4r5t6y7u8i9o0p q1w2e3r4t5y6 1qaz2wsx3edc4rfv5tgb qazwsxedcrfvtgb qweasdzxc 11223344556677889900 1020304050"
)
WALKS = f"{ROWS} {ROWS[::-1]}"  # keys that follow each other, there and back

_hashing = threading.Lock()  # eight at once would take 64 MiB


class Busy(Exception):
    """Other passwords are being checked: try again in a moment."""


def generate() -> str:
    """Make a password of 99 bits that can be read out and typed."""
    import secrets

    return "-".join("".join(secrets.choice(LETTERS) for _ in range(GROUP)) for _ in range(GROUPS))


def refusal(password: str) -> str:
    """Say why this must not be the password; "" if it may. Any characters are welcome."""
    if not password.strip():
        return f"the password is blank: take {SHORTEST} characters or more"
    if len(password) < SHORTEST:
        return f"the password has {len(password)} characters: take {SHORTEST} or more, for instance four words"
    if len(password) > LONGEST:
        return f"the password has {len(password)} characters: take {LONGEST} at most"
    if len(_own_characters(password)) < OWN_LEAST:
        return "the password is easily guessed, being common words, keys in a row or repetition: add words of your own"
    return ""


def save(path: Path, password: str, disk: Disk | None = None) -> None:
    """Keep the password's hash, which ends the sessions made under another.

    Raises: ValueError with the reason if it is refused; StoreError.
    """
    if reason := refusal(password):
        raise ValueError(reason)
    import secrets

    salt = secrets.token_hex(16)
    with _hashing:
        line = f"{METHOD}${salt}${_scrypt(password, salt).hex()}\n"
    with durable.held(path, disk := disk or Disk()):
        durable.replace(path, line.encode(), disk)


def load(path: Path) -> str:
    """Return the stored hash; "" if there is none, or none that can be used: `problem` tells."""
    return _read(path)[0]


def problem(path: Path) -> str:
    """Say what is wrong with the stored hash; "" if nothing is, or none is stored."""
    return _read(path)[1]


@contextmanager
def one_at_a_time(wait_s: float = BUSY_S) -> Iterator[None]:
    """Hold the others off while a password is checked. Raises: Busy when they take longer than wait_s."""
    if not _hashing.acquire(timeout=wait_s):
        raise Busy
    try:
        yield
    finally:
        _hashing.release()


def verify(stored: str, password: str) -> bool:
    """Check a password against what `load` returned; without a hash it takes as long and is False."""
    if len(password) > LONGEST:
        return False
    import hmac

    _, salt, digest = (stored or NONE_STORED).split("$")
    return hmac.compare_digest(_scrypt(password, salt), bytes.fromhex(digest))


def fingerprint(path: Path) -> str:
    """Name the stored hash, so that sessions made under another password end; "" if there is none."""
    import hashlib

    stored = load(path)
    return hashlib.sha256(stored.encode()).hexdigest() if stored else ""


def _scrypt(password: str, salt: str) -> bytes:
    import hashlib

    data = password.encode(errors="surrogatepass")
    return hashlib.scrypt(data, salt=salt.encode(), n=N, r=R, p=P, maxmem=MEMORY_MAX_BYTES, dklen=64)


def _read(path: Path) -> tuple[str, str]:
    """Return the stored hash and what is wrong with it, one of which is "" at least."""
    remedy = f"the page lets nobody in: make a new password with `{command('admin-password')}`"
    try:
        line = Disk().read(path, LINE_MAX_BYTES + 1).decode("ascii", errors="replace").removesuffix("\n")
    except FileNotFoundError:
        return "", ""
    except OSError as error:
        return "", f"{path} cannot be read ({error.strerror}), so {remedy}"
    return (line, "") if LINE.fullmatch(line) else ("", f"{path} is damaged, so {remedy}")


def _own_characters(password: str) -> set[str]:
    """Return the different characters that neither common words nor keys in a row explain."""
    words = sorted(COMMON.split(), key=len, reverse=True)
    spelled = ("".join(LOOKALIKES.get(letter, re.escape(letter)) for letter in word) for word in words)
    rest = re.sub("|".join(spelled), "", password.lower())
    return {rest[i] for i in range(len(rest)) if i < 2 or rest[i - 2 : i + 1] not in WALKS}
