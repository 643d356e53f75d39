#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tphlab when something is missing or fails: it prints one clear line, ends with the right status,
# and leaves no file behind.
# usage: input.sh CHECK [ARGUMENT…]
. "$(dirname "$0")/../lib/check.sh"

check=$1
shift
case $check in
# A mirror without the kernel's source: one line that names TPH_MIRROR.
no-kernel-package)
	scratch_make
	export TPH_CACHE=$scratch TPH_MIRROR=file:///nonexistent
	says '^tphlab: no package linux-source-7.3 in .*TPH_MIRROR' 125 lab/tphlab kernel-tree
	;;

# A mirror that has nothing ends a setup at once, though QEMU and the image are fetched in parallel.
no-mirror)
	scratch_make
	mkdir "$scratch/bin"
	printf '#!/bin/sh\n' >"$scratch/bin/qemu-system-x86_64"
	chmod +x "$scratch/bin/qemu-system-x86_64"
	export PATH=$scratch/bin:$PATH TPH_CACHE=$scratch/cache TPH_MIRROR=file:///nonexistent
	says '^tphlab: .*linux-source-7.3 .*TPH_MIRROR' 125 lab/tphlab setup
	;;

# The mirror's QEMU is too old: a loader that prints nothing stands for it.
old-qemu)
	scratch_make
	root=$scratch/qemu-trixie
	mkdir -p "$root/usr/lib64"
	touch "$root/.complete"
	for program in "$scratch/qemu-system-x86_64" "$root/usr/lib64/ld-linux-x86-64.so.2"; do
		printf '#!/bin/sh\n' >"$program"
		chmod +x "$program"
	done
	export PATH=$scratch:$PATH TPH_CACHE=$scratch
	says '^tphlab: .*no vfio-user-pci: 10.1 or newer is needed' 125 lab/tphlab setup
	;;

# A cache on a disk of 8 MB: how much is needed and how much there is.
no-space)
	unshare -m true || skip "no mount namespaces here"
	says '^tphlab: .* needs [0-9]+ MB, .* has [0-9]+ MB free' 125 unshare -m bash -ec '
		mount -t tmpfs -o size=8m,mode=755 none /mnt
		TPH_CACHE=/mnt PATH=/usr/sbin:/usr/bin:/sbin:/bin lab/tphlab kernel-tree'
	;;

# A package is missing and the user is not root: the line has the command for root.
no-root)
	[ "$(id -u)" = 0 ] || skip "not root, so there are no privileges to drop"
	scratch_make
	chmod 0755 "$scratch"
	echo 'no-such-package # why' >"$scratch/list"
	cp lab/lib/say.sh lab/lib/packages.sh "$scratch"
	says '^tphlab: .*sudo apt-get install no-such-package' 125 \
		setpriv --reuid 65534 --clear-groups bash -c '
			cd "$1"
			. ./say.sh
			. ./packages.sh
			packages_ensure list' - "$scratch"
	;;

# Each option that is wrong ends tphlab with status 125 and one line that says what would be right.
options)
	# refused PATTERN ARGUMENT…
	refused() {
		local pattern=$1
		shift
		says "^tphlab: $pattern" 125 lab/tphlab "$@"
	}

	topologies=$(sed -n 's/^topologies=(\(.*\))$/\1/p' lab/lib/options.sh)
	refused "--topology ring: it is one of ${topologies:?}" run --topology ring -- true
	refused '--nics 8,9: ' run --nics 8,9 -- true
	refused 'no such option: --fast' run --fast -- true
	refused '--mps needs a value' run --mps
	refused '--fault needs a value' run --fault
	refused 'run: no command' run
	refused '--share /nonexistent: no such folder' run --share /nonexistent -- true
	refused '--kernel /nonexistent: ' run --kernel /nonexistent -- true
	refused '--kernel /tmp: ' run --kernel /tmp -- true
	;;

# tphlab ctl without a lab, without a command, and with a socket that does not exist.
ctl)
	scratch_make
	export TMPDIR=$scratch
	says '^tphlab: no lab of yours runs in ' 125 lab/tphlab ctl status
	says '^tphlab: ctl: no command' 125 lab/tphlab ctl
	says '^tphlab: cannot connect to /nonexistent: ' 1 \
		lab/tphlab ctl --socket /nonexistent status
	;;

# The guest's exit status, output, errors and shared folder are those of the command. A folder for
# the run that cannot be made is one line.
status)
	says '^no$' 42 lab/tphlab run -- sh -c 'echo no >&2; exit 42'
	text=$(lab/tphlab run -- sh -c 'echo "a  b"; echo c >&2' 2>/dev/null)
	[ "$text" = "a  b" ]
	mkdir "$work/share"
	lab/tphlab run --share "$work/share" -- cp /proc/version /mnt/share/here
	grep Linux "$work/share/here"
	says '^tphlab: no folder for the run in /nonexistent' 125 \
		env TMPDIR=/nonexistent lab/tphlab demo
	;;

# stdout is a terminal, a file, or a pipe whose reader ends early.
stdout)
	script -qec true /dev/null </dev/null || skip "no pseudo-terminals here"
	script -qec 'lab/tphlab run -- echo from the guest' "$work/typescript" </dev/null
	grep 'from the guest' "$work/typescript"
	lab/tphlab run -- seq 100000 >"$work/file"
	[ "$(tail -n 1 "$work/file")" = 100000 ]
	{ lab/tphlab run -- seq 100000 || :; } | head -n 1 >"$work/first"
	grep -x 1 "$work/first"
	;;

# A guest that exceeds its time limit is ended, and tphlab says so.
timeout)
	says 'did not end within 8 seconds' 124 lab/tphlab run --timeout 8 -- sleep 60
	;;

# A run that is ended from outside ends its processes, and removes its files except after SIGKILL.
# Arguments: SIGNAL process|group
interrupted)
	signal=$1 to=$2
	scratch_make
	export TMPDIR=$scratch
	set -m
	lab/tphlab run -- sleep 60 &
	pid=$!
	set +m
	for ((tries = 0; tries < 600; tries++)); do
		kill -0 $pid
		[ ! -S "$(echo "$TMPDIR"/tphlab.*/dev/control.sock)" ] || break
		sleep 0.1
	done
	sleep 2
	pgrep -f "fabricd --dir $TMPDIR" >/dev/null
	[ "$to" = process ] || pid=-$pid
	kill "-$signal" -- "$pid"
	wait "${pid#-}" || :
	sleep 1
	pgrep -af "$TMPDIR" >"$work/left" || [ $? = 1 ]
	empty "$work/left"
	if [ "$signal" != KILL ]; then
		ls -R "$TMPDIR" >"$work/files"
		[ "$(wc -l <"$work/files")" = 1 ] || fail "files are left: $(<"$work/files")"
	fi
	;;
*) fail "no such check: $check" ;;
esac
