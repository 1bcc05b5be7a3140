"""The LeNet family in PyTorch, from the 1998 paper to today.

Read in this order: models, preprocess, datasets, augment, recipes, training, checkpoint, classifier.
"""
