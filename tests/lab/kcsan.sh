#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# No data race in the functions of the files that the series touches. KCSAN's own test runs first
# and must find all of its races, in one of three boots: it waits 3.5 s for each, which is too short
# at times on a busy machine. The number of watchpoints shows how much was covered. Races elsewhere
# in the kernel are listed, and are no failure.
# usage: kcsan.sh OPTION…
. "$(dirname "$0")/../lib/guest.sh"
. "$(dirname "$0")/../lib/kernel.sh"

in_the_guest='
	kcsan=/sys/kernel/debug/kcsan
	stress 300 && feature_fuzz 100000 && mr_revoke && required && no_window
	status=$?
	cat $kcsan
	exit $status'

# KUnit does not run a case again that has failed since the boot.
own_test='
	suite=/sys/kernel/debug/kunit/kcsan
	echo now >$suite/run && cat $suite/results >/mnt/share/kcsan.ktap'

# functions: all that are defined in a file which the series touches
functions() {
	local built=${tree%/*}/build-7.3-kcsan
	series_objects "$tree" "$built" | sed "s|^|$built/|" | xargs nm --defined-only |
		awk '$2 ~ /[tT]/ { print $3 }' | sort -u
}

kernel_tree
share_make
for _ in 1 2 3; do
	lab/tphlab run "$@" --log "$work/own.log" --timeout "$limit" --share "$share" \
		-- bash -c "$own_test"
	grep -q '^not ok' "$share/kcsan.ktap" || break
done
lab/tphlab run "$@" --accels 2 --log "$guest_log" --timeout "$limit" --share "$share" \
	-- bash -c "$in_the_guest"
want=$(grep -cE '^	(KCSAN_)?KUNIT_CASE' "$tree/kernel/kcsan/kcsan_test.c")
tests/ktap -v level=4 -v want="$want" "$share/kcsan.ktap"
functions >"$work/functions"
grep -q vfio_pci_dma_buf_get_tph "$work/functions" || fail "no list of functions"
sed -n 's/.*BUG: KCSAN: \(data-race\|assert: race\) in //p' "$guest_log" | sort | uniq -c |
	sort -rn | awk '
		NR == FNR { ours[$1]; next }
		{ mine = ($2 in ours) || ($4 in ours); print (mine ? "ours:  " : "other: ") $0 }
	' "$work/functions" - >"$work/races"
cat "$work/races"
absent '^ours' "$work/races"
grep -vE 'KCSAN' "$guest_log" >"$work/log"
absent 'BUG:|WARNING:|Oops|refcount_t|blocked for more' "$work/log"
