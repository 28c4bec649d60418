"""What a death costs: with a second line, without one, and when everything starts again."""
