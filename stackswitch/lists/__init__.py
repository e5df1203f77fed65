"""Lists of function names: what they match, where they live, how they are drawn. All of it is pure."""
