"""Pull: read what changed in both CRMs into the mirror, and join records into people."""

from leadline.sync.pull.notes import Tell
from leadline.sync.pull.pulling import pull

__all__ = ["Tell", "pull"]
