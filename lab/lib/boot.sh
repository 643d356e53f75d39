# SPDX-License-Identifier: GPL-2.0-or-later
# One guest: fabricd for its devices, QEMU for the rest. All output of a guest comes through pipes
# with a limit each; the only files of this machine that it can write are below --share.

run_dir='' dev_dir='' run_uid=0 fabricd_pid='' qemu_pid='' terminal=''
pipe_fds=() pipe_readers=() ports=() shared=''

# How many bytes of each output are kept.
output_limit=$((1 << 30)) log_limit=$((64 << 20)) result_limit=$((16 << 20))
message_limit=$((1 << 20)) status_limit=16
# How long fabricd may take to end, since it writes the end of its trace then.
fabricd_grace_s=10

# Runs once, at every exit.
boot_cleanup() {
	[ -z "$qemu_pid" ] || { kill -KILL "$qemu_pid" && wait "$qemu_pid"; } 2>/dev/null || :
	qemu_pid=''
	boot_end_fabricd
	boot_drain || :
	[ -z "$terminal" ] || stty "$terminal"
	[ -z "$shared" ] || [ -n "$pair_host" ] || confine_unshare "$run_uid" "$shared"
	[ -z "$run_dir" ] || {
		[ ! -s "$run_dir/log" ] || boot_keep_log
		rm -rf "$run_dir"
	}
	run_dir='' terminal='' shared=''
}

boot_keep_log() {
	"$build/lab/relay" --to "$(boot_log)" --limit $log_limit "the guest's log" \
		<"$run_dir/log" ||
		say "the guest's log is not in $(boot_log): give --log a file you may write"
}

boot_log() {
	printf '%s\n' "${log:-$cache/guest.log}"
}

boot_end_fabricd() {
	local tries
	[ -n "$fabricd_pid" ] || return 0
	kill "$fabricd_pid" 2>/dev/null || :
	for ((tries = 0; tries < fabricd_grace_s * 20; tries++)); do
		kill -0 "$fabricd_pid" 2>/dev/null || break
		sleep 0.05
	done
	! kill -KILL "$fabricd_pid" 2>/dev/null ||
		say "fabricd did not end within $fabricd_grace_s seconds and was killed: the end" \
			"of the trace may be missing"
	wait "$fabricd_pid" 2>/dev/null || :
	fabricd_pid=''
}

# boot_pipe NAME LIMIT TARGET WHAT: a pipe that QEMU or fabricd writes to; its bytes go to TARGET, a
# file or the number of a descriptor. This shell holds both ends, so that the reader can start
# first.
boot_pipe() {
	local fd
	mkfifo "$dev_dir/$1" ||
		die "cannot make a pipe in $run_dir: set TMPDIR to a file system that has pipes"
	confine_give "$run_uid" "$dev_dir/$1"
	exec {fd}<>"$dev_dir/$1"
	pipe_fds+=("$fd")
	(
		boot_close_pipes
		[[ $3 == [12] ]] || exec >"$3"
		[ "$3" != 2 ] || exec >&2
		exec "$build/lab/relay" --limit "$2" "$4" <"$dev_dir/$1"
	) &
	pipe_readers+=("$!")
}

boot_close_pipes() {
	local fd
	for fd in "${pipe_fds[@]}"; do
		exec {fd}>&-
	done
}

# The readers end when this shell, the last writer, closes the pipes. False: a reader dropped bytes.
boot_drain() {
	local pid status=0
	boot_close_pipes
	for pid in "${pipe_readers[@]}"; do
		wait "$pid" || status=1
	done
	pipe_fds=() pipe_readers=()
	return $status
}

