"""The page's password: made, judged, kept as its hash only, and checked at a small cost.

The hash is one line of text as werkzeug writes it, `scrypt:8192:8:10$salt$hash`. werkzeug, hashlib and secrets are
imported where they are used: they cost 3 to 10 MB in a process that has no page.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config import durable
from config.commands import command
from config.disk import Disk
from config.paths import TOKENS, VIEWER_PASSWORD

# N, r and p of scrypt: the choice of OWASP's Password Storage Cheat Sheet that takes 8 MiB; werkzeug's own takes 32
METHOD = "scrypt:8192:8:10"
LINE = re.compile(re.escape(METHOD) + r"\$[A-Za-z0-9]{16,64}\$[0-9a-f]{128}")
LINE_MAX_BYTES = 256
NO_HASH = f"{METHOD}${'0' * 22}${'0' * 128}"  # checked where none is stored, to take as long; no password has it

# A check takes 0.2 to 0.65 s here, twice that where there is a viewer's. Who would wait for longer is to try again
BUSY_S = 2.0
SHORTEST, LONGEST = 12, 128  # characters; ASVS 6.2.1 and 6.2.9 ask for 8 or more, and for 64 to be allowed

GROUPS, GROUP = 4, 5
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # without i, l, o, 0 and 1, which look alike: 20 of them are 99 bits

# Refused as NIST 800-63B asks: of 12 characters or more, the commonest ones (darkweb2017-top10000 of SecLists, and the
# 200 of 2025), and the first guesses about this device
COMMON = """
000000000000 111111111111 112233445566 111222tianya 121212121212 123123123123 123456123456 123456654321
123456789012 1234567890123 123456789123 123456789123456789 123456789987654321 1234567890qwerty 123456qwerty
123qweasdzxc 1q2w3e4r5t6y 1q2w3e4r5t6y7u8i9o0p 1qaz2wsx3edc 1qaz2wsx3edc4rfv aa@123456789 aaaaaaaaaaaa
abcabcabcabc abcdefghijkl admin@123456 admin1234567 admin12345678 admin123456! adminadminadmin administrator
changeme1234 correcthorsebatterystaple d41d8cd98f00b204e9800998ecf8427e drivewatch123 drivewatch1234
drivewatch2026 drivewatchdrivewatch e10adc3949ba59abbe56e057f20f883e iloveyou1234 iloveyou12345 letmeinletmein
megaparol12345 passw0rd1234 password@123 password1234 password12345 password123456 passwordpassword
pe#5gz29ptzmse polniypizdec0211 polniypizdec110211 q1w2e3r4t5y6 qazwsxedcrfv qwerty123456 qwerty1234567
qwertyuiop[] qwertyuiop123 qwertyuiopasdfghjkl raspberry123 raspberry1234 raspberrypi1 raspberrypi4b
raspberryraspberry startfinding temppassword theworldinyourhand welcome12345 zyxwvutsrqpo
"""

_hashing = threading.Lock()  # eight at once would take 64 MiB


class Busy(Exception):
    """Other passwords are being checked: try again in a moment."""


def generate() -> str:
    """A new password of 99 bits that can be read out and typed."""
    import secrets

    return "-".join("".join(secrets.choice(LETTERS) for _ in range(GROUP)) for _ in range(GROUPS))


def refusal(password: str) -> str:
    """Why this must not be the password; "" if it may. Any characters are allowed."""
    length = len(password.strip())
    if length < SHORTEST:
        return f"the password has {length} characters: take {SHORTEST} or more, for instance four words"
    if len(password) > LONGEST:
        return f"the password has {len(password)} characters: take {LONGEST} at most"
    if password.lower() in COMMON.split():
        return "the password is one of those that are guessed first: take another, for instance four words"
    return ""


def save(path: Path, password: str, disk: Disk | None = None, *, keep_tokens: bool = False) -> None:
    """Keep the password's hash, which ends the sessions made under another, and delete the tokens beside it.

    Raises: ValueError with the reason if it is refused; StoreError.
    """
    if reason := refusal(password):
        raise ValueError(reason)
    from werkzeug.security import generate_password_hash

    with _hashing:
        line = generate_password_hash(password, METHOD) + "\n"
    with durable.held(path, disk := disk or Disk()), durable.written(path, line.encode(), disk) as new:
        if not keep_tokens:  # before the password, so that no power cut leaves old tokens beside a new password
            disk.remove(path.with_name(TOKENS))
            disk.sync_folder(path.parent)
        disk.rename(new, path)
        disk.sync_folder(path.parent)


def remove(path: Path) -> None:
    """Let no password open any more, which ends the sessions made under it. Raises: StoreError."""
    with durable.held(path, disk := Disk()):
        disk.remove(path)
        disk.sync_folder(path.parent)


def load(path: Path) -> str:
    """The stored hash; "" if there is none, or none that can be used: `problem` tells."""
    return _read(path)[0]


def problem(path: Path) -> str:
    """What is wrong with the stored hash; "" if nothing is, or none is stored."""
    return _read(path)[1]


@contextmanager
def one_at_a_time(wait_s: float = BUSY_S) -> Iterator[None]:
    """Keep other checks waiting while this one runs. Raises: Busy when the others take longer than wait_s."""
    if not _hashing.acquire(timeout=wait_s):
        raise Busy
    try:
        yield
    finally:
        _hashing.release()


def verify(stored: str, password: str) -> bool:
    """Whether the password fits what `load` returned; without a hash it takes as long and is False."""
    from werkzeug.security import check_password_hash

    return len(password) <= LONGEST and check_password_hash(stored or NO_HASH, password)


def fingerprint(path: Path) -> str:
    """A name for the stored hash, by which sessions made under another password end; "" if there is none."""
    import hashlib

    stored = load(path)
    return hashlib.sha256(stored.encode()).hexdigest() if stored else ""


def _read(path: Path) -> tuple[str, str]:
    """Return the stored hash and what is wrong with it, one of which is "" at least."""
    is_viewers = path.name == VIEWER_PASSWORD
    nobody, option = ("no viewer", " --viewer") if is_viewers else ("nobody", "")
    remedy = f"the page lets {nobody} in: make a new password with `{command('admin-password')}{option}`"
    try:
        line = Disk().read(path, LINE_MAX_BYTES + 1).decode("ascii", errors="replace").removesuffix("\n")
    except FileNotFoundError:
        return "", ""
    except OSError as error:
        return "", f"{path} cannot be read ({error.strerror}), so {remedy}"
    return (line, "") if LINE.fullmatch(line) else ("", f"{path} is damaged, so {remedy}")
