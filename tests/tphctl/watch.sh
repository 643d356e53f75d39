#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# watch prints a line for each change, as text and as JSON: TPH control, ST entries, added and
# removed functions, dma-bufs, hints, holders, importers, questions by the tracepoint. The machine
# is made of files.
. "$(dirname "$0")/../lib/tphctl.sh"

need jq jq
dump=$build/tests/dumps/switch.dump
root=$work/root
devices=$root/sys/bus/pci/devices
nic=$devices/0000:05:00.0

# config ADDRESS: a function's configuration space, as bytes
config() {
	sed -n "/^$1 /,/^\$/p" "$dump" | sed -n 's/^[0-9a-f]*: //p' | sed 's/ /\\x/g; s/^/\\x/' |
		tr -d '\n' | xargs -0 printf '%b'
}

# poke OFFSET BYTES: of the NIC's configuration space
poke() {
	printf '%b' "$2" | dd of="$nic/config" bs=1 seek=$(($1)) conv=notrunc status=none
}

# buffer TPH: what the kernel shows of one that process 7 holds
buffer() {
	{
		printf 'ino:\t9\nsize:\t4096\ncount:\t2\n'
		printf 'exp_name:\tvfio_pci_core\nname:\tring\ntph:\t%s\n' "$1"
	} >"$work/fdinfo"
	mv "$work/fdinfo" "$root/proc/7/fdinfo/3"
}

# start OUTPUT OPTION…: a watch, with an instance of tracing that only it uses
start() {
	local output=$1
	shift
	# shellcheck disable=SC2016 # of the inner shell
	sh -c 'trace=$1/sys/kernel/tracing/instances/tphctl-$$ tphctl=$2
		mkdir -p "$trace/events/dma_buf/dma_buf_get_tph"
		: >"$trace/events/dma_buf/dma_buf_get_tph/enable"
		mkfifo "$trace/trace_pipe"
		shift 2
		exec "$tphctl" watch "$@"' - "$root" "$tphctl" --root "$root" --interval 0.05 "$@" \
		>"$output" 2>"$output.err" &
	pids+=($!)
	for _ in {1..200}; do
		[ ! -s "$output.err" ] || return 0
		sleep 0.05
	done
	fail "watch did not start: $output"
}

# says TEXT JQ: waits until the text has TEXT, and an object of the JSON matches JQ
says() {
	local _
	for _ in {1..200}; do
		if grep -qF -- "$1" "$work/text" &&
			jq -en "any(inputs; $2)" "$work/json" >"$work/found" 2>"$work/jq"; then
			return 0
		fi
		sleep 0.05
	done
	cat "$work/text" "$work/json"
	fail "no line has: $1"
}

mkdir -p "$nic/infiniband/mlx5_0" "$devices/0000:03:00.0" "$root/proc/7/fdinfo" \
	"$root/sys/kernel/debug/dma_buf"
config 05:00.0 >"$nic/config"
config 03:00.0 >"$devices/0000:03:00.0/config"
[ "$(stat -c %s "$nic/config")" = 4096 ]
# As without root: whether it has TPH is not visible.
mkdir "$devices/0000:04:00.0"
head -c 64 "$nic/config" >"$devices/0000:04:00.0/config"
echo app >"$root/proc/7/comm"
# FIFOs, which do not block.
mkdir -p "$root/proc/8/fdinfo"
mkfifo "$root/proc/8/comm" "$root/proc/8/fdinfo/3" "$root/proc/7/fdinfo/9"
at=$("$tphctl" show 05:00.0 --dump "$dump" --json | jq -r .requester.offset)
bufinfo=$root/sys/kernel/debug/dma_buf/bufinfo
printf 'Dma-buf Objects:\nsize\tflags\tmode\tcount\texp_name\tino\tname\n' >"$bufinfo"

pids=()
trap 'kill "${pids[@]}" 2>/dev/null || :' EXIT
start "$work/text"
start "$work/json" --json
[ ! -s "$work/text" ] && [ ! -s "$work/json" ]
grep -qF '1 functions with TPH, 0 dma-bufs; questions by the tracepoint' "$work/text.err"

poke "$at + 8" '\x00\x00'
says '0000:05:00.0 (mlx5_0) TPH: off, mode no-st (was 16-bit, mode device-specific)' \
	'.event == "requester" and .enabled == "off" and .enabled_before == "16-bit"'
poke "$at + 12 + 2 * 3" '\x34\x12'
says '0000:05:00.0 (mlx5_0) ST entry 3: 0x1234 (was 0x0000)' \
	'.event == "st-entry" and .index == 3 and .st == "0x1234"'
