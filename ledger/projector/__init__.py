"""The projector: folds the log into the rows of a store."""
