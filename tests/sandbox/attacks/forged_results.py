"""Results forged or replaced inside the process that reports them."""

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
        "timeout",
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
)
