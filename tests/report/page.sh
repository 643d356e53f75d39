#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The demo's page in a browser.
# usage: page.sh REPORT   made-up runs: the numbers are right, it fits and can be read
#        page.sh demo     of a real demo: the page's numbers are those of its result.json
#        page.sh pair     the same of a real demo with two hosts
. "$(dirname "$0")/../lib/demo.sh"
here=$top/tests/report

# browse FILE dark|light: the DOM after its script ran. The console must stay empty.
browse() {
	local scheme=1
	[ "$2" = light ] || scheme=0
	timeout 200 chromium --headless --no-sandbox --disable-gpu --disable-background-networking \
		--disable-component-update --disable-sync --no-first-run --enable-logging=stderr \
		--user-data-dir="$work/profile" --blink-settings=preferredColorScheme=$scheme \
		--allow-file-access-from-files --dump-dom "file://$1" 2>"$work/chromium"
	absent CONSOLE "$work/chromium" >&2
}

numbers() {
	browse "$1" light >"$work/dom"
	"$here/numbers.py" "$work/dom" "$2"
}

# fits PAGE dark|light: in a frame for each width, since no window is as narrow as a telephone.
fits() {
	local width probe dark=false
	[ "$2" = light ] || dark=true
	{ cat "$1"; echo '<script>'; cat "$here/probe.js"; echo '</script>'; } >"$work/probe.html"
	{
		echo '<body><script>const show = frame => document.body.append('
		echo 'frame.contentDocument.documentElement.dataset.probe)</script>'
		for width in 360 1280; do
			echo "<iframe style='border:0' width=$width height=900 src=probe.html" \
				'onload="show(this)"></iframe>'
		done
	} >"$work/frames.html"
	browse "$work/frames.html" "$2" >"$work/dom"
	probe=$(grep -o '{.*}' "$work/dom" | sed 's/}{/}\n{/g; s/&quot;/"/g')
	echo "$1 $2: $probe"
	jq -se --argjson dark $dark '(map(.inner) | sort) == [360, 1280] and all(.[];
		.scroll <= .inner and .dark == $dark and .texts > 60 and .least.ratio >= 4.5)' \
		<<<"$probe" >"$work/jq"
}

# What a guest writes is text: nothing of it becomes an element, or runs.
inert() {
	browse "$1" light >"$work/dom"
	absent '<img|<b>[0-9]|<title>evil' "$work/dom"
	grep -q '<title>dmabuf-tph: ' "$work/dom"
	grep -q 'img src=x onerror=alert(1)&gt;' "$work/dom"
	# The page's source has no markup of the guest, either.
	absent '<img' "$1"
	[ "$(grep -c '<script' "$1")" = 2 ]
	# Control characters are shown; the notes say what is left out.
	absent $'\e|\u202e' "$work/dom"
	grep -q '&lt;U+202E&gt;' "$work/dom"
	grep -q 'has more than 32 ports' "$work/dom"
	grep -q 'clock of the trace was set back' "$work/dom"
	grep -q 'ends in a packet' "$work/dom"
	grep -q 'last 256 KiB' "$work/dom"
}

# two_hosts PAGE: both are drawn, with a link from NIC to NIC, and b's kernel has a log.
two_hosts() {
	browse "$1" light >"$work/dom"
	[ "$(grep -o 'data-link="nic[01]"' "$work/dom" | sort -u | wc -l)" = 2 ]
	grep -q '>host a</text>' "$work/dom"
	grep -q '>host b</text>' "$work/dom"
	grep -q 'kernel.s log of host b</h2><pre' "$work/dom"
}

need chromium chromium
need jq jq
if [ "$1" = demo ]; then
	demo_files
	numbers "$demo/report.html" "$demo/result.json"
	exit
fi
if [ "$1" = pair ]; then
	lab/tphlab demo --pair --kernel "$kernel" --timeout "$limit"
	for host in a b; do
		log_is_clean out/demo/guest.log.$host
	done
	jq -e '.ok and (.pairs | length) == 8' out/demo/result.json
	numbers "$top/out/demo/report.html" out/demo/result.json
	two_hosts "$top/out/demo/report.html"
	exit
fi
for kind in ok failed hostile pair; do
	dir=$work/$kind
	"$here/fixture.py" $kind "$dir"
	peer=()
	[ $kind != pair ] || peer=(--peer-trace "$dir/peer.pcap" --peer-log "$dir/guest.log")
	"$1" --result "$dir/result.json" --trace "$dir/trace.pcap" --log "$dir/guest.log" \
		--page "$top/lab/report/page.html" --command '<b>&"x"' --out "$dir/report.html" \
		"${peer[@]}"
	fits "$dir/report.html" light
	fits "$dir/report.html" dark
done
for kind in ok pair; do
	numbers "$work/$kind/report.html" "$work/$kind/result.json"
done
two_hosts "$work/pair/report.html"
inert "$work/hostile/report.html"
