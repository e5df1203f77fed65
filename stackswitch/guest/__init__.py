"""The library's face: a module opened, its exports called with ``await``, its imports ``async def``."""
