# SPDX-License-Identifier: GPL-2.0-or-later
# The demo: eight pairs of buffer and NIC, and the hint of each TLP.

# For each NIC: only every other one is below the first switch, where the demo's accelerator is.
demo_hints_of_two() {
	local words=()
	for _ in ${nics//,/ }; do
		words+=("$([ $((${#words[@]} % 2)) = 0 ] && echo required || echo no)")
	done
	(IFS=,; echo "${words[*]}")
}

# For each NIC: only 8-bit tags, since the kernel sends no prefix through a host bridge.
demo_hints_of_8_bits() {
	local nic words=()
	for nic in $(demo_widths | tr , ' '); do
		words+=("$([ "$nic" = 8 ] && echo yes || echo no)")
	done
	(IFS=,; echo "${words[*]}")
}

# Whether hints arrive. Below a switch they do, and the kernel lets an owner require them. Through
# the host bridge they do only where it keeps them, and the kernel enables none towards a Root Port
# that is no TPH completer, as QEMU's are not. Writes that QEMU carries to memory that is served
# access by access have no hints.
demo_hints() {
	case $topology in
	switch | flit*) echo required ;;
	switches) demo_hints_of_two ;;
	rciep)
		if [ "$host_bridge_hints" = keep ] && ! boot_accel_trapped; then
			demo_hints_of_8_bits
		else
			echo no
		fi ;;
	rootport) echo no ;;
	esac
}

# The width that each NIC must send. Without a table a memory key holds the tag itself, in 8 bits.
demo_widths() {
	case $nic_st_table in
	none) echo "${nics//16/8}" ;;
	*) echo "$nics" ;;
	esac
}

# The arguments, quoted for a shell.
demo_arguments() {
	local argument
	for argument; do
		[[ $argument =~ ^[[:alnum:]_./,:=-]+$ ]] || printf -v argument %q "$argument"
		printf ' %s' "$argument"
	done
}

# demo_report HOST ARGUMENT…: writes the page. HOST is empty, or .a: then the names of the two
# hosts' files end in .a and .b. The arguments are the demo's, so that the page can show its
# command.
demo_report() {
	local end=$1 peer=${1:+.b}
	shift
	local args=(--result "${out#"$PWD"/}/result.json" --page "$lab/report/page.html"
		--out "$out/report.html" --log "$log$end"
		--command "lab/tphlab demo$(demo_arguments "$@")")
	[ -z "$peer" ] || args+=(--peer-log "$log$peer")
	# A trace that went to a pipe cannot be read again.
	[ ! -f "$trace$end" ] || args+=(--trace "${trace#"$PWD"/}$end")
	[ -z "$peer" ] || [ ! -f "$trace$peer" ] || args+=(--peer-trace "${trace#"$PWD"/}$peer")
	"$build/lab/report/report" "${args[@]}" ||
		die "cannot write $out/report.html: see the line above"
}

# demo_cpu_tags OUT: writes to host memory with the tag of a CPU. In a guest of its own, since
# QEMU's Root Ports complete no hints. The trace must show that all bytes of each NIC carried the
# tag that the firmware reports for CPU 1 (guest/cpu_tags.asl).
demo_cpu_tags() {
	local status=0 seen
	topology=rciep host_bridge_hints=keep cpu_tags=yes endpoints=''
	trace=$1/cpu.pcap log=$1/cpu.log command=(cpu_demo)
	boot_run || status=$?
	boot_cleanup
	[ "$status" = 0 ] || return "$status"
	seen=$("$build/lab/report/host_hints" "$trace" | sort) || return 1
	printf 'udmabuf for CPU 1: '
	awk '{ printf "%s%s %s bytes with %s (%s-bit)", n++ ? ", " : "", $1, $5, $3, $2 }' \
		<<<"$seen"
	[ "$seen" = "$(printf 'nic0 8 0x41 2 65536\nnic1 16 0x4101 2 65536')" ] || {
		echo "  FAILED"
		return 1
	}
	echo "  ok"
}

# demo_run ARGUMENT…: if no option chose the devices, also an endpoint's writes, and tags of CPUs.
demo_run() {
	local out=$top/out/demo status=0
	[ -n "$own_devices" ] || endpoints=16
	# The folder is made anew, so that nothing is written through an old file or link.
	rm -rf "$out"
	mkdir -p "$out"
	trace=${trace:-$out/trace.pcap} log=${log:-$out/guest.log}
	command=(p2p_demo --topology "$topology" --hints "$(demo_hints)" --nics "$(demo_widths)"
		--json /dev/virtio-ports/result)
	boot_run result || status=$?
	[ ! -s "$run_dir/result" ] || cp "$run_dir/result" "$out/result.json"
	boot_cleanup
	[ -e "$out/result.json" ] || {
		[ "$status" != 0 ] || die "the demo's program left no result: see $log"
		return "$status"
	}
	demo_report "" "$@"
	[ -n "$own_devices" ] || (demo_cpu_tags "$out") || status=1
	say "wrote" \
		"${out#"$PWD"/}/report.html, a page for a browser, and result.json;" \
		"every TLP is in ${trace#"$PWD"/}, the kernel's log in ${log#"$PWD"/}"
	return "$status"
}

# demo_pair ARGUMENT…: the same with two hosts. b's NICs write into a's accelerator, and each host
# has a trace of its own.
demo_pair() {
	local out=$top/out/demo status=0
	rm -rf "$out"
	mkdir -p "$out"
	trace=${trace:-$out/trace.pcap} log=${log:-$out/guest.log}
	command=(p2p_demo --pair serve --topology "$topology" --hints "$(demo_hints)"
		--nics "$(demo_widths)" --json /dev/virtio-ports/result)
	command_b=(p2p_demo --pair write --nics "$(demo_widths)")
	pair_run result || status=$?
	[ ! -s "$pair_dir/result.a" ] || cp "$pair_dir/result.a" "$out/result.json"
	[ -e "$out/result.json" ] || {
		[ "$status" != 0 ] || die "the demo's program left no result: see $log.a"
		return "$status"
	}
	demo_report .a "$@"
	say "wrote ${out#"$PWD"/}/report.html, a page for a browser, and result.json; every TLP" \
		"is in ${trace#"$PWD"/}.a and .b, the kernels' logs in ${log#"$PWD"/}.a and .b"
	return "$status"
}
