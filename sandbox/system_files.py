"""What of the host's system every sandbox with a root of its own shows, read-only."""

from __future__ import annotations

from pathlib import Path

OWN_ETC = Path(__file__).with_name("etc")
"""Files that stand in for the host's in ``/etc``."""

SYSTEM_DIRECTORIES = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32", "/libx32")
SYSTEM_FILES = ("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives")
NETWORK_FILES = (
    "/etc/hosts",
    "/etc/resolv.conf",
    "/etc/ssl",
    "/etc/ca-certificates",
    "/usr/share/ca-certificates",
)
