#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A full disk, a pipe whose reader ends, a pipe that nothing reads: a line of fabricd's, the status
# of the guest's command where there is one, and no lab that hangs.
. "$(dirname "$0")/../lib/check.sh"

says '^fabricd: cannot write all of the trace /dev/full: No space' 7 \
	lab/tphlab run --trace /dev/full -- sh -c 'exit 7'
says '^fabricd: cannot write all of the trace /dev/fd/[0-9]*: Broken pipe' 7 \
	lab/tphlab run --trace >(head -c 1000 >/dev/null) -- sh -c 'exit 7'
mkfifo "$work/pipe"
says "^tphlab: the devices' process .* did not start" 125 \
	lab/tphlab run --trace "$work/pipe" -- true
grep '^fabricd: cannot write the trace .*no process reads this pipe' "$work/output"
