# SPDX-License-Identifier: GPL-2.0-or-later
# What tphlab does when something is missing or goes wrong: one clear line, the right status, nothing left.

# says PATTERN STATUS COMMAND…: it fails so, and its last line says so.
says() {
	local pattern=$1 expected=$2 status=0 text
	shift 2
	text=$("$@" 2>&1 </dev/null) || status=$?
	printf '%s\n' "$text"
	[ "$status" = "$expected" ] || { echo "status $status, not $expected"; return 1; }
	tail -n 1 <<<"$text" | grep -qE "$pattern" || { echo "the last line does not match: $pattern"; return 1; }
}

with_empty_cache() {
	local dir status=0
	dir=$(mktemp -d)
	TPH_CACHE=$dir "$@" || status=$?
	rm -rf "$dir"
	return $status
}

input_no_kernel_package() {
	TPH_MIRROR=file:///nonexistent with_empty_cache \
		says '^tphlab: no package linux-source-7.3 in .*TPH_MIRROR' 125 lab/tphlab kernel-tree
}

# A mirror that has nothing: QEMU is the first thing wanted of it, where the host's own will not do.
input_no_mirror() {
	local bin
	bin=$(mktemp -d)
	printf '#!/bin/sh\n' >"$bin/qemu-system-x86_64"
	chmod +x "$bin/qemu-system-x86_64"
	PATH=$bin:$PATH TPH_MIRROR=file:///nonexistent with_empty_cache \
		says '^tphlab: cannot get qemu-system-x86 .*TPH_MIRROR' 125 lab/tphlab setup
}

# The mirror's QEMU is there but too old: a loader that answers no to everything stands for it.
input_old_qemu() {
	local dir
	dir=$(mktemp -d)
	mkdir -p "$dir/qemu-trixie/usr/lib64"
	touch "$dir/qemu-trixie/.complete"
	printf '#!/bin/sh\n' | tee "$dir/qemu-system-x86_64" >"$dir/qemu-trixie/usr/lib64/ld-linux-x86-64.so.2"
	chmod +x "$dir/qemu-system-x86_64" "$dir/qemu-trixie/usr/lib64/ld-linux-x86-64.so.2"
	PATH=$dir:$PATH TPH_CACHE=$dir says '^tphlab: .*no vfio-user-pci: 10.1 or newer is needed' 125 lab/tphlab setup
}

input_no_space() {
	unshare -m true || skip "no mount namespaces here"
	says '^tphlab: .* needs [0-9]+ MB, .* has [0-9]+ MB free' 125 unshare -m bash -c \
		'mount -t tmpfs -o size=8m none /mnt && TPH_CACHE=/mnt PATH=/usr/sbin:/usr/bin:/sbin:/bin lab/tphlab kernel-tree'
}

input_no_root() {
	local list
	list=$(mktemp)
	echo 'no-such-package # why' >"$list"
	chmod 0644 "$list"
	says '^tphlab: .*sudo apt-get install no-such-package' 125 setpriv --reuid 65534 --clear-groups bash -c \
		'. lab/lib/say.sh; . lab/lib/packages.sh; packages_ensure "$1"' - "$list"
}

input_options() {
	says '^tphlab: --topology ring: it is one of switch switches rciep rootport' 125 lab/tphlab run --topology ring -- true &&
		says '^tphlab: --nics 8,9: ' 125 lab/tphlab run --nics 8,9 -- true &&
		says '^tphlab: no such option: --fast' 125 lab/tphlab run --fast -- true &&
		says '^tphlab: --mps needs a value' 125 lab/tphlab run --mps &&
		says '^tphlab: run: no command' 125 lab/tphlab run &&
		says '^tphlab: --share /nonexistent: no such folder' 125 lab/tphlab run --share /nonexistent -- true &&
		says '^tphlab: --kernel /nonexistent: ' 125 lab/tphlab run --kernel /nonexistent -- true &&
		says '^tphlab: --kernel /tmp: ' 125 lab/tphlab run --kernel /tmp -- true &&
		says '^tphlab: no folder for the run in /nonexistent' 125 env TMPDIR=/nonexistent lab/tphlab demo
}

input_status() {
	local dir text
	says '^no$' 42 lab/tphlab run -- sh -c 'echo no >&2; exit 42' || return 1
	text=$(lab/tphlab run -- sh -c 'echo "a  b"; echo c >&2' 2>/dev/null)
	[ "$text" = "a  b" ] || { echo "stdout was: $text"; return 1; }
	dir=$(mktemp -d)
	lab/tphlab run --share "$dir" -- cp /proc/version /mnt/share/here && grep Linux "$dir/here"
}

# Whatever stdout is: a terminal, a file, a pipe whose reader goes away.
input_stdout() {
	local dir
	script -qec true /dev/null </dev/null || skip "no pseudo-terminals here"
	dir=$(mktemp -d)
	script -qec 'lab/tphlab run -- echo from the guest' "$dir/typescript" </dev/null | grep -q 'from the guest' || return 1
	lab/tphlab run -- seq 100000 >"$dir/file" && [ "$(tail -n 1 "$dir/file")" = 100000 ] || return 1
	lab/tphlab run -- seq 100000 | head -n 1 | grep -qx 1
}

input_timeout() {
	says 'did not end within 8 seconds' 124 lab/tphlab run --timeout 8 -- sleep 60
}

# interrupted KILL-ARGUMENT…: a run that is ended from outside takes its processes and files along.
# $pid and $group are to be had in the arguments.
interrupted() {
	local dir pid group left=0
	dir=$(mktemp -d)
	set -m
	TMPDIR=$dir lab/tphlab run -- sleep 60 &
	pid=$!
	group=-$pid
	set +m
	sleep 4
	pgrep -f "fabricd --dir $dir" >/dev/null || { echo "the run did not start"; return 1; }
	eval "kill $*"
	wait $pid
	sleep 1
	! pgrep -af "$dir" || left=1
	[ -z "$(ls "$dir")" ] || [ "$1" = -KILL ] || { ls -R "$dir"; left=1; }
	rm -rf "$dir"
	return $left
}

input_checks() {
	check input-no-kernel-package input_no_kernel_package
	check input-no-mirror input_no_mirror
	check input-old-qemu input_old_qemu
	check input-no-space input_no_space
	check input-no-root input_no_root
	check input-options input_options
	check input-status input_status
	check input-stdout input_stdout
	check input-timeout input_timeout
	check input-interrupted interrupted -INT -- '$group'
	check input-terminated interrupted -TERM '$pid'
	check input-killed interrupted -KILL '$pid'
}
