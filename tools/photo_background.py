"""What a network that learns a person's own photos takes for none of them: lenet/training/photo_background.safetensors.

    python -m tools.photo_background

The file holds what photos-small sees in CIFAR-10's first validation images, not the images.  To be made anew when
photos-small is trained anew.
"""

from __future__ import annotations

from safetensors.torch import save_file
from torch import Tensor

from lenet.data.datasets import load
from lenet.training.photo_teaching import BACKGROUND, BACKGROUND_FILE, BASE, photo_features
from lenet.training.stored import load_network, weights_file


def features() -> Tensor:
    """float16 (BACKGROUND, F)."""
    network = load_network(weights_file(BASE)).model
    return photo_features(network, load("cifar10").val.images[:BACKGROUND]).half()


if __name__ == "__main__":
    save_file({"features": features()}, BACKGROUND_FILE)
