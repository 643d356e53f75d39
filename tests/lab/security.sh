#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A guest, a client or a mirror that means harm: what one of them tries is in a few lines.
# usage: security.sh CHECK
. "$(dirname "$0")/../lib/check.sh"

check=$1
shift
case $check in
# Theory of operation: apt reads the network's bytes as its own user _apt when root starts it, if
# that user can reach the folders it writes to. Where it cannot, apt says so and goes on as root.
# An update from a mirror that is not there must leave its folder with _apt and say nothing of the
# kind.
apt)
	[ "$(id -u)" = 0 ] || skip "apt changes its user only as root"
	getent passwd _apt >/dev/null || skip "this machine's apt has no user of its own"
	for part in say mirror; do
		# shellcheck source=/dev/null
		. "lab/lib/$part.sh"
	done

	apt=$(mirror_workdir)
	trap 'rm -rf "$apt"' EXIT
	status_is 100 bash -c ". lab/lib/mirror.sh; mirror_update '$apt' trixie file:///nonexistent"
	cat "$apt/update.log"
	absent 'unsandboxed' "$apt/update.log"
	[ "$(stat -c %U "$apt/state/lists/partial")" = _apt ]
	mirror_apt "$apt" apt-config dump APT::Sandbox::User >"$work/user"
	grep -qx 'APT::Sandbox::User "_apt";' "$work/user"
	setpriv --reuid=_apt --clear-groups test -x "$apt/state/lists/partial"
	;;

# Theory of operation: QEMU and kernels in the cache are run. A cache that another user may write
# to, or that has a name which the kernel's build cannot have, must be refused with one line
# before anything is done.
cache)
	scratch_make

	says '^tphlab: the cache .* has a blank or a colon in its name' 125 \
		env TPH_CACHE="$scratch/a b" lab/tphlab kernel-tree
	says '^tphlab: the cache .* has a blank or a colon in its name' 125 \
		env TPH_CACHE="$scratch/a:b" lab/tphlab kernel-tree
	[ -z "$(ls "$scratch")" ]

	mkdir -m 0775 "$scratch/group"
	says '^tphlab: the cache .* can be written by others.*chmod go-w' 125 \
		env TPH_CACHE="$scratch/group" lab/tphlab kernel-tree

	mkdir -m 0755 "$scratch/other"
	[ "$(id -u)" = 0 ] || skip "only root can make a folder of another user"
	chown 65534 "$scratch/other"
	says '^tphlab: the cache .* is of user ' 125 \
		env TPH_CACHE="$scratch/other" lab/tphlab kernel-tree
	;;

# Theory of operation: tphlab ctl talks to fabricd, which a guest keeps busy. A fabricd that does
# not answer (here: is stopped) must end it with one line after its ten seconds.
ctl)
	scratch_make
	"$build/lab/fabricd" --dir "$scratch" --nics off --ids 1,2 --switches 1,1 \
		>"$scratch/ready" &
	fabricd=$!
	trap 'kill -KILL $fabricd; rm -rf "$scratch"' EXIT
	timeout 20 bash -c "until grep -qs ready '$scratch/ready'; do sleep 0.1; done"

	lab/tphlab ctl --socket "$scratch/control.sock" status >"$work/status"
	grep -q '"nic0"' "$work/status"
	kill -STOP $fabricd
	says '^tphlab: cannot read from .*: no answer in 10 s' 1 \
		timeout 30 lab/tphlab ctl --socket "$scratch/control.sock" status
	;;

# Theory of operation: a fabricd that does not end when it is told to (here: is stopped while the
# guest runs) must hold tphlab no longer than its grace period, and leave no process and no file.
fabricd)
	scratch_make
	TMPDIR=$scratch lab/tphlab run --timeout 60 -- bash -c 'echo up; sleep 600' \
		>"$work/output" 2>&1 &
	run=$!
	# Before the guest is up QEMU itself would give the stopped process up.
	timeout 300 bash -c "until grep -q '^up' '$work/output'; do kill -0 $run && sleep 0.2; done"
	pkill -STOP -f "fabricd --dir $scratch"
	begin=$SECONDS status=0
	wait $run || status=$?
	cat "$work/output"
	[ "$status" = 124 ]
	[ $((SECONDS - begin)) -lt 110 ]
	grep -q '^tphlab: fabricd did not end within 10 seconds and was killed' "$work/output"
	status_is 1 pgrep -af "$scratch/"
	[ -z "$(ls "$scratch")" ]
	;;

# Theory of operation: lab/relay carries every byte that a guest or a device sends to this
# machine. On a terminal it must show control characters, so that a guest cannot drive the
# terminal. To a file or a pipe it must pass bytes as they are, end at its limit with one line,
# and write through no symbolic link and no FIFO that has no reader. No guest is needed.
relay)
	need script bsdutils
	relay=$build/lab/relay
	bytes='red \033[31m C1 \xc2\x9b bidi \xe2\x80\xae broken \xff\xe2 tab\tend\r\n'

	# shellcheck disable=SC2059
	printf "$bytes" >"$work/bytes"
	"$relay" --limit 100 bytes <"$work/bytes" >"$work/passed"
	cmp "$work/bytes" "$work/passed"

	# script(1) gives it a terminal.
	script -qec "$relay --limit 100 bytes <'$work/bytes'" /dev/null </dev/null >"$work/shown"
	printf 'red ^[[31m C1 <U+009B> bidi <U+202E> broken \\xff\\xe2 tab\tend\r\n' \
		>"$work/expected"
	cmp "$work/expected" "$work/shown"

	says '^tphlab: zeros has more than 1000 bytes: the rest is left out$' 1 \
		bash -c "head -c 5000000 /dev/zero | '$relay' --to '$work/cut' --limit 1000 zeros"
	[ "$(stat -c %s "$work/cut")" = 1000 ]

	echo original >"$work/victim"
	ln -s victim "$work/link"
	says '^tphlab: cannot write text to .*: it is a symbolic link$' 1 \
		bash -c "echo x | '$relay' --to '$work/link' --limit 10 text"
	[ "$(<"$work/victim")" = original ]

	mkfifo "$work/fifo"
	says '^tphlab: cannot write text to .*: No such device' 1 timeout 10 \
		bash -c "echo x | '$relay' --to '$work/fifo' --limit 10 text"

	# A reader that goes away does not hold the sender.
	timeout 20 bash -c "seq 1000000 | '$relay' --limit 100000000 numbers | head -n 1" \
		>"$work/first"
	[ "$(<"$work/first")" = 1 ]
	;;
*) fail "no such check: $check" ;;
esac
