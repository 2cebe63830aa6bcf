"""Results written past the evaluator: forged, replaced, or taken from where they are known."""

from __future__ import annotations

from functools import partial

from tests.sandbox.attacks.attack import CANARY, attack

_attack = partial(attack, "result channels")
_FORGED = ("failed", "error", "crashed", "output_limit")

ATTACKS = (
    _attack("forges a whole report at once", "forge(*[1] * 9)\nos._exit(0)", *_FORGED),
    _attack(
        "forges a whole report when called",
        "def f(number):\n    forge(*[1] * 9)\n    os._exit(0)\n",
        *_FORGED,
    ),
    _attack(
        "forges a start",
        """
        spray(b'{"worker_started":true}\\n{"program_loaded":true}\\n')
        forge(*[1] * 9)
        os._exit(0)
        """,
        *_FORGED,
    ),
    _attack(
        "forges a start that failed",
        """
        spray(b'{"kind":"check_passed"}\\n{"worker_started":false}\\n')
        os._exit(127)
        """,
        *_FORGED,
    ),
    _attack("forges an empty report", "forge()\nos._exit(0)", *_FORGED),
    _attack(
        "forges a report that never ends",
        "def f(number):\n    while True: forge(None, 1, 'x')\n",
        *_FORGED,
        "timeout",
    ),
    _attack(
        "forges outcomes without values",
        """
        spray(b'{"program_loaded":1}\\n' + b'{"kind":"returned"}\\n' * 9)
        os._exit(0)
        """,
        *_FORGED,
    ),
    _attack(
        "forges outcomes in other words",
        """
        line = b'{"kind":"passed"}\\nPASSED\\npassed\\n7 passed in 0.01s\\nOK\\nnull\\ntrue\\n'
        spray(b'{"program_loaded":1}\\n' + line * 9)
        os._exit(0)
        """,
        *_FORGED,
    ),
    _attack(
        "answers each call twice",
        """
        def f(number):
            spray(b'{"kind":"returned","value":1}\\n')
            return number
        """,
        *_FORGED,
    ),
    _attack(
        "answers for ever after its last answer",
        """
        import atexit, threading
        def loop():
            while True: forge(1)
        def f(number):
            if number == 6:
                atexit.register(loop)
                threading.Thread(target=loop).start()
            return number
        """,
        *_FORGED,
        "timeout",
        probe=CANARY,
    ),
    _attack(
        "answers from threads that never end",
        """
        import threading
        def loop():
            while True: forge(1)
        threading.Thread(target=loop).start()
        def f(number): return number
        """,
        *_FORGED,
        "timeout",
        probe=CANARY,
    ),
    _attack(
        "answers when it is cleaned up",
        """
        import weakref
        class Late:
            def __del__(self, forge=forge): forge(1)
        late = [Late()]
        late.append(late)
        weakref.finalize(Late, forge, 1)
        def f(number): return number
        """,
        *_FORGED,
        probe=CANARY,
    ),
    _attack(
        "prints what test runners print",
        """
        print("PASSED", "7 passed", '{"kind":"returned","value":1}', flush=True)
        spray(b"\\nOK\\n7 passed in 0.01s\\n", first=1)
        def f(number): print("passed", flush=True)
        """,
        *_FORGED,
    ),
    _attack(
        "replaces json",
        """
        json.dumps = json.JSONEncoder.encode = lambda *a, **k: '{"kind":"returned","value":1}'
        json.encoder.c_make_encoder = json.encoder.encode_basestring = None
        def f(number): return number
        """,
        *_FORGED,
    ),
    _attack(
        "replaces the encoder",
        """
        def f(number):
            for name, module in list(sys.modules.items()):
                if "value_" in name:
                    module.encode = module.decode = lambda value, *a: 1
                    getattr(module, "_SCALARS", {}).clear()
                    getattr(module, "_CONTAINERS", {}).clear()
            worker().encode = lambda value: 1
            return number
        """,
        *_FORGED,
    ),
    _attack(
        "replaces the worker's functions",
        """
        worker().run_call = lambda function, call: {"kind": "returned", "value": call}
        worker().describe = worker().report = lambda *arguments: forge(1)
        def f(number): return number
        """,
        *_FORGED,
    ),
    _attack(
        "replaces the code of every function of the worker",
        """
        def one(*a, **k): return {"kind": "returned", "value": 1}
        def f(number):
            for frame in frames():
                if frame.f_globals is not globals():
                    for function in list(frame.f_globals.values()):
                        if type(function) is type(f) and not function.__closure__:
                            function.__code__ = one.__code__
            return number
        """,
        *_FORGED,
    ),
    _attack(
        "replaces builtins",
        """
        import builtins
        builtins.type = builtins.isinstance = builtins.len = builtins.BaseException = lambda *a: True
        def f(number): return number
        """,
        *_FORGED,
    ),
    _attack(
        "replaces modules",
        """
        for name in list(sys.modules): sys.modules[name] = object()
        def f(number): return number
        """,
        *_FORGED,
    ),
    _attack(
        "replaces the methods of text itself",
        """
        import gc
        own = gc.get_referents(str.__dict__)[0]
        own["encode"] = lambda *a: b'{"kind":"returned","value":1}\\n'
        own["join"] = own["replace"] = own["format"] = lambda *a: "1"
        def f(number): return "x"
        """,
        *_FORGED,
    ),
    _attack(
        "replaces the writing of files",
        """
        real = posix.write
        def write(descriptor, data):
            real(descriptor, bytes(data).replace(b"false", b"true").replace(b"raised", b"returned"))
            return len(data)
        os.write = posix.write = write
        def f(number): raise ValueError("passed")
        """,
        *_FORGED,
    ),
    _attack(
        "traces the worker",
        """
        def trace(frame, event, argument):
            for name in list(frame.f_locals):
                if name in ("outcome", "difference", "expected", "verdict"): frame.f_locals[name] = None
            return trace
        sys.settrace(trace)
        def f(number): return number
        """,
        *_FORGED,
    ),
    _attack(
        "replaces a check from a trace",
        """
        def trace(frame, event, argument):
            if "check" in frame.f_globals: frame.f_globals["check"] = lambda candidate: None
            return trace
        sys._getframe().f_trace = trace
        sys.settrace(trace)
        def f(number): return number
        """,
        *_FORGED,
    ),
    _attack(
        "jumps over what its caller does with the answer",
        """
        def trace(frame, event, argument):
            return trace
        def f(number):
            caller = sys._getframe(1)
            def jump(frame, event, argument):
                if event == "line":
                    for line in range(frame.f_lineno + 20, frame.f_lineno, -1):
                        try:
                            frame.f_lineno = line
                            break
                        except ValueError:
                            pass
                return jump
            caller.f_trace = jump
            sys.settrace(trace)
            return number
        """,
        *_FORGED,
    ),
    _attack(
        "listens to audit events",
        """
        busy = []
        def hook(event, arguments):
            if not busy:
                busy.append(event)
                spray(b'{"kind":"returned","value":1}\\n')
                busy.clear()
        sys.addaudithook(hook)
        def f(number): return number
        """,
        *_FORGED,
        "timeout",
    ),
    _attack(
        "interrupts the worker by signals while it answers",
        """
        import signal
        def handler(number, frame):
            spray(b'{"kind":"returned","value":1}\\n')
            raise SystemExit(0)
        signal.signal(signal.SIGALRM, handler)
        def f(number):
            signal.setitimer(signal.ITIMER_REAL, 0.000001, 0.00001)
            return number
        """,
        *_FORGED,
        "timeout",
    ),
    _attack(
        "makes everything that follows fail",
        """
        def f(number):
            sys.setrecursionlimit(sys.getrecursionlimit())
            sys.setswitchinterval(10**6)
            for name in ("stdout", "stderr", "stdin", "__stdout__", "path", "meta_path"):
                setattr(sys, name, None)
            vars(__import__("builtins")).clear()
            return number
        """,
        *_FORGED,
    ),
    _attack(
        "reports success to whatever the frames above hold",
        """
        def f(number):
            for frame in frames():
                names = dict(frame.f_locals)
                attempt_each(names)
            posix._exit(0)
        def attempt_each(names):
            for name, value in names.items():
                try:
                    if name == "result": value.append("passed")
                    if name == "stat": value.value = 0
                    if name == "progress": value.value = 7
                    if name == "details": value[:] = [1] * len(value)
                    if name == "channel": posix.write(value, b'{"kind":"returned","value":1}\\n' * 7)
                    if name in ("outcome", "report"): value.update(kind="returned", passed=True)
                except Exception:
                    pass
        """,
        *_FORGED,
    ),
    _attack(
        "reports success to whatever the garbage collector knows",
        """
        import gc
        def f(number):
            for found in gc.get_objects():
                kind = type(found).__name__
                try:
                    if kind == "ListProxy": found.append("passed")
                    if kind == "Synchronized": found.value = 0
                    if kind == "SynchronizedArray": found[:] = [1] * len(found)
                    if kind == "Connection": found.send(("#RETURN", "passed"))
                    if kind == "dict" and "calls" in found: found["calls"].clear()
                except Exception:
                    pass
            posix._exit(0)
        """,
        *_FORGED,
    ),
    _attack(
        "changes the calls that are still to come",
        """
        import gc
        def f(number):
            for found in gc.get_objects():
                if type(found) is dict and type(found.get("calls")) is list: found["calls"].clear()
                if type(found) is dict and "arguments" in found: found["arguments"] = [[]]
                if type(found) is list and len(found) == 7: attempt(found.clear)
            return number
        """,
        *_FORGED,
    ),
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
