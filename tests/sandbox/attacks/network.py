"""Sockets: of the network, of the machine, and left for others."""

from __future__ import annotations

from functools import partial

from tests.sandbox.attacks.attack import CANARY, attack
from tests.sandbox.attacks.leftovers import LEFT_PROBE

_attack = partial(attack, "files and network")
_WRONG = ("failed", "error", "crashed")

ATTACKS = (
    _attack(
        "talks to the loopback interface",
        """
        import socket
        def f(number):
            server = socket.socket()
            server.bind(("127.0.0.1", 47113))
            server.listen()
            client = socket.create_connection(("127.0.0.1", 47113), 2)
            client.send(b"passed")
            return server.accept()[0].recv(10)
        """,
        *_WRONG,
    ),
    _attack(
        "talks to other machines",
        """
        import socket
        def f(number):
            for address in (("1.1.1.1", 53), ("169.254.169.254", 80), ("10.0.0.1", 443), ("8.8.8.8", 443)):
                try:
                    return socket.create_connection(address, 0.3).getpeername()
                except OSError:
                    pass
        """,
        *_WRONG,
    ),
    _attack(
        "sends a datagram",
        """
        import socket
        def f(number):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                return sender.sendto(b"passed", ("1.1.1.1", 53))
        """,
        *_WRONG,
    ),
    _attack(
        "asks for the address of a name",
        "import socket\ndef f(number): return socket.getaddrinfo('example.com', 80)[0][4][0]",
        *_WRONG,
        "timeout",
    ),
    _attack(
        "leaves a server with an abstract name",
        """
        import socket, time
        def f(number):
            server = socket.socket(socket.AF_UNIX)
            server.bind("\\0codex-attack")
            server.listen()
            if posix.fork() == 0:
                time.sleep(20)
                posix._exit(0)
            return number
        """,
        *_WRONG,
        probe="""
        import socket
        def f(number):
            try:
                socket.socket(socket.AF_UNIX).connect("\\0codex-attack")
            except OSError:
                return "clean"
            return "server"
        """,
    ),
    _attack(
        "leaves a socket with a path",
        """
        import socket
        def f(number):
            server = socket.socket(socket.AF_UNIX)
            server.bind(f"/tmp/attack{number}")
            server.listen()
            return number
        """,
        *_WRONG,
        probe=LEFT_PROBE,
    ),
    _attack(
        "opens every family of sockets",
        """
        import socket
        def f(number):
            opened = []
            for family in range(46):
                for kind in (1, 2, 3, 5):
                    try:
                        opened.append((family, kind, socket.socket(family, kind, 0).fileno()))
                    except OSError:
                        pass
            return opened or None
        """,
        *_WRONG,
        probe=CANARY,
    ),
    _attack(
        "connects to the sockets of the machine",
        """
        import socket
        def f(number):
            paths = ["/run/docker.sock", "/var/run/docker.sock", "/run/dbus/system_bus_socket", "/dev/log",
                     "/run/containerd/containerd.sock", "/run/systemd/private", "\\0/tmp/dbus-attack"]
            for path in paths:
                try:
                    socket.socket(socket.AF_UNIX).connect(path)
                    return path
                except OSError:
                    pass
        """,
        *_WRONG,
    ),
)
