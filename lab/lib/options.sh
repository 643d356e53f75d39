# SPDX-License-Identifier: GPL-2.0-or-later
# The command line of tphlab, checked once, here.

topology=switch iommu=pt accels=1 accel_tph=16 accel_memory=64 accel_pm=no
nics=8,16 endpoints='' nic_st_table=cap host_bridge_hints=drop cpu_tags=no mps=256 packages=lab
pair='' trace='' share='' log='' timeout='' gdb='' kernel=7.3 config=running
command=() faults=()
own_devices='' # yes: an option chose the devices
topologies=(switch switches rciep rootport flit flit-above flit-below flit-mixed)

# one_of OPTION VALUE CHOICE…
one_of() {
	local option=$1 value=$2 choice
	shift 2
	for choice; do
		[ "$value" != "$choice" ] || return 0
	done
	die "$option $value: it is one of $*"
}

options_parse() {
	local name debug=''
	while [ $# -gt 0 ]; do
		case $1 in
		--) shift; command=("$@"); break ;;
		--topology | --iommu | --accels | --accel-tph | --accel-memory | --accel-pm | \
			--nics | --endpoints | --nic-st-table | --host-bridge-hints | \
			--cpu-tags | --mps | --trace | --share | --log | --timeout | --kernel | \
			--config | --packages)
			[ $# -ge 2 ] || die "$1 needs a value (tphlab --help)"
			name=${1#--}
			[[ " trace share log timeout kernel config " = *" $name "* ]] ||
				own_devices=yes
			printf -v "${name//-/_}" '%s' "$2"
			shift 2 ;;
		--fault) [ $# -ge 2 ] ||
			die "--fault needs a value (tphlab" \
				"--help)"; faults+=(--fault "$2"); own_devices=yes; shift 2 ;;
		--debug) debug=-debug; shift ;;
		--gdb) gdb=yes; shift ;;
		--pair) [ "$verb" = demo ] || die "--pair is an option of demo alone"
			pair=yes; shift ;;
		*) die "no such option: $1 (tphlab --help lists them)" ;;
		esac
	done
	one_of --topology "$topology" "${topologies[@]}"
	one_of --iommu "$iommu" pt translated none
	one_of --accels "$accels" 1 2
	one_of --accel-tph "$accel_tph" none 8 16
	one_of --accel-memory "$accel_memory" 64 1024 16384
	one_of --accel-pm "$accel_pm" yes no
	[[ $nic_st_table =~ ^(cap|none|[1-9][0-9]{0,3})$ ]] &&
		{ [[ $nic_st_table = [cn]* ]] || [ "$nic_st_table" -le 1024 ]; } ||
		die "--nic-st-table $nic_st_table: cap, none, or a number of entries up to 1024"
	one_of --host-bridge-hints "$host_bridge_hints" drop keep
	one_of --cpu-tags "$cpu_tags" yes no
	one_of --packages "$packages" lab programs
	one_of --config "$config" running debian lab
	one_of --mps "$mps" 128 256 512 1024 2048 4096
	[[ $nics =~ ^(off|8|16)(,(off|8|16)){0,7}$ ]] ||
		die "--nics $nics: one to eight of off, 8 and 16, with commas between"
	[[ $endpoints =~ ^((off|8|16)(,(off|8|16)){0,3})?$ ]] ||
		die "--endpoints $endpoints: up to four of off, 8 and 16, with commas between"
	[[ $timeout =~ ^[0-9]*$ ]] || die "--timeout $timeout: seconds, a whole number"
	kernel+=$debug
	kernel_split "$kernel" || { [ -f "$kernel" ] && [ -r "$kernel" ]; } ||
		die "--kernel $kernel: 7.3, 7.3-plain, 7.3-debug, 7.3-kcsan, or the path of a" \
			"bzImage"
	[ -z "$share" ] || [ -d "$share" ] || die "--share $share: no such folder; make it first"
}
