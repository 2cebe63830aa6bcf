"""What runs beside a project's own commands inside the sandbox: standard library only, Python 3.8 to 3.13."""
