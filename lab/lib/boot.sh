# SPDX-License-Identifier: GPL-2.0-or-later
# One guest: fabricd for its devices, QEMU for the rest, a folder shared for what passes between.

run_dir='' fabricd_pid='' qemu_pid=''

boot_cleanup() {
	# QEMU first; fabricd ends its trace when told to.
	if [ -n "$qemu_pid" ]; then
		kill -KILL "$qemu_pid" 2>/dev/null || :
		wait "$qemu_pid" 2>/dev/null || :
	fi
	if [ -n "$fabricd_pid" ]; then
		kill "$fabricd_pid" 2>/dev/null || :
		wait "$fabricd_pid" || :
	fi
	[ -z "$run_dir" ] || rm -rf "$run_dir"
}

# boot_device SOCKET N PROPERTIES: where the N-th function, from 0, goes in the guest. The firmware
# numbers buses in this order, so the requester ID is known too: fabricd cannot see it.
boot_device() {
	local socket=$1 n=$2 more=$3 bus=pcie.0
	case $topology in
	switch)
		# QEMU's own downstream port has no ACS, so all below it would be one IOMMU group and
		# VFIO could not have one device of it. Its root port has, and does for a downstream port.
		device_args+=(-device "pcie-root-port,id=down$n,bus=up0,chassis=1,slot=$((n + 2))")
		bus=down$n ids+=,$(((n + 3) << 8)) ;;
	rootport)
		device_args+=(-device "pcie-root-port,id=port$n,bus=pcie.0,chassis=$((n + 1)),slot=$((n + 1))")
		bus=port$n ids+=,$(((n + 1) << 8)) ;;
	rciep)
		more+=",\"addr\":\"$((n + 16))\"" ids+=,$(((n + 16) << 3)) ;;
	esac
	device_args+=(-device
		"{\"driver\":\"vfio-user-pci\",\"bus\":\"$bus\",\"socket\":{\"type\":\"unix\",\"path\":\"$run_dir/$socket\"}$more}")
}

# Off the switch, behind a translating IOMMU, only QEMU can resolve an address to the accelerator:
# its memory is then served access by access, and each must have arrived before the next.
boot_accel_trapped() {
	[ "$topology" != switch ] && [ "$iommu" = translated ]
}

boot_device_args() {
	local n nic=0 more=''
	device_args=() ids=''
	[ "$topology" != switch ] || device_args+=(-device pcie-root-port,id=port0,bus=pcie.0,chassis=8,slot=8
		-device x3130-upstream,id=up0,bus=port0)
	! boot_accel_trapped || more=',"x-no-posted-writes":true'
	for ((n = 0; n < accels; n++)); do
		boot_device "accel$n.sock" "$n" "$more"
	done
	for _ in ${nics//,/ }; do
		boot_device "nic$nic.sock" $((n + nic)) ''
		nic=$((nic + 1))
	done
}

# Its sockets are there when its one line has come.
boot_fabricd() {
	local peers=host-bridge ready args
	[ "$topology" != switch ] || peers=switch
	! boot_accel_trapped || peers=none
	args=(--dir "$run_dir" --accels "$accels" --accel-tph "$accel_tph" --nics "$nics" --nic-st-table "$nic_st_table" --peers "$peers"
		--host-bridge-hints "$host_bridge_hints" --mps "$mps"
		--ids "${ids#,}")
	[ -z "$trace" ] || args+=(--trace "$trace")
	! boot_accel_trapped || args+=(--accel-trapped)
	mkfifo "$run_dir/ready"
	setpriv --pdeathsig KILL "$build/lab/fabricd" "${args[@]}" >"$run_dir/ready" &
	fabricd_pid=$!
	read -r ready <"$run_dir/ready" || :
	[ "$ready" = ready ] || die "the device process did not start: see its line above"
}

boot_kernel_line() {
	local line="console=ttyS0 panic=-1 quiet loglevel=6 root=/dev/vda rootfstype=erofs ro init=/init tsc=reliable no_timer_check"
	case $iommu in
	pt) line+=" intel_iommu=on iommu=pt" ;;
	translated) line+=" intel_iommu=on iommu.passthrough=0 iommu.strict=1" ;;
	none) line+=" vfio.enable_unsafe_noiommu_mode=1" ;;
	esac
	printf '%s' "$line"
}

