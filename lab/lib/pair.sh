# SPDX-License-Identifier: GPL-2.0-or-later
# Two hosts: a guest and a fabricd each, and links between their NICs by sockets in a folder that
# both have. The hosts are a and b.

pair_dir='' pair_host='' pair_number=0

# pair_split: sets command and command_b, before and behind the second --
pair_split() {
	local i
	for i in "${!command[@]}"; do
		[ "${command[i]}" = -- ] || continue
		command_b=("${command[@]:i+1}") command=("${command[@]:0:i}")
		[ ${#command[@]} -gt 0 ] && [ ${#command_b[@]} -gt 0 ] || break
		return 0
	done
	die "pair: it needs two commands; tphlab pair -- COMMAND-A… -- COMMAND-B…"
}

# pair_mark HOST: begins each line with the host's name.
pair_mark() {
	sed -u "s/^/$1: /" | "$build/lab/relay" --limit "$output_limit" "the output of host $1"
}

# pair_boot HOST PORT…: boots it, and writes its status, and its result if it has one, to files.
pair_boot() {
	{
		{
			(
				pair_host=$1
				[ -z "$trace" ] || trace=$trace.$1
				log=$(boot_log).$1
				[ "$1" = a ] || pair_number=1 command=("${command_b[@]}")
				boot_run "${@:2}"
				status=$?
				[ ! -s "$run_dir/result" ] ||
					cp "$run_dir/result" "$pair_dir/result.$1"
				exit "$status"
			)
			{ echo $? >"$pair_dir/status.$1"; } 2>/dev/null
		} 2>&1 >&3 3>&- | pair_mark "$1" >&2
	} 3>&1 | pair_mark "$1"
}

pair_cleanup() {
	[ -z "$shared" ] || confine_unshare "$pair_uid" "$shared"
	[ -z "$pair_dir" ] || rm -rf "$pair_dir"
	pair_dir=''
}

# 0 only if both statuses are; else the first that is not. A full disk can have lost them: 125.
pair_status() {
	local host status
	for host in a b; do
		status=$(<"$pair_dir/status.$host") || status=''
		[ "$status" = 0 ] || return "${status:-125}"
	done
}

# pair_run PORT…: further ports of host a, by name
pair_run() {
	local status=0 hosts=()
	pair_uid=$(confine_uid) || exit
	pair_dir=$(mktemp -d "${TMPDIR:-/tmp}/tphlab-links.XXXXXX") ||
		die "no folder for the links in ${TMPDIR:-/tmp}: set TMPDIR to one you may write"
	trap pair_cleanup EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	mkdir "$pair_dir/links"
	confine_give "$pair_uid" "$pair_dir/links"
	[ -z "$share" ] || {
		shared=$(realpath "$share")
		confine_share "$pair_uid" "$shared"
	}
	set +e
	pair_boot a "$@" &
	hosts+=($!)
	pair_boot b &
	hosts+=($!)
	wait "${hosts[@]}"
	set -e
	pair_status || status=$?
	return "$status"
}
