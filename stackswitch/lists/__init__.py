"""Lists of function names: what they match, where they live, how they are computed. All of it is pure."""
