#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Theory of operation: the demo's program in the guest is replaced by one that sends an endless
# result, and writes to the console without end. out/demo has symbolic links and a FIFO of an
# older run. The demo must end with one line, within its time, and write through none of them; log
# and result keep their limits.
. "$(dirname "$0")/../lib/check.sh"
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
TPH_BUILD=$hostile timeout 500 lab/tphlab demo --timeout 400 >"$work/output" 2>&1 || status=$?
cat "$work/output"
[ "$status" = 125 ]
grep -q "^tphlab: the guest's result has more than 16777216 bytes" "$work/output"
for file in result.json trace.pcap guest.log report.html; do
	[ "$(<"$scratch/$file")" = original ]
done
find out/demo -type f -size +65M -o -type l -o -type p >"$work/left"
empty "$work/left"
