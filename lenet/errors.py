"""Every error that this package raises on purpose.

    LeNetError
    ├── ImageError        a picture that cannot be read, or is too large to be
    ├── FetchError        a picture's web address that is refused, or brings none
    ├── DataError         a data set that is missing, incomplete or not reachable
    ├── RecipeError       a recipe, or an override of one, that cannot be trained
    ├── TrainingError     a run that cannot go on
    │   └── DivergedError     its loss is no longer finite
    ├── CheckpointError   a weights file that is torn, foreign or does not fit, or a place for one that is full
    └── PackageError      an optional package that is not installed

Each message is one or two sentences for the person at the page or the terminal: what is wrong,
where, and what to do about it.
"""


class LeNetError(Exception):
    """The root: `except LeNetError` catches everything that has a sentence for the user."""


class ImageError(LeNetError):
    pass


class FetchError(LeNetError):
    pass


class DataError(LeNetError):
    pass


class RecipeError(LeNetError):
    pass


class TrainingError(LeNetError):
    pass


class DivergedError(TrainingError):
    pass


class CheckpointError(LeNetError):
    pass


class PackageError(LeNetError):
    pass
