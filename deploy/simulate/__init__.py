"""A market that moves by itself: seeded makers and takers who trade through the SDK."""
