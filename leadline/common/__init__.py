"""What every room shares: frozen values, errors named by what the reader can do, canonical bytes."""
