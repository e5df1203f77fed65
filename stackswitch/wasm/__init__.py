"""Reading WebAssembly modules, and writing small changes of them. Pure: bytes in, values or bytes out.

- the module: ``module`` (sections, on demand), ``types``, ``names``, ``symbols``, ``custom``; ``reader``
  reads numbers
- code: ``instructions`` (one by one), ``scan`` (only some of them, fast), ``liveness`` of locals
- calls: ``callgraph``, ``paths`` (to an import), ``dominators``, ``adjacency``
- Asyncify: ``asyncified`` (which functions are instrumented), ``obstacles`` (what stands in a backend's
  way)
- changes: ``encoding``, ``adapters``, ``growth_limiter``, ``memory_budget``, ``report_section``

Not here: lists of functions (``lists``), builds made by Binaryen (``binaryen``, ``transform``),
execution (``backends``).
"""
