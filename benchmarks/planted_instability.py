# ruff: noqa: E501 - one line for one program
"""Functions whose results depend on more than their arguments, ten of each kind, and what they depend on."""

from __future__ import annotations

import textwrap

PLANTED: dict[str, tuple[set[str], list[str]]] = {
    "clock": (
        {"clock"},
        [
            "import time\ndef f(x):\n    return x + int(time.time())",
            "import time\ndef f(x):\n    return time.time() > x",
            "import datetime\ndef f(x):\n    return datetime.datetime.now().year + x",
            "import datetime\ndef f(x):\n    return str(datetime.date.today())",
            "import time\ndef f(x):\n    return time.strftime('%Y-%m-%d')",
            "import time\ndef f(x):\n    return time.gmtime().tm_year * x",
            "from datetime import datetime, timezone\ndef f(x):\n    return datetime.now(timezone.utc).month % 13 + x",
            "from time import time_ns\ndef f(x):\n    return time_ns() // 10**15 - x",
            "import datetime as d\ndef f(x):\n    return (d.date(2099, 1, 1) - d.date.today()).days > x",
            "import calendar, time\ndef f(x):\n    return calendar.timegm(time.gmtime()) // 86400 + x",
        ],
    ),
    "hash order": (
        {"hash_seed"},
        [
            "def f(x):\n    return hash(str(x)) % 1000003",
            "def f(x):\n    return hash('key') & 0xffff",
            "def f(x):\n    return hash((str(x), 'b')) % 97 + x",
            "def f(x):\n    return hash(b'bytes' * (x + 1)) % 65537",
            "def f(x):\n    return sorted('abcdefgh', key=hash)",
            "def f(x):\n    return max(['one', 'two', 'three', 'four', 'five', 'six'], key=hash)",
            "import random\ndef f(x):\n    return random.random() + x",
            "import random\ndef f(x):\n    items = list(range(50))\n    random.shuffle(items)\n    return items",
            "def f(x):\n    return hash(frozenset(['a', 'b', str(x)])) % 10007",
            "def f(x):\n    return [hash(c) % 11 for c in 'some text of letters']",
        ],
    ),
    "global counter": (
        {"order", "earlier_calls"},
        [
            "count = 0\ndef f(x):\n    global count\n    count += 1\n    return count",
            "seen = []\ndef f(x):\n    seen.append(x)\n    return len(seen)",
            "def f(x, memory={}):\n    memory[len(memory)] = x\n    return sum(memory.values()) + len(memory)",
            "import itertools\nnumbers = itertools.count()\ndef f(x):\n    return next(numbers) + x",
            "class C:\n    calls = 0\ndef f(x):\n    C.calls += 1\n    return C.calls * 10",
            "def f(x):\n    f.last = getattr(f, 'last', 0) + 1\n    return f.last",
            "total = [0]\ndef f(x):\n    total[0] += x + 1\n    return total[0]",
            "queue = list(range(100))\ndef f(x):\n    return queue.pop()",
            "state = {'on': False}\ndef f(x):\n    state['on'] = not state['on']\n    return state['on']",
            "import functools\nseeds = iter(range(9, 99))\ndef f(x):\n    return functools.reduce(max, [x, next(seeds)])",
        ],
    ),
    "file left behind": (
        {"order", "earlier_calls", "folder"},
        [
            "import os\ndef f(x):\n    there = os.path.exists('/tmp/a')\n    open('/tmp/a', 'w').close()\n    return there",
            "def f(x):\n    with open('/tmp/log', 'a') as stream:\n        stream.write('x')\n"
            "    return len(open('/tmp/log').read())",
            "import os\ndef f(x):\n    os.makedirs('/tmp/d%d' % len(os.listdir('/tmp')))\n"
            "    return len(os.listdir('/tmp'))",
            "from pathlib import Path\ndef f(x):\n    p = Path('/tmp/n')\n"
            "    n = int(p.read_text()) if p.exists() else 0\n    p.write_text(str(n + 1))\n    return n",
            "import os\ndef f(x):\n    try:\n        os.mkdir('/tmp/lock')\n    except FileExistsError:\n"
            "        return 'locked'\n    return 'free'",
            "import json, os\ndef f(x):\n    p = '/tmp/cache.json'\n"
            "    data = json.load(open(p)) if os.path.exists(p) else []\n    data.append(x)\n"
            "    json.dump(data, open(p, 'w'))\n    return data",
            "import os\ndef f(x):\n    with open('/tmp/size', 'ab') as s:\n        s.write(b'12')\n"
            "    return os.path.getsize('/tmp/size')",
            "import os, tempfile\ndef f(x):\n    tempfile.mkstemp(dir='/tmp', prefix='k')\n"
            "    return len([n for n in os.listdir('/tmp') if n.startswith('k')])",
            "import os\ndef f(x):\n    with open('left', 'w') as s:\n        s.write('x')\n    return os.getcwd()",
            "import os\ndef f(x):\n    os.chdir('/tmp' if os.getcwd() != '/tmp' else '/')\n    return os.getcwd()",
        ],
    ),
    "locale": (
        {"locale"},
        [
            "import locale\ndef f(x):\n    return locale.setlocale(locale.LC_CTYPE)",
            "import os\ndef f(x):\n    return os.environ.get('LC_ALL')",
            "import os\ndef f(x):\n    return os.environ.get('LANG', '') + str(x)",
            "import os\ndef f(x):\n    return 'UTF-8' in os.environ['LC_ALL'].upper()",
            "import locale\ndef f(x):\n    return locale.getlocale()[1]",
            "import locale\ndef f(x):\n    locale.setlocale(locale.LC_ALL, '')\n    return locale.setlocale(locale.LC_ALL)",
            "import locale\ndef f(x):\n    return locale.nl_langinfo(locale.CODESET)",
            "import locale\ndef f(x):\n    return str(locale.getlocale(locale.LC_CTYPE))",
            "import os\ndef f(x):\n    return len([v for k, v in os.environ.items() if k.startswith('L') and '.' in v])",
            "import locale\ndef f(x):\n    return (locale.setlocale(locale.LC_CTYPE, None) == 'C') + x",
        ],
    ),
    "time zone": (
        {"time_zone", "clock"},
        [
            "import time\ndef f(x):\n    return time.timezone + x",
            "import time\ndef f(x):\n    return time.tzname[0]",
            "import time\ndef f(x):\n    return time.localtime(x * 86400).tm_hour",
            "import datetime\ndef f(x):\n    return str(datetime.datetime.fromtimestamp(1000000 + x))",
            "import time\ndef f(x):\n    return time.mktime((2001, 2, 3, 4, 5, 6, 0, 1, 0)) + x",
            "import time\ndef f(x):\n    return time.ctime(x)",
            "import datetime\ndef f(x):\n    return datetime.datetime(2020, 1, 1 + x).timestamp()",
            "import datetime\ndef f(x):\n    return str(datetime.datetime(2020, 1, 1 + x).astimezone())",
            "import time\ndef f(x):\n    return time.strftime('%H:%M', time.localtime(x))",
            "import os\ndef f(x):\n    return os.environ.get('TZ')",
        ],
    ),
    "set order": (
        {"hash_seed", "repetition"},
        [
            "def f(x):\n    return list({'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'})",
            "def f(x):\n    return list(set('some letters of a text'))",
            "def f(x):\n    return ''.join(set('abcdefghijkl'))",
            "def f(x):\n    return [w for w in frozenset('one two three four five six seven'.split())]",
            "def f(x):\n    s = {'red', 'green', 'blue', 'white', 'black', 'grey'}\n    return s.pop()",
            "def f(x):\n    return list({'k%d' % n for n in range(20)})[:3]",
            "class P:\n    def __init__(self, n):\n        self.n = n\n"
            "def f(x):\n    keep = [[] for _ in range(x * 7)]\n    return [p.n for p in {P(n) for n in range(40)}]",
            "def f(x):\n    return list({'a', 'b', 'c', 'd'} | {'e', 'f', 'g', 'h'})",
            "def f(x):\n    return next(iter({'left', 'right', 'top', 'bottom', 'near', 'far'}))",
            "def f(x):\n    return dict.fromkeys({'x', 'y', 'z', 'w', 'v', 'u', 't'}).__repr__()",
        ],
    ),
}
"""By kind: the axes by which it may be named, and the programs, each of which defines ``f(x)``."""

