"""What is listed of a network."""

from __future__ import annotations

from abc import ABCMeta

from torch import nn


class ListsItsOwn(ABCMeta):
    """A class of which ``help`` and ``dir`` show its own names, without the hundreds of torch's."""

    def __dir__(cls) -> list[str]:
        own = [base for base in cls.__mro__ if base not in nn.Module.__mro__]
        return sorted({name for base in own for name in vars(base)})
