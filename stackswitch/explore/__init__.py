"""Evidence for lists from generated programs: the user's generator, its programs run under observation."""
