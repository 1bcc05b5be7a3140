"""The LeNet family in PyTorch, from the 1998 paper to today.

Read in this order: models, preprocess, datasets, augment, recipes, metrics, training, checkpoint, stored,
pretrained, classifier, numbers, digits, crops, photos.  What a program needs is here:

    reader = lenet.Classifier.from_pretrained("digits")
    reader.predict("five.png").label

    state = lenet.start(lenet.RECIPES["digits-demo"])
    for event in lenet.fit(state, lenet.load_dataset("digits")):
        print(event)
"""

from lenet.classifier import Classifier, Prediction
from lenet.datasets import DATASETS, Dataset, Split
from lenet.datasets import load as load_dataset
from lenet.digits import DigitClassifier, DigitPrediction, FoundDigit
from lenet.errors import LeNetError
from lenet.models import MODELS
from lenet.photos import Crop, PhotoClassifier, PhotoPrediction
from lenet.preprocess import Preprocessed, Stage
from lenet.pretrained import Checkpoint
from lenet.recipes import RECIPES, Recipe
from lenet.teacher import lessons
from lenet.training import EpochEnd, Event, Step, TrainingState, Validation, evaluate, fit, start

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
    "lessons",
    "load_dataset",
    "start",
]
