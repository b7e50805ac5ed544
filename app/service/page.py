"""`python -m app.service.page -c admin/gunicorn.conf.py`: gunicorn, without what it and Flask import and hardly ever
use."""

from __future__ import annotations

import sys
import threading
from importlib.util import find_spec, module_from_spec
from types import ModuleType

# For gunicorn's eggs and error pages, Flask's numbers in JSON and guesses after wrong endpoints: 2.2 MB of master and
# worker, with the readers of archives and mails that the first brings
PUT_OFF = ("importlib.metadata", "html", "decimal", "difflib", "calendar", "pkgutil")
_loading = threading.RLock()


class _PutOff(ModuleType):
    """A module that is loaded when something of it is first asked for, and not when it is imported.

    importlib.util.LazyLoader would load it at its second import already.
    """

    def __getattr__(self, name: str) -> object:
        with _loading:
            spec = self.__spec__
            if spec and spec.loader and not spec.loader_state:
                spec.loader_state = "loaded"  # before it is, as its own imports may ask it for what it has not yet
                spec.loader.exec_module(self)
        return super().__getattribute__(name)


def put_off() -> None:
    """Let whoever imports the modules of PUT_OFF have them, but load them only when they are used."""
    for name in PUT_OFF:
        if name in sys.modules or not (spec := find_spec(name)):
            continue
        module = sys.modules[name] = module_from_spec(spec)
        module.__class__ = _PutOff
        parent, _, child = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], child, module)


if __name__ == "__main__":
    put_off()
    from gunicorn.app.wsgiapp import run  # type: ignore[import-untyped]

    run(prog="gunicorn")
