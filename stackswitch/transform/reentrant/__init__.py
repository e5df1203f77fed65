"""Makes finished JSPI modules re-entrant, by patching their bytes.

- ``transform``: puts it together; ``model``: the request and the result
- ``facts``, ``pointer``, ``stack_size``: look at the module, and refuse what cannot be made sound
- ``adapter.json``: what is added and said, as data; ``adapter`` reads it. ``python docs/generate.py`` writes
  it from ``regions.wat`` (the functions that switch C stacks), ``wrappers.wat`` and ``adapter.toml``
- ``assembler``: assembles the two texts
- ``wrappers``: stand around imports and exports; ``invokes`` replaces Emscripten's ``invoke_*``
- ``additions``, ``patch``, ``custom_sections``: write the module; ``debug_info``: what debuggers read
"""

from .model import CALL_FAILED, NEXT_CALL, ReentrantRequest, ReentrantResult
from .transform import make_reentrant

__all__ = ["CALL_FAILED", "NEXT_CALL", "ReentrantRequest", "ReentrantResult", "make_reentrant"]
