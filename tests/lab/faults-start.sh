#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Faults that are set on the command line or while the guest runs: status shows them. An invalid one
# is refused and changes nothing; on the command line it ends the lab before it boots.
. "$(dirname "$0")/../lib/guest.sh"

# refused PATTERN FAULT
refused() {
	local status=0
	lab/tphlab run --kernel "$kernel" --nics off --fault "$2" -- true >"$work/refused" 2>&1 ||
		status=$?
	cat "$work/refused"
	[ $status = 125 ]
	grep -qE "$1" "$work/refused"
}

refused "^fabricd: --fault 'accel0 frob': error: no such fault" 'accel0 frob'
refused "^fabricd: --fault 'nic7 drop': error: no such device" 'nic7 drop'
refused "^fabricd: --fault 'nic0 tph 8': error: started without TPH" 'nic0 tph 8'
refused "^fabricd: --fault 'accel0 unplug': error: the guest has not found" 'accel0 unplug'

scratch_make
export TMPDIR=$scratch
share_make
in_guest --share "$share" --fault 'accel0 tph 8' --fault 'accel0 delay 7ms 3 reads' \
	--fault 'nic1 ur all' -- sh -c '
		lspci -vvd ::1200 >/mnt/share/lspci
		until [ -e /mnt/share/end ]; do sleep 0.2; done' &
guest=$!
trap 'touch "$share/end"; wait; rm -rf "$scratch"' EXIT
until [ -e "$share/lspci" ]; do
	kill -0 $guest
	sleep 0.1
done
[ "$(stat -c %a "$TMPDIR"/tphlab.*/dev/control.sock)" = 600 ]
state=$(lab/tphlab ctl status)
jq -e '. == {
	accel0: {unplugged: false, faults: [
		{fault: "delay", hits: 0, left: 3, reads: true, writes: false, delay_ms: 7}]},
	nic0: {unplugged: false, faults: []},
	nic1: {unplugged: false, faults: [
		{fault: "ur", hits: 0, left: null, reads: true, writes: true}]}}' <<<"$state"
says '^tphlab: error: no such fault' 1 lab/tphlab ctl accel0 frob
says '^tphlab: error: no such device' 1 lab/tphlab ctl mlx5_0 drop
[ "$(lab/tphlab ctl status)" = "$state" ]
[ "$(lab/tphlab ctl nic1 clear)" = ok ]
lab/tphlab ctl status >"$work/status"
jq -e '.nic1.faults == [] and .accel0.faults != []' "$work/status"
touch "$share/end"
wait $guest
grep 'TPHComp+ ExtTPHComp-' "$share/lspci"
