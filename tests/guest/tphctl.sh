#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tphctl in the lab's guest, on a real kernel: export, its errors, bufs; path, and whether its
# verdict is right.
# usage: tphctl.sh NAME [ARGUMENT…]   NAME is a function below
set -uo pipefail
PATH=/mnt/tph/tphctl:$PATH

die() {
	printf '%s\n' "$*"
	exit 1
}

# is ACTUAL EXPECTED
is() {
	[ "$1" = "$2" ] || die "it is '$1', not '$2'"
}

# status COMMAND…: its exit status as a word
status() {
	local status=0
	"$@" 2>/dev/null || status=$?
	echo $status
}

# fails PATTERN COMMAND…: in one line, with the status of tphctl's own failures
fails() {
	local pattern=$1 status=0 text
	shift
	text=$("$@" 2>&1 </dev/null) || status=$?
	printf '%s\n' "$text"
	is "$status" 125
	is "$(wc -l <<<"$text")" 1
	grep -qE "^tphctl: export: $pattern" <<<"$text" || die "which does not match: $pattern"
}

# export_of FUNCTION BAR OPTION… -- CMD…
export_of() {
	local function=$1 bar=$2
	shift 2
	tphctl export "$function" --bar "$bar" --offset 0 --length 1M --ph target --st 0x5a "$@"
}

# CMD gets the buffer, and its exit status is tphctl's.
export_both() {
	local line
	is "$(export_of "$accel" 0 -- sh -c \
		'awk "/^size:/ { print \$2 }" /proc/self/fdinfo/$TPH_DMABUF_FD')" 1048576
	is "$(status export_of "$accel" 0 -- sh -c 'exit 42')" 42
	is "$(status export_of "$accel" 0 -- sh -c 'kill -TERM $$')" 143
	is "$(status export_of "$accel" 0 -- /nonexistent)" 127
	is "$(status export_of "$accel" 0 -- /etc/hosts)" 126
	is "$(tphctl export "${accel#0000:}" --bar 0 --offset 4K --length 0x1000 --st 0 \
		--ph requester -- echo yes)" yes
	line=$(export_of "$accel" 0 --json -- echo said)
	is "$(tail -n 1 <<<"$line")" said
	grep -q '^{.*"st":"0x5a","st_ext":null,"ph":"target","required":false}$' <<<"$line" ||
		die "the line is $line"
	export_signalled
	export_seen
}

# SIGTERM is for CMD to decide about.
export_signalled() {
	local status=0
	rm -f /tmp/ready
	tphctl export "$accel" --bar 0 --offset 0 --length 4K --st 1 --ph target -- \
		sh -c 'trap "exit 9" TERM; echo >/tmp/ready; while :; do sleep 0.1; done' &
	while [ ! -e /tmp/ready ]; do sleep 0.1; done
	kill $!
	wait $! || status=$?
	is "$status" 9
}

# bufs has the buffer, and both processes that hold it.
export_seen() {
	export_of "$accel" 0 -- tphctl bufs --json | tr -d ' \n' >/tmp/seen
	local holders='"holders":\[\{"pid":[0-9]+,"fd":[0-9]+,"fds":1,"command":"tphctl"\},\{"pid":'
	grep -qE "\"bytes\":1048576,.*$holders" /tmp/seen ||
		die "bufs says $(cat /tmp/seen)"
}

# The kernel shows the hint that export has set.
export_required() {
	export_of "$accel" 0 --required -- tphctl bufs --json | tr -d ' \n' >/tmp/seen
	grep -q '"st":"0x5a","st_ext":null,"ph":"target","required":true' /tmp/seen ||
		die "bufs says $(cat /tmp/seen)"
}

export_wide() {
	export_both
	export_required
	is "$(tphctl export "$accel" --bar 0 --offset 0 --length 4K --st 0x1234 --ext \
		--ph target-priority -- echo wide)" wide
}

# On a kernel without a file per device, export opens the group.
export_group() {
	mount -t tmpfs none /dev/vfio/devices
	export_both
}

