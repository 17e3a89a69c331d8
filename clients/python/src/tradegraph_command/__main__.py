"""`python -m tradegraph_command` is `tradegraph`."""

import sys

from tradegraph_command.main import main

sys.exit(main())
