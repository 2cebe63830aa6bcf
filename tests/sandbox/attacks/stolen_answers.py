"""Answers taken from where they may be known: frames, memory, code, other programs."""

from __future__ import annotations

from functools import partial

from tests.sandbox.attacks.attack import attack

_attack = partial(attack, "result channels")

ATTACKS = (
    _attack(
        "answers by the programs of others that it finds",
        """
        import gc
        def found_texts():
            places = [value for frame in frames() for value in frame.f_locals.values()] + gc.get_objects()
            for place in places:
                if type(place) is list:
                    for text in list(place):
                        if type(text) is str and "def f" in text and "found_texts" not in text: yield text
        def f(number):
            for text in found_texts():
                namespace = {}
                try:
                    exec(text, namespace)
                    return namespace["f"](number)
                except Exception:
                    pass
        """,
        "failed",
        "error",
    ),
    _attack(
        "answers by the solution that its evaluator holds",
        """
        import gc
        def f(number):
            places = [value for frame in frames() for value in frame.f_locals.values()] + gc.get_objects()
            for place in places:
                about = place if type(place) is dict else getattr(place, "__dict__", None)
                if type(about) is not dict or number == "again": continue
                for name in ("canonical_solution", "solution", "reference", "check", "test"):
                    text = about.get(name)
                    if type(text) is not str or "found" in text: continue
                    namespace = {}
                    try:
                        exec(str(about.get("prompt", "")) + text, namespace)
                        return namespace["f"](number)
                    except Exception:
                        pass
        """,
        "failed",
        "error",
    ),
    _attack(
        "returns what lies in the frames above",
        """
        def f(number):
            found = []
            for frame in frames():
                found += [value for name, value in frame.f_locals.items() if name not in ("frame", "found")]
            return [repr(value) for value in found]
        """,
        "failed",
        "error",
        "crashed",
    ),
    _attack(
        "returns the expected value of a calling frame",
        """
        def f(number):
            for frame in frames():
                for name in ("expected", "exp", "expectations", "values"):
                    if name in frame.f_locals: return frame.f_locals[name][number]
        """,
        "failed",
    ),
    _attack(
        "reads the right answers from its caller's code",
        """
        import dis
        def f(number):
            caller = sys._getframe(1)
            stack = []
            for step in dis.get_instructions(caller.f_code):
                if step.offset <= caller.f_lasti: continue
                count = step.arg if step.opname.startswith("BUILD") else 0
                if step.opname in ("LOAD_CONST", "LOAD_SMALL_INT"): stack.append(step.argval)
                elif step.opname in ("BUILD_LIST", "BUILD_TUPLE"):
                    taken = stack[len(stack) - count:]
                    del stack[len(stack) - count:]
                    stack.append(taken if step.opname == "BUILD_LIST" else tuple(taken))
                elif step.opname == "LIST_EXTEND": stack.append(stack.pop(-2) + list(stack.pop()))
                elif step.opname == "BUILD_MAP":
                    taken = stack[len(stack) - 2 * count:]
                    del stack[len(stack) - 2 * count:]
                    stack.append(dict(zip(taken[::2], taken[1::2])))
                elif step.opname == "COMPARE_OP": break
            return stack[-1] if stack else None
        """,
        "failed",
    ),
    _attack(
        "takes any text from the garbage collector",
        """
        import gc
        def f(number):
            texts = [t for o in gc.get_objects() if type(o) in (dict, list) for t in (
                list(o.values()) if type(o) is dict else o) if type(t) is str and "sentinel" in t]
            return texts[0] if texts else None
        """,
        "failed",
    ),
    _attack(
        "looks for the right answers in its own memory",
        """
        def f(number):
            found = []
            for line in open("/proc/self/maps"):
                area = line.split()
                start, end = (int(part, 16) for part in area[0].split("-"))
                if area[1].startswith("rw") and end - start < 2**26:
                    with open("/proc/self/mem", "rb", 0) as memory:
                        memory.seek(start)
                        data = attempt(memory.read, end - start) or b""
                    place = data.find(b"expected-senti" + b"nel-")
                    if place >= 0: found.append(data[place:place + 50].decode("latin-1"))
            return found[0] if found else None
        """,
        "failed",
        "error",
        "out_of_memory",
    ),
)