boot_qemu_args() {
	# EPYC: Linux allows peer to peer through a host bridge only on processors it trusts with it.
	qemu_args=(-M q35 -accel tcg -cpu EPYC,-fxsr-opt,-misalignsse,-osvw,-topoext,-nrip-save,-xsavec
		-smp 2 -m 1G -object memory-backend-memfd,id=ram,size=1G,share=on -machine memory-backend=ram
		-nodefaults -display none -no-reboot -monitor none -serial "file:$run_dir/log"
		-drive "if=none,id=root,file=$image,format=raw,readonly=on" -device virtio-blk-pci,drive=root
		-device virtio-serial-pci
		-kernel "$kernel_image" -append "$(boot_kernel_line)")
	boot_share run "$run_dir/run" off
	boot_share tph "$build" on
	[ -z "$share" ] || boot_share share "$(readlink -f "$share")" off
	[ "$iommu" = none ] || qemu_args+=(-device intel-iommu,intremap=on,caching-mode=on)
	qemu_args+=("${device_args[@]}")
}

# boot_share TAG DIR READONLY
boot_share() {
	qemu_args+=(-fsdev "local,id=$1,path=$2,security_model=none,readonly=$3"
		-device "virtio-9p-pci,fsdev=$1,mount_tag=$1")
}

# boot EXTRA-QEMU-ARG…: runs $run_dir/run/command in a guest.
boot() {
	local status=0
	trap boot_cleanup EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	boot_device_args
	boot_fabricd
	boot_qemu_args
	setpriv --pdeathsig KILL timeout --foreground --kill-after=5 "${timeout:-0}" \
		setpriv --pdeathsig KILL "${qemu[@]}" "${qemu_args[@]}" "$@" 2>"$run_dir/qemu.log" <&3 &
	qemu_pid=$!
	wait "$qemu_pid" || status=$?
	qemu_pid=''
	[ -z "$log" ] || cp "$run_dir/log" "$log" || die "cannot write the guest's log to $log"
	boot_verdict "$status"
}

boot_verdict() {
	local guest
	if [ "$1" = 124 ] || [ "$1" = 137 ]; then
		tail -n 5 "$run_dir/log" >&2
		say "the guest did not end within $timeout seconds: its log's end is above, --log FILE keeps all of it"
		exit 124
	fi
	if ! read -r guest <"$run_dir/run/status" 2>/dev/null; then
		cat "$run_dir/qemu.log" >&2
		tail -n 20 "$run_dir/log" >&2
		die "the guest died before the command ended (QEMU's status $1): the last it said is above"
	fi
	return "$guest"
}

boot_prepare() {
	run_dir=$(mktemp -d "${TMPDIR:-/tmp}/tphlab.XXXXXX")
	mkdir "$run_dir/run"
	# A relative path in the command means the same place as here only below --share.
	printf '%q ' "$@" >"$run_dir/run/command"
	steps_total=0
}

boot_run() {
	timeout=${timeout:-600}
	boot_prepare "${command[@]}"
	boot -add-fd fd=4,set=1 -add-fd fd=5,set=2 \
		-chardev file,id=out,path=/dev/fdset/1,append=on -device virtserialport,chardev=out,name=stdout \
		-chardev file,id=err,path=/dev/fdset/2,append=on -device virtserialport,chardev=err,name=stderr \
		3</dev/null 4>&1 5>&2
}

boot_shell() {
	boot_prepare bash -i
	local saved
	saved=$(stty -g 2>/dev/null || :)
	stty raw -echo 2>/dev/null || :
	boot -chardev stdio,id=con,signal=off -device virtconsole,chardev=con 3<&0 || :
	[ -z "$saved" ] || stty "$saved"
}
