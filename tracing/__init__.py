"""Source of tasks: projects with CI, whose test runs are traced."""
