"""What the module `random` draws is the same whenever a project's tests are traced.

Part of the tracer: it enters foreign environments with it, under the same rules.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # the module `typing` would cost each process a millisecond
if TYPE_CHECKING:
    from typing import Any


def seed_when_imported() -> None:
    """Seed the module `random` when it is first imported; most processes never do."""
    module = sys.modules.get("random")
    if module is None:
        sys.meta_path.insert(0, _Seeding())
    else:
        module.seed(0)


class _Seeding:
    """An import hook that leaves when it has seen the module that it waits for."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> Any:
        if name != "random":
            return None
        try:
            sys.meta_path.remove(self)
            for finder in sys.meta_path:
                spec = finder.find_spec(name, None)
                if spec is not None:
                    _seed_after(spec.loader)
                    return spec
        except Exception:  # somebody else's hook; it will be asked again
            pass
        return None


def _seed_after(loader: Any) -> None:
    run = loader.exec_module

    def run_and_seed(module: Any) -> None:
        del loader.exec_module
        run(module)
        module.seed(0)

    loader.exec_module = run_and_seed
