"""What stores hold, as people are shown it."""
