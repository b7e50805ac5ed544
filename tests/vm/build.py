"""What the end to end needs besides drivewatch: a machine's disk and kernel, and stand-ins for the store's snaps.

Real are the kernel, AppArmor and snapd. They come from different suites of Debian: a kernel whose AppArmor mediates
unix sockets and D-Bus and that has gpio-sim, a parser that knows this, and a snapd that does.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.vm.archive import BASE_PACKAGES, BASE_SUITE, HERE, NotTried, bootstrap

SUITE = "trixie"
FROM_SUITES = {
    "snapd": "forky",  # 2.77
    "apparmor": "sid",  # 5.0
    "libapparmor1": "sid",
    "linux-*": "trixie-backports",  # 7.3
    "v4l2loopback-dkms": "forky",
}
PACKAGES = (
    *("systemd", "systemd-sysv", "udev", "dbus", "dbus-user-session", "kmod", "iproute2", "netbase", "libpam-systemd"),
    *("linux-image-amd64", "linux-headers-amd64", "v4l2loopback-dkms", "initramfs-tools", "zstd"),
    *("snapd", "apparmor", "squashfs-tools", "openssh-server", "python3", "ca-certificates"),
)
# dependencies of a kernel's initrd are guessed from the machine it is made on, unless they are listed
INITRAMFS = "MODULES=list\\nCOMPRESS=zstd\\nCOMPRESSLEVEL=1\\n"
DISK_BYTES = 8 << 30  # sparse
# What snap-confine binds the host's folders to; the store's bases have it all
MOUNT_POINTS = (
    *("snap", "var/snap", "var/lib/snapd/hostfs", "media", "mnt", "home", "root", "dev", "proc", "sys", "run", "tmp"),
    *("var/tmp", "var/log", "lib/modules", "lib/firmware", "usr/src", "usr/lib/snapd", "etc/alternatives", "etc/ssl"),
    "meta",
)
# What only costs time, as it is hashed and read in emulation
UNREAD = ("dev", "run", "var/cache", "var/lib/apt/lists", "usr/lib/x86_64-linux-gnu/gconv", "usr/share/perl")
BASE_YAML = """name: core24
version: standin
type: base
summary: stand-in for the store's core24 (tests only)
description: made of Debian's packages
architectures: [amd64]
"""
# snapd wants a snapd snap before any snap with a base. Its version is lower than the package's, so that the package's
# snapd never hands over to it
SNAPD_YAML = """name: snapd
version: 1.0-standin
type: snapd
summary: stand-in for the store's snapd (tests only)
description: a version and snap-confine's profile; snapd itself is the package's
architectures: [all]
"""


def once(product: Path, make: Callable[[Path], None]) -> Path:
    """Make it unless it is there and was made by the same code and packages."""
    stamp = product.with_name(f"{product.name}.stamp")
    sources = b"".join((HERE / name).read_bytes() for name in ("archive.py", "build.py", "customize.sh"))
    wanted = hashlib.sha256(sources).hexdigest()
    if not (product.exists() and stamp.exists() and stamp.read_text() == wanted):
        stamp.unlink(missing_ok=True)
        make(product)
        stamp.write_text(wanted)
    return product


def ssh_key(folder: Path) -> Path:
    """The key that the machine's root lets in."""
    key = folder / "id_ed25519"
    if not key.exists():
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "drivewatch-test", "-f", str(key)]
        subprocess.run(command, check=True)
    return key


def make_disk(disk: Path) -> None:
    """A bootable disk, with vmlinuz and initrd.img beside it, and what the stand-in for snapd takes from its root."""
    root, key = disk.with_name("root"), ssh_key(disk.parent)
    hooks = (
        f"--essential-hook=mkdir -p $1/etc/initramfs-tools/conf.d; printf '{INITRAMFS}' "
        "> $1/etc/initramfs-tools/conf.d/machine.conf",
        f"--customize-hook={HERE}/customize.sh $1 {key}.pub",
    )
    bootstrap(root, SUITE, PACKAGES, from_suites=FROM_SUITES, hooks=hooks)
    (kernel,) = (root / "boot").glob("vmlinuz-*")
    (initrd,) = (root / "boot").glob("initrd.img-*")
    shutil.copy(kernel, disk.with_name("vmlinuz"))
    shutil.copy(initrd, disk.with_name("initrd.img"))
    make_snapd(disk.with_name("snapd.snap"), root)
    disk.unlink(missing_ok=True)
    with disk.open("wb") as file:
        file.truncate(DISK_BYTES)
    _do("mkfs.ext4", "-q", "-F", "-L", "root", "-O", "^has_journal", "-d", root, disk)
    shutil.rmtree(root)


def make_snapd(snap: Path, root: Path) -> None:
    """Make the stand-in for snapd of a machine's root."""
    folder = _emptied(snap.with_suffix(".folder"))
    for profile in (root / "etc/apparmor.d").glob("usr.lib.snapd.snap-confine*"):
        _write(folder / "etc/apparmor.d" / profile.name, profile.read_text())
    _write(folder / "usr/lib/snapd/info", "VERSION=1.0\n")
    _write(folder / "meta/snap.yaml", SNAPD_YAML)
    squash(folder, snap)


def make_base(snap: Path) -> None:
    """Make the stand-in for core24: of bookworm, as no suite of Debian has Python 3.12."""
    root = snap.with_suffix(".folder")
    bootstrap(root, BASE_SUITE, BASE_PACKAGES)
    for point in MOUNT_POINTS:
        (root / point).mkdir(parents=True, exist_ok=True)
    for folder in UNREAD:
        _emptied(root / folder)
    (root / "usr/bin/snapctl").symlink_to("../lib/snapd/snapctl")  # as the store's bases have it
    _write(root / "meta/snap.yaml", BASE_YAML)
    squash(root, snap)


def squash(folder: Path, snap: Path, *options: str) -> None:
    """Pack a folder and remove it; as snapd's snaps unless options say otherwise. Raises: NotTried."""
    folder.chmod(0o755)
    snap.unlink(missing_ok=True)
    _do("mksquashfs", folder, snap, "-noappend", "-no-progress", "-quiet", *(options or ("-comp", "lzo")))
    shutil.rmtree(folder)


def _do(*command: str | Path) -> None:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    if done.returncode:
        raise NotTried(f"{command[0]} fails: {done.stderr.strip().splitlines()[-1]}")


def _emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
