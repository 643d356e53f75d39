#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Theory of operation: a guest is hostile to this machine. One guest tries, as its root, what a
# guest could once do: symbolic links where the lab writes, a set-user-ID program, a device node
# and a FIFO in --share, another status, an endless status, a log that never ends. While it runs,
# QEMU and fabricd must have no right of root's and no way to get one. Afterwards the folder of
# --share holds plain files of the folder's owner and nothing was written elsewhere, and another
# guest can use what this one made.
. "$(dirname "$0")/../lib/check.sh"
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
timeout 400 bash -c "until [ -e '$scratch/share/ready' ]; do kill -0 $run && sleep 0.2; done"

for socket in "$scratch"/tphlab.*/dev/*.sock; do
	[ "$(stat -c %a "$socket")" = 600 ]
done
[ "$(stat -c %a "$scratch"/tphlab.*/dev)" = 700 ]
for name in fabricd qemu; do
	# The newest of those with the option: timeout, which starts QEMU, has QEMU's command line.
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
	bash -ec 'cd /mnt/share; grep ready ready; echo again >ready; echo new >new; [ -p fifo ]'
[ "$(cat "$scratch"/share/{ready,new})" = $'again\nnew' ]
getfacl -Rcp "$scratch/share" | grep -E '^user:[0-9a-z]' >"$work/acl" || [ $? = 1 ]
empty "$work/acl"
[ "$(stat -c %a "$scratch/share")" = 700 ]
