"""The report of a build: one HTML file, drawn from the build's folder alone."""