# A requester that lost its capability is still watched.
poke "$at" '\x00\x00'
says '0000:05:00.0 (mlx5_0) TPH: -, mode - (was off, mode no-st)' \
	'.event == "requester" and .enabled == "-" and .enabled_before == "off"'
poke "$at" '\x17\x00'
says '0000:05:00.0 (mlx5_0) TPH: off, mode no-st (was -, mode -)' \
	'.event == "requester" and .enabled == "off" and .enabled_before == "-"'
mkdir "$devices/0000:06:00.0"
says '0000:06:00.0 was added' '.event == "function-added" and .function == "0000:06:00.0"'
rmdir "$devices/0000:06:00.0"
says '0000:06:00.0 was removed' '.event == "function-removed"'

buffer 'st=0x5a ph=2'
says 'buffer 9 (vfio_pci_core, ring) was added, 4096 bytes' \
	'.event == "buffer-added" and .inode == 9 and .bytes == 4096'
says 'ring) hints: 8-bit 0x5a, target (were none)' '.event == "buffer-hints" and .st == "0x5a"'
says 'ring) is held by app 7' '.event == "holder-added" and .pid == 7 and .process == "app"'
buffer 'st_ext=0x1234 ph=3 required=1'
says 'hints: 16-bit 0x1234, target-priority, required (were 8-bit 0x5a, target)' \
	'.event == "buffer-hints" and .required and .st == null and .st_ext == "0x1234"'
buffer 'ph=0 required=1'
says 'hints: closed' '.event == "buffer-hints" and .required and .st_ext == null'

{
	cat "$bufinfo"
	printf '00004096\t00080007\t0000000f\t00000002\tvfio_pci_core\t00000009\tring\n'
	printf '\tAttached Devices:\n\t0000:05:00.0\ttph: st_ext=0x1234 ph=2 mapped=3\n'
	printf '\t0000:05:00.0\ttph: st_ext=0x1234 ph=2 mapped=1\nTotal 2 devices attached\n\n'
} >"$work/bufinfo"
mv "$work/bufinfo" "$bufinfo"
says 'importer 0000:05:00.0 (mlx5_0), hint 16-bit 0x1234, target: attached 2, mapped 4' \
	'.event == "importer" and .attachments == 2 and .mapped == 4 and .st_ext == "0x1234"'

question='app-7 [001] ..... 12.5: dma_buf_get_tph: exp_name=vfio_pci_core ino=9'
question+=' dev_name=0000:05:00.0'
for pid in "${pids[@]}"; do
	exec 5>"$root/sys/kernel/tracing/instances/tphctl-$pid/trace_pipe"
	printf '%s width=%s\n' "$question" '16 ret=0 steering_tag=0x1234 ph=2' \
		"$question" '8 ret=-95 steering_tag=0x0 ph=0' >&5
done
says '0000:05:00.0 (mlx5_0) asks buffer 9 (vfio_pci_core) for a 16-bit hint: 0x1234, target' \
	'.event == "question" and .width == 16 and .tag == "0x1234" and .errno == 0'
says 'for an 8-bit hint: none: Operation not supported' \
	'.event == "question" and .errno == 95 and .tag == null'

# Where standard output is closed, no file that watch opens gets descriptor 1.
"$tphctl" watch --root "$root" 2>"$work/closed" >&- &
pids+=($!)
for _ in {1..200}; do
	[ ! -s "$work/closed" ] || break
	sleep 0.05
done
[ "$(readlink "/proc/$!/fd/1")" = /dev/null ]
kill $!
wait $!
unset 'pids[-1]'

rm "$root/proc/7/fdinfo/3" "$bufinfo"
says 'buffer 9 (vfio_pci_core, ring) was removed' '.event == "buffer-removed"'
for pid in "${pids[@]}"; do
	kill "$pid"
	wait "$pid"
done
trap - EXIT
jq -es 'all(.schema == 2 and .command == "watch" and (.time | endswith("Z")))' "$work/json"
jq -r 'keys[]' "$work/json" | sort -u >"$work/keys"
while read -r key; do
	grep -q "\`$key\`" doc/tphctl-json.md || fail "not in doc/tphctl-json.md: $key"
done <"$work/keys"
tphctl_says 'watch: --interval fast: ' 2 watch --interval fast
tphctl_says 'watch: no function is at the address, or has a device of the name, mlx5_9; ' 1 \
	watch mlx5_9 --root "$root"
tphctl_says "watch: cannot read the functions in $work/sys/bus/pci: No such file" 1 \
	watch --root "$work"
mkdir "$devices/nonsense"
tphctl_says "watch: cannot read .*/devices/nonsense: not the address of a function; is" 1 \
	watch --root "$root"
