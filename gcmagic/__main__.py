"""``python -m gcmagic``."""

import sys

from .cli import main

if __name__ == "__main__":
    # Jupyter's notebook format imports jsonschema, which takes 4 s to build a grammar for
    # international web addresses where this module is installed; notebooks hold none.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    sys.exit(main())
