"""Whether a module can leave Asyncify for JSPI: rules as data, and the verdict drawn by them. Pure."""
