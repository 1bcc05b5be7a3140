"""What unit tests of the page share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch._dynamo  # noqa: F401 - or a thread of the page makes its loggers while pytest walks over them all

from lenet.ui.server import Server


@pytest.fixture
def server() -> Iterator[Server]:
    """What one page holds."""
    made = Server()
    yield made
    made.close()
