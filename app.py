"""Open the page: `python app.py`, or `gradio app.py` to reload it on every change."""

import sys

from lenet.errors import LeNetError

try:
    from lenet.ui import environment, surroundings

    environment.check()
    with surroundings.nothing_collected():
        from lenet.ui.page import build, launch_options, serve
        from lenet.ui.train.saved import home

        demo = build(saved=home())
        options = launch_options(demo)
    if __name__ == "__main__":
        serve(demo, options)
except LeNetError as error:
    sys.exit(f"error: {error}")
except KeyboardInterrupt:  # told twice
    sys.exit(130)
