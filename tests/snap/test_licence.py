"""LICENSE and NOTICE: the licences of all parts, and how to replace those under the LGPL."""

from __future__ import annotations

import os
import re
import subprocess
from importlib.metadata import distribution
from pathlib import Path

import pytest
import yaml

from snap.local.native import HASH_TAG
from snap.local.pack import SNAPCRAFT_YAML, snap_yaml
from snap.local.stage import ROOT
from tests.support.payload import versions

NOTICE = (ROOT / "snap/NOTICE").read_text()
LIBRARIES = [
    Path(str(file.locate())) for name in versions() for file in distribution(name).files or () if ".libs/" in str(file)
]


def test_the_licence_is_apache_2_0_in_file_and_snap() -> None:
    text = (ROOT / "snap/LICENSE").read_text()
    assert text == (ROOT / "app/vision/models/LICENSE").read_text()
    assert "END OF TERMS AND CONDITIONS" in text
    assert snap_yaml(yaml.safe_load(SNAPCRAFT_YAML.read_text()), "arm64")["license"] == "Apache-2.0"


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda path: path.name)
def test_each_bundled_library_is_in_the_notice(library: Path) -> None:
    name = re.split(r"-r0|\.", HASH_TAG.sub("", library.name))[0]
    assert re.search(rf"(?m)^ +(?:.* )?{name} ", NOTICE)


def test_ffmpeg_is_built_without_its_gpl_parts() -> None:
    (avutil,) = (path for path in LIBRARIES if path.name.startswith("libavutil-"))
    data = avutil.read_bytes()
    assert b"libavutil license: LGPL version 2.1 or later" in data
    release = re.search(rb"FFmpeg version (\d[\d.]*)", data)
    assert release and f"FFmpeg {release[1].decode()}, LGPL-2.1-or-later" in NOTICE
    assert b"--enable-gpl" not in data
    assert not [path.name for path in LIBRARIES if "Qt" in path.name]


def test_the_lgpls_text_is_in_the_snap() -> None:
    files = distribution("opencv-python-headless").files or ()
    (text,) = (file for file in files if file.name == "LICENSE-3RD-PARTY.txt" and ".dist-info" in str(file))
    assert "GNU LESSER GENERAL PUBLIC LICENSE" in text.read_text()


def test_the_commands_of_the_notice_replace_the_lgpl_libraries(tmp_path: Path) -> None:
    """With empty files named like those of the locked wheel."""
    found = re.search(r"^  for yours in (.+); do\n.*?^  done$", NOTICE, re.MULTILINE | re.DOTALL)
    assert found is not None
    own, folder = tmp_path / "my-ffmpeg/lib", tmp_path / "libs"
    for place in (own, folder):
        place.mkdir(parents=True)
    for name in found[1].split():
        (own / name).write_text(name)
    for library in LIBRARIES:
        (folder / library.name).write_text("the wheel's")
    subprocess.run(["sh", "-ec", found[0]], cwd=folder, env={**os.environ, "HOME": str(tmp_path)}, check=True)
    now = {path.name.partition("-")[0]: path.read_text() for path in folder.iterdir() if "-" in path.name}
    replaced = {name: text for name, text in now.items() if text != "the wheel's"}
    assert replaced == {name.partition(".")[0]: name for name in found[1].split()}
    assert set(replaced) == {name for name in now if name.startswith(("libav", "libsw")) and name != "libavif"}
    for library in LIBRARIES:  # a library replaces one of the same major version
        link = folder / library.name
        if link.is_symlink():
            assert f".so.{link.readlink().name.rpartition('.')[2]}." in library.name
