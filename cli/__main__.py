"""`python -m cli` is `tradegraph`."""

import sys

from cli.main import main

sys.exit(main())
