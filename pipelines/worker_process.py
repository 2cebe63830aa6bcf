"""A worker of Beam's external pool, which ends with the pool: Beam's own stays when that is killed."""

import argparse
import os
import threading
import time

from apache_beam.runners.worker.sdk_worker import SdkHarness

_INTERVAL = 0.5


def main() -> None:
    """Serve the job that the arguments tell, those of an executable for Beam's containers."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--id", required=True)
    parser.add_argument("--control_endpoint", required=True)
    told, _ = parser.parse_known_args()
    pool = os.getppid()
    threading.Thread(target=_end_with, args=(pool,), daemon=True).start()
    SdkHarness(told.control_endpoint, worker_id=told.id, data_buffer_time_limit_ms=-1).run()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_INTERVAL)
    os._exit(1)


if __name__ == "__main__":
    main()
