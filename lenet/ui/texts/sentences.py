"""What the modules below the page say in English, in the page's other languages.

Words in braces stand for what the modules fill in.  A test reads the modules and finds every sentence here.
"""

CHINESE: dict[str, str] = {}
