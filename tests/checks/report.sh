# SPDX-License-Identifier: GPL-2.0-or-later
# The report of a demo, in a browser: it fits, can be read, and its numbers are result.json's.

# report_browse FILE dark|light: the DOM as the browser has it, on stdout. Its console must stay empty.
report_browse() {
	local profile scheme=1 status=0
	[ "$2" = light ] || scheme=0
	profile=$(mktemp -d)
	timeout 60 chromium --headless --no-sandbox --disable-gpu --disable-background-networking --disable-component-update \
		--disable-sync --no-first-run --enable-logging=stderr --user-data-dir="$profile" --blink-settings=preferredColorScheme=$scheme \
		--allow-file-access-from-files --dump-dom "file://$1" 2>"$out/chromium.err" || status=$?
	rm -rf "$profile"
	! grep CONSOLE "$out/chromium.err" >&2 || return 1
	return $status
}

report_demo() {
	[ -e out/demo/report.html ] && [ -e out/demo/trace.pcap ] || lab/tphlab demo --timeout 180
}

# report_fits dark|light: in a frame for each width, since a window of the browser is never as narrow as a telephone.
report_fits() {
	local width page=$out/report-frames.html probe
	{ cat out/demo/report.html; echo '<script>'; cat tests/report/probe.js; echo '</script>'; } >"$out/report-probe.html"
	for width in 360 1280; do
		printf '<iframe style="border:0" width="%d" height="900" src="report-probe.html" onload="document.body.append(contentDocument.documentElement.dataset.probe)"></iframe>\n' $width
	done >"$page"
	probe=$(report_browse "$page" "$1" | grep -o '{.*}' | sed 's/}{/}\n{/g; s/&quot;/"/g')
	echo "$1: $probe"
	jq -se --argjson dark "$([ "$1" = dark ] && echo true || echo false)" '(map(.inner) | sort) == [360, 1280] and
		all(.[]; .scroll <= .inner and .dark == $dark and .texts > 100 and .least.ratio >= 4.5)' <<<"$probe" >/dev/null
}

report_layout() {
	report_demo && report_fits light && report_fits dark
}

# One line per pair, kind of hint, NIC that adds, partition; the same from the page's attributes and from result.json.
report_numbers() {
	local dom=$out/report.dom
	report_demo && report_browse "$PWD/out/demo/report.html" light >"$dom" || return 1
	{
		grep -o '<td data-pair="[^>]*>' "$dom" | sed 's/<td //; s/>$//'
		grep -o '<tr data-series="[^"]*"\|<tr data-add="[^"]*"\|<td class="n" data-tlps="[0-9]*"\|<td class="n" data-bytes="[0-9]*"\|<tr data-partition="[^"]*"\|<tr data-flow' "$dom" |
			awk -F '"' '/data-flow/ { key = "" } /series|data-add|partition/ { key = $1 "\"" $2 "\""; sub("<tr ", "", key) }
				key != "" && /data-tlps/ { tlps = $4 } key != "" && /data-bytes/ { print key, tlps, $4 }'
		grep -o 'data-total="[^"]*" data-value="[0-9]*"' "$dom" | grep -v traced
		grep -o 'data-good="[0-9]*" data-pairs="[0-9]*"' "$dom"
	} >"$out/report.page"
	jq -r '.pairs as $p | ($p + [.add as $a | .add.nics[] | . + ($a | {width, st, ph}) | select(.tlps > 0)]) as $all
		| ($p[] | "data-pair=\"\(.buffer) \(.nic)\" data-tlps=\"\(.tlps)\" data-hinted=\"\(.hinted)\" data-bytes=\"\(.bytes)\" data-width=\"\(.width)\" data-st=\"\(.st // "")\" data-ph=\"\(.ph // "")\""),
		  ($all | map(. + {key: "\(.width) \(.st // "0x0") \(.ph // "-")"}) | group_by(.key)[]
			| "data-series=\"\(.[0].key)\" \(map(.tlps) | add) \(map(.bytes) | add)"),
		  ([$all[].partitions[]] | group_by(.partition)[] | "data-partition=\"\(.[0].partition)\" \(map(.tlps) | add) \(map(.bytes) | add)"),
		  (("tlps", "hinted", "bytes") as $k | "data-total=\"\($k)\" data-value=\"\([$all[][$k]] | add)\""),
		  (.add.nics[] | "data-add=\"\(.nic) \(.outcome)\" \(.tlps) \(.bytes)"),
		  "data-good=\"\([$p[] | select(.ok)] | length)\" data-pairs=\"\($p | length)\""' out/demo/result.json >"$out/report.result"
	cat "$out/report.page"
	[ "$(wc -l <"$out/report.result")" -ge 20 ] && diff <(sort "$out/report.page") <(sort "$out/report.result")
}

# Nothing from outside, nothing that runs, and what a guest writes is text.
report_escapes() {
	local bad dir=$out/report-hostile
	report_demo || return 1
	! grep -nE '<script|https?://|@import|url\([^#]|src=' out/demo/report.html || return 1
	mkdir -p "$dir"
	jq '.kernel = "<script>alert(1)</script>" | .pairs[0].why = "\"><img src=x onerror=alert(1)>" | .pairs[1].buffer = 7 | .nics = {}
		| .buffers[0].fdinfo = "</pre><script>alert(2)</script>" | .add.nics[0] = {nic: "<script>", outcome: "\"><img src=x>"}
		| .rules[0].operation = "<script>"' out/demo/result.json >"$dir/result.json"
	printf '[    0.1] </pre><script>document.title="\xff\x1b[31m"</script> & \0 end\n' >"$dir/log"
	head -c 5000 out/demo/trace.pcap >"$dir/cut.pcap"
	[ "$(stat -c %s "$dir/cut.pcap")" = 5000 ] || return 1
	report_make "$dir/result.json" "$dir/log" "$dir/cut.pcap" "$dir/page.html" || return 1
	! grep -nE '<script|<img' "$dir/page.html" || return 1
	grep -aq '&#60;/pre&#62;&#60;script&#62;' "$dir/page.html" && ! grep -aP '\x1b|\x00' "$dir/page.html" || return 1
	# Each tag closed and each text escaped, or it is no XML.
	xmllint --noout out/demo/report.html "$dir/page.html" || return 1
	for bad in '' '[]' '{' '{"pairs":7}' 'null'; do
		printf '%s' "$bad" >"$dir/result.json"
		report_make "$dir/result.json" "$dir/log" /dev/null "$dir/page.html" 2>"$dir/err"
		[ $? -le 1 ] && [ "$(wc -l <"$dir/err")" -le 1 ] || { cat "$dir/err"; return 1; }
	done
}

# report_make RESULT LOG TRACE PAGE, from the build with sanitizers
report_make() {
	local report=build-gcc/lab/report/report
	[ -x $report ] || report=build/lab/report/report
	$report --result "$1" --log "$2" --trace "$3" --out "$4" --style lab/report/report.css --command '<b>&"x"'
}

report_checks() {
	check report-numbers report_numbers
	check report-layout report_layout
	check report-escapes report_escapes
}
