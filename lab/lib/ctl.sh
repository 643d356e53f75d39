# SPDX-License-Identifier: GPL-2.0-or-later
# Commands to the devices of a running guest, by the socket in the folder of that run.

ctl_socket() {
	local path found=()
	for path in "${TMPDIR:-/tmp}"/tphlab{,-a,-b}.*/; do
		[ ! -O "$path" ] || [ ! -S "${path}dev/control.sock" ] ||
			found+=("${path}dev/control.sock")
	done
	[ ${#found[@]} -gt 0 ] ||
		die "no lab of yours runs in ${TMPDIR:-/tmp}: start one (tphlab shell), or set" \
			"TMPDIR as for that run"
	[ ${#found[@]} -eq 1 ] || die "several labs run: choose one with --socket: ${found[*]}"
	printf '%s' "${found[0]}"
}

# ctl_run [--socket FILE] WORD…
ctl_run() {
	local socket=''
	if [ "${1:-}" = --socket ]; then
		[ $# -ge 2 ] || die "--socket needs a value (tphlab --help)"
		socket=$2
		shift 2
	fi
	[ $# -gt 0 ] ||
		die "ctl: no command; such as tphlab ctl accel0 drop 1, tphlab ctl status" \
			"(doc/faults.md has them all)"
	[ -n "$socket" ] || socket=$(ctl_socket) || exit
	exec "${TPH_BUILD:-$top/build}/lab/fabricctl" "$socket" "$@"
}
