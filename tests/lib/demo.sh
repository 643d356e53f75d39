# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# For checks of the files that a demo writes: one run serves all checks.
. "$(dirname "${BASH_SOURCE[0]}")/guest.sh"

# Sets demo, the folder with the demo's files. The demo runs again if fabricd, the lab or the
# programs of the guest have changed since.
demo_files() {
	local newer=''
	demo=$top/out/check/demo
	mkdir -p "$demo"
	exec {lock}>"$demo/lock"
	flock "$lock"
	ninja -C "$build" >"$work/ninja.log" || fail "see $work/ninja.log"
	[ ! -e "$demo/complete" ] || newer=$(find lab "$build/lab" "$build/tests/guest" \
		-type f -newer "$demo/complete" -not -name '.ninja*' -print -quit)
	if [ ! -e "$demo/complete" ] || [ -n "$newer" ]; then
		rm -f "$demo"/*.* "$demo/complete"
		touch "$work/begin"
		demo
		cp out/demo/* "$demo"
		touch -r "$work/begin" "$demo/complete"
	fi
	exec {lock}>&-
}
