"""How a sample of any size is cut into blocks of whole accounts."""

from dataclasses import dataclass
from math import isqrt

from workbench.errors import ParameterError, Problem

BLOCK = 20_000  # opportunities; a block with ten touches each stays under 1 GB
NEVER_LOGGED_PERCENT = 4  # of the touches; as many rows are written twice


@dataclass(frozen=True)
class Plan:
    """What is asked for, and what follows from it. A plan's block size is part of its seed."""

    opportunities: int
    touches: int
    seed: int
    block: int = BLOCK

    def __post_init__(self) -> None:
        least = (("opportunities", 1), ("touches", 0), ("seed", 0), ("block", 4))
        problems = [
            Problem("sample", f"{name} is {getattr(self, name)}.", f"give {minimum} or more.")
            for name, minimum in least
            if getattr(self, name) < minimum
        ]
        if problems:
            raise ParameterError(problems)

    @property
    def accounts(self) -> int:
        return max(1, self.opportunities * 4 // 15)

    @property
    def partners(self) -> int:
        return max(12, isqrt(self.opportunities * 12 // 5))

    @property
    def blocks(self) -> int:
        return min(self.accounts, -(-self.opportunities // self.block))

    def share(self, total: int, block: int) -> tuple[int, int]:
        """The first row number, from 0, and the count of rows of a total in one block."""
        first, end = total * block // self.blocks, total * (block + 1) // self.blocks
        return first, end - first

    def width(self, total: int) -> int:
        """Digits of an id whose number goes up to `total`: at least five."""
        return max(5, len(str(total)))
