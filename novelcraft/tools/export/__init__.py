"""The manuscript as files a reader can open: Markdown, EPUB, DOCX, PDF, and the run's report.

Everything here is a projection of the chain and can be made again from it at any time.
"""
