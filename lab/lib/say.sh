# SPDX-License-Identifier: GPL-2.0-or-later
# The lab's messages: one line per step, one line per failure, on stderr.

steps_total=0 steps_done=0

# 125: the lab failed, not the guest's command.
die() {
	printf 'tphlab: %s\n' "$*" >&2
	exit 125
}

step_count() {
	steps_total=$1
	steps_done=0
}

step() {
	steps_done=$((steps_done + 1))
	step_name=$1
}

# A step that is already done prints nothing, so a run with a warm cache is quiet.
say() {
	if [ "$steps_total" -gt 0 ]; then
		printf '[%d/%d] %s: %s\n' "$steps_done" "$steps_total" "$step_name" "$*" >&2
	else
		printf 'tphlab: %s\n' "$*" >&2
	fi
}

# run_logged LOG COMMAND…: prints nothing unless it fails, then the end of the log.
run_logged() {
	local log=$1
	shift
	if ! "$@" >"$log" 2>&1 </dev/null; then
		tail -n 15 "$log" >&2
		return 1
	fi
}

# progress EXPECTED WHAT: counts the lines of stdin, of which about EXPECTED are due (0: unknown),
# and prints the count every 15 seconds.
progress() {
	local of='' what=$2 count=0 last=$SECONDS
	[ "$1" = 0 ] || of=" of about $1"
	while IFS= read -r _; do
		count=$((count + 1))
		if [ $((SECONDS - last)) -ge 15 ]; then
			last=$SECONDS
			say "$what: $count$of, ${SECONDS}s"
		fi
	done
}

# need_space DIR MEGABYTES WHAT
need_space() {
	local free
	free=$(df -Pm "$1" | awk 'NR == 2 { print $4 }')
	[ "$free" -ge "$2" ] ||
		die "$3 needs $2 MB, $1 has $free MB free: delete files or set TPH_CACHE to" \
			"another disk"
}