# boot_device SOCKET N PROPERTIES: adds the N-th function, from 0, to QEMU's arguments, and its
# requester ID to ids: the firmware numbers buses in this order, and vfio-user does not carry it.
boot_device() {
	local socket=$1 n=$2 more=$3 bus=pcie.0 port
	case $topology in
	switch | switches)
		# QEMU's downstream port has no ACS, so all devices below the switch would be one
		# IOMMU group, which VFIO takes only whole. QEMU's root port has ACS, and works as a
		# downstream port.
		port=pcie-root-port,id=down$n,bus=up${below[n]},chassis=${below[n]},slot=$((n + 2))
		device_args+=(-device "$port")
		bus=down$n ids+=,$(($(boot_switch_bus "$n") << 8)) ;;
	flit*)
		# True Downstream Ports, each with the speed and mode of the device below it.
		port=cxl-downstream,id=down$n,bus=up1,port=$n,chassis=1,slot=$n
		device_args+=(-device "$port,x-speed=64,x-256b-flit=on")
		bus=down$n ids+=,$(((cxl_bus + 3 + n) << 8)) ;;
	rootport)
		device_args+=(-device
			"pcie-root-port,id=port$n,bus=pcie.0,chassis=$((n + 1)),slot=$((n + 1))")
		bus=port$n ids+=,$(((n + 1) << 8)) ;;
	rciep)
		more+=",\"addr\":\"$(printf %x $((n + 16)))\"" ids+=,$(((n + 16) << 3)) ;;
	esac
	socket="{\"type\":\"unix\",\"path\":\"$qemu_dev/$socket\"}"
	device_args+=(-device
		"{\"driver\":\"vfio-user-pci\",\"bus\":\"$bus\",\"socket\":$socket$more}")
}

# Off the switch, behind a translating IOMMU, only QEMU can resolve an address to the accelerator:
# its memory is then served access by access, each of which must arrive before the next.
boot_accel_trapped() {
	[[ $topology != switch && $topology != flit* && $iommu = translated ]]
}

# The root bus of a switch in flit mode; then come those of its Root Port, of its Upstream Port and
# of its Downstream Ports.
cxl_bus=12

