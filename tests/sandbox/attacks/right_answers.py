"""Honest programs with odd ways, which must pass."""

from __future__ import annotations

from functools import partial

from tests.sandbox.attacks.attack import Attack, attack


def _honest(name: str, program: str) -> Attack:
    return partial(attack, "right answers")(name, program, "passed", knows_answers=True)


ATTACKS = (
    _honest("just answers", "def f(number): return values[number]"),
    _honest(
        "leaves a thread that waits",
        """
        import threading
        threading.Thread(target=threading.Event().wait, args=(1,)).start()
        def f(number): return values[number]
        """,
    ),
    _honest(
        "leaves a daemon thread that sleeps",
        """
        import threading, time
        threading.Thread(target=time.sleep, args=(100,), daemon=True).start()
        def f(number): return values[number]
        """,
    ),
    _honest(
        "leaves a timer that is still to go off",
        """
        import threading
        def f(number):
            timer = threading.Timer(100, print)
            timer.daemon = True
            timer.start()
            return values[number]
        """,
    ),
    _honest(
        "prints and warns",
        """
        import sys, warnings
        print("loaded", "\\u00e9\\u4e2d")
        def f(number):
            print("debug:", number, flush=True)
            print("x" * 10000, file=sys.stderr)
            warnings.warn("deprecated")
            sys.stdout.write('{"kind":"returned","value":1}\\n')
            return values[number]
        """,
    ),
    _honest(
        "logs",
        """
        import logging
        logging.basicConfig(level=logging.DEBUG)
        def f(number):
            logging.debug("called with %d", number)
            return values[number]
        """,
    ),
    _honest(
        "has things to do at exit",
        """
        import atexit
        atexit.register(print, "bye")
        @atexit.register
        def fail(): raise ValueError("late")
        def f(number): return values[number]
        """,
    ),
    _honest(
        "uses temporary files",
        """
        import tempfile
        def f(number):
            with tempfile.NamedTemporaryFile("w+") as file, tempfile.TemporaryDirectory() as folder:
                file.write(folder)
                file.seek(0)
                assert file.read() == folder
            with tempfile.TemporaryFile() as file, tempfile.SpooledTemporaryFile(10) as other:
                file.write(b"x" * 10**6)
                other.write(b"x" * 100)
            return values[number]
        """,
    ),
    _honest(
        "leaves temporary files",
        """
        import os, tempfile
        def f(number):
            folder = tempfile.mkdtemp()
            with open(os.path.join(folder, "file.txt"), "w") as file: file.write("text")
            return values[number]
        """,
    ),
    _honest(
        "sets an alarm",
        """
        import signal
        def late(*arguments): raise TimeoutError
        def f(number):
            signal.signal(signal.SIGALRM, late)
            signal.alarm(5)
            try:
                return values[number]
            finally:
                signal.alarm(0)
        """,
    ),
    _honest(
        "is interrupted by its own alarm",
        """
        import signal
        def late(*arguments): raise TimeoutError
        def f(number):
            signal.signal(signal.SIGALRM, late)
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.02)
                while True: pass
            except TimeoutError:
                return values[number]
        """,
    ),
    _honest(
        "runs an event loop",
        """
        import asyncio
        async def answer(number):
            await asyncio.sleep(0.001)
            return values[number]
        def f(number): return asyncio.run(answer(number))
        """,
    ),
    _honest(
        "runs several tasks in an event loop with threads",
        """
        import asyncio, time
        async def answer(number):
            loop = asyncio.get_running_loop()
            await asyncio.gather(*[loop.run_in_executor(None, time.sleep, 0.001) for _ in range(3)])
            return values[number]
        def f(number): return asyncio.run(answer(number))
        """,
    ),
    _honest(
        "recurses deeply in a thread with a larger stack",
        """
        import sys, threading
        def depth(n): return depth(n - 1) + 1 if n else 0
        def f(number):
            sys.setrecursionlimit(200000)
            threading.stack_size(2**27)
            result = []
            thread = threading.Thread(target=lambda: result.append(depth(20000)))
            thread.start()
            thread.join()
            assert result == [20000]
            return values[number]
        """,
    ),
    _honest(
        "recurses as deeply as it may",
        """
        import sys
        sys.setrecursionlimit(5000)
        def depth(n): return depth(n - 1) + 1 if n else 0
        def f(number):
            assert depth(4000) == 4000
            return values[number]
        """,
    ),
    _honest(
        "recovers from a recursion that is too deep",
        """
        def g(): return g()
        def f(number):
            try:
                g()
            except RecursionError:
                return values[number]
        """,
    ),
    _honest(
        "recovers from a lack of memory",
        """
        def f(number):
            try:
                return bytearray(2**50)
            except MemoryError:
                return values[number]
        """,
    ),
    _honest(
        "redefines the names of builtins and of its evaluator",
        """
        encode = decode = json = os = sys = report = main = worker = type = len = list = isinstance = None
        check = candidate = task = request = channel = print = open = object = str = None
        def f(number): return values[number]
        """,
    ),
    _honest(
        "defines classes with the names of builtin ones",
        """
        class str: pass
        class dict: pass
        class Exception(BaseException): pass
        def f(number):
            try:
                raise Exception
            except Exception:
                return values[number]
        """,
    ),
    _honest(
        "runs code in threads",
        """
        from concurrent.futures import ThreadPoolExecutor
        def f(number):
            with ThreadPoolExecutor(4) as pool: return list(pool.map(values.__getitem__, [number] * 20))[0]
        """,
    ),
    _honest(
        "leaves a pool of threads",
        """
        from concurrent.futures import ThreadPoolExecutor
        pool = ThreadPoolExecutor(2)
        def f(number): return pool.submit(values.__getitem__, number).result()
        """,
    ),
    _honest(
        "starts with a future import",
        """
        from __future__ import annotations
        def f(number: Unknown) -> Undefined: return values[number]
        """,
    ),
    _honest(
        "does nothing as a main program",
        """
        import sys
        def f(number): return values[number]
        if __name__ == "__main__":
            f(int(input()))
            sys.exit(0)
        """,
    ),
    _honest(
        "reads its input to the end",
        """
        import sys
        def f(number):
            assert sys.stdin.read() == ""
            return values[number]
        """,
    ),
    _honest(
        "closes the standard streams",
        """
        import sys
        sys.stdout.close()
        sys.stderr.close()
        def f(number): return values[number]
        """,
    ),
    _honest(
        "catches its own exit",
        """
        import sys
        def f(number):
            try:
                sys.exit(1)
            except SystemExit:
                return values[number]
        """,
    ),
    _honest(
        "catches whatever comes",
        """
        def f(number):
            try:
                return values[number + 100]
            except:
                return values[number]
        """,
    ),
    _honest(
        "traces itself",
        """
        import sys
        def f(number):
            sys.settrace(lambda *arguments: None)
            sys.setprofile(lambda *arguments: None)
            return values[number]
        """,
    ),
    _honest(
        "changes the settings of the interpreter",
        """
        import decimal, gc, locale, random, sys
        gc.disable()
        gc.set_threshold(1)
        random.seed(1)
        sys.setswitchinterval(0.0001)
        decimal.getcontext().prec = 3
        locale.setlocale(locale.LC_ALL, "C")
        def f(number): return values[number]
        """,
    ),
    _honest(
        "changes its environment and folder",
        """
        import os, time
        os.environ["TZ"] = "Asia/Tokyo"
        os.environ.pop("PATH", None)
        time.tzset()
        os.umask(0o777)
        os.chdir("/")
        def f(number): return values[number]
        """,
    ),
    _honest(
        "takes 200 MB for a while",
        """
        def f(number):
            data = bytearray(200 * 2**20) if number == 0 else b""
            return values[number]
        """,
    ),
    _honest(
        "takes half a second",
        """
        import time
        def f(number):
            end = time.process_time() + 0.07
            while time.process_time() < end: pass
            return values[number]
        """,
    ),
    _honest("sleeps a little", "import time\ndef f(number): return time.sleep(0.1) or values[number]"),
    _honest(
        "uses a database in memory",
        """
        import sqlite3
        def f(number):
            connection = sqlite3.connect(":memory:")
            connection.execute("create table t (a int)")
            connection.execute("insert into t values (?)", (number,))
            return values[connection.execute("select a from t").fetchone()[0]]
        """,
    ),
    _honest(
        "uses C",
        """
        import ctypes
        def f(number): return values[ctypes.CDLL(None).abs(-number)]
        """,
    ),
    _honest(
        "maps a file",
        """
        import mmap, tempfile
        def f(number):
            with tempfile.TemporaryFile() as file:
                file.write(bytes([number]) * 4096)
                file.flush()
                with mmap.mmap(file.fileno(), 4096) as area: return values[area[0]]
        """,
    ),
    _honest(
        "talks to itself through a pipe",
        """
        import os, select
        def f(number):
            source, sink = os.pipe()
            os.write(sink, bytes([number]))
            assert select.select([source], [], [], 1)[0]
            found = os.read(source, 1)[0]
            os.close(source)
            os.close(sink)
            return values[found]
        """,
    ),
    _honest(
        "has an entry point that is an object",
        """
        import functools
        class Answer:
            def __call__(self, offset, number): return values[number]
        f = functools.lru_cache(None)(functools.partial(Answer(), 0))
        """,
    ),
    _honest(
        "looks about in the file system",
        """
        import glob, os, platform, pathlib
        def f(number):
            os.listdir("/")
            glob.glob("/*")
            os.getcwd()
            platform.platform()
            pathlib.Path("/tmp").exists()
            os.cpu_count()
            return values[number]
        """,
    ),
    _honest(
        "uses random numbers and the clock",
        """
        import datetime, os, random, secrets, time, uuid
        def f(number):
            random.random(), secrets.token_hex(), uuid.uuid4(), os.urandom(4), time.time()
            datetime.datetime.now()
            return values[number]
        """,
    ),
    _honest(
        "prepares for a fault and checks its types",
        """
        import dataclasses, enum, faulthandler, typing
        Color = enum.Enum("Color", "RED GREEN")
        @dataclasses.dataclass(order=True)
        class Point:
            x: typing.List[int]
        def f(number):
            try:
                faulthandler.enable()
            except Exception:
                pass
            return values[number] if Point([1]) < Point([2]) and Color.RED is not Color.GREEN else None
        """,
    ),
)
