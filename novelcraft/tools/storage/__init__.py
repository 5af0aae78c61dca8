"""Files and folders that are written whole or not at all, and the lock of a folder."""
