# SPDX-License-Identifier: GPL-2.0-or-later
# Faults: what the guest sees of them, and of the words that set them.

# faults_serve DIR: the guest's words to tphlab ctl, if there are any now.
faults_serve() {
	local words
	[ -e "$1/share/ask" ] || return 0
	read -ra words <"$1/share/ask"
	rm "$1/share/ask"
	TMPDIR=$1 lab/tphlab ctl "${words[@]}" >"$1/part" 2>&1 || :
	printf '%s ctl %s: %s\n' "$(date +%T)" "${words[*]}" "$(<"$1/part")"
	mv "$1/part" "$1/share/answer"
}

# faults_guest OPTION… -- COMMAND…: in a guest whose tests can set faults.
faults_guest() {
	local dir status=0 guest
	dir=$(mktemp -d)
	mkdir "$dir/share"
	touch "$dir/share/listens"
	TMPDIR=$dir in_guest --share "$dir/share" "$@" &
	guest=$!
	while kill -0 $guest 2>/dev/null; do
		faults_serve "$dir"
		sleep 0.05
	done
	wait $guest || status=$?
	rm -rf "$dir"
	return $status
}

# The words and the way to a lab, without one.
faults_words() {
	local dir status=0
	dir=$(mktemp -d)
	{
		TMPDIR=$dir says '^tphlab: no lab of yours runs in ' 125 lab/tphlab ctl status &&
			says '^tphlab: ctl: no words' 125 lab/tphlab ctl &&
			says '^tphlab: cannot reach /nonexistent: ' 1 lab/tphlab ctl --socket /nonexistent status &&
			says '^tphlab: --fault needs a value' 125 lab/tphlab run --fault
	} || status=1
	rm -rf "$dir"
	return $status
}

# faults_refused PATTERN LINE: a fault of the command line that is none ends the lab before it starts.
faults_refused() {
	local text
	! text=$(lab/tphlab run --nics off --fault "$2" -- true 2>&1) || { echo "taken: $2"; return 1; }
	printf '%s\n' "$text"
	grep -qE "$1" <<<"$text"
}

# From the start, and beside a guest that runs: what is set is shown, what is none is refused and changes nothing.
faults_start() {
	local dir guest status=0
	faults_refused "^fabricd: --fault 'accel0 frob': error: no such fault" 'accel0 frob' &&
		faults_refused "^fabricd: --fault 'nic7 drop': error: no such device" 'nic7 drop' &&
		faults_refused "^fabricd: --fault 'nic0 tph 8': error: started without TPH" 'nic0 tph 8' &&
		faults_refused "^fabricd: --fault 'accel0 unplug': error: the guest has not found" 'accel0 unplug' || return 1
	dir=$(mktemp -d)
	mkdir "$dir/share"
	TMPDIR=$dir in_guest --share "$dir/share" --fault 'accel0 tph 8' --fault 'accel0 delay 7ms 3 reads' --fault 'nic1 ur all' -- sh -c '
		lspci -vvd ::1200 >/mnt/share/lspci
		until [ -e /mnt/share/end ]; do sleep 0.2; done' &
	guest=$!
	faults_seen "$dir" || status=1
	touch "$dir/share/end"
	wait $guest || status=1
	grep -q 'TPHComp+ ExtTPHComp-' "$dir/share/lspci" || { cat "$dir/share/lspci"; status=1; }
	rm -rf "$dir"
	return $status
}

# faults_seen DIR
faults_seen() {
	local state
	for _ in {1..600}; do
		[ ! -e "$1/share/lspci" ] || break
		sleep 0.1
	done
	[ "$(stat -c %a "$1"/tphlab.*/dev/control.sock)" = 600 ] || { ls -l "$1"/tphlab.*; return 1; }
	state=$(TMPDIR=$1 lab/tphlab ctl status)
	jq -e '. == {
		accel0: {unplugged: false, faults: [{fault: "delay", hits: 0, left: 3, reads: true, writes: false, delay_ms: 7}]},
		nic0: {unplugged: false, faults: []},
		nic1: {unplugged: false, faults: [{fault: "ur", hits: 0, left: null, reads: true, writes: true}]}}' <<<"$state" &&
		TMPDIR=$1 says '^tphlab: error: no such fault' 1 lab/tphlab ctl accel0 frob &&
		TMPDIR=$1 says '^tphlab: error: no such device' 1 lab/tphlab ctl mlx5_0 drop &&
		[ "$(TMPDIR=$1 lab/tphlab ctl status)" = "$state" ] &&
		[ "$(TMPDIR=$1 lab/tphlab ctl nic1 clear)" = ok ] &&
		TMPDIR=$1 lab/tphlab ctl status | jq -e '.nic1.faults == [] and .accel0.faults != []'
}

# Unplugged by option: there at first, gone some time after the firmware has found it.
faults_unplug() {
	in_guest --fault 'nic0 unplug 30s' -- sh -c '
		there() { [ "$(setpci -d 15b3: VENDOR_ID | grep -c 15b3)" = "$1" ]; }
		there 2 || exit 1
		for _ in $(seq 600); do ! there 1 || exit 0; sleep 0.1; done
		exit 1'
}

faults_checks() {
	check faults-words faults_words
	check faults-start faults_start
	check faults-unplug faults_unplug
	check faults-data faults_guest --timeout 400 -- faults
	check faults-nic faults_guest -- faults_nic
}
