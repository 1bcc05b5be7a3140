"""Open the page: `python app.py`, or `gradio app.py` to reload it on every change."""

import contextlib
import sys

from lenet.errors import LeNetError

try:
    from lenet.ui import environment, surroundings

    environment.check()
    with surroundings.nothing_collected():
        from lenet.ui.page import build, launch_options, warm_up
        from lenet.ui.temporary import end_at_sigterm
        from lenet.ui.train.saved import home

        demo = build(saved=home())
        options = launch_options(demo)
    if __name__ == "__main__":
        end_at_sigterm()
        with contextlib.suppress(KeyboardInterrupt):
            warm_up(demo)
            demo.launch(**options)
except LeNetError as error:
    sys.exit(f"error: {error}")