bad_input() {
	local io nic
	fails "$accel has no BAR 4" export_of "$accel" 4 -- true
	fails "the range ends past BAR 0 of $accel, which has 0x[0-9a-f]+ bytes" \
		export_of "$accel" 0 --length 1T -- true
	fails "the range ends past BAR 0 of $accel" \
		export_of "$accel" 0 --offset 0xfffffffffffff000 -- true
	fails '--offset and --length must be multiples of the page size, 4096 bytes' \
		export_of "$accel" 0 --offset 100 -- true
	fails '--offset and --length must be multiples of the page size' \
		export_of "$accel" 0 --length 4097 -- true
	io=$(awk 'FNR == 1 && substr($3, 16, 1) == "1" {
			n = split(FILENAME, part, "/")
			print part[n - 1]
			exit
		}' \
		/sys/bus/pci/devices/*/resource)
	fails "BAR 0 of ${io:?no function with an I/O BAR} is I/O ports, not memory" \
		export_of "$io" 0 -- true
	nic=$(lspci -D -d 15b3: | awk '{ print $1; exit }')
	fails "$nic is bound to mlx5_core, not to vfio-pci: driverctl set-override $nic vfio-pci" \
		export_of "$nic" 0 -- true
	fails "cannot open $accel through /dev/vfio/.*: Permission denied; run as root" \
		setpriv --reuid 65534 --clear-groups tphctl export "$accel" --bar 0 --offset 0 \
		--length 4K --st 1 --ph target -- true
	busy
	no_vfio
}

busy() {
	local in_use="Device or resource busy; another process has it open"
	rm -f /tmp/ready
	export_of "$accel" 0 -- sh -c 'echo >/tmp/ready; sleep 2' &
	while [ ! -e /tmp/ready ]; do sleep 0.1; done
	fails "cannot open $accel through .*: $in_use" export_of "$accel" 0 -- true
	wait
}

# The errors without a driver, without files, without the module.
no_vfio() {
	mount -t tmpfs none /dev/vfio
	fails "cannot open $accel through /dev/vfio/.*: No such file .*; modprobe vfio-pci" \
		export_of "$accel" 0 -- true
	echo "$accel" >/sys/bus/pci/drivers/vfio-pci/unbind
	fails "$accel is bound to no driver, not to vfio-pci" export_of "$accel" 0 -- true
	mount -t tmpfs none /sys/bus/pci/drivers
	fails "cannot open $accel, since vfio-pci is not loaded: modprobe vfio-pci" \
		export_of "$accel" 0 -- true
}

narrow() {
	fails "$accel completes 8-bit tags only: leave out --ext" export_of "$accel" 0 --ext -- true
	export_of "$accel" 0 -- true || die "8 bits do not work either"
}

no_completer() {
	fails "$accel is not a TPH completer" export_of "$accel" 0 -- true
}

no_series() {
	local nic status=0
	nic=$(lspci -D -d 15b3: | awk '{ print $1; exit }')
	said=$(tphctl path "$nic" "$accel") || status=$?
	is "$status" 4
	local line="8-bit, now: this kernel does not support hints on dma-bufs;"
	line+=" boot one with the dma-buf TPH series"
	grep -qxF "$line" <<<"$said" || die "$said"
	is "$(status p2p_demo)" 3
	fails "this kernel does not support hints on dma-bufs of $accel: boot one with the" \
		export_of "$accel" 0 -- true
}

# Buffers are created and their holders end while bufs reads them.
dead_holder() {
	local n pid
	(while export_of "$accel" 0 -- true; do :; done) &
	pid=$!
	for ((n = 0; n < 40; n++)); do
		tphctl bufs --json >/tmp/bufs 2>/tmp/err || die "$(cat /tmp/err)"
		[ ! -s /tmp/err ] || die "$(cat /tmp/err)"
	done
	kill $pid
}

