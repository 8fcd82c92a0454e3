"""One adapter a file, behind the Protocol in `base.py`, named in `registry.py`."""
