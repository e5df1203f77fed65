"""What the layers above need of the machine: folders, fetched tools, child processes, text from outside.

``paths``: the cache, the JavaScript half, the Node of the wheel. ``downloads``: packages from npm and PyPI,
pinned, each fetched once into the cache; ``folder_integrity`` compares what was unpacked with what is there.
``watchdog``: ends child processes when this process ends. ``processes``: runs a command to its end.
``scripts``: runs a script of ours on the wheel's Node. ``failures``: how a child process failed.
``parsing``: JSON and TOML that others wrote. ``files``: replaces a file whole, and caches models.
``progress``: the callback that receives a line about long work.

Nothing here knows WebAssembly, a backend or the command line. ``binaryen/`` finds Binaryen's programs, and
``engines/`` finds engines; both fetch them through ``downloads``.
"""