# Sets nics, by the names that RDMA gives them, and widths, what they are enabled to send: mlx5
# enables TPH with the first buffer that may have hints.
nics_read() {
	local link first
	first=$(lspci -D -d 7048:acc0 | awk '{ print $1; exit }')
	nics=() widths=''
	for link in /sys/class/infiniband/*/device; do
		peer_write ${#nics[@]} "$first" >/dev/null || die "no data from NIC ${#nics[@]}"
		nics+=("$(basename "$(readlink -f "$link")")")
		widths+=,$(tphctl show "${nics[-1]}" |
			awk '/enabled now/ { sub("-bit", "", $NF); print $NF }')
	done
	widths=${widths#,}
	[ ${#nics[@]} -gt 0 ] || die "no NIC here"
}

# verdicts_are WIDTH|any STATUS [PATTERN]: tphctl path ends with STATUS for each NIC that sends such
# tags now. Sets said to the output, in which a line about these tags matches PATTERN.
verdicts_are() {
	local i status width
	said=''
	for i in "${!nics[@]}"; do
		width=$(cut -d, -f$((i + 1)) <<<"$widths") status=0
		[[ $width != off && ($1 = any || $1 = "$width") ]] || continue
		said=$(tphctl path "${nics[i]}" "$accel" --width "$width") || status=$?
		printf '%s\n' "$said"
		is "$status" "$2"
		[ -z "${3:-}" ] || grep -qE "^$width-bit, now: $3" <<<"$said" ||
			die "no line matches: $3"
	done
	[ -n "$said" ] || die "no NIC here sends tags"
}

# The accelerator counts what tphctl path says; p2p_demo fails on a missing or an unexpected hint.
path_guaranteed() {
	nics_read
	verdicts_are any 0
	p2p_demo --nics "$widths"
}

# flit_links ABOVE NICS ACCELERATORS: which links are in flit mode, true or false: that above the
# switch, those of the NICs, those of the accelerators. Both ends of each say so. Such functions
# have no End-End prefixes, and 16-bit tags arrive all the same.
flit_links() {
	local name above=0 below=0
	for name in $(lspci -D -d ::0604 | awk '{ print $1 }'); do
		tphctl show "$name" | grep -qE 'kind +(root|upstream)-port' || continue
		flit_end "$name" "$1"
		above=$((above + 1))
	done
	for name in $(lspci -D -d 15b3: | awk '{ print $1 }'); do
		flit_function "$name" "$2"
		below=$((below + 1))
	done
	flit_function "$accel" "$3"
	is "$above $below" "2 2"
	path_guaranteed
}

# flit_end NAME EXPECTED: tphctl and Link Status 2 agree.
flit_end() {
	local said bit line=0
	said=$(tphctl show "$1" --json |
		sed -nE 's/.*"flit": ?([a-z]+).*/\1/p')
	bit=$((0x$(setpci -s "$1" CAP_EXP+32.w) >> 10 & 1))
	! tphctl show "$1" | grep -q 'link  *in flit mode$' || line=1
	echo "$1: $said, Link Status 2 $bit, show $line"
	is "$said" "$2"
	is "$bit $line" "$([ "$2" = true ] && echo 1 1 || echo 0 0)"
}

# flit_function NAME EXPECTED: it, and the port above it
flit_function() {
	flit_end "$1" "$2"
	flit_end "$(basename "$(realpath "/sys/bus/pci/devices/$1/..")")" "$2"
	[ "$2" = false ] || tphctl show "$1" | grep 'End-End prefixes *none' ||
		die "$1 has prefixes"
}

# Through the host bridge: it may drop 8-bit tags, and NICs of 16-bit tags send no hint.
path_host_bridge() {
	nics_read
	verdicts_are 8 3 '.*the root complex between them may drop the hint'
	verdicts_are 16 4
	p2p_demo --nics "$widths" --hints "$([ "$1" = kept ] && echo yes,no || echo no)"
}

path_root_port() {
	nics_read
	verdicts_are any 4 \
		'0000:00:.*is on the route and completes no TPH; put both below one switch'
	p2p_demo --nics "$widths" --hints no
}

# ACS redirects, as the kernel sets it by default; then the advice of tphctl is applied.
path_acs() {
	local port advice
	for port in $(lspci -D -d ::0604 | awk '$1 !~ /^0000:00:/ { print $1 }'); do
		setpci -s "$port" ECAP_ACS+6.w=c:c 2>/dev/null
	done
	nics_read
	verdicts_are any 4 'ACS redirect .* boot with pci=disable_acs_redir='
	p2p_demo --nics "$widths" --hints no || die "hints arrived, or no data"
	advice=$(sed -n 's/.*boot with pci=disable_acs_redir=//p' <<<"$said" | head -n 1)
	for port in ${advice//;/ }; do
		setpci -s "$port" ECAP_ACS+6.w=0:c
	done
	tphctl path "${nics[-1]}" "$accel" || die "a redirect is left after the advice"
}

# Devices by their usual names, and a query of a real RDMA device.
doctor_says() {
	local name vfio said status
	nics_read
	vfio=$(ls "/sys/bus/pci/devices/$accel/vfio-dev")
	for name in /sys/class/infiniband/*; do
		status=0
		said=$(tphctl doctor "${name##*/}" "/dev/vfio/devices/$vfio") || status=$?
		printf '%s\n' "$said"
		is "$status" 0
		grep -qE '^ok +registers dma-bufs +.*: it registers dma-bufs$' <<<"$said" ||
			die "the RDMA device was not asked"
		grep -qE '^ok +route +direct' <<<"$said" || die "no direct route"
		grep -qE '^unknown +virtual machine' <<<"$said" ||
			die "doctor does not see the virtual machine"
	done
}

