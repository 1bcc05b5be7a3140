"""Open the page: `python app.py`, or `gradio app.py` to reload it on every change."""

from lenet.ui.page import build, launch_options, warm_up
from lenet.ui.train.saved import home

demo = build(saved=home())

if __name__ == "__main__":
    warm_up(demo)
    demo.launch(**launch_options(demo))
