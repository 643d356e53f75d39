# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion of tphctl

# Addresses, and Linux' names of the devices.
_tphctl_functions() {
	local device
	for device in /sys/bus/pci/devices/* \
		/sys/bus/pci/devices/*/{infiniband,net,drm,accel,vfio-dev,nvme}/*; do
		[ ! -e "$device" ] || printf '%s\n' "${device##*/}"
	done
}

# Colons are in COMP_WORDBREAKS, so an address is several words, and bash replaces only what
# follows the last colon.
_tphctl_addresses() {
	local typed=$1 prefix=''
	[[ $typed != *:* ]] || prefix=${typed%:*}:
	mapfile -t COMPREPLY < <(compgen -W "$(_tphctl_functions)" -- "$typed")
	[[ $COMP_WORDBREAKS != *:* ]] || COMPREPLY=("${COMPREPLY[@]#"$prefix"}")
}

# Sets words and cword: the line, with each address as one word again.
_tphctl_words() {
	local i word joined=0
	words=() cword=0
	for ((i = 0; i <= COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [[ $i -gt 0 && ($word == : || $joined = 1) ]]; then
			words[cword]+=$word
		else
			cword=${#words[@]}
			words+=("$word")
		fi
		[[ $word == : ]] && joined=1 || joined=0
	done
}

_tphctl() {
	local words cword current previous
	_tphctl_words
	current=${words[cword]} previous=${words[cword - 1]}
	COMPREPLY=()
	if [ "$cword" = 1 ]; then
		mapfile -t COMPREPLY < <(compgen -W 'doctor list show path export bufs watch --help --version' -- "$current")
		return
	fi
	case $previous in
	--root) mapfile -t COMPREPLY < <(compgen -d -- "$current"); return ;;
	--dump) mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
	--ph) mapfile -t COMPREPLY < <(compgen -W 'bidirectional requester target target-priority' -- "$current"); return ;;
	--width) mapfile -t COMPREPLY < <(compgen -W '8 16' -- "$current"); return ;;
	--bar) mapfile -t COMPREPLY < <(compgen -W '0 1 2 3 4 5' -- "$current"); return ;;
	--offset | --length | --st | --interval) return ;;
	--) mapfile -t COMPREPLY < <(compgen -c -- "$current"); return ;;
	esac
	case ${words[1]}:$current in
	doctor:-*) mapfile -t COMPREPLY < <(compgen -W '--plain --json --dump --root --help' -- "$current") ;;
	list:-*) mapfile -t COMPREPLY < <(compgen -W '--all --tree --json --dump --help' -- "$current") ;;
	show:-*) mapfile -t COMPREPLY < <(compgen -W '--json --dump --help' -- "$current") ;;
	path:-*) mapfile -t COMPREPLY < <(compgen -W '--width --json --dump --help' -- "$current") ;;
	export:-*) mapfile -t COMPREPLY < <(compgen -W '--bar --offset --length --st --ph --ext --required --json --help --' -- "$current") ;;
	bufs:-*) mapfile -t COMPREPLY < <(compgen -W '--json --help' -- "$current") ;;
	watch:-*) mapfile -t COMPREPLY < <(compgen -W '--interval --root --json --help' -- "$current") ;;
	doctor:* | show:* | path:* | export:* | watch:*) _tphctl_addresses "$current" ;;
	esac
}

complete -F _tphctl tphctl
