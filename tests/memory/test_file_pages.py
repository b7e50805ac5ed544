"""Release of unmodified file-backed pages."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from app.memory.file_pages import _unmodified

RELEASE = """
import mmap, sys
from pathlib import Path
from app.memory.file_pages import release_file_pages
from app.memory.usage import usage_of
path = Path(sys.argv[1])
path.write_bytes(b"a" * (1 << 20))
with path.open("r+b") as file:
    changed = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    changed[:3] = b"new"
    unchanged = mmap.mmap(file.fileno(), 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ)
    assert unchanged[-1:] == b"a" and len(unchanged[:]) == 1 << 20
    before = usage_of()
    release_file_pages()
    after = usage_of()
print(changed[:4] + unchanged[-2:] == b"newaaa", before.file_mb, after.file_mb)
"""


def test_file_pages_are_released_and_modified_ones_kept(tmp_path: Path) -> None:
    command = [sys.executable, "-c", RELEASE, str(tmp_path / "file")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    is_kept, before_mb, after_mb = done.stdout.split()
    assert is_kept == "True"
    assert float(after_mb) <= float(before_mb) - 1


SMAPS = """\
10000-11000 r-xp 00000000 fe:00 1     /usr/lib/a library.so
Anonymous:             0 kB
Swap:                  0 kB
VmFlags: rd ex mr mw me
11000-13000 r--p 00001000 fe:00 1     /usr/lib/a library.so
Anonymous:             4 kB
Swap:                  0 kB
13000-14000 r--p 00003000 fe:00 1     /usr/lib/a library.so
Anonymous:             0 kB
Swap:                  4 kB
14000-15000 rw-p 00004000 fe:00 1     /usr/lib/a library.so
Anonymous:             0 kB
Swap:                  0 kB
15000-16000 r--s 00000000 fe:00 2     /usr/share/a.model
Anonymous:             0 kB
Swap:                  0 kB
20000-21000 ---p 00000000 fe:00 1     /usr/lib/a library.so
Anonymous:             0 kB
Swap:                  0 kB
30000-31000 r--p 00000000 00:00 0
Anonymous:             0 kB
Swap:                  0 kB
40000-41000 r-xp 00000000 00:00 0     [vdso]
Anonymous:             0 kB
Swap:                  0 kB
"""


def test_only_unmodified_mappings_are_released(tmp_path: Path) -> None:
    (tmp_path / "self").mkdir()
    (tmp_path / "self" / "smaps").write_text(SMAPS)
    assert list(_unmodified(tmp_path)) == [range(0x10000, 0x11000)]


def test_unreadable_mappings_are_not_released(tmp_path: Path) -> None:
    assert list(_unmodified(tmp_path)) == []
