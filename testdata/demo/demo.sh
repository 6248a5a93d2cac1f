#!/usr/bin/env bash
# The main job against the sandbox: 400 objects, a daily cap below that, midnight close by, and a kill -9 in the middle.
# Usage: demo.sh AIRLIFT
set -euo pipefail
airlift=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
sandbox=

cleanup() {
	[ -z "$sandbox" ] || kill -TERM "$sandbox" 2>/dev/null || true
	wait 2>/dev/null || true
	rm -rf "$work"
}
trap cleanup EXIT

say() { printf '\n\033[1m== %s\033[0m\n' "$*"; }

# Everything the run needs is in its environment, as a cron job would have it. The keys open nothing but the sandbox.
export WASABI_ACCESS_KEY=demo-access-key WASABI_SECRET_KEY=demo-secret-key
export AIRLIFT_QUEUE=$work/queue.db AIRLIFT_SERVICES=ocr,s2t
export AIRLIFT_DESTINATION_BUCKET=results AIRLIFT_DESTINATION_REGION=us-east-1
export AIRLIFT_RATE=40/s AIRLIFT_SETTLE=2s AIRLIFT_GRACE=1s
# Nothing of the user's own must get in.
export AIRLIFT_CONFIG=$work/config.toml
: >"$AIRLIFT_CONFIG"

say "the sandbox: a faithful AiR with a cap of 250 jobs a day, and midnight 15 s away"
"$airlift" sandbox --listen 127.0.0.1:0 --daily-cap 250 --midnight-in 15s >"$work/sandbox.out" 2>"$work/sandbox.err" &
sandbox=$!
until grep -q http "$work/sandbox.out"; do
	kill -0 "$sandbox" || { cat "$work/sandbox.err"; exit 1; }
	sleep 0.1
done
export AIRLIFT_AIR_URL=$(sed -n 's/^AiR sandbox on //p' "$work/sandbox.out")
cat "$work/sandbox.out"

say "airlift run archive.csv, killed with kill -9 in the middle"
"$airlift" run "$here/archive.csv" >"$work/run.out" 2>&1 &
run=$!
until "$airlift" status --json 2>/dev/null | grep -qE '"submitted":([4-9][0-9]|[1-9][0-9][0-9])'; do
	kill -0 "$run" || { cat "$work/run.out"; exit 1; }
	sleep 0.1
done
kill -9 "$run"
wait "$run" 2>/dev/null || true
"$airlift" status

say "the same command again: it resumes, meets the cap, waits for midnight, and finishes"
code=0
"$airlift" run "$here/archive.csv" --report "$work/report.csv" || code=$?
[ "$code" = 4 ] || { echo "exit code $code, want 4: the three bad rows"; exit 1; }

say "exit code 4: finished, but three rows were rejected. The head of the report, and those rows"
head -n 6 "$work/report.csv"
grep ',rejected,' "$work/report.csv" | cut -c 1-160

say "and once more: nothing is left, nothing is sent"
"$airlift" run "$here/archive.csv" --quiet --json || [ $? = 4 ]

say "the books, and the sandbox's verdict"
"$airlift" check
kill -TERM "$sandbox"
wait "$sandbox"
sandbox=
tail -n 1 "$work/sandbox.out"
grep -q '400 jobs for 400 objects: every object has exactly one job' "$work/sandbox.out"
