# SPDX-License-Identifier: GPL-2.0-or-later
# The page of a real demo: its numbers are result.json's. tests/report looks at the page itself.

report_numbers() {
	[ -e out/demo/report.html ] && [ -e out/demo/trace.pcap ] || lab/tphlab demo --timeout 180 || return 1
	tests/report/page.sh numbers "$PWD/out/demo/report.html" out/demo/result.json
}

report_checks() {
	check report-numbers report_numbers
}
