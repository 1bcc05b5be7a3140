"""Which data sets are published, where, and what their files must decode to: PUBLISHED, by name.

Each data set has mirrors, asked in turn: the Hugging Face Hub, which is fast and whose files a Space has at hand, then
its own site.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lenet.data.checksums import Block, Expected
from lenet.data.formats import (
    IDX_FILES,
    Decoded,
    from_cifar10_archive,
    from_idx,
    from_parquet,
    write_cifar10,
    write_idx,
)


@dataclass(frozen=True)
class Mirror:
    """A place that has the data set.

    Attributes:
        urls: of its files.
        bytes: of all of them, about.
        md5: of its files, where the data set's own site gives them; the only checksums of pictures of which no copy
            was at hand.
        decode: from the files to what is in them; anything that it raises means that they are not what they should be.
        at_hand: finds a file that is on this machine already, from its URL; None where it is not.
    """

    urls: tuple[str, ...]
    bytes: int
    decode: Callable[[Sequence[Path]], Decoded]
    at_hand: Callable[[str], Path | None] = lambda url: None
    md5: tuple[str, ...] = ()


@dataclass(frozen=True)
class Published:
    """A data set, where it is published, and how its files are laid out here."""

    title: str
    mirrors: Callable[[], tuple[Mirror, ...]]
    expected: Mapping[str, Expected]
    write: Callable[[Path, Decoded], None]


def hub_site() -> str:
    """The Hugging Face Hub, or what HF_ENDPOINT names in its place, with or without its https://."""
    named = os.environ.get("HF_ENDPOINT", "").strip().rstrip("/") or "https://huggingface.co"
    return named if "://" in named else f"https://{named}"


def _hub(repository: str, files: tuple[str, str], image: str, size: int) -> Mirror:
    """A data set on the Hugging Face Hub, or on its mirror."""
    begin = f"{hub_site()}/datasets/{repository}/resolve/main/"

    def at_hand(url: str) -> Path | None:
        try:
            from huggingface_hub import try_to_load_from_cache
        except (ImportError, ValueError):  # it looks at HF_ENDPOINT when it is imported
            return None
        found = try_to_load_from_cache(repository, url.removeprefix(begin), repo_type="dataset")
        return Path(found) if isinstance(found, str) else None

    return Mirror(tuple(begin + name for name in files), size, from_parquet(image, "label"), at_hand)


def _site(begin: str, size: int, md5: tuple[str, ...] = ()) -> Mirror:
    return Mirror(tuple(f"{begin}{name}.gz" for name in IDX_FILES), size, from_idx, md5=md5)


def _parquet_files(folder: str) -> tuple[str, str]:
    return f"{folder}/train-00000-of-00001.parquet", f"{folder}/test-00000-of-00001.parquet"


PUBLISHED = {
    "mnist": Published(
        "MNIST",
        lambda: (
            _hub("ylecun/mnist", _parquet_files("mnist"), "image", 18_200_000),
            _site("https://ossci-datasets.s3.amazonaws.com/mnist/", 11_600_000),  # as torchvision has it
        ),
        {
            "train": Expected(
                (60_000, 1, 28, 28),
                (
                    Block(
                        "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
                        "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
                    ),
                ),
            ),
            "test": Expected(
                (10_000, 1, 28, 28),
                (
                    Block(
                        "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
                        "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
                    ),
                ),
            ),
        },
        write_idx("MNIST"),
    ),
    "fashion-mnist": Published(
        "FashionMNIST",
        lambda: (
            _hub("zalando-datasets/fashion_mnist", _parquet_files("fashion_mnist"), "image", 36_000_000),
            _site(
                "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
                30_900_000,
                (  # as its README and torchvision give them
                    "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
                    "25c81989df183df01b3e8a0aad5dffbe",
                    "bef4ecab320f06d8554ea6380940ec79",
                    "bb300cfdad3c16e7a12a480ee83cd310",
                ),
            ),
        ),
        {  # the mean and deviation that are published of its training pixels
            "train": Expected((60_000, 1, 28, 28), mean=0.2860, std=0.3530, balanced=True),
            "test": Expected((10_000, 1, 28, 28), balanced=True),
        },
        write_idx("FashionMNIST"),
    ),
    "cifar10": Published(
        "CIFAR-10",
        lambda: (
            _hub("uoft-cs/cifar10", _parquet_files("plain_text"), "img", 144_000_000),
            Mirror(
                ("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",),
                170_052_171,
                from_cifar10_archive,
                md5=("c32a1d4ab5d03f1284b67883e8d87530",),  # as https://www.cs.toronto.edu/~kriz/cifar.html gives it
            ),
        ),
        {
            "train": Expected(
                (50_000, 3, 32, 32),
                (
                    Block(
                        "a50e8b48728e1667d682a807155c375279d5ae321fb12242c02e3104a6bc8b21",
                        "d829dbdf32167c9d7b3687cee66d92d80d46c441308b5aca0d11e8b69e27dac9",
                    ),
                    Block(
                        "0b825e5592c3b72ea18d6ec2ff5f5b19d33e41a75f5039054a9bb87be3cf69a0",
                        "5d18f7371ed35ea9ade77952fe958b0660a45cd6c8b8a8970030f21612cfd7e3",
                    ),
                    Block(
                        "c6ee1dd4601a69ec085d8ebf53ee6441775491a6839a0a9ae8fa198e88a3a429",
                        "32cf77b0ee2e790b1c4384d2d82e42dc1571b87e67f6da8f444b2725b2973f65",
                    ),
                    Block(
                        "1f6b6c799cff375a9f8fae2fac909d51ee09f38a6a60eebb9e8fec6f47ddc48f",
                        "d2815e3f8f656272864920fc0edde56b04ec9cf81bf397c0dd3069f4aea51aeb",
                    ),
                    Block(
                        "58e3bbf713e28357476a351d3a05d056372f94c681d04ca9d62a076fdf2a643b",
                        "2ddf3ab27d5d04409c94ce7b56849c243129c10de1058ae0bfe14c77e934800c",
                    ),
                ),
            ),
            # Of its test images, only the first were at hand as they are published.
            "test": Expected(
                (10_000, 3, 32, 32),
                head=(
                    1_000,
                    Block(
                        "f167149948fc8fe0b9a76ba86421e987817f98b63761ba9415c5d42664d51f03",
                        "636a087e604331a0b9dafc94b6e9ade0c9cec72c4400d12473ccdb3e264474c1",
                    ),
                ),
                balanced=True,
            ),
        },
        write_cifar10,
    ),
}
