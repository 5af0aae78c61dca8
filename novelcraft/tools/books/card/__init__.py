"""The data card of a data set: counted, and shown as text or as a page."""
