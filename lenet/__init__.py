"""The LeNet family in PyTorch, from the 1998 paper to today.

Read the packages in this order: models, preprocessing, data, training, inference.  What a program needs is here:

    reader = lenet.Classifier.from_pretrained("digits")
    reader.predict("five.png").label

    state = lenet.start(lenet.RECIPES["digits-demo"])
    for event in lenet.fit(state, lenet.load_dataset("digits")):
        print(event)
"""

from lenet.data.datasets import DATASETS, Dataset, Split
from lenet.data.datasets import load as load_dataset
from lenet.errors import LeNetError
from lenet.inference.classifier import Classifier, Prediction
from lenet.inference.digits import DigitClassifier, DigitPrediction, FoundDigit
from lenet.inference.photos import Crop, PhotoClassifier, PhotoPrediction
from lenet.inference.pretrained import Checkpoint
from lenet.models import MODELS
from lenet.preprocessing.stages import Preprocessed, Stage
from lenet.training.distillation import load_with_soft_labels
from lenet.training.loop import EpochEnd, Event, Step, TrainingState, Validation, evaluate, fit, start
from lenet.training.recipes import RECIPES, Recipe

__all__ = [
    "DATASETS",
    "MODELS",
    "RECIPES",
    "Checkpoint",
    "Classifier",
    "Crop",
    "Dataset",
    "DigitClassifier",
    "DigitPrediction",
    "EpochEnd",
    "Event",
    "FoundDigit",
    "LeNetError",
    "PhotoClassifier",
    "PhotoPrediction",
    "Prediction",
    "Preprocessed",
    "Recipe",
    "Split",
    "Stage",
    "Step",
    "TrainingState",
    "Validation",
    "evaluate",
    "fit",
    "load_with_soft_labels",
    "load_dataset",
    "start",
]
