# SPDX-License-Identifier: GPL-2.0-or-later
# One guest: fabricd for its devices, QEMU for the rest, a folder shared for what passes between.

run_dir='' fabricd_pid='' qemu_pid='' reader_pids='' terminal=''

# On every way out, once: QEMU first; what it said is passed on; fabricd ends its trace when told to.
boot_cleanup() {
	{
		[ -z "$qemu_pid" ] || { kill -KILL "$qemu_pid" && wait "$qemu_pid" || :; }
		[ -z "$reader_pids" ] || boot_drain
		[ -z "$fabricd_pid" ] || { kill "$fabricd_pid" && wait "$fabricd_pid" || :; }
	} 2>/dev/null
	[ -z "$terminal" ] || stty "$terminal"
	[ -z "$run_dir" ] || {
		[ ! -e "$run_dir/log" ] || cp "$run_dir/log" "${log:-$cache/guest.log}" || say "cannot write the guest's log to ${log:-$cache/guest.log}: give --log a file you may write"
		rm -rf "$run_dir"
	}
	run_dir='' fabricd_pid='' qemu_pid='' terminal=''
}

# The readers end with the last writer, and the last one is us.
boot_drain() {
	exec 4>&- 5>&-
	# shellcheck disable=SC2086
	wait $reader_pids
	reader_pids=''
}

# boot_device SOCKET N PROPERTIES: where the N-th function, from 0, goes in the guest. The firmware
# numbers buses in this order, so the requester ID is known too: fabricd cannot see it.
boot_device() {
	local socket=$1 n=$2 more=$3 bus=pcie.0
	case $topology in
	switch | switches)
		# QEMU's own downstream port has no ACS, so all below it would be one IOMMU group and
		# VFIO could not have one device of it. Its root port has, and does for a downstream port.
		device_args+=(-device "pcie-root-port,id=down$n,bus=up${below[n]},chassis=${below[n]},slot=$((n + 2))")
		bus=down$n ids+=,$(($(boot_switch_bus "$n") << 8)) ;;
	rootport)
		device_args+=(-device "pcie-root-port,id=port$n,bus=pcie.0,chassis=$((n + 1)),slot=$((n + 1))")
		bus=port$n ids+=,$(((n + 1) << 8)) ;;
	rciep)
		more+=",\"addr\":\"$(printf %x $((n + 16)))\"" ids+=,$(((n + 16) << 3)) ;;
	esac
	device_args+=(-device
		"{\"driver\":\"vfio-user-pci\",\"bus\":\"$bus\",\"socket\":{\"type\":\"unix\",\"path\":\"$run_dir/$socket\"}$more}")
}

# Off the switch, behind a translating IOMMU, only QEMU can resolve an address to the accelerator:
# its memory is then served access by access, and each must have arrived before the next.
boot_accel_trapped() {
	[ "$topology" != switch ] && [ "$iommu" = translated ]
}

# Which switch each function is below: the first, or every other of its kind below the second.
boot_switches() {
	local n count
	below=()
	for count in "$accels" "$(wc -w <<<"${nics//,/ }")" "$(wc -w <<<"${endpoints//,/ }")"; do
		for ((n = 0; n < count; n++)); do
			case $topology in
			switch) below+=(1) ;;
			switches) below+=($((n % 2 + 1))) ;;
			*) below+=(0) ;;
			esac
		done
	done
	for n in $(printf '%s\n' "${below[@]}" | sort -u); do
		[ "$n" = 0 ] || device_args+=(-device "pcie-root-port,id=port$n,bus=pcie.0,chassis=$((n + 7)),slot=$((n + 7))"
			-device "x3130-upstream,id=up$n,bus=port$n")
	done
}

# boot_switch_bus N: a switch has the bus of its Upstream Port, then one inside it, then those of its
# Downstream Ports; all of the first come before all of the second.
boot_switch_bus() {
	local n=$1 i bus=3
	for i in "${!below[@]}"; do
		[ "${below[i]}" -lt "${below[n]}" ] || { [ "${below[i]}" = "${below[n]}" ] && [ "$i" -lt "$n" ]; } || continue
		bus=$((bus + 1))
	done
	echo $((bus + 2 * (below[n] - 1)))
}

