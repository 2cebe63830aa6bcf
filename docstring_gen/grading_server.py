"""The grading page's server: on a loopback address, until it is interrupted."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable, Sequence
from contextlib import closing

import uvicorn

from docstring_gen.grading_pages import grading_app
from docstring_gen.grading_store import GradeStore

ADDRESS = "127.0.0.1"


def serve_grading(store: GradeStore, port: int, graders: Sequence[str], tell: Callable[[str], None]) -> None:
    """Serve the page; ``tell`` gets its address, with the token, when browsers can connect.

    Port 0 is any that is free. Raises ``OSError`` where the port is taken, ``KeyboardInterrupt`` at the end.
    """
    token = secrets.token_urlsafe(32)
    with closing(socket.create_server((ADDRESS, port))) as listening:
        port = listening.getsockname()[1]
        server = uvicorn.Server(
            uvicorn.Config(
                grading_app(store, token, port, graders),
                access_log=False,  # it would hold the token
                log_level="warning",
                server_header=False,
                proxy_headers=False,
                lifespan="off",
                ws="none",
                http="h11",
                loop="asyncio",
                timeout_graceful_shutdown=1,
            )
        )
        tell(f"http://{ADDRESS}:{port}/?token={token}")
        server.run(sockets=[listening])
