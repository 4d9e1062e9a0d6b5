"""What is known of one person: given out whole, or erased so that it does not come back."""

from leadline.sync.privacy.erasing import Erased, forget
from leadline.sync.privacy.exporting import export
from leadline.sync.privacy.tombstones import Tombstones, erased_on

__all__ = ["Erased", "Tombstones", "erased_on", "export", "forget"]
