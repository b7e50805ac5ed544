"""Look at the camera once for each fault named on a line of stdin, and print the results as JSON.

`python -m tests.camera.looks FAULT_FILE`, in a process of its own, into which the played camera is preloaded.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from app.camera.pictures import BadPicture, SourceLost
from app.camera.sources import open_source
from config import settings

PICTURES = 3


def look() -> dict[str, object]:
    """How many pictures were good, why one was refused, or why the camera was lost."""
    good, bad = 0, ""
    try:
        source = open_source(settings.Camera())
        try:
            for second in range(PICTURES):
                source.grab(float(second))
                try:
                    source.retrieve()
                    good += 1
                except BadPicture as error:
                    bad = str(error)
        finally:
            source.close()
    except SourceLost as lost:
        return {"good": good, "bad": bad, "lost": str(lost), "remedy": lost.remedy}
    return {"good": good, "bad": bad, "lost": "", "remedy": ""}


if __name__ == "__main__":
    for line in sys.stdin:
        new = Path(f"{sys.argv[1]}.new")
        new.write_text(line.strip())
        new.replace(sys.argv[1])
        print(json.dumps(look()), flush=True)
