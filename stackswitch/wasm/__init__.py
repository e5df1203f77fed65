"""Reading WebAssembly modules, and writing small changes of them. Pure: bytes in, values or bytes out.

- the module: ``module`` (sections, on demand), ``types``, ``function_names``, ``symbols``,
  ``custom_sections``; ``reader`` reads numbers
- code: ``instructions`` (one by one), ``scan`` (only some of them, fast), ``liveness`` of locals,
  ``moved_code`` (places in what was made of a module), ``code_moves`` (the other way), and what has places
  of code in it: ``dwarf``, ``source_map``, ``code_metadata``
- calls: ``callgraph``, ``paths`` (to an import), ``dominators``, ``adjacency``
- Asyncify: ``asyncified`` (which functions are instrumented), ``obstacles`` (what stands in a backend's
  way)
- modules that are made or changed: ``encoding``, ``adapters``, ``import_wrappers``, ``stack_pointer``,
  ``memory_budget`` (of ``resizable`` memories and tables, by ``growth_limiter``), ``report_section``

Not here: lists of functions (``lists``), builds made by Binaryen (``binaryen``, ``transform``),
execution (``backends``).
"""
