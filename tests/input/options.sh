#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each option that is wrong ends tphlab with status 125 and one line that says what would be right.
. "$(dirname "$0")/../lib/check.sh"

# refused PATTERN ARGUMENT…
refused() {
	local pattern=$1
	shift
	says "^tphlab: $pattern" 125 lab/tphlab "$@"
}

topologies=$(sed -n 's/^\tone_of --topology "$topology" //p' lab/lib/options.sh)
refused "--topology ring: it is one of ${topologies:?}" run --topology ring -- true
refused '--nics 8,9: ' run --nics 8,9 -- true
refused 'no such option: --fast' run --fast -- true
refused '--mps needs a value' run --mps
refused '--fault needs a value' run --fault
refused 'run: no command' run
refused '--share /nonexistent: no such folder' run --share /nonexistent -- true
refused '--kernel /nonexistent: ' run --kernel /nonexistent -- true
refused '--kernel /tmp: ' run --kernel /tmp -- true
