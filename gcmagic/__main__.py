"""``python -m gcmagic``."""

import sys

from .cli import main

# Jupyter's notebook format imports jsonschema, which takes 4 s to build a grammar for
# international web addresses where this module is installed; notebooks hold none. The processes
# that judge notebooks load this file for the sake of this line.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

if __name__ == "__main__":
    sys.exit(main())
