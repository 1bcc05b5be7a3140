"""Train a network of the LeNet family, or measure one.

python train.py --list                    what can be trained
python train.py digits-demo               seconds, without any download
python train.py --evaluate weights/photos.safetensors
python train.py --export onnx weights/digits.safetensors
python train.py --export web weights/digits.safetensors
torchrun --nproc-per-node 2 train.py digits-demo
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from lenet.cli import train_main


def main(arguments: Sequence[str] | None = None) -> int:
    return train_main(__doc__ or "", arguments)


if __name__ == "__main__":
    sys.exit(main())
