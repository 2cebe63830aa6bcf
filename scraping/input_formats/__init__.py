"""From programs on standard streams to functions: input formats, results, wrapped programs."""
