#!/bin/sh
# on_failure: [./notify.sh, revops@example.com]
# The folder of the failed run is the last word, where one was kept.
set -eu
printf '%s\n' "$WORKBENCH_CAUSE" "${2:-No folder was kept.}" | mail -s "Partner revenue run failed" "$1"
