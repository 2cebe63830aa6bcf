"""A pipeline on this machine, with the runner and the options that all of ours have."""

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner


def local_pipeline(workers: int) -> beam.Pipeline:
    """A pipeline that runs in so many threads of this process; the work is in processes of their own."""
    # the runner is named, for Beam's own choice of a local one tries to download another
    flags = ["--direct_running_mode=multi_threading", f"--direct_num_workers={workers}"]
    return beam.Pipeline(runner=FnApiRunner(), options=PipelineOptions([*flags, "--no_save_main_session"]))
