"""Ends a computation of a network between two of its layers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def before_each_layer(call: Callable[[], None]) -> Iterator[None]:
    """Within this block ``call`` is called before each layer of any network; what it raises ends the computation."""
    from torch.nn.modules.module import register_module_forward_pre_hook

    hook = register_module_forward_pre_hook(lambda layer, inputs: call())
    try:
        yield
    finally:
        hook.remove()
