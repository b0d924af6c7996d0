"""Who makes media: one port (`port.py`), one file per adapter."""
