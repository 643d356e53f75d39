#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The debug kernel has its detectors on: that they find nothing means something only then.
. "$(dirname "$0")/../lib/guest.sh"

in_guest -- bash -ec '
	dmesg | grep "KernelAddressSanitizer initialized"
	grep "debug_locks: *1" /proc/lockdep_stats
	test -w /sys/kernel/debug/kmemleak
	test -w /proc/self/fail-nth
	test -d /sys/kernel/debug/dma-api
	test -r /sys/kernel/debug/debug_objects/stats'
