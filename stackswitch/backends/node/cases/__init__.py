"""Cases of a suite in a JavaScript engine: the plan that a child is sent, its answer as an observation."""
