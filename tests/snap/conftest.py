"""The wheels that are installed here, as the library of a payload."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from snap.local.stage import OWN, ROOT
from tests.support.payload import versions


@pytest.fixture(scope="module")
def library() -> Iterator[Path]:
    """The locked packages of this environment as hard links, and drivewatch's own packages.

    The folder is beside them, as hard links do not reach a /tmp that is a tmpfs, as on Debian 13.
    """
    with TemporaryDirectory(prefix="payload-", dir=sys.prefix) as name:
        folder = Path(name)
        for package in versions():
            for file in distribution(package).files or ():
                source, place = Path(str(file.locate())), folder / file
                if ".." not in file.parts and source.is_file():
                    place.parent.mkdir(parents=True, exist_ok=True)
                    os.link(source, place)
        for package in OWN:
            folder.joinpath(package).symlink_to(ROOT / package)
        yield folder
