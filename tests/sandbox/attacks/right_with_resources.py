"""Honest programs that use threads, files, signals, memory and time, which must pass."""

from __future__ import annotations

from tests.sandbox.attacks.right_answers import honest

ATTACKS = (
    honest(
        "leaves a thread that waits",
        """
        import threading
        threading.Thread(target=threading.Event().wait, args=(1,)).start()
        def f(number): return values[number]
        """,
    ),
    honest(
        "leaves a daemon thread that sleeps",
        """
        import threading, time
        threading.Thread(target=time.sleep, args=(100,), daemon=True).start()
        def f(number): return values[number]
        """,
    ),
    honest(
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
    honest(
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
    honest(
        "leaves temporary files",
        """
        import os, tempfile
        def f(number):
            folder = tempfile.mkdtemp()
            with open(os.path.join(folder, "file.txt"), "w") as file: file.write("text")
            return values[number]
        """,
    ),
    honest(
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
    honest(
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
    honest(
        "runs an event loop",
        """
        import asyncio
        async def answer(number):
            await asyncio.sleep(0.001)
            return values[number]
        def f(number): return asyncio.run(answer(number))
        """,
    ),
    honest(
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
    honest(
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
    honest(
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
    honest(
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
    honest(
        "recovers from a lack of memory",
        """
        def f(number):
            try:
                return bytearray(2**50)
            except MemoryError:
                return values[number]
        """,
    ),
    honest(
        "runs code in threads",
        """
        from concurrent.futures import ThreadPoolExecutor
        def f(number):
            with ThreadPoolExecutor(4) as pool: return list(pool.map(values.__getitem__, [number] * 20))[0]
        """,
    ),
    honest(
        "leaves a pool of threads",
        """
        from concurrent.futures import ThreadPoolExecutor
        pool = ThreadPoolExecutor(2)
        def f(number): return pool.submit(values.__getitem__, number).result()
        """,
    ),
    honest(
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
    honest(
        "takes 200 MB for a while",
        """
        def f(number):
            data = bytearray(200 * 2**20) if number == 0 else b""
            return values[number]
        """,
    ),
    honest(
        "takes half a second",
        """
        import time
        def f(number):
            end = time.process_time() + 0.07
            while time.process_time() < end: pass
            return values[number]
        """,
    ),
    honest("sleeps a little", "import time\ndef f(number): return time.sleep(0.1) or values[number]"),
    honest(
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
    honest(
        "uses C",
        """
        import ctypes
        def f(number): return values[ctypes.CDLL(None).abs(-number)]
        """,
    ),
    honest(
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
    honest(
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
    honest(
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
)
