"""What changes of the frame a network does not see."""

from enum import StrEnum


class Symmetry(StrEnum):
    """Changes of the frame that leave a network's values what they were, or rotate them with it.

    All include translations. The text is what files and reports say.
    """

    TRANSLATIONS = "translations"
    SO = "SO(d)"
    O = "O(d)"  # noqa: E741  the orthogonal group has no other name

    @property
    def rotations(self) -> bool:
        """Whether rotations of the frame are among them."""
        return self is not Symmetry.TRANSLATIONS

    @property
    def reflections(self) -> bool:
        """Whether reflections of the frame are among them."""
        return self is Symmetry.O