# boot_flit DEVICE: which links are in flit mode: 1 the device's own, 2 that above the switch
boot_flit() {
	case $topology/$1 in
	flit/* | flit-mixed/nic*) echo 3 ;;
	flit-above/* | flit-mixed/*) echo 2 ;;
	flit-below/*) echo 1 ;;
	*) echo 0 ;;
	esac
}

# QEMU's ports that have flit mode are those of CXL.
boot_flit_switch() {
	local link=x-speed=32,x-256b-flit=off
	[ "$topology" = flit-below ] || link=x-speed=64,x-256b-flit=on
	device_args+=(-device "pxb-cxl,id=cxl,bus=pcie.0,bus_nr=$cxl_bus"
		-device "cxl-rp,id=port1,bus=cxl,port=0,chassis=0,slot=0,$link"
		-device "cxl-upstream,id=up1,bus=port1,$link")
}

# Which switch each device is below: the first, or every other of its kind below the second.
boot_switches() {
	local n device slot
	below=() flit=()
	for device in "${devices[@]}"; do
		flit+=("$(boot_flit "$device")")
		case $topology in
		switch | flit*) below+=(1) ;;
		switches) below+=($((${device##*[a-z]} % 2 + 1))) ;;
		*) below+=(0) ;;
		esac
	done
	[[ $topology != flit* ]] || { boot_flit_switch; return; }
	for n in $(printf '%s\n' "${below[@]}" | sort -u); do
		slot=$((n + 7))
		[ "$n" = 0 ] || device_args+=(
			-device "pcie-root-port,id=port$n,bus=pcie.0,chassis=$slot,slot=$slot"
			-device "x3130-upstream,id=up$n,bus=port$n")
	done
}

# boot_switch_bus N: a switch has the bus of its Upstream Port, then one inside it, then those of
# its Downstream Ports; all of the first come before all of the second.
boot_switch_bus() {
	local n=$1 i bus=3
	for i in "${!below[@]}"; do
		[ "${below[i]}" -lt "${below[n]}" ] ||
			{ [ "${below[i]}" = "${below[n]}" ] && [ "$i" -lt "$n" ]; } || continue
		bus=$((bus + 1))
	done
	echo $((bus + 2 * (below[n] - 1)))
}

# The names of the devices and their order are fabricd's.
boot_device_args() {
	local n more names
	device_options=(--accels "$accels" --nics "$nics" --endpoints "$endpoints")
	names=$("$build/lab/fabricd" --list "${device_options[@]}") ||
		die "$build/lab/fabricd cannot list the devices: ninja -C $build rebuilds it"
	mapfile -t devices <<<"$names"
	device_args=() ids=''
	boot_switches
	for n in "${!devices[@]}"; do
		more=''
		[[ ${devices[n]} != accel* ]] || ! boot_accel_trapped ||
			more=',"x-no-posted-writes":true'
		boot_device "${devices[n]}.sock" "$n" "$more"
	done
}

# fabricd prints one line when its sockets exist.
boot_fabricd() {
	local peers=host-bridge ready args
	! boot_accel_trapped || peers=none
	args=(--dir "$dev_dir" --user "$run_uid" "${device_options[@]}" --accel-tph "$accel_tph"
		--accel-memory "$accel_memory" --nic-st-table "$nic_st_table"
		--peers "$peers" --host-bridge-hints "$host_bridge_hints" --mps "$mps"
		--ids "${ids#,}" --switches "$(IFS=,; echo "${below[*]}")"
		--flit "$(IFS=,; echo "${flit[*]}")" "${faults[@]}")
	[ -z "$trace" ] || args+=(--trace "$trace")
	! boot_accel_trapped || args+=(--accel-trapped)
	[ "$accel_pm" = no ] || args+=(--accel-pm)
	[ -z "$pair_host" ] || args+=(--links "$pair_dir/links" --host "$pair_number")
	boot_pipe fabricd.err $message_limit 2 "the output of fabricd"
	mkfifo "$run_dir/ready"
	(
		exec >"$run_dir/ready" 2>"$dev_dir/fabricd.err"
		boot_close_pipes
		exec setpriv --pdeathsig KILL "$build/lab/fabricd" "${args[@]}"
	) &
	fabricd_pid=$!
	read -r ready <"$run_dir/ready" || :
	[ "$ready" = ready ] || {
		boot_end_fabricd
		boot_drain || :
		die "the devices' process $build/lab/fabricd did not start: see its line above;" \
			"ninja -C $build rebuilds it"
	}
}

boot_kernel_line() {
	local line="console=ttyS0 panic=-1 quiet loglevel=6 tsc=reliable no_timer_check"
	line+=" root=/dev/vda rootfstype=erofs ro init=/init"
	case $iommu in
	pt) line+=" intel_iommu=on iommu=pt" ;;
	translated) line+=" intel_iommu=on iommu.passthrough=0 iommu.strict=1" ;;
	none) line+=" vfio.enable_unsafe_noiommu_mode=1" ;;
	esac
	# The addresses are then those of vmlinux.
	[ -z "$gdb" ] || line+=" nokaslr"
	printf '%s' "$line"
}

# Kernels with checkers need more memory and time.
boot_flavour() {
	case $kernel_flavour in
	debug | kcsan) memory=2G default_timeout=2400 ;;
	*) memory=1G default_timeout=600 ;;
	esac
	[ -z "$gdb" ] || default_timeout=''
}

# QEMU gets its files as descriptors: its user needs no access to the folders above, and names with
# commas or quotes need no escaping.
qemu_dev=/proc/self/fd/4 qemu_build=/proc/self/fd/5 qemu_guest=/proc/self/fd/6
qemu_share=/proc/self/fd/8 qemu_links=/proc/self/fd/9

boot_qemu_args() {
	local port machine=q35
	[[ $topology != flit* ]] || machine+=,cxl=on
	# EPYC: Linux allows peer-to-peer through a host bridge only on processors in its list.
	qemu_args=(-name "${run_dir//,/,,}" -M "$machine" -accel tcg
		-cpu EPYC,-fxsr-opt,-misalignsse,-osvw,-topoext,-nrip-save,-xsavec
		-sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny
		-smp 2 -m "$memory" -machine memory-backend=ram
		-object "memory-backend-memfd,id=ram,size=$memory,share=on"
		-nodefaults -display none -no-reboot -monitor none
		-chardev "file,id=log,path=$qemu_dev/log" -serial chardev:log
		-add-fd fd=7,set=1 -drive if=none,id=root,file=/dev/fdset/1,format=raw,readonly=on
		-device virtio-blk-pci,drive=root -device virtio-serial-pci
		-kernel "$qemu_dev/kernel" -append "$(boot_kernel_line)")
	boot_share run $qemu_guest readonly=on,security_model=none
	boot_share tph $qemu_build readonly=on,security_model=none
	# Links, device nodes and set-user-ID bits of the guest are notes in a file there.
	[ -z "$share" ] || boot_share share $qemu_share security_model=mapped-file
	for port in status "${ports[@]}"; do
		boot_port "$port"
	done
	[ -z "$pair_host" ] || boot_exchange
	[ -z "$gdb" ] || boot_gdb
	[ "$cpu_tags" = no ] || qemu_args+=(-acpitable "file=$qemu_guest/cpu_tags.aml")
	[ "$iommu" = none ] || qemu_args+=(-device intel-iommu,intremap=on,caching-mode=on)
	qemu_args+=("${device_args[@]}")
}

# The port from guest to guest; its name has the host, for init.
boot_exchange() {
	local socket="socket,id=exchange,path=$qemu_links/exchange"
	case $pair_host in
	a) socket+=",server=on,wait=off" ;;
	b) socket+=",reconnect-ms=100" ;;
	esac
	qemu_args+=(-chardev "$socket" -device
		"virtserialport,chardev=exchange,name=exchange-$pair_host")
}

# The guest's processors wait for a debugger, on a socket that only its owner can use (mode 0700).
boot_gdb() {
	local vmlinux=$cache/build-$kernel${kernel_flavour:+-$kernel_flavour}/vmlinux
	[ ! -f "$kernel" ] || vmlinux="the vmlinux of $kernel"
	umask 077
	qemu_args+=(-S -gdb chardev:gdb
		-chardev "socket,id=gdb,path=$qemu_dev/gdb,server=on,wait=off")
	say "the guest waits: gdb -ex 'target remote $dev_dir/gdb' $vmlinux, then continue"
}

# The ACPI table with the CPUs' tags.
boot_cpu_tags() {
	iasl -p "$run_dir/guest/cpu_tags" "$lab/guest/cpu_tags.asl" >"$run_dir/iasl.log" 2>&1 ||
		die "iasl cannot compile $lab/guest/cpu_tags.asl: $(tail -n 3 "$run_dir/iasl.log")"
}

# boot_share TAG DIR OPTIONS
boot_share() {
	qemu_args+=(-fsdev "local,id=$1,path=$2,$3" -device "virtio-9p-pci,fsdev=$1,mount_tag=$1")
}

# boot_port NAME: the guest's /dev/virtio-ports/NAME
boot_port() {
	case $1 in
	stdout) boot_pipe stdout $output_limit 1 "the command's stdout" ;;
	stderr) boot_pipe stderr $output_limit 2 "the command's stderr" ;;
	status) boot_pipe status $status_limit "$run_dir/status" "the command's status" ;;
	result) boot_pipe result $result_limit "$run_dir/result" "the guest's result" ;;
	esac
	qemu_args+=(-chardev "file,id=$1,path=$qemu_dev/$1"
		-device "virtserialport,chardev=$1,name=$1")
}

# boot_prepare COMMAND…: makes the folder of this run, and sets the traps that remove it. QEMU and
# fabricd may change the files below dev; the guest reads those below guest.
boot_prepare() {
	local full="is its disk full? TMPDIR names another folder"
	[ -n "$pair_host" ] && run_uid=$pair_uid || run_uid=$(confine_uid) || exit
	run_dir=$(mktemp -d "${TMPDIR:-/tmp}/tphlab${pair_host:+-$pair_host}.XXXXXX") ||
		die "no folder for the run in ${TMPDIR:-/tmp}: set TMPDIR to one you may write"
	run_dir=$(realpath "$run_dir") dev_dir=$run_dir/dev
	trap boot_cleanup EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	{
		mkdir "$dev_dir" "$run_dir/guest" && printf '%q ' "$@" >"$run_dir/guest/command" &&
			cp "$lab/guest/init" "$run_dir/guest/init"
	} 2>/dev/null ||
		die "cannot write the guest's command to $run_dir: $full"
	[ "$cpu_tags" = no ] || boot_cpu_tags
	cp "$kernel_image" "$dev_dir/kernel" 2>/dev/null ||
		die "cannot copy the kernel to $run_dir: $full"
	confine_give "$run_uid" "$run_dir/guest" "$run_dir/guest"/* "$dev_dir/kernel" "$dev_dir"
	steps_total=0
	confine_readable "$run_uid" "$build" ||
		die "QEMU's user $run_uid cannot read $build: chmod -R o+rX $build"
	[ -z "$share" ] || [ -n "$pair_host" ] || {
		shared=$(realpath "$share")
		confine_share "$run_uid" "$shared"
	}
	boot_pipe log $log_limit "$run_dir/log" "the guest's log"
	boot_pipe qemu.err $message_limit "$run_dir/qemu.log" "the output of QEMU"
}

# boot QEMU-ARG…: runs $run_dir/guest/command in a guest; descriptor 3 becomes QEMU's stdin.
boot() {
	local status=0 begin=$SECONDS complete=yes
	boot_device_args
	boot_fabricd
	boot_qemu_args
	boot_qemu "$@" &
	qemu_pid=$!
	wait "$qemu_pid" || status=$?
	qemu_pid=''
	boot_end_fabricd
	boot_drain || complete=no
	boot_verdict "$status" $((SECONDS - begin)) $complete
}

# boot_qemu ARG…: replaces its process by QEMU.
boot_qemu() {
	local confined
	read -ra confined <<<"$(confine_command "$run_uid")"
	exec <&3 3<&- 2>"$dev_dir/qemu.err" 4<"$dev_dir" 5<"$build" 6<"$run_dir/guest" 7<"$image"
	[ -z "$share" ] || exec 8<"$share"
	[ -z "$pair_host" ] || exec 9<"$pair_dir/links"
	boot_close_pipes
	cd "$qemu_cwd" || exit
	exec setpriv --pdeathsig KILL timeout --foreground --kill-after=5 "${timeout:-0}" \
		"${confined[@]}" "${qemu[@]}" "${qemu_args[@]}" "$@"
}

# boot_verdict QEMU-STATUS SECONDS COMPLETE
boot_verdict() {
	local guest
	if [ -n "$timeout" ] && [ "$2" -ge "$timeout" ]; then
		boot_show 5 "$run_dir/log"
		say "the guest did not end within $timeout seconds: its log's end is above, all" \
			"of it in $(boot_log)"
		exit 124
	fi
	guest=$(<"$run_dir/status")
	if [[ ! $guest =~ ^[0-9]{1,3}$ ]]; then
		boot_show 20 "$run_dir/qemu.log"
		boot_show 20 "$run_dir/log"
		die "the guest ended before the command did (QEMU's status $1): its last lines" \
			"are above, all of its log in $(boot_log)"
	fi
	[ "$3" = yes ] || exit 125
	return "$guest"
}

# boot_show LINES FILE: the last lines of a guest's output
boot_show() {
	tail -n "$1" "$2" | "$build/lab/relay" --limit 65536 "the log's end" >&2
}

# boot_run PORT…: the command's stdout and stderr go to this shell's; further ports by name.
boot_run() {
	ports=(stdout stderr "$@")
	boot_flavour
	timeout=${timeout:-$default_timeout}
	boot_prepare "${command[@]}"
	boot 3</dev/null
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
