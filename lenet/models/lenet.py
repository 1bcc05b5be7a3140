"""LeNet-5 as the tutorials build it, and its wider and more modern relatives."""

from __future__ import annotations

from torch import nn

from lenet.models.network import Network


def lenet5(in_channels: int = 3, classes: int = 10) -> Network:
    """LeNet-5 with ReLU and max pooling, for 32x32 input: 62,006 parameters with 3 channels."""
    return Network(
        conv1=nn.Conv2d(in_channels, 6, 5),  # (B, 6, 28, 28)
        relu1=nn.ReLU(),
        pool1=nn.MaxPool2d(2),  # (B, 6, 14, 14)
        conv2=nn.Conv2d(6, 16, 5),  # (B, 16, 10, 10)
        relu2=nn.ReLU(),
        pool2=nn.MaxPool2d(2),  # (B, 16, 5, 5)
        flatten=nn.Flatten(),  # (B, 400)
        fc1=nn.Linear(400, 120),
        relu3=nn.ReLU(),
        fc2=nn.Linear(120, 84),
        relu4=nn.ReLU(),
        fc3=nn.Linear(84, classes),
    )


def lenet5_linear(in_channels: int = 3, classes: int = 10) -> Network:
    """`lenet5` without activations after its two convolutions; max pooling follows them directly."""
    return Network(
        conv1=nn.Conv2d(in_channels, 6, 5),  # (B, 6, 28, 28)
        pool1=nn.MaxPool2d(2),  # (B, 6, 14, 14)
        conv2=nn.Conv2d(6, 16, 5),  # (B, 16, 10, 10)
        pool2=nn.MaxPool2d(2),  # (B, 16, 5, 5)
        flatten=nn.Flatten(),  # (B, 400)
        fc1=nn.Linear(400, 120),
        relu1=nn.ReLU(),
        fc2=nn.Linear(120, 84),
        relu2=nn.ReLU(),
        fc3=nn.Linear(84, classes),
    )


def lenet5_sigmoid(in_channels: int = 1, classes: int = 10) -> Network:
    """LeNet-5 with sigmoids and average pooling, for 28x28 input: 44,426 parameters.

    The three linear layers follow each other without an activation, as in its tutorial.
    """
    return Network(
        conv1=nn.Conv2d(in_channels, 6, 5),  # (B, 6, 24, 24)
        sigmoid1=nn.Sigmoid(),
        pool1=nn.AvgPool2d(2),  # (B, 6, 12, 12)
        conv2=nn.Conv2d(6, 16, 5),  # (B, 16, 8, 8)
        sigmoid2=nn.Sigmoid(),
        pool2=nn.AvgPool2d(2),  # (B, 16, 4, 4)
        flatten=nn.Flatten(),  # (B, 256)
        fc1=nn.Linear(256, 120),
        fc2=nn.Linear(120, 84),
        fc3=nn.Linear(84, classes),
    )


def lenet5_bn(in_channels: int = 1, classes: int = 10) -> Network:
    """`lenet5` with BatchNorm after each convolution: 61,750 parameters with 1 channel."""
    return Network(
        conv1=nn.Conv2d(in_channels, 6, 5),  # (B, 6, 28, 28)
        bn1=nn.BatchNorm2d(6),
        relu1=nn.ReLU(),
        pool1=nn.MaxPool2d(2),  # (B, 6, 14, 14)
        conv2=nn.Conv2d(6, 16, 5),  # (B, 16, 10, 10)
        bn2=nn.BatchNorm2d(16),
        relu2=nn.ReLU(),
        pool2=nn.MaxPool2d(2),  # (B, 16, 5, 5)
        flatten=nn.Flatten(),  # (B, 400)
        fc1=nn.Linear(400, 120),
        relu3=nn.ReLU(),
        fc2=nn.Linear(120, 84),
        relu4=nn.ReLU(),
        fc3=nn.Linear(84, classes),
    )


def lenet_wide(in_channels: int = 3, classes: int = 10) -> Network:
    """Three 3x3 convolutions of 32, 64 and 64 maps, for 32x32 input: 122,570 parameters.

    Its tutorial calls it "LeNet1"; it is not LeCun's LeNet-1 of 1989.
    """
    return Network(
        conv1=nn.Conv2d(in_channels, 32, 3),  # (B, 32, 30, 30)
        relu1=nn.ReLU(),
        pool1=nn.MaxPool2d(2),  # (B, 32, 15, 15)
        conv2=nn.Conv2d(32, 64, 3),  # (B, 64, 13, 13)
        relu2=nn.ReLU(),
        pool2=nn.MaxPool2d(2),  # (B, 64, 6, 6)
        conv3=nn.Conv2d(64, 64, 3),  # (B, 64, 4, 4)
        relu3=nn.ReLU(),
        flatten=nn.Flatten(),  # (B, 1024)
        fc1=nn.Linear(1024, 64),
        relu4=nn.ReLU(),
        fc2=nn.Linear(64, classes),
    )


def lenet_modern(in_channels: int = 1, classes: int = 10) -> Network:
    """LeNet's plan with later ideas, for 28x28 input: 51,435 parameters with 11 classes.

    Two 3x3 convolutions in a row replace LeNet-5's second one of 5x5, there are more maps, and BatchNorm
    follows each convolution.  One small linear layer replaces the three that hold 95% of LeNet-5's parameters.
    """
    return Network(
        conv1=nn.Conv2d(in_channels, 16, 5),  # (B, 16, 24, 24)
        bn1=nn.BatchNorm2d(16),
        relu1=nn.ReLU(),
        pool1=nn.MaxPool2d(2),  # (B, 16, 12, 12)
        conv2=nn.Conv2d(16, 32, 3, padding=1),
        bn2=nn.BatchNorm2d(32),
        relu2=nn.ReLU(),
        conv3=nn.Conv2d(32, 32, 3, padding=1),  # (B, 32, 12, 12)
        bn3=nn.BatchNorm2d(32),
        relu3=nn.ReLU(),
        pool2=nn.MaxPool2d(2),  # (B, 32, 6, 6)
        conv4=nn.Conv2d(32, 48, 3, padding=1),
        bn4=nn.BatchNorm2d(48),
        relu4=nn.ReLU(),
        conv5=nn.Conv2d(48, 48, 3),  # (B, 48, 4, 4)
        bn5=nn.BatchNorm2d(48),
        relu5=nn.ReLU(),
        pool3=nn.MaxPool2d(2),  # (B, 48, 2, 2)
        flatten=nn.Flatten(),  # (B, 192)
        fc1=nn.Linear(192, classes),
    )
