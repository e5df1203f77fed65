"""Lists of function names: what they match, where they stand in files, and how they are built. Pure.

- names: ``namelist`` (Binaryen's matching), ``ordering``, ``findings`` (entries that do nothing)
- files: ``files`` reads and edits lists; ``list_file`` finds them; ``formats`` has the kinds of file;
  ``editing`` changes their text and reads it again; ``elements`` exchanges names and changes nothing else
- building: ``evidence`` (what stacks show), ``policies``, ``ranking``, ``assertions``,
  ``default_policy``
- trust: ``holdout`` (how a list does on cases that it was not built from)

Not here: reading and writing files (``fix``, ``cli``), and running programs for evidence (``suite``,
``observe``).
"""
