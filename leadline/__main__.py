"""Run the command line as ``python -m leadline``."""

if __name__ == "__main__":
    # Workers import this module too, and need no command line.
    from leadline.cli import main

    main()