boot_device_args() {
	local n nic=0 ept=0 more=''
	device_args=() ids=''
	boot_switches
	! boot_accel_trapped || more=',"x-no-posted-writes":true'
	for ((n = 0; n < accels; n++)); do
		boot_device "accel$n.sock" "$n" "$more"
	done
	for _ in ${nics//,/ }; do
		boot_device "nic$nic.sock" $((n + nic)) ''
		nic=$((nic + 1))
	done
	for _ in ${endpoints//,/ }; do
		boot_device "ept$ept.sock" $((n + nic + ept)) ''
		ept=$((ept + 1))
	done
}

# Its sockets are there when its one line has come.
boot_fabricd() {
	local peers=host-bridge ready args
	! boot_accel_trapped || peers=none
	args=(--dir "$run_dir" --accels "$accels" --accel-tph "$accel_tph" --nics "$nics" --endpoints "$endpoints" --nic-st-table "$nic_st_table" --peers "$peers"
		--host-bridge-hints "$host_bridge_hints" --mps "$mps"
		--ids "${ids#,}" --switches "$(IFS=,; echo "${below[*]}")" "${faults[@]}")
	[ -z "$trace" ] || args+=(--trace "$trace")
	! boot_accel_trapped || args+=(--accel-trapped)
	mkfifo "$run_dir/ready"
	setpriv --pdeathsig KILL "$build/lab/fabricd" "${args[@]}" >"$run_dir/ready" 4>&- 5>&- &
	fabricd_pid=$!
	read -r ready <"$run_dir/ready" || :
	[ "$ready" = ready ] || die "the devices' process $build/lab/fabricd did not start: see its line above; ninja -C $build builds it anew"
}

boot_kernel_line() {
	local line="console=ttyS0 panic=-1 quiet loglevel=6 root=/dev/vda rootfstype=erofs ro init=/init tsc=reliable no_timer_check"
	case $iommu in
	pt) line+=" intel_iommu=on iommu=pt" ;;
	translated) line+=" intel_iommu=on iommu.passthrough=0 iommu.strict=1" ;;
	none) line+=" vfio.enable_unsafe_noiommu_mode=1" ;;
	esac
	# Where vmlinux says that things are.
	[ -z "$gdb" ] || line+=" nokaslr"
	printf '%s' "$line"
}

# What looks for mistakes takes memory, and time.
boot_flavour() {
	case $kernel_flavour in
	debug | kcsan) memory=2G default_timeout=2400 ;;
	*) memory=1G default_timeout=600 ;;
	esac
	[ -z "$gdb" ] || default_timeout=''
}

boot_qemu_args() {
	# EPYC: Linux allows peer to peer through a host bridge only on processors it trusts with it.
	qemu_args=(-M q35 -accel tcg -cpu EPYC,-fxsr-opt,-misalignsse,-osvw,-topoext,-nrip-save,-xsavec
		-smp 2 -m "$memory" -object "memory-backend-memfd,id=ram,size=$memory,share=on" -machine memory-backend=ram
		-nodefaults -display none -no-reboot -monitor none -serial "file:${run_dir//,/,,}/log"
		-drive "if=none,id=root,file=${image//,/,,},format=raw,readonly=on" -device virtio-blk-pci,drive=root
		-device virtio-serial-pci
		-kernel "$kernel_image" -append "$(boot_kernel_line)")
	boot_share run "$run_dir/run" off
	boot_share tph "$build" on
	[ -z "$share" ] || boot_share share "$(readlink -f "$share")" off
	[ -z "$gdb" ] || boot_gdb
	[ "$iommu" = none ] || qemu_args+=(-device intel-iommu,intremap=on,caching-mode=on)
	qemu_args+=("${device_args[@]}")
}

