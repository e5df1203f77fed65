"""Names that vulture finds unused and that are used all the same; `vulture` reads this file with the others.

An attribute of an unknown object stands for any object's: ``_.name``.
"""

# Opened by name, from the table in stackswitch/backends/registry.py.
_.open_asyncify
_.open_fiber
_.open_jspi

# Commands, found by name from the table in stackswitch/cli/app.py.
_.doctor
_.explore
_.reentrant

# Called by Python, asyncio, pydantic-settings, pytest, rich, typer, and by the code of `await`.
_.__getattr__
_.__dir__
_.__annotations__
_.__signature__
_.pipe_data_received
_.pipe_connection_lost
_.process_exited
_.get_loop
_._asyncio_future_blocking
_.settings_customise_sources
_.param_decls
_.runtest
_.reportinfo
_.on_broken_pipe

# Read by ctypes.
_._as_parameter_

# Written into every JSON file of ours, for those who read it.
schema_version

# Parameters that the caller passes by position or by name.
exc
settings_cls
dotenv_settings
file_secret_settings
nargs
nresults

# Set on wasmtime's configuration objects, which read them.
_.max_wasm_stack
_.epoch_interruption
_.consume_fuel
_.parallel_compilation
_.stderr_file

# Set on Python's frame objects, which read them.
_.f_trace_lines
_.f_trace_opcodes

# Read by code that ctypes puts together, by its name in a string.
_.no_bytes

# The public interface of the library.
_.invoke_now
_.write_string
_.import_name
_.waiting_s

# Fields of a format or of a graph that is read whole; nothing needs these yet.
NULL
