#!/bin/sh
# on_success: [./publish.sh]
# The folder of the finished run is the first word. WAREHOUSE holds the URI of the database.
set -eu
.venv/bin/workbench publish "$1" WAREHOUSE
.venv/bin/workbench publish "$1" published/
