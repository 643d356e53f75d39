#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A hostile guest, client or mirror: each check is an attack of a few lines.
# usage: security.sh CHECK
. "$(dirname "$0")/../lib/check.sh"

check=$1
shift
case $check in
# Theory of operation: apt reads from the network as its user _apt when root starts it, if that user
# can access the folders that apt writes to. If not, apt warns and continues as root. An update from
# a mirror that does not exist must leave its folder to _apt, without the warning.
apt)
	[ "$(id -u)" = 0 ] || skip "apt changes its user only as root"
	getent passwd _apt >/dev/null || skip "this machine has no user _apt"
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
# to, or with a name that the kernel's build does not support, must be refused with one line before
# anything is done.
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
	[ "$(id -u)" = 0 ] || skip "only root can give a folder to another user"
	chown 65534 "$scratch/other"
	says '^tphlab: the cache .* is of user ' 125 \
		env TPH_CACHE="$scratch/other" lab/tphlab kernel-tree
	;;

# Theory of operation: tphlab ctl talks to fabricd, which a guest can keep busy. If fabricd does not
# answer (here: is stopped), ctl must end with one line after its ten seconds.
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
# guest runs) must delay tphlab by no more than its grace period, and leave no process and no file.
fabricd)
	scratch_make
	TMPDIR=$scratch lab/tphlab run --timeout 60 -- bash -c 'echo up; sleep 600' \
		>"$work/output" 2>&1 &
	run=$!
	# Before the guest is up, QEMU itself ends when fabricd is stopped.
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
# machine. On a terminal it must make control characters visible, so that a guest cannot control
# the terminal. To a file or a pipe it must pass bytes as they are, end at its limit with one line,
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

	# A reader that ends does not block the sender.
	timeout 20 bash -c "seq 1000000 | '$relay' --limit 100000000 numbers | head -n 1" \
		>"$work/first"
	[ "$(<"$work/first")" = 1 ]
	;;

# Theory of operation: the demo's program in the guest is replaced by one that sends an endless
# result, and writes to the console without end. out/demo has symbolic links and a FIFO of an
# older run. The demo must end with one line, within its time, and write through none of them; log
# and result keep their limits.
demo)
	scratch_make
	hostile=$scratch/build
	for program in fabricd relay report/report; do
		install -D "$build/lab/$program" "$hostile/lab/$program"
	done
	echo 'build all: phony' >"$hostile/build.ninja"
	mkdir "$hostile/lab/demo"
	cat >"$hostile/lab/demo/p2p_demo" <<'ATTACK'
#!/bin/bash
yes 'touch owned' | head -c 100000000 >/dev/ttyS0 &
yes '{"ok":true}' | head -c 50000000 >/dev/virtio-ports/result
mkfifo /mnt/share/result.json 2>/dev/null
ATTACK
	chmod 0755 "$hostile/lab/demo/p2p_demo"

	rm -rf out/demo
	mkdir -p out/demo
	for file in result.json trace.pcap guest.log report.html; do
		echo original >"$scratch/$file"
		ln -s "$scratch/$file" "out/demo/$file"
	done
	mkfifo out/demo/fifo

	status=0
	TPH_BUILD=$hostile timeout 500 lab/tphlab demo --timeout 400 >"$work/output" 2>&1 ||
		status=$?
	cat "$work/output"
	[ "$status" = 125 ]
	grep -q "^tphlab: the guest's result has more than 16777216 bytes" "$work/output"
	for file in result.json trace.pcap guest.log report.html; do
		[ "$(<"$scratch/$file")" = original ]
	done
	find out/demo -type f -size +65M -o -type l -o -type p >"$work/left"
	empty "$work/left"
	;;

# Theory of operation: a guest is hostile to this machine. One guest tries, as its root: a symbolic
# link, a set-user-ID program, a device node and a FIFO in --share, writes to the other shares, a
# status of 1 MB. While it runs, QEMU and fabricd must have no privileges of root and no means to
# gain any. Afterwards the folder of --share has plain files of its owner alone, nothing was
# written elsewhere, and another guest can use the files.
guest)
	scratch_make
	mkdir -m 0700 "$scratch/share"
	echo original >"$scratch/victim"

	cat >"$scratch/share/attack" <<'ATTACK'
cd /mnt/share
ln -s ../victim link && echo overwritten >link
cp /usr/bin/dash rootsh && chmod 4755 rootsh && ./rootsh -c true || exit 1
mknod -m 666 mem c 1 1 && mkfifo fifo || exit 1
[ -L link ] && [ -u rootsh ] && [ -c mem ] && [ -p fifo ] || exit 1
touch /mnt/run/x /mnt/tph/x && exit 1
echo ready >ready
until [ -e seen ]; do sleep 0.1; done
head -c 1000000 /dev/zero | tr '\0' 7 >/dev/virtio-ports/status
exit 3
ATTACK

	TMPDIR=$scratch lab/tphlab run --timeout 300 --share "$scratch/share" --log "$work/log" \
		-- bash /mnt/share/attack >"$work/output" 2>&1 &
	run=$!
	timeout 400 bash -c \
		"until [ -e '$scratch/share/ready' ]; do kill -0 $run && sleep 0.2; done"

	for socket in "$scratch"/tphlab.*/dev/*.sock; do
		[ "$(stat -c %a "$socket")" = 600 ]
	done
	[ "$(stat -c %a "$scratch"/tphlab.*/dev)" = 700 ]
	for name in fabricd qemu; do
		# The newest process with the option, since timeout, which starts QEMU, has the same
		# arguments.
		case $name in
		fabricd) pid=$(pgrep -nf -- "--dir $scratch/tphlab") ;;
		qemu) pid=$(pgrep -nf -- "-name $scratch/tphlab") ;;
		esac
		grep -E '^(Name|Uid|Gid|Groups|CapEff|NoNewPrivs|Seccomp):' "/proc/$pid/status" \
			>"$work/$name"
		cat "$work/$name"
		grep -qx $'NoNewPrivs:\t1' "$work/$name"
		grep -qx $'CapEff:\t0000000000000000' "$work/$name"
		absent $'^[UG]id:.*\t0(\t|$)' "$work/$name"
	done
	grep -qx $'Seccomp:\t2' "$work/qemu"

	touch "$scratch/share/seen"
	status=0
	wait $run || status=$?
	cat "$work/output"
	[ "$status" = 125 ]
	grep -q "^tphlab: the command's status has more than 16 bytes" "$work/output"
	[ "$(<"$scratch/victim")" = original ]
	find "$scratch/share" ! -type f ! -type d -o -perm /7000 -o ! -uid "$(id -u)" >"$work/left"
	empty "$work/left"
	[ "$(stat -c %a "$scratch/share")" = 700 ]
	[ ! -e "$(echo "$scratch"/tphlab.*)" ]

	TMPDIR=$scratch lab/tphlab run --timeout 300 --share "$scratch/share" --log "$work/log" -- \
		bash -ec 'cd /mnt/share; grep ready ready; [ -p fifo ]
			echo again >ready; echo new >new'
	[ "$(cat "$scratch"/share/{ready,new})" = $'again\nnew' ]
	getfacl -Rcp "$scratch/share" | grep -E '^user:[0-9a-z]' >"$work/acl" || [ $? = 1 ]
	empty "$work/acl"
	[ "$(stat -c %a "$scratch/share")" = 700 ]
	;;
*) fail "no such check: $check" ;;
esac
