"""Appended to the interpreter's ``encodings`` package, which every start of Python reads.

When ``site`` then looks for a ``sitecustomize`` module, the tracer starts; whether there is one, and
what it does, stays as it was. Standard library only, Python 3.8 and later, and it never raises.
"""

import sys


class _TracerStart:
    """An import hook that finds nothing: it waits for the last thing that ``site`` looks for."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> None:
        if name != "sitecustomize":
            return
        folder = "/opt/codex-sft/tracer"
        try:
            sys.meta_path.remove(_TracerStart)
            sys.path.insert(0, folder)
            try:
                import codexsft_tracer  # type: ignore[import-not-found]

                codexsft_tracer.start()
            finally:
                sys.path.remove(folder)
        except Exception as error:
            sys.stderr.write(f"codex-sft: this process is not traced: {error!r}\n")


sys.meta_path.insert(0, _TracerStart)
