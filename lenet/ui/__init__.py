"""The page, on Gradio.

Gradio reads its environment, and makes folders, as soon as it is imported: so this comes before that.
"""

from lenet.ui.surroundings import settle

settle()
