"""Which names a list lacks, given a stack that had to be suspended: pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from stackswitch.binaryen.listfile import matches
from stackswitch.models.case import AsyncifyOptions
from stackswitch.models.expect import ListName

Missing = dict[ListName, set[str]]


def missing_names(
    options: AsyncifyOptions,
    import_: str,
    frames: Sequence[int],
    names: Sequence[str],
    instrumented: Collection[int],
) -> Missing:
    """Return the missing names, by list; nothing: the stack can be suspended.

    A function goes under ``ASYNCIFY_ONLY`` if there is such a list, else under ``ASYNCIFY_REMOVE`` if that
    list names it, else under ``ASYNCIFY_ADD``. Where the import itself is missing, Binaryen had no reason to
    instrument what leads to it, and will once it is listed. Then only what the lists exclude is named.

    :param import_: ``module.name`` of the import that waits
    :param frames: function indexes
    :param names: by function index, as Binaryen's lists match them
    :param instrumented: indexes of the functions that the build has instrumented
    """
    found: Missing = {}
    unlisted = options.imports is not None and not any(matches(each, import_) for each in options.imports)
    if unlisted:
        found["ASYNCIFY_IMPORTS"] = {import_}
    for index in dict.fromkeys(frames):
        if index in instrumented or not 0 <= index < len(names):
            continue
        name = names[index]
        listed = options.only is not None and any(matches(each, name) for each in options.only)
        if options.only is not None:
            # Binaryen instruments whatever is listed; a build that is not ours may have had another list.
            if not listed or (options.prebuilt and not unlisted):
                found.setdefault("ASYNCIFY_ONLY", set()).add(name)
        elif options.remove and any(matches(each, name) for each in options.remove):
            found.setdefault("ASYNCIFY_REMOVE", set()).add(name)
        elif not unlisted:
            found.setdefault("ASYNCIFY_ADD", set()).add(name)
    return found