_RACE = """
import threading
def f(x):
    total = {start}
    def add():
        nonlocal total
        for _ in range({steps}):
            now = total
            {between}
            total = now + 1
    threads = [threading.Thread(target=add) for _ in range({threads})]
    [t.start() for t in threads]
    [t.join() for t in threads]
    return total
"""
_FIRST = """
import threading
def f(x):
    order = []
    def work(name):
        for n in range({steps}):
            {between}
        order.append(name)
    threads = [threading.Thread(target=work, args=(n,)) for n in range({threads})]
    [t.start() for t in threads]
    [t.join() for t in threads]
    return order
"""
_BUSY = "sum(range(20))"
PLANTED["threads race"] = (
    {"threads", "repetition"},
    [
        *(
            textwrap.dedent(_RACE.format(start=start, steps=steps, threads=threads, between=_BUSY))
            for start, steps, threads in (
                (0, 3000, 4),
                (1, 5000, 3),
                (5, 2000, 6),
                (0, 8000, 2),
                (7, 2500, 5),
            )
        ),
        *(
            textwrap.dedent(_FIRST.format(steps=steps, threads=threads, between=_BUSY))
            for steps, threads in ((8000, 6), (12000, 5), (9000, 8), (20000, 4), (15000, 7))
        ),
    ],
)
