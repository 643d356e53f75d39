# SPDX-License-Identifier: GPL-2.0-or-later
# The long forms, for a machine that has an hour: make soak.

soak_timeout=7200

soak_in_guest() {
	debug_timeout=$soak_timeout debug_in_guest "$@"
}

# kcsan_functions: all that stands in a file which the series touches
kcsan_functions() {
	local build
	build=$(dirname "$tree")/build-7.3-kcsan
	series_objects "$tree" "$build" | while read -r object; do
		nm --defined-only "$build/$object"
	done | awk '$2 ~ /[tT]/ { print $3 }' | sort -u
}

# kcsan_reports LOG: each race, and whether one of the two places is ours.
kcsan_reports() {
	sed -n 's/.*BUG: KCSAN: \(data-race\|assert: race\) in //p' "$1" | sort | uniq -c | sort -rn | awk '
		NR == FNR { ours[$1]; next }
		{ mine = ($2 in ours) || ($4 in ours); print (mine ? "ours:  " : "other: ") $0 }
	' "$out/kcsan-functions" -
}

# In the guest: first the races that KCSAN's own test makes, all of which must be seen. What is said of
# watchpoints tells how much was looked at.
# shellcheck disable=SC2016
kcsan_run='kcsan=/sys/kernel/debug/kcsan suite=/sys/kernel/debug/kunit/kcsan
	echo now >$suite/run && tee /mnt/share/kcsan.ktap <$suite/results
	stress 300 && door_fuzz 100000 && mr_revoke && required && no_window
	status=$?
	cat $kcsan
	exit $status'

# Races elsewhere in the kernel are listed; they are for others to judge.
soak_kcsan() {
	local log=$out/guest-kcsan.log folder tree status=0
	kernel_tree 7.3 || return 1
	ktap_folder kcsan
	lab/tphlab run --kernel 7.3-kcsan --accels 2 --log "$log" --timeout $soak_timeout --share "$folder" -- \
		bash -c "$kcsan_run" || status=$?
	tests/ktap -v level=4 -v want="$(grep -cE '^	(KCSAN_)?KUNIT_CASE' "$tree/kernel/kcsan/kcsan_test.c")" \
		"$folder/kcsan.ktap" || status=1
	kcsan_functions >"$out/kcsan-functions"
	grep -q mlx5_ib_dmabuf_tph_check "$out/kcsan-functions" || { echo "no list of functions"; status=1; }
	kcsan_reports "$log" >"$out/kcsan-reports"
	cat "$out/kcsan-reports"
	! grep -q '^ours' "$out/kcsan-reports" || status=1
	! grep -E "$splats" "$log" | grep -vE 'KCSAN' | grep -E 'BUG:|WARNING:|Oops|refcount_t|blocked for more' || status=1
	return $status
}

soak_checks() {
	check soak-demo-translated debug_demo --topology rciep --iommu translated
	check soak-fail-nth soak_in_guest -- fail_nth
	check soak-stress soak_in_guest -- stress 300
	check soak-fuzz soak_in_guest --accels 2 -- door_fuzz 1000000
	check soak-kcsan soak_kcsan
	check soak-garbage lab_garbage 60 "$RANDOM"
	check soak-host-fuzz host_fuzz 300
}
