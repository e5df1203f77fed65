"""Ways of switching stacks, each behind the protocol in ``base``; ``registry`` knows them by name."""
