"""Whether a module can leave Asyncify for JSPI: rules as data, and the verdict by them. Pure."""
