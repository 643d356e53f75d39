#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each argument of export that is wrong is refused before anything is opened.
. "$(dirname "$0")/../lib/tphctl.sh"

# refused PATTERN OPTION…
refused() {
	local pattern=$1
	shift
	tphctl_says "export: $pattern" 125 export 00:00.0 --bar 0 --offset 0 --length 4K "$@"
}

refused '--st is missing' --ph target -- true
refused '--st 0x100: a tag of 8 bits is 0 to 0xff; --ext is for those of 16' \
	--st 0x100 --ph target -- true
refused '--st 0x10000: a tag of 16 bits is 0 to 0xffff' --st 0x10000 --ext --ph target -- true
refused '--st -1: ' --st -1 --ph target -- true
refused '--st 5a: ' --st 5a --ph target -- true
refused '--ph hot: it is one of bidirectional requester target target-priority' \
	--st 1 --ph hot -- true
refused '--bar 6: a BAR is 0 to 5' --bar 6 --st 1 --ph target -- true
refused '--offset 4Q: ' --offset 4Q --st 1 --ph target -- true
refused '--length 0: ' --length 0 --st 1 --ph target -- true
refused '--length 99999999T: ' --length 99999999T --st 1 --ph target -- true
refused 'it takes a NAME, and behind -- the command' --st 1 --ph target
