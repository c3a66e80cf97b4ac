#!/bin/sh
# The figures of the month that ended last, from whichever day this is started on.
# Keep it in the project's folder; cron and systemd start it there.
set -eu
cd "$(dirname "$0")"
last_day="$(date +%Y-%m-01) -1 day"
period="$(date -d "$last_day" +%Y-%m)"
exec .venv/bin/workbench run params/monthly.yaml -p "period=$period"
