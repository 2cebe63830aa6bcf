"""Gives a sandbox without network one address: a loopback port whose bytes go to a socket of the host.

Run as ``python index_relay.py SOCKET PORT COMMAND...``: it becomes the command, and leaves a child behind
that relays. What answers at the socket is trusted; this file is not, and need not be.
"""

import contextlib
import os
import socket
import sys
import threading

_CHUNK = 1 << 16


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while True:
            data = source.recv(_CHUNK)
            if not data:
                break
            target.sendall(data)
    except OSError:
        pass
    finally:
        for end, how in ((target, socket.SHUT_WR), (source, socket.SHUT_RD)):
            with contextlib.suppress(OSError):
                end.shutdown(how)


def _relay(client: socket.socket, path: str) -> None:
    with client, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as host:
        try:
            host.connect(path)
        except OSError:
            return
        answers = threading.Thread(target=_pump, args=(host, client), daemon=True)
        answers.start()
        _pump(client, host)
        answers.join()


def _serve(listener: socket.socket, path: str) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            continue
        threading.Thread(target=_relay, args=(client, path), daemon=True).start()


def main() -> None:
    """Start the relay, then become the command."""
    path, port, *command = sys.argv[1:]
    threading.stack_size(1 << 18)
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", int(port)))
    listener.listen(128)
    if os.fork() == 0:
        os.setsid()
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):  # the end of the command's output tells that it ended
            os.dup2(nowhere, stream)
        _serve(listener, path)
    listener.close()
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
