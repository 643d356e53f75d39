#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Theory of operation: a fabricd that does not end when it is told to (here: is stopped while the
# guest runs) must hold tphlab no longer than its grace period, and leave no process and no file.
. "$(dirname "$0")/../lib/check.sh"
scratch_make
TMPDIR=$scratch lab/tphlab run --timeout 60 -- bash -c 'echo up; sleep 600' >"$work/output" 2>&1 &
run=$!
# Before the guest is up QEMU itself would give the stopped process up.
timeout 300 bash -c "until grep -q '^up' '$work/output'; do kill -0 $run && sleep 0.2; done"
pkill -STOP -f "fabricd --dir $scratch"
begin=$SECONDS status=0
wait $run || status=$?
cat "$work/output"
[ "$status" = 124 ]
[ $((SECONDS - begin)) -lt 110 ]
grep -q '^tphlab: fabricd did not end within 10 seconds and was killed' "$work/output"
status_is 1 pgrep -af "$scratch/"
[ -z "$(ls "$scratch")" ]
