"""One virtual machine: emulated, so that it needs no right to anybody's /dev/kvm, and thrown away at its end."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.vm.archive import NotTried

MEMORY_MB = 512  # a Pi Zero 2 W's
# Emulated AVX makes the face mesh 15 to 40 times slower; this processor has none
CPU = "Nehalem"
# What guards against other users' programs would empty the emulator's caches with each system call
KERNEL = "root=LABEL=root rw console=ttyS0 apparmor=1 security=apparmor panic=-1 mitigations=off"
BOOT_LIMIT_S = 600.0  # 50 s on two idle cores
CONNECT_LIMIT_S = 15
COMMAND_LIMIT_S = 600.0  # to install a snap takes 160 s beside other work


class CommandFailed(Exception):
    """A command in the machine ended with another status than 0; the text says which, and what it said."""


def free_port() -> int:
    """A port of this computer's loopback that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine that runs; page_port here is port 8443 there."""

    key: Path
    ssh_port: int
    page_port: int

    @property
    def ssh(self) -> list[str]:
        """The beginning of a command; over the connection of `_connected` while there is one."""
        options = ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "BatchMode=yes")
        command = ["ssh", "-i", str(self.key), "-p", str(self.ssh_port), "-S", str(self.key.with_name("ssh.socket"))]
        return [*command, "-o", f"ConnectTimeout={CONNECT_LIMIT_S}", *(f"-o{option}" for option in options)]

    def ask(self, command: str, limit_s: float = COMMAND_LIMIT_S) -> subprocess.CompletedProcess[str]:
        """Run a command line as root and give back what became of it."""
        try:
            return subprocess.run(
                [*self.ssh, "root@127.0.0.1", command],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=limit_s,
            )
        except subprocess.TimeoutExpired as late:
            raise CommandFailed(f"`{command}` does not end within {limit_s:.0f} s") from late

    def run(self, command: str) -> str:
        """What a command prints, which must succeed. Raises: CommandFailed."""
        done = self.ask(command)
        if done.returncode:
            said = " | ".join((done.stderr.strip() or done.stdout.strip()).splitlines()[-3:])
            raise CommandFailed(f"`{command}`: status {done.returncode}: {said}")
        return done.stdout.strip()


@contextmanager
def running(folder: Path, cargo: Path) -> Iterator[Machine]:
    """Boot folder's disk.raw, which stays as it is, with `cargo` as second disk, until the end of the block.

    Raises: NotTried when it does not come up.
    """
    overlay, console = folder / "disk.qcow2", folder / "console.log"
    overlay.unlink(missing_ok=True)
    image = ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", str(folder / "disk.raw"), str(overlay)]
    subprocess.run(image, check=True)
    machine = Machine(folder / "id_ed25519", free_port(), free_port())
    with (
        (folder / "qemu.log").open("w") as log,
        subprocess.Popen(
            _command(folder, overlay, cargo, console, machine), stdout=log, stderr=log, stdin=subprocess.DEVNULL
        ) as emulator,
    ):
        try:
            _wait_for_ssh(machine, emulator, console)
            with _connected(machine):
                yield machine
        finally:
            emulator.kill()  # nothing on its disk is wanted any more
            emulator.wait()
            overlay.unlink()


def _command(folder: Path, overlay: Path, cargo: Path, console: Path, machine: Machine) -> list[str]:
    forwards = f"hostfwd=tcp:127.0.0.1:{machine.ssh_port}-:22,hostfwd=tcp:127.0.0.1:{machine.page_port}-:8443"
    return [
        *("qemu-system-x86_64", "-machine", "q35", "-accel", "tcg,thread=multi", "-cpu", CPU),
        *("-smp", "2", "-m", str(MEMORY_MB), "-display", "none", "-monitor", "none", "-no-reboot"),
        *("-serial", f"file:{console}", "-kernel", str(folder / "vmlinuz"), "-initrd", str(folder / "initrd.img")),
        *("-append", KERNEL),
        *("-drive", f"file={overlay},if=virtio,cache=unsafe"),
        *("-drive", f"file={cargo},if=virtio,format=raw,readonly=on"),
        *("-netdev", f"user,id=net,restrict=on,{forwards}", "-device", "virtio-net-pci,netdev=net,romfile="),
        *("-device", "virtio-rng-pci"),
    ]


@contextmanager
def _connected(machine: Machine) -> Iterator[None]:
    """One connection for all commands, as an emulated processor takes a second or two to open one."""
    command = [*machine.ssh, "-M", "-N", "root@127.0.0.1"]
    nothing = subprocess.DEVNULL
    with subprocess.Popen(command, stdin=nothing, stdout=nothing, stderr=nothing) as connection:
        try:
            yield
        finally:
            connection.terminate()


def _wait_for_ssh(machine: Machine, emulator: subprocess.Popen[bytes], console: Path) -> None:
    deadline_s = time.monotonic() + BOOT_LIMIT_S
    while time.monotonic() < deadline_s and emulator.poll() is None:
        try:
            if machine.ask("true", limit_s=60).returncode == 0:
                return
        except CommandFailed:
            continue
        time.sleep(1)
    raise NotTried(f"the machine does not boot: {console} ends with {_last_line(console)!r}")


def _last_line(console: Path) -> str:
    lines = console.read_text(errors="replace").split("\n") if console.exists() else []
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
