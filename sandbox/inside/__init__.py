"""What runs inside a sandbox: the standard library and the value encoding alone, from Python 3.8 on."""
