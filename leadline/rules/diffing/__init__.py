"""What is different between two rule books, in words."""

from leadline.rules.diffing.comparing import Difference, differences

__all__ = ["Difference", "differences"]
