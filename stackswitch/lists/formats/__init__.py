"""The kinds of file in which a list of names is edited in place, one module each. Pure.

- ``table`` names them: how each is known, and which of these modules finds its lists
- languages: ``lexing`` reads their tokens, ``literals`` finds lists in literals; ``javascript``, ``meson``,
  ``powershell``, ``python_text`` and ``rust`` describe a language each
- build files and scripts: ``cmake``, ``dockerfile``, ``makefile``, ``shell`` (``words`` are its arguments)
- data: ``json_text``, ``toml``, ``yaml_text`` (``yaml_scalars`` are its strings)
- ``response_file`` reads a file of names, one a line; ``values`` reads the text of one setting

Not here: choosing the list of a file (``list_file``), and changing its text (``editing``, ``elements``).
"""