# The guest's processors wait for a debugger, on a socket that is its owner's alone.
boot_gdb() {
	local vmlinux=$cache/build-$kernel${kernel_flavour:+-$kernel_flavour}/vmlinux
	[ ! -f "$kernel" ] || vmlinux="the vmlinux of $kernel"
	umask 077
	qemu_args+=(-S -chardev "socket,id=gdb,path=${run_dir//,/,,}/gdb,server=on,wait=off" -gdb chardev:gdb)
	say "the guest waits: gdb -ex 'target remote $run_dir/gdb' $vmlinux, then continue"
}

# boot_share TAG DIR READONLY; a comma in an option's value is written twice.
boot_share() {
	qemu_args+=(-fsdev "local,id=$1,path=${2//,/,,},security_model=none,readonly=$3"
		-device "virtio-9p-pci,fsdev=$1,mount_tag=$1")
}

# boot_prepare COMMAND…: a folder for this run, and what is to be done on any way out.
boot_prepare() {
	run_dir=$(mktemp -d "${TMPDIR:-/tmp}/tphlab.XXXXXX") ||
		die "no folder for the run in ${TMPDIR:-/tmp}: set TMPDIR to one you may write"
	trap boot_cleanup EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	mkdir "$run_dir/run" && printf '%q ' "$@" >"$run_dir/run/command" || die "cannot write the guest's command to $run_dir: is its disk full? TMPDIR names another place"
	steps_total=0
}

# boot QEMU-ARG…: runs $run_dir/run/command in a guest; stdin is QEMU's.
boot() {
	local status=0 begin=$SECONDS
	boot_device_args
	boot_fabricd
	boot_qemu_args
	setpriv --pdeathsig KILL timeout --foreground --kill-after=5 "${timeout:-0}" \
		setpriv --pdeathsig KILL "${qemu[@]}" "${qemu_args[@]}" "$@" 2>"$run_dir/qemu.log" <&3 &
	qemu_pid=$!
	wait "$qemu_pid" || status=$?
	qemu_pid=''
	[ -z "$reader_pids" ] || boot_drain
	boot_verdict "$status" $((SECONDS - begin))
}

# boot_verdict QEMU-STATUS SECONDS
boot_verdict() {
	local guest
	if [ -n "$timeout" ] && [ "$2" -ge "$timeout" ]; then
		tail -n 5 "$run_dir/log" 2>/dev/null >&2 || :
		say "the guest did not end within $timeout seconds: its log's end is above, all of it in ${log:-$cache/guest.log}"
		exit 124
	fi
	if ! read -r guest 2>/dev/null <"$run_dir/run/status"; then
		cat "$run_dir/qemu.log" >&2
		tail -n 20 "$run_dir/log" 2>/dev/null >&2 || :
		die "the guest died before the command ended (QEMU's status $1): the last it said is above, all of its log in ${log:-$cache/guest.log}"
	fi
	return "$guest"
}

# QEMU writes to pipes, whatever our stdout and stderr are.
boot_run() {
	boot_flavour
	timeout=${timeout:-$default_timeout}
	boot_prepare "${command[@]}"
	mkfifo "$run_dir/out" "$run_dir/err" || die "cannot make pipes in $run_dir: set TMPDIR to a disk that can have them"
	exec 4<>"$run_dir/out" 5<>"$run_dir/err"
	cat <"$run_dir/out" 4>&- 5>&- &
	reader_pids=$!
	cat <"$run_dir/err" >&2 4>&- 5>&- &
	reader_pids+=" $!"
	boot -chardev "file,id=out,path=$run_dir/out" -device virtserialport,chardev=out,name=stdout \
		-chardev "file,id=err,path=$run_dir/err" -device virtserialport,chardev=err,name=stderr 3</dev/null
}

boot_shell() {
	boot_flavour
	boot_prepare bash -i
	if [ -t 0 ]; then
		terminal=$(stty -g)
		stty raw -echo
	fi
	boot -chardev stdio,id=con,signal=off -device virtconsole,chardev=con 3<&0
}