# watch prints each kind of line of an import, while a program writes and changes its tag. It may
# miss a change that lasts shorter than its interval, so a pattern fits several of the tags.
watch_sees() {
	local watch line
	mount -t tracefs none /sys/kernel/tracing 2>/dev/null
	tphctl watch --interval 0.02 >/tmp/watch 2>/tmp/watch.err &
	watch=$!
	until grep -q . /tmp/watch.err; do sleep 0.1; done
	cat /tmp/watch.err
	mr_revoke >/dev/null || die "the program failed"
	sleep 0.5
	kill $watch
	wait $watch || die "watch ends with $?"
	cat /tmp/watch
	for line in 'was added, 65536 bytes$' 'is held by mr_revoke [0-9]+$' \
		'hints: 16-bit 0x06[89a-f]., target \(were 16-bit 0x06[0-9a-f]*, target\)$' \
		'\(mlx5_1\) asks buffer [0-9]+ .* for a 16-bit hint: 0x06[89a-f]., target$' \
		'\(mlx5_1\) TPH: 16-bit, mode device-specific ' \
		'\(mlx5_1\) ST entry [0-9]+: 0x06[89a-f]. \(was 0x0[0-9a-f]*\)$' \
		'importer [^ ]* \(mlx5_1\), hint 16-bit 0x06[89a-f]., target: attached 1, mapped ' \
		'was removed, 65536 bytes$'; do
		grep -qE "$line" /tmp/watch || die "no line is $line"
	done
}

# pair_agrees VERDICT COUNTS ARRIVES: the counts of peer_write agree with the verdict.
pair_agrees() {
	case $1 in
	0) grep -qE 'plain=0 .*=[1-9]' <<<"$2" ;;
	3) if [ "$3" = yes ]; then pair_agrees 0 "$2" no; else pair_agrees 4 "$2" no; fi ;;
	4) grep -qE 'plain=[1-9].* hinted8=0 hinted16=0$' <<<"$2" ;;
	esac
}

# pairs_are GUARANTEED BEST-EFFORT NONE [ARRIVES]: how many pairs of NIC and accelerator have each
# verdict of tphctl path, which must be right; ARRIVES: yes if best-effort hints arrive, else no.
pairs_are() {
	local nic width accel counts status found=' '
	nics_read
	for nic in "${!nics[@]}"; do
		width=$(cut -d, -f$((nic + 1)) <<<"$widths")
		for accel in $(lspci -D -d 7048:acc0 | awk '{ print $1 }'); do
			status=0
			tphctl path "${nics[nic]}" "$accel" --width "$width" >/tmp/path || status=$?
			counts=$(peer_write "$nic" "$accel") ||
				die "no data from ${nics[nic]} to $accel"
			echo "${nics[nic]} to $accel, $width bits: verdict $status, $counts"
			pair_agrees $status "$counts" "${4:-no}" ||
				die "the counts do not agree with the verdict: $(cat /tmp/path)"
			found+="$status "
		done
	done
	count() { grep -o " $1" <<<"$found" | wc -l; }
	is "$(count 0) $(count 3) $(count 4)" "$1 $2 $3"
}

# redirect_at PORT…: ACS redirects peer-to-peer requests there to the root complex.
redirect_at() {
	local port
	for port; do
		setpci -s "$port" ECAP_ACS+6.w=c:c || die "$port has no ACS"
	done
}

# A redirect above one of two accelerators does not affect the other.
pairs_acs_one() {
	local far
	far=$(lspci -D -d 7048:acc0 | awk '{ a = $1 } END { print a }')
	redirect_at "$(basename "$(dirname "$(readlink -f "/sys/bus/pci/devices/$far")")")"
	pairs_are 2 0 2
}

# QEMU's root ports redirect. They are above each switch, so only on routes that go through the root
# complex anyway.
pairs_acs_root() {
	# shellcheck disable=SC2046
	redirect_at $(lspci -D -s 00: -d ::0604 | awk '{ print $1 }')
	pairs_are 2 0 2
}

# The first NIC writes into the second NIC's BAR: tphctl reports no completer. small.sh checks that
# the writes have no hint in the trace.
nic_to_nic() {
	local status=0
	nics_read
	echo vfio-pci >"/sys/bus/pci/devices/${nics[1]}/driver_override"
	echo "${nics[1]}" >/sys/bus/pci/drivers/mlx5_core/unbind
	echo "${nics[1]}" >/sys/bus/pci/drivers_probe
	said=$(tphctl path "${nics[0]}" "${nics[1]}" --width 8) || status=$?
	printf '%s\n' "$said"
	is "$status" 4
	grep -q '^8-bit, now: .* is not a TPH completer' <<<"$said" || die "no line has the reason"
	is "$(peer_write 0 "${nics[1]}")" written=65536
}

accel=$(lspci -D -d 7048:acc0 | awk '{ print $1; exit }')
"$@"
