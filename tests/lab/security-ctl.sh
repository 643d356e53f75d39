#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Theory of operation: tphlab ctl talks to fabricd, which a guest keeps busy. A fabricd that does
# not answer (here: is stopped) must end it with one line after its ten seconds.
. "$(dirname "$0")/../lib/check.sh"
scratch_make
"$build/lab/fabricd" --dir "$scratch" --nics off --ids 1,2 --switches 1,1 >"$scratch/ready" &
fabricd=$!
trap 'kill -KILL $fabricd; rm -rf "$scratch"' EXIT
timeout 20 bash -c "until grep -qs ready '$scratch/ready'; do sleep 0.1; done"

lab/tphlab ctl --socket "$scratch/control.sock" status >"$work/status"
grep -q '"nic0"' "$work/status"
kill -STOP $fabricd
says '^tphlab: cannot read from .*: no answer in 10 s' 1 \
	timeout 30 lab/tphlab ctl --socket "$scratch/control.sock" status
